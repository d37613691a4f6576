/** The limits of memory and disk hold, whatever is asked of how many indexes. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Database } from '../../src/index/database.ts';
import { SegmentCache } from '../../src/index/segmentCache.ts';
import { createSharedDirectory } from '../../src/index/spillDirectory.ts';
import { isOutOfMemory } from '../../src/index/sqlText.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';
import { WatchedStore } from './indexFixture.ts';

const partBytes = 1000;

interface Part {
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

async function remoteStore(t: TestContext) {
  const folder = await temporaryFolder('cache');
  t.after(() => folder.remove());
  const store = new FileStore(pathToFileURL(join(folder.path, 'store')).href);
  const directory = join(folder.path, 'cache');
  const parts: Part[] = [];
  for (let number = 0; number < 8; number++) {
    const bytes = Buffer.alloc(partBytes, `part ${number} `);
    const key = `segments/${number}`;
    await store.put(key, bytes);
    parts.push({ key, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  }
  const usedBytes = async () => {
    const names = await readdir(join(directory, 'segments'), { recursive: true });
    const found = await Promise.all(names.map(async (name) => await stat(join(directory, 'segments', name))));
    return found.reduce((sum, each) => sum + (each.isFile() ? each.size : 0), 0);
  };
  return { store, directory, parts, usedBytes };
}

test('room is made before segments come, so that the bound holds all the time', async (t) => {
  const { store, directory, parts, usedBytes } = await remoteStore(t);
  const seen: number[] = [];
  const watched = { beforeGet: async () => void seen.push(await usedBytes()) };
  const cache = new SegmentCache(new WatchedStore(store, watched, 's3://bucket/index'), directory, 3 * partBytes);
  for (const at of [0, 1, 2, 3, 4, 5]) await (await cache.hold(parts.slice(at, at + 2))).release();
  assert.ok(Math.max(...seen) <= 2 * partBytes, 'there was room for each one that came');
  assert.equal(await usedBytes(), 3 * partBytes);
});

test('the bound is one for all indexes, and the least recently used leaves', async (t) => {
  const { store, directory, parts, usedBytes } = await remoteStore(t);
  const [a, b] = ['a', 'b'].map(
    (name) => new SegmentCache(new WatchedStore(store, {}, `s3://bucket/${name}`), directory, 4 * partBytes),
  );
  assert.ok(a && b);
  await (await a.hold(parts.slice(0, 4))).release();
  const [first] = parts;
  assert.ok(first);
  for (const part of parts.slice(1, 4)) await utimes(a.fileOf(part), new Date(0), new Date(0));
  await (await b.hold(parts.slice(4, 7))).release();
  assert.equal(await usedBytes(), 4 * partBytes);
  await assert.doesNotReject(readFile(a.fileOf(first)), 'it was used last');
});

test('what a question holds stays, even if that is more than the bound, and leaves afterwards', async (t) => {
  const { store, directory, parts, usedBytes } = await remoteStore(t);
  const remote = new WatchedStore(store, {}, 's3://bucket/index');
  const [cache, other] = [1, 2].map(() => new SegmentCache(remote, directory, 2 * partBytes));
  assert.ok(cache && other);
  const held = await cache.hold(parts.slice(0, 4));
  await (await other.hold(parts.slice(4, 6))).release();
  for (const part of parts.slice(0, 4)) assert.equal((await readFile(cache.fileOf(part))).length, partBytes);
  await held.release();
  assert.equal(await usedBytes(), 2 * partBytes);
});

test('what a killed process was fetching is removed in time, and not before', async (t) => {
  const { store, directory, parts } = await remoteStore(t);
  const cache = new SegmentCache(new WatchedStore(store, {}, 's3://bucket/index'), directory, partBytes);
  await (await cache.hold(parts.slice(0, 1))).release();
  const [left, fetching] = ['left.tmp', 'fetching.tmp'].map((name) => join(cache.directory, name));
  assert.ok(left && fetching);
  for (const file of [left, fetching]) await writeFile(file, Buffer.alloc(partBytes));
  const hourAgo = new Date(Date.now() - 3_600_000);
  await utimes(left, hourAgo, hourAgo);
  await (await cache.hold(parts.slice(1, 2))).release();
  assert.deepEqual(
    (await readdir(cache.directory)).filter((name) => name.endsWith('.tmp')),
    ['fetching.tmp'],
  );
});

test('the embedded engine is held to its memory, and to its share of the disk', async (t) => {
  const folder = await temporaryFolder('limits');
  t.after(() => folder.remove());
  const options = { temporaryDirectory: join(folder.path, 'spill'), directories: [], threads: 1 };
  const database = await Database.open({ ...options, memoryLimitMb: 128, spillLimitMb: 8 });
  t.after(() => database.close());
  // 200 MB of text that does not compress.
  const greedy = 'CREATE TEMP TABLE greedy AS SELECT uuid()::VARCHAR AS a FROM range(6000000)';
  await assert.rejects(database.query(greedy), (error) => isOutOfMemory(error));
  const roomy = await Database.open({ ...options, memoryLimitMb: 128, spillLimitMb: 2000 });
  t.after(() => roomy.close());
  await assert.doesNotReject(roomy.query(greedy));
});

test('temporary folders of killed indexers are removed by later ones, once they are a day old', async (t) => {
  const folder = await temporaryFolder('limits');
  t.after(() => folder.remove());
  const ended = spawnSync(process.execPath, ['--version']).pid;
  const names = [`name-${ended}-old`, `name-${ended}-young`, `name-${process.pid}-running`, 'name-other', 'another'];
  const longAgo = new Date(Date.now() - 25 * 3_600_000);
  for (const name of names) {
    await mkdir(join(folder.path, name, 'within'), { recursive: true });
    if (!name.endsWith('young')) await utimes(join(folder.path, name), longAgo, longAgo);
  }
  const made = await createSharedDirectory(folder.path, 'name');
  assert.deepEqual((await readdir(folder.path)).sort(), [...names.slice(1), basename(made)].sort());
});
