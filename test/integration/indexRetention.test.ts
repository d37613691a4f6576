/** Retention: what is old leaves the index in whole segments, totals stay true, and nothing comes back. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { indexLogs } from '../../src/index/indexLogs.ts';
import type { LogIndex } from '../../src/index/logIndex.ts';
import { ManifestStore } from '../../src/index/manifestStore.ts';
import { logObjectKey } from '../../src/logs/logLayout.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { assertCollectable } from '../rigs/crashVerdict.ts';
import { indexFixture, onS3, query, WatchedStore } from './indexFixture.ts';

const dayMs = 86_400_000;
const retainMs = 90 * dayMs;
const startMs = Date.UTC(2026, 0, 10, 12);

/** An object that is shipped at that time, with a record for each of the tasks. */
async function ship(logs: ObjectStore, atMs: number, name: string, ...tasks: readonly string[]): Promise<string> {
  const key = logObjectKey(name, atMs, 1);
  const lines = tasks.map((task, at) => `${JSON.stringify({ ts: atMs - 1000 + at, task, worker: name })}\n`);
  await logs.put(key, gzipSync(lines.join('')));
  return key;
}

async function tasksOf(reader: LogIndex): Promise<string[]> {
  const { records } = await reader.records(query(''), { limit: 1000 });
  const status = await reader.status();
  assert.equal(status.records, records.length, 'the total is true');
  const { tasks } = await reader.search(query(''), { limit: 1000 });
  assert.deepEqual(tasks.map(({ task }) => task).sort(), [...new Set(records.map(({ task = '' }) => task))].sort());
  assert.equal(status.tasks, tasks.length);
  return records.map(({ task, worker }) => `${task} ${worker}`).sort();
}

async function retains(logs: ObjectStore, index: ObjectStore, reader: LogIndex): Promise<void> {
  let nowMs = startMs;
  const pass = async () =>
    await indexLogs({ logs, index, retainMs, nowMs: () => nowMs, limits: { objects: 1, records: 2 } });
  await ship(logs, nowMs, 'first', 'old', 'both');
  const rewritten = await ship(logs, nowMs, 'rewritten', 'gone', 'gone');
  await pass();
  await logs.put(rewritten, gzipSync(`${JSON.stringify({ ts: nowMs, task: 'old', worker: 'rewritten' })}\n`));
  await pass();
  assert.deepEqual(await tasksOf(reader), ['both first', 'old first', 'old rewritten']);

  nowMs += 80 * dayMs;
  await ship(logs, nowMs, 'second', 'both', 'new');
  await pass();
  assert.equal((await tasksOf(reader)).length, 5, 'nothing is old enough yet');

  nowMs += 11 * dayMs;
  assert.deepEqual((await pass()).objects, 0);
  assert.deepEqual(await tasksOf(reader), ['both second', 'new second']);
  const { manifest } = await new ManifestStore(index).newest();
  assert.equal(manifest.totals.objects, 3, 'the ledger keeps what it knows');

  // Neither what is known nor what was shipped before that is indexed again …
  await ship(logs, startMs + 3_600_000, 'late', 'late');
  assert.equal((await pass()).objects, 0);
  assert.equal((await indexLogs({ logs, index, nowMs: () => nowMs })).objects, 1, 'unless nothing is to be dropped');
  assert.deepEqual(await tasksOf(reader), ['both second', 'late late', 'new second']);
  await pass();
  assert.deepEqual(await tasksOf(reader), ['both second', 'new second']);
  // … and one that is written anew counts by what it holds then.
  await logs.put(rewritten, gzipSync(`${JSON.stringify({ ts: nowMs, task: 'again', worker: 'rewritten' })}\n`));
  await indexLogs({ logs, index, nowMs: () => nowMs });
  assert.deepEqual(await tasksOf(reader), ['again rewritten', 'both second', 'new second']);
  await assertCollectable(index);
  assert.equal((await tasksOf(reader)).length, 3);
}

test('segments that are too old are dropped, and their objects are not indexed again', async () => {
  await using fixture = await indexFixture();
  await retains(fixture.logs, fixture.index, await fixture.reader());
});

test('so they are on S3', async (t) => {
  await using fixture = await indexFixture();
  await onS3(t, async (logs, index) => await retains(logs, index, await fixture.reader(index)));
});

test('a record from the future does not keep its segment for ever', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await logs.put('loose.ndjson', Buffer.from('{"ts":"2099-01-01T00:00:00Z","task":"ahead"}\n'));
  await indexLogs({ logs, index, retainMs, nowMs: () => startMs });
  const reader = await fixture.reader();
  assert.equal((await tasksOf(reader)).length, 1);
  await indexLogs({ logs, index, retainMs, nowMs: () => startMs + 92 * dayMs });
  assert.equal((await tasksOf(reader)).length, 0);
});

test('whoever drops segments while others commit and merge loses and doubles nothing', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const limits = { objects: 1 };
  for (let number = 0; number < 4; number++) await ship(logs, startMs, `old-${number}`, 'old', 'both');
  await indexLogs({ logs, index, limits, nowMs: () => startMs });
  const laterMs = startMs + 100 * dayMs;
  let raced = 0;
  const contested = new WatchedStore(index, {
    async beforePut(key) {
      if (!key.startsWith('manifest/') || ++raced > 2) return;
      // The first merges the old segments with new ones, the second drops them itself.
      if (raced === 1)
        for (let number = 0; number < 4; number++) await ship(logs, laterMs, `new-${number}`, 'new', 'both');
      await indexLogs({ logs, index, limits, nowMs: () => laterMs, ...(raced === 2 ? { retainMs } : {}) });
    },
  });
  await indexLogs({ logs, index: contested, limits, retainMs, nowMs: () => laterMs });
  const found = await tasksOf(await fixture.reader());
  assert.equal(found.filter((each) => each.includes('new-')).length, 8);
  assert.equal(new Set(found).size, found.length);
});
