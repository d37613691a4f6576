/** Files of the local cache that go away, or are not what was fetched, while the index in the store is sound. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { LogIndex } from '../../src/index/logIndex.ts';
import { type IndexFixture, indexFixture, keysOf, lines, query, WatchedStore } from './indexFixture.ts';

async function indexTwice({ logs, index }: IndexFixture): Promise<void> {
  for (const object of ['a', 'b']) {
    const records = Array.from({ length: 40 }, (_, at) => ({
      task: `task-${object}-${at % 30}`,
      event: 'attempt.started',
      message: `lantern ${object}`,
    }));
    await logs.put(`${object}.ndjson`, lines(...records));
    await indexLogs({ logs, index });
  }
}

async function remoteReader(fixture: IndexFixture) {
  const store = new WatchedStore(fixture.index, {}, 's3://bucket/index');
  const cacheDirectory = join(fixture.directory, 'shared');
  const reader = await LogIndex.open({ store, cacheDirectory, memoryLimitMb: 256 });
  const files = () => {
    const folder = join(cacheDirectory, 'segments');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.parquet'))
      .map((name) => join(folder, name));
  };
  return { reader, files, [Symbol.asyncDispose]: async () => await reader.close() };
}

test('what another process takes out of a shared cache is fetched again; an index is not called damaged for it', async () => {
  await using fixture = await indexFixture();
  await indexTwice(fixture);
  await using shared = await remoteReader(fixture);
  const { reader, files } = shared;
  const ask = async () => (await reader.search(query('lantern'), { limit: 100 })).total;
  assert.equal(await ask(), 60);
  let takes = 0;
  const stop = reader.onFetch(() => {
    // As another process that needs the room would: all of it, once something more has come.
    if (takes-- > 0) for (const file of files()) rmSync(file);
  });
  for (const file of files()) rmSync(file);
  takes = 2;
  assert.equal(await ask(), 60);
  for (const file of files()) rmSync(file);
  takes = Number.POSITIVE_INFINITY;
  const message = /went away .* while they were read.*Raise ingestTrace\.engine\.diskLimitMb/s;
  await assert.rejects(ask(), { name: 'IndexError', code: 'disk', message });
  stop();
  assert.equal(await ask(), 60);
});

test('cached files that are not what was fetched are fetched again', async () => {
  await using fixture = await indexFixture();
  await indexTwice(fixture);
  for (const when of ['before it is read', 'while it is in memory']) {
    await using shared = await remoteReader(fixture);
    const { reader, files } = shared;
    const ask = async (index: LogIndex) => (await index.search(query('lantern'), { limit: 100 })).total;
    assert.equal(await ask(reader), 60);
    for (const file of files()) {
      writeFileSync(
        file,
        readFileSync(file).map((byte) => byte ^ 0xff),
      );
    }
    if (when === 'while it is in memory') assert.equal(await ask(reader), 60);
    else {
      await using other = await remoteReader(fixture);
      assert.equal(await ask(other.reader), 60);
    }
  }
});

test('a side that was damaged and is whole again is read as if nothing had been', async () => {
  await using fixture = await indexFixture();
  await indexTwice(fixture);
  const reader = await fixture.reader();
  const [first = '', side = ''] = await keysOf(fixture.index, 'sides/');
  assert.ok(first !== side && side !== '');
  const file = join(fileURLToPath(fixture.index.url), side);
  const whole = readFileSync(file);
  const directoryBytes = whole.readUInt32LE(whole.length - 12);
  // Its columns alone: all ids have the same hash, and none can be read.
  writeFileSync(file, Buffer.from(whole).fill(0, 8, whole.length - 12 - directoryBytes));
  const expected = { name: 'IndexError', code: 'damaged', message: new RegExp(side) };
  await assert.rejects(reader.search(query(''), { limit: 100 }), expected);
  await assert.rejects(reader.task('task-a-1'), expected);
  writeFileSync(file, whole);
  const page = await reader.search(query(''), { limit: 100 });
  assert.deepEqual([page.total, page.tasks.length], [60, 60]);
});
