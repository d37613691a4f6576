/** Versions of log objects that were written anew are forgotten in time, with their rows and their rejected lines. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { ManifestStore } from '../../src/index/manifestStore.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { assertCollectable } from '../rigs/crashVerdict.ts';
import { assertIndexedOnce, indexFixture, lines, WatchedStore } from './indexFixture.ts';

const objects = 20;

/** Writes each object anew: some records, and a line that is none in every other one. */
async function writeAll(logs: ObjectStore, round: number): Promise<void> {
  for (let number = 0; number < objects; number++) {
    const text = Buffer.from(lines({ task: `t-${number}`, round }, { task: `t-${number}`, round }));
    const isBad = (number + round) % 2 === 0;
    await logs.put(`open-${number}.ndjson`, isBad ? Buffer.concat([text, Buffer.from(`round ${round}\n`)]) : text);
  }
}

async function newest(index: ObjectStore) {
  return (await new ManifestStore(index).newest()).manifest;
}

test('objects that are written anew again and again leave no growing list behind, and no rows', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const reader = await fixture.reader();
  let longest = 0;
  for (let round = 0; round < 16; round++) {
    await writeAll(logs, round);
    // A segment that is never merged with others, being large by this measure.
    await indexLogs({ logs, index, limits: { records: 60 } });
    longest = Math.max(longest, (await newest(index)).superseded.length);
    if (round % 8 === 0) await assertIndexedOnce(reader, logs);
  }
  const manifest = await newest(index);
  assert.ok(longest <= 128 + objects, `${longest} versions were listed`);
  assert.ok((manifest.forgotten ?? 0) >= 15 * objects - longest);
  const rows = manifest.segments.reduce((sum, entry) => sum + entry.records, 0);
  assert.ok(rows <= 2 * (objects + manifest.superseded.length), `${rows} rows are left`);
  const rejected = await Array.fromAsync(reader.rejected());
  assert.deepEqual(
    rejected.map(({ raw }) => raw),
    Array.from({ length: objects / 2 }, () => 'round 15'),
  );
  assert.ok(
    manifest.rejected.reduce((sum, part) => sum + part.lines, 0) <= rejected.length + manifest.superseded.length,
  );
  await assertIndexedOnce(reader, logs);
  await assertCollectable(index);
  await assertIndexedOnce(reader, logs);
});

test('while versions are forgotten others may write objects anew and merge segments', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  for (let round = 0; round < 6; round++) {
    await writeAll(logs, round);
    await indexLogs({ logs, index, limits: { records: 60 } });
  }
  assert.equal((await newest(index)).superseded.length, 100);
  await writeAll(logs, 6);
  await writeAll(logs, 7);
  await indexLogs({ logs, index, limits: { records: 60 } });
  const at = (await newest(index)).number;
  let raced = 0;
  const contested = new WatchedStore(index, {
    async beforePut(key) {
      if (!key.startsWith('manifest/') || ++raced > 3) return;
      await writeAll(logs, 10 + raced);
      await indexLogs({ logs, index, limits: { objects: raced } });
    },
  });
  await writeAll(logs, 8);
  await indexLogs({ logs, index: contested, limits: { records: 60 } });
  assert.ok((await newest(index)).number > at + 3);
  await indexLogs({ logs, index });
  assert.ok(((await newest(index)).forgotten ?? 0) > 0);
  await assertIndexedOnce(await fixture.reader(), logs);
});

test('rejected lines of many small commits lie in few parts', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  for (let number = 0; number < 70; number++) await logs.put(`bad-${number}.ndjson`, Buffer.from(`bad ${number}\n`));
  await indexLogs({ logs, index, limits: { objects: 1 } });
  assert.ok((await newest(index)).rejected.length <= 33);
  const rejected = await Array.fromAsync((await fixture.reader()).rejected());
  assert.equal(new Set(rejected.map(({ raw }) => raw)).size, 70);
  assert.equal(rejected.length, 70);
});
