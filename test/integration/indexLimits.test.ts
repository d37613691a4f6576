/** The limits of memory and disk hold, whatever is asked of how many indexes. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Database } from '../../src/index/database.ts';
import { SegmentCache } from '../../src/index/segmentCache.ts';
import { createSharedDirectory } from '../../src/index/spillDirectory.ts';
import { isOutOfMemory } from '../../src/index/sqlText.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { seededRandom } from '../rigs/seededRandom.ts';
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
  // Files come and go meanwhile.
  const usedBytes = () => {
    const names = readdirSync(join(directory, 'segments'), { recursive: true, encoding: 'utf8' });
    const found = names.map((name) => statSync(join(directory, 'segments', name), { throwIfNoEntry: false }));
    return found.reduce((sum, each) => sum + (each?.isFile() ? each.size : 0), 0);
  };
  return { store, directory, parts, usedBytes };
}

test('room is made before segments come, so that the bound holds all the time', async (t) => {
  const { store, directory, parts, usedBytes } = await remoteStore(t);
  const seen: number[] = [];
  const watched = { beforeGet: async () => void seen.push(usedBytes()) };
  const cache = new SegmentCache(new WatchedStore(store, watched, 's3://bucket/index'), directory, 3 * partBytes);
  for (const at of [0, 1, 2, 3, 4, 5]) (await cache.hold(parts.slice(at, at + 2))).release();
  assert.ok(Math.max(...seen) <= 2 * partBytes, 'there was room for each one that came');
  assert.equal(usedBytes(), 3 * partBytes);
});

test('the bound is one for all indexes, and the least recently used leaves', async (t) => {
  const { store, directory, parts, usedBytes } = await remoteStore(t);
  const [a, b] = ['a', 'b'].map(
    (name) => new SegmentCache(new WatchedStore(store, {}, `s3://bucket/${name}`), directory, 4 * partBytes),
  );
  assert.ok(a && b);
  (await a.hold(parts.slice(0, 4))).release();
  const [first] = parts;
  assert.ok(first);
  for (const part of parts.slice(1, 4)) await utimes(a.fileOf(part), new Date(0), new Date(0));
  (await b.hold(parts.slice(4, 7))).release();
  assert.equal(usedBytes(), 4 * partBytes);
  await assert.doesNotReject(readFile(a.fileOf(first)), 'it was used last');
});

test('what is held stays, and who wants more than is left waits until it leaves', async (t) => {
  const { store, directory, parts, usedBytes } = await remoteStore(t);
  const seen: number[] = [];
  const remote = new WatchedStore(store, { beforeGet: async () => void seen.push(usedBytes()) }, 's3://bucket/index');
  const [cache, other] = [1, 2].map(() => new SegmentCache(remote, directory, 4 * partBytes));
  assert.ok(cache && other);
  const held = await cache.hold(parts.slice(0, 3));
  const reason = new Error('enough');
  const impatient = new AbortController();
  const given = other.hold(parts.slice(6, 8), impatient.signal);
  const waiting = other.hold(parts.slice(4, 6));
  assert.equal(await isSettled(given, waiting), false);
  assert.equal(seen.length, 3, 'nothing was fetched for those who wait');
  const same = await other.hold(parts.slice(0, 2));
  impatient.abort(reason);
  await assert.rejects(given, (error) => error === reason);
  assert.equal(await isSettled(waiting), false);
  for (const part of parts.slice(0, 3)) assert.equal((await readFile(cache.fileOf(part))).length, partBytes);
  held.release();
  same.release();
  (await waiting).release();
  assert.equal(usedBytes(), 4 * partBytes);
  assert.ok(Math.max(...seen) <= 3 * partBytes, 'there was room for each one that came');
});

test('what is looked at one after the other needs no more than the bound at a time', async (t) => {
  const { store, directory, parts, usedBytes } = await remoteStore(t);
  const cache = new SegmentCache(new WatchedStore(store, {}, 's3://bucket/index'), directory, 3 * partBytes);
  const runs: string[][] = [];
  const itself = (part: Part) => part;
  await cache.inRuns(parts, itself, async (run) => {
    runs.push(run.map(({ key }) => key));
    for (const part of run) assert.equal((await readFile(cache.fileOf(part))).length, partBytes);
    assert.ok(usedBytes() <= 3 * partBytes);
  });
  assert.deepEqual(
    runs.map((run) => run.length),
    [3, 3, 2],
  );
  assert.deepEqual(
    runs.flat(),
    parts.map(({ key }) => key),
  );
});

test('more at once than the bound is refused, saying how much it takes and what to set', async (t) => {
  const { store, directory, parts, usedBytes } = await remoteStore(t);
  const cache = new SegmentCache(new WatchedStore(store, {}, 's3://bucket/index'), directory, 3 * 2 ** 20);
  const large = parts.slice(0, 4).map((part) => ({ ...part, sizeBytes: 2 ** 20 }));
  const message =
    /^to answer this takes 4 MB of disk at once, and the limit is 3 MB: raise ingestTrace\.engine\.diskLimitMb \(INGEST_TRACE_DISK_MB .*s3:\/\/bucket\/index$/;
  await assert.rejects(cache.hold(large), { name: 'IndexError', code: 'disk', message });
  (await cache.hold([...parts.slice(0, 2), ...parts.slice(0, 2)])).release();
  assert.equal(usedBytes(), 2 * partBytes);
});

test('however many hold and cancel at once, the bound holds, and each comes to its turn', async (t) => {
  const { store, directory, parts, usedBytes } = await remoteStore(t);
  const seen: number[] = [];
  const watched = { beforeGet: async () => void seen.push(usedBytes()) };
  const caches = ['a', 'b', 'c'].map(
    (name) => new SegmentCache(new WatchedStore(store, watched, `s3://bucket/${name}`), directory, 5 * partBytes),
  );
  const random = seededRandom(20261126);
  const pick = (count: number) => Math.floor(random() * count);
  let [held, cancelled] = [0, 0];
  const hold = async () => {
    for (let turn = 0; turn < 60; turn++) {
      const cache = caches[pick(caches.length)] ?? assert.fail();
      const wanted = Array.from({ length: 1 + pick(5) }, () => parts[pick(parts.length)] ?? assert.fail());
      const controller = new AbortController();
      if (pick(4) === 0) setImmediate(() => controller.abort());
      try {
        const holding = await cache.hold(wanted, controller.signal);
        seen.push(usedBytes());
        for (const part of wanted) assert.equal((await readFile(cache.fileOf(part))).length, partBytes);
        holding.release();
        held += 1;
      } catch (error) {
        assert.ok(controller.signal.aborted, String(error));
        cancelled += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, hold));
  assert.ok(Math.max(...seen) <= 5 * partBytes, `${Math.max(...seen)} bytes were there`);
  assert.ok(held > 300 && cancelled > 10, `${held} held, ${cancelled} cancelled`);
});

async function isSettled(...promises: readonly Promise<unknown>[]): Promise<boolean> {
  const settled = promises.map(async (promise) => {
    await promise.catch(() => undefined);
    return true;
  });
  let isSettled = false;
  void Promise.any(settled).then(() => (isSettled = true));
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  return isSettled;
}

test('what a killed process was fetching is removed in time, and not before', async (t) => {
  const { store, directory, parts } = await remoteStore(t);
  const cache = new SegmentCache(new WatchedStore(store, {}, 's3://bucket/index'), directory, partBytes);
  (await cache.hold(parts.slice(0, 1))).release();
  const [left, fetching] = ['left.tmp', 'fetching.tmp'].map((name) => join(cache.directory, name));
  assert.ok(left && fetching);
  for (const file of [left, fetching]) await writeFile(file, Buffer.alloc(partBytes));
  const hourAgo = new Date(Date.now() - 3_600_000);
  await utimes(left, hourAgo, hourAgo);
  (await cache.hold(parts.slice(1, 2))).release();
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
