/**
 * An indexer as a process of its own that is to be killed: watches the logs in small commits. With a gate it kills itself, at
 * its so-manieth request to the index's store, before or after that is done.
 */

import { watchLogs } from '../../src/index/watchLogs.ts';
import type { S3Options } from '../../src/model/environment.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { openStore } from '../../src/store/openStore.ts';
import { aroundStore } from './aroundStore.ts';
import { withUnreadable } from './crashLogs.ts';

export interface CrashIndexerOptions {
  readonly logs: string;
  readonly index: string;
  readonly s3?: S3Options;
  readonly temporaryDirectory: string;
  /** Read in so many threads; 0 reads in the main one. */
  readonly threads: number;
  readonly gate?: {
    readonly request: number;
    readonly moment: 'before' | 'after';
    /** Only requests that change the store count. */
    readonly ofWrites: boolean;
  };
}

const options = JSON.parse(process.argv[2] ?? '{}') as CrashIndexerOptions;
let requests = 0;

function dieAt(moment: 'before' | 'after', request: keyof ObjectStore): void {
  const { gate } = options;
  if (!gate || (gate.ofWrites && request !== 'put' && request !== 'delete')) return;
  if (moment === 'before') requests += 1;
  if (gate.moment === moment && gate.request === requests) process.kill(process.pid, 'SIGKILL');
}

const logs = withUnreadable(openStore(options.logs, options.s3));
const index = aroundStore(
  openStore(options.index, options.s3),
  (request) => dieAt('before', request),
  (request) => dieAt('after', request),
);
process.stdout.write('ready\n');
await watchLogs({
  logs,
  index,
  signal: new AbortController().signal,
  temporaryDirectory: options.temporaryDirectory,
  threads: options.threads,
  intervalMs: 20,
  lookBackEveryMs: 100,
  fullPassEveryMs: 400,
  limits: { objects: 4, records: 400 },
  // Many times what a commit takes here; none of those that are killed goes on.
  grace: { objectsMs: 120_000, manifestsMs: 60_000 },
  onProblem: (error) => process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`),
});
