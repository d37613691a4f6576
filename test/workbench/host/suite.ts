/** What VS Code's extension host runs when it is started for tests: a Mocha suite, its results written to a file. */

import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import type { HostTestResult } from './hostTestResult.ts';

/** Called by the extension host; rejects when a test failed, which makes the host end with a failure. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: 'dot' });
  // The interface's globals must be there before the files with the tests are evaluated.
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await import('./activation.ts');
  await import('./settings.ts');
  await import('./stackTraces.ts');
  await import('./taskLog.ts');

  const results: HostTestResult[] = [];
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    const record = (test: Mocha.Test | Mocha.Hook, outcome: HostTestResult['outcome'], error?: Error) =>
      results.push({
        title: test.fullTitle(),
        outcome,
        durationMs: test.duration ?? 0,
        ...(error === undefined ? {} : { error: error.stack ?? error.message }),
      });
    runner.on('pass', (test) => record(test, 'passed'));
    runner.on('fail', (test, error: Error) => record(test, 'failed', error));
    runner.on('pending', (test) => record(test, 'skipped'));
  });
  const file = process.env['INGEST_TRACE_HOST_RESULTS'];
  if (file === undefined) throw new Error('INGEST_TRACE_HOST_RESULTS does not say where the results go');
  writeFileSync(file, JSON.stringify(results));
  if (failures > 0) throw new Error(`${failures} tests failed in the extension host`);
}
