/** Whatever is late or out of order is found, and a watch lists little to find what is new. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchLogs } from '../../src/index/watchLogs.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { assertIndexedOnce, indexFixture, lines, onS3, WatchedStore } from './indexFixture.ts';

const startMs = Date.UTC(2026, 10, 23, 14, 30);
const minuteMs = 60_000;

interface Pass {
  readonly objects: number;
  readonly requests: number;
  /** The prefixes that were listed. */
  readonly prefixes: readonly string[];
}

/** Runs a watch for as many passes as there are steps; each of them sets the clock and may put objects before its pass. */
async function watchPasses(
  logs: ObjectStore,
  index: ObjectStore,
  steps: readonly { readonly atMs: number; readonly puts?: readonly string[] }[],
): Promise<Pass[]> {
  const passes: Pass[] = [];
  let requests = 0;
  let prefixes: string[] = [];
  const listed = new WatchedStore(logs, {
    beforeList: ({ prefix = '' }) => {
      requests += 1;
      prefixes.push(prefix);
    },
  });
  const asked = new WatchedStore(index, { beforeList: () => (requests += 1) });
  const stop = new AbortController();
  let put = 0;
  const list = listed.list.bind(listed);
  listed.list = async function* (options) {
    const { puts = [] } = steps[passes.length] ?? {};
    // Before the first listing of a pass.
    if (put === passes.length) {
      put += 1;
      for (const key of puts) await logs.put(key, lines({ task: key }));
    }
    yield* list(options);
  };
  await watchLogs({
    logs: listed,
    index: asked,
    signal: stop.signal,
    intervalMs: 1,
    nowMs: () => startMs + (steps[passes.length]?.atMs ?? 0),
    onPass: ({ objects }) => {
      passes.push({ objects, requests, prefixes });
      requests = 0;
      prefixes = [];
      if (passes.length === steps.length) stop.abort();
    },
  });
  return passes;
}

async function finds(logs: ObjectStore, index: ObjectStore): Promise<void> {
  const passes = await watchPasses(logs, index, [
    { atMs: 0, puts: ['dt=2026-11-23/hr=14/w-1-1-1.ndjson', 'dt=2026-11-01/hr=05/w-1-1-1.ndjson'] },
    { atMs: 1_000 },
    // In the hour that is written to, before a key that is known already.
    { atMs: 2_000, puts: ['dt=2026-11-23/hr=14/a-1-1-1.ndjson'] },
    // Half an hour late, outside any partition, and long ago.
    { atMs: 3_000, puts: ['dt=2026-11-23/hr=13/late.ndjson', 'loose.ndjson', 'dt=2026-11-02/hr=05/w-1-1-2.ndjson'] },
    { atMs: 6_000 },
    { atMs: 8_000 },
    { atMs: 10.5 * minuteMs },
    { atMs: 10.6 * minuteMs },
    // Shortly before the hour: those whose clocks are ahead write to the next one already.
    { atMs: 25 * minuteMs, puts: ['dt=2026-11-23/hr=15/w-1-1-3.ndjson'] },
  ]);
  assert.deepEqual(
    passes.map(({ objects }) => objects),
    [2, 0, 1, 0, 2, 0, 1, 0, 1],
  );
  const newest = ['dt=2026-11-23/hr=14/'];
  for (const at of [1, 2, 3, 5]) assert.deepEqual(passes[at]?.prefixes, newest, `pass ${at}`);
  assert.equal(passes[1]?.requests, 1, 'nothing new in the logs: the index is not asked either');
  assert.ok((passes[4]?.requests ?? 0) <= 10, `the look-back and its commit took ${passes[4]?.requests} listings`);
}

test('a watch lists the folder of the hour, now and then the look-back, and seldom everything', async () => {
  await using fixture = await indexFixture();
  await finds(fixture.logs, fixture.index);
  await assertIndexedOnce(await fixture.reader(), fixture.logs);
});

test('so it does on S3', async (t) => {
  await using fixture = await indexFixture();
  await onS3(t, async (logs, index) => {
    await finds(logs, index);
    await assertIndexedOnce(await fixture.reader(index), logs);
  });
});

test('a root without partitions is listed as a whole by each pass', async () => {
  await using fixture = await indexFixture();
  const passes = await watchPasses(fixture.logs, fixture.index, [
    { atMs: 0, puts: ['b.ndjson'] },
    { atMs: 1_000, puts: ['a.ndjson'] },
    { atMs: 2_000 },
  ]);
  assert.deepEqual(
    passes.map(({ objects, prefixes }) => [objects, prefixes]),
    [
      [1, ['']],
      [1, ['']],
      [0, ['']],
    ],
  );
});
