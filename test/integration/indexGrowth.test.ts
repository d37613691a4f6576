/** Questions that are under way while others bring what was committed since they began. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { facetCounts } from '../../src/index/facetCounts.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { LogIndex } from '../../src/index/logIndex.ts';
import { indexFixture, keysOf, lines, nowMs, query, WatchedStore } from './indexFixture.ts';

test('tasks get further records while a question reads what earlier ones say: it is answered, and the next one knows them', async () => {
  for (const asked of ['sort', 'facets', 'records']) {
    await using fixture = await indexFixture();
    const { logs, index, directory } = fixture;
    let ts = nowMs - 60_000;
    const commit = async (object: string, bytes: Readonly<Record<string, number>>): Promise<string> => {
      const before = await keysOf(index, 'segments/');
      const records = Object.entries(bytes).map(([task, each]) => ({
        task,
        ts: (ts += 1000),
        event: 'attempt.progress',
        attempt: 1,
        bytes: each,
        account: `account-${each}`,
      }));
      await logs.put(`${object}.ndjson`, lines(...records));
      await indexLogs({ logs, index });
      return (await keysOf(index, 'segments/')).find((key) => !before.includes(key)) ?? assert.fail();
    };
    await commit('a', { 't-1': 5 });
    await commit('b', { 't-1': 7, 't-2': 1 });
    // What t-1 has is known before it has to be read what t-2 has.
    const last = await commit('c', { 't-2': 3 });
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const beforeGet = async (key: string): Promise<void> => {
      if (key !== last) return;
      reached.resolve();
      await goOn.promise;
    };
    const store = new WatchedStore(index, { beforeGet }, 's3://bucket/index');
    const reader = await LogIndex.open({ store, cacheDirectory: join(directory, 'remote'), memoryLimitMb: 256 });
    try {
      const ask = async (): Promise<unknown> => {
        if (asked === 'sort') return (await reader.search(query('sort:bytes'), { limit: 9 })).tasks.map((t) => t.task);
        if (asked === 'facets') {
          return (await facetCounts(reader, query(''), 'bytes', { limit: 9 })).values.map(({ value }) => value);
        }
        return (await reader.records(query('account:account-7'), { limit: 9 })).records.map((each) => each.task);
      };
      const first = ask();
      await reached.promise;
      await commit('d', { 't-1': 9, 't-2': 20 });
      assert.equal((await facetCounts(reader, query(''), 'status', { limit: 9 })).total, 2);
      goOn.resolve();
      const expected = {
        sort: [
          ['t-1', 't-2'],
          ['t-2', 't-1'],
        ],
        facets: [
          [3, 7],
          [9, 20],
        ],
        records: [['t-1'], ['t-1']],
      };
      assert.deepEqual([await first, await ask()], expected[asked as keyof typeof expected], asked);
    } finally {
      await reader.close();
    }
  }
});
