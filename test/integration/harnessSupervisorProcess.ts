/** A process that runs the harness, to be killed by a test: sends the pids of the harness's processes, then waits. */

import { type HarnessOptions, startHarness } from '../../src/harness/startHarness.ts';

// Only tests set it.
const options = JSON.parse(process.env['HARNESS_OPTIONS'] ?? '{}') as Omit<HarnessOptions, 'log'>;
const harness = await startHarness({ ...options, log: () => undefined });
process.send?.(harness.processes().map(({ pid }) => pid));
await harness.done;
