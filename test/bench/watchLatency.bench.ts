/**
 * From a log object that lands to its task in an answer, while a watcher indexes: on a folder, and on a real S3 server where there
 * is one. `node test/bench/watchLatency.bench.ts [OBJECTS]`. An index of 200,000 records is there already. The reader asks again
 * every 20 ms, so that much of each time is the bench's own.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { LogIndex } from '../../src/index/logIndex.ts';
import { watchLogs } from '../../src/index/watchLogs.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { openStore } from '../../src/store/openStore.ts';
import { s3ForTests } from '../rigs/s3Server.ts';
import { generateLogs } from './generateRecords.ts';
import { query } from './indexScaleQuestions.ts';

const objects = Number(process.argv[2] ?? 40);
const records = 200_000;
const seed = 20261126;
const pollMs = 20;
/** Objects land at moments that have nothing to do with the watcher's rhythm. */
const pauseMs = 137;

const directory = await mkdtemp(join(tmpdir(), 'ingest-trace-bench-'));
try {
  const root = pathToFileURL(directory).href;
  report('folder', await measure(new FileStore(`${root}/logs`), new FileStore(`${root}/index`)));
  const server = await s3ForTests({ skip: (reason) => console.log(`without S3: ${reason}`) });
  if (server) {
    const bucket = await server.createBucket();
    const s3 = { endpoint: server.endpoint, region: server.region, forcePathStyle: true };
    const [logs, index] = [openStore(`s3://${bucket}/logs`, s3), openStore(`s3://${bucket}/index`, s3)];
    try {
      report('S3', await measure(logs, index));
    } finally {
      await Promise.all([logs.close(), index.close()]);
      await server.stop();
    }
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function measure(logs: ObjectStore, store: ObjectStore): Promise<readonly number[]> {
  await generateLogs(logs, records, seed);
  const stop = new AbortController();
  const first = Promise.withResolvers<void>();
  const watching = watchLogs({ logs, index: store, signal: stop.signal, onPass: () => first.resolve() });
  await Promise.race([first.promise, watching]);
  const index = await LogIndex.open({ store, cacheDirectory: join(directory, 'cache'), memoryLimitMb: 512 });
  const times: number[] = [];
  try {
    for (let object = 0; object < objects; object++) {
      const task = `landed-${object}`;
      const now = new Date();
      const [day = '', time = ''] = now.toISOString().split('T');
      const line = JSON.stringify({ ts: now.toISOString(), task, event: 'task.created', account: 'account-000' });
      const key = `dt=${day}/hr=${time.slice(0, 2)}/worker-9-${now.getTime()}-${object}.ndjson.gz`;
      const start = performance.now();
      await logs.put(key, await promisify(gzip)(`${line}\n`));
      while ((await index.search(query(`id:${task}`), { limit: 1 })).total === 0) await delay(pollMs);
      times.push(performance.now() - start);
      await delay(pauseMs);
    }
  } finally {
    stop.abort();
    await watching;
    await index.close();
  }
  return times.sort((a, b) => a - b);
}

function report(place: string, times: readonly number[]): void {
  const at = (share: number) => (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(0);
  console.log(
    `${place}: ${times.length} objects, median ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms (goal: p95 of 1000 ms)`,
  );
}
