/** What an index says of itself, and how it fails: typed, named, and never with a wrong answer. */

import assert from 'node:assert/strict';
import { readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { IndexBackend } from '../../src/backends/indexBackend.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { LogIndex } from '../../src/index/logIndex.ts';
import { watchLogs } from '../../src/index/watchLogs.ts';
import { assertIndexedOnce, indexFixture, keysOf, lines, nowMs, putLogs, query, WatchedStore } from './indexFixture.ts';

test('every line that is no record is listed with its object, offset and reason', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const good = lines({ task: 'a' }).toString();
  await logs.put('mixed.ndjson', Buffer.from(`${good}{"ts": oops\n[1]\n{"task":"b"}\n${good}`));
  await logs.put('empty.ndjson.gz', Buffer.alloc(0));
  const whole = gzipSync(
    lines(...Array.from({ length: 2000 }, (_, at) => ({ task: `t-${at}`, message: Math.sin(at) }))),
  );
  await logs.put('cut.ndjson.gz', whole.subarray(0, whole.length - 2000));
  const summary = await indexLogs({ logs, index });
  const reader = await fixture.reader();
  const rejected = await Array.fromAsync(reader.rejected());
  assert.equal(summary.rejected, rejected.length);
  assert.equal((await reader.status()).rejected, rejected.length);
  const mixed = rejected.filter((line) => line.object === 'mixed.ndjson');
  assert.deepEqual(
    mixed.map((line) => [line.offsetBytes, line.reason]),
    [
      [good.length, 'not JSON'],
      [good.length + '{"ts": oops\n'.length, 'not a JSON object'],
      [good.length + '{"ts": oops\n[1]\n'.length, 'no ts'],
    ],
  );
  assert.ok(
    rejected.some((line) => line.object === 'cut.ndjson.gz'),
    'what the damage cut off is a reject',
  );
  const { tasks } = await reader.search(query('id:t-0'), { limit: 1 });
  assert.equal(tasks.length, 1, 'what stands before the damage is indexed');
  await assertIndexedOnce(reader, logs);

  await logs.put('mixed.ndjson', Buffer.from(good));
  await indexLogs({ logs, index });
  const left = await Array.fromAsync(reader.rejected());
  assert.ok(!left.some((line) => line.object === 'mixed.ndjson'), 'rejects of the replaced object are gone');
  assert.equal((await reader.status()).rejected, left.length);
});

test('an empty log root leaves no index; an object without records leaves an empty one', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const reader = await fixture.reader();
  assert.equal((await indexLogs({ logs, index })).objects, 0);
  await assert.rejects(reader.search(query(''), { limit: 1 }), { name: 'IndexError', code: 'missing', url: index.url });
  await logs.put('none.ndjson', Buffer.from('\n'));
  assert.equal((await indexLogs({ logs, index })).objects, 1);
  const { tasks, total } = await reader.search(query(''), { limit: 1 });
  assert.deepEqual([tasks, total], [[], 0]);
  assert.deepEqual((await reader.records(query(''), { limit: 1 })).records, []);
  assert.equal((await reader.task('a')).detail, undefined);
  assert.equal((await reader.status()).records, 0);
});

test('an index below the log root is not indexed as logs', async () => {
  await using fixture = await indexFixture();
  await putLogs(fixture.logs, 2);
  const { FileStore } = await import('../../src/store/fileStore.ts');
  const within = new FileStore(`${fixture.logs.url}/index`);
  assert.equal((await indexLogs({ logs: fixture.logs, index: within })).objects, 2);
  assert.equal((await indexLogs({ logs: fixture.logs, index: within })).objects, 0);
});

test('a deleted index is missing, a rebuilt one is read anew', async () => {
  await using fixture = await indexFixture();
  const { logs, index, directory } = fixture;
  const reader = await fixture.reader();
  await putLogs(logs, 6);
  await indexLogs({ logs, index, limits: { objects: 2 } });
  await assertIndexedOnce(reader, logs);
  await rm(join(directory, 'index'), { recursive: true });
  await assert.rejects(reader.search(query(''), { limit: 1 }), { name: 'IndexError', code: 'missing' });
  await logs.put('new.ndjson', lines({ task: 'new' }));
  await indexLogs({ logs, index });
  await assertIndexedOnce(reader, logs);
});

test('a segment that is gone or overwritten makes the index damaged, naming it', async () => {
  await using fixture = await indexFixture();
  const { logs, index, directory } = fixture;
  await putLogs(logs, 3);
  await indexLogs({ logs, index });
  const reader = await fixture.reader();
  const [segment = ''] = await keysOf(index, 'segments/');
  const expected = { name: 'IndexError', code: 'damaged', message: new RegExp(segment) };
  await writeFile(join(directory, 'index', segment), 'PAR1 no more');
  await assert.rejects(reader.search(query('attempt:>0'), { limit: 1 }), expected);
  await rm(join(directory, 'index', segment));
  await assert.rejects(reader.task('task-1'), expected);
  const backend = new IndexBackend(reader);
  await assert.rejects(backend.search(query('attempt:>0'), { limit: 1 }), { name: 'BackendError', code: 'damaged' });
});

test('so does a side', async () => {
  await using fixture = await indexFixture();
  const { logs, index, directory } = fixture;
  await putLogs(logs, 3);
  await indexLogs({ logs, index });
  const [side = ''] = await keysOf(index, 'sides/');
  await writeFile(join(directory, 'index', side), 'PAR1 no more');
  const expected = { name: 'IndexError', code: 'damaged', message: new RegExp(side) };
  await assert.rejects((await fixture.reader()).search(query(''), { limit: 1 }), expected);
});

test('a word is looked for only in segments that may hold it', async () => {
  await using fixture = await indexFixture();
  const { logs, index, directory } = fixture;
  const reader = await fixture.reader();
  await logs.put(
    'a.ndjson',
    lines({ task: 't-1', message: 'opened' }, { task: 't-1', error: { stack: 'at wrote:1' } }),
  );
  await indexLogs({ logs, index });
  const [first = ''] = await keysOf(index, 'segments/');
  await logs.put('b.ndjson', lines({ task: 't-2', message: 'a XyloPhone' }));
  await indexLogs({ logs, index });
  assert.equal((await reader.search(query('xylophone'), { limit: 1 })).total, 1);
  assert.equal((await reader.search(query('"AT WROTE"'), { limit: 1 })).total, 1);
  await rm(join(directory, 'index', first));
  assert.equal((await reader.search(query('xylophone'), { limit: 1 })).total, 1);
  assert.equal((await reader.search(query('-xylophone'), { limit: 1 })).total, 1);
  await assert.rejects(reader.search(query('opened'), { limit: 1 }), { code: 'damaged' });
});

test('a manifest of a later release, and one that is none, are told apart', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 1);
  await indexLogs({ logs, index });
  const reader = await fixture.reader();
  const newer = Buffer.from(JSON.stringify({ format: 'ingest-trace-index', version: 6 }));
  await index.put('manifest/00000000000000000002.json', newer);
  await assert.rejects(reader.status(), { name: 'IndexError', code: 'newer' });
  await assert.rejects(indexLogs({ logs, index }), { name: 'IndexError', code: 'newer' });
  await index.put('manifest/00000000000000000003.json', Buffer.from('{"format":'));
  await assert.rejects(reader.status(), { name: 'IndexError', code: 'damaged', message: /0003\.json/ });
});

test("another root's logs are refused rather than taken for rewritten objects", async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 1);
  await indexLogs({ logs, index });
  const other = new WatchedStore(logs, {}, `${logs.url}-elsewhere`);
  await assert.rejects(indexLogs({ logs: other, index }), { name: 'IndexError', code: 'otherLogs' });
});

test('a cursor that is none is refused; a good one outlives later commits', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 7);
  await indexLogs({ logs, index });
  const reader = await fixture.reader();
  await assert.rejects(reader.search(query(''), { limit: 1, cursor: 'bm9uZQ' }), { code: 'badCursor' });
  const first = await reader.search(query('sort:firstTs'), { limit: 3 });
  await logs.put('newest.ndjson', lines({ ts: nowMs, task: 'newest' }));
  await indexLogs({ logs, index });
  const rest = await reader.search(query('sort:firstTs'), { limit: 10, cursor: first.cursor ?? '' });
  assert.deepEqual(
    [...first.tasks, ...rest.tasks].map((task) => task.task).sort(),
    Array.from({ length: 7 }, (_, at) => `task-${at}`),
  );
});

test("a record without a worker is its task's last attempt's, and nobody's where that has none", async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const first = { task: 'a', event: 'attempt.started', attempt: 1, worker: 'w-1' };
  await logs.put('1.ndjson', lines(first, { task: 'a', message: 'hello' }));
  await indexLogs({ logs, index });
  const reader = await fixture.reader();
  const ask = async () => (await reader.records(query('worker:w-1 hello'), { limit: 5 })).records;
  assert.deepEqual(
    (await ask()).map((record) => record.worker),
    ['w-1'],
  );
  await logs.put('2.ndjson', lines({ task: 'a', event: 'task.assigned', attempt: 2 }));
  await indexLogs({ logs, index });
  assert.deepEqual(await ask(), []);
});

test('a cancelled question rejects with the reason and leaves the next one alone', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 5);
  await indexLogs({ logs, index });
  const reader = await fixture.reader();
  const reason = new Error('changed my mind');
  await assert.rejects(reader.search(query(''), { limit: 1, signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const asked = reader.records(query(''), { limit: 1, signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(asked, reason);
  const { tasks } = await reader.search(query(''), { limit: 1, signal: new AbortController().signal });
  assert.equal(tasks.length, 1);
});

test('a cancelled pass keeps what it had committed, and the next one does the rest', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 9);
  const controller = new AbortController();
  const reason = new Error('enough');
  const pass = indexLogs({
    logs,
    index,
    signal: controller.signal,
    limits: { objects: 2 },
    onProgress: ({ done }) => {
      if (done === 5) controller.abort(reason);
    },
  });
  await assert.rejects(pass, reason);
  // Two objects were being read; the two before them may have been on their way.
  const kept = 2 * (await keysOf(index, 'manifest/')).length;
  assert.ok(kept === 2 || kept === 4, `${kept} kept`);
  assert.equal((await indexLogs({ logs, index })).objects, 9 - kept);
  await assertIndexedOnce(await fixture.reader(), logs);
});

test('segments of a remote store are fetched once into a cache that keeps to its bound', async () => {
  await using fixture = await indexFixture();
  const { logs, index, directory } = fixture;
  await putLogs(logs, 4);
  await indexLogs({ logs, index, limits: { objects: 1 } });
  const fetched: string[] = [];
  const remote = new WatchedStore(
    index,
    {
      beforeGet: (key) => {
        if (key.startsWith('segments/') || key.startsWith('sides/')) fetched.push(key);
        return Promise.resolve();
      },
    },
    's3://bucket/index',
  );
  const cacheDirectory = join(directory, 'cache');
  await using readers = new AsyncDisposableStack();
  const open = async (diskLimitMb: number) => {
    const reader = await LogIndex.open({ store: remote, cacheDirectory, memoryLimitMb: 256, diskLimitMb });
    readers.defer(() => reader.close());
    return reader;
  };
  const reader = await open(1024);
  await assertIndexedOnce(reader, logs);
  assert.equal(fetched.length, 8, 'later questions find them cached');

  const [folder = ''] = await readdir(join(cacheDirectory, 'segments'));
  const cached = join(cacheDirectory, 'segments', folder);
  const names = await readdir(cached);
  await writeFile(join(cached, names[0] ?? ''), 'half a file');
  await assertIndexedOnce(await open(1024), logs);
  assert.equal(fetched.length, 9, 'a file that is not whole is fetched again');

  const bytesOf = async () => {
    const found = await Promise.all((await readdir(cached)).map(async (name) => await stat(join(cached, name))));
    return found.map(({ size }) => size);
  };
  const bound = Math.max(...(await bytesOf()));
  await assertIndexedOnce(await open(bound / 2 ** 20), logs);
  const left = (await bytesOf()).reduce((sum, size) => sum + size, 0);
  assert.ok(left <= bound, `the least recently used have left: ${left} of ${bound} bytes`);
});

test('a watch indexes what lands, tells what fails and goes on, until it is told to stop', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const { StoreError } = await import('../../src/store/storeError.ts');
  await putLogs(logs, 2);
  const stop = new AbortController();
  let failures = 1;
  const shaky = new WatchedStore(index, {
    beforePut: () => (failures-- > 0 ? Promise.reject(new StoreError('unreachable', 'no route')) : Promise.resolve()),
  });
  const problems: unknown[] = [];
  const indexed: number[] = [];
  await watchLogs({
    logs,
    index: shaky,
    signal: stop.signal,
    intervalMs: 1,
    onProblem: (error) => problems.push(error),
    onPass: ({ objects }) => {
      if (objects === 0) return;
      indexed.push(objects);
      if (indexed.length === 2) stop.abort();
      else void logs.put('dt=2020-01-01/hr=00/late-1-1.ndjson', lines({ task: 'late' }));
    },
    // Every pass is a full one: the late object lies in a partition of long ago.
    fullPassEveryMs: 0,
  });
  assert.equal(problems.length, 1);
  assert.deepEqual(indexed, [2, 1]);
  await assertIndexedOnce(await fixture.reader(), logs);
});

test('the index as a backend says where its answer came from', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 5);
  const before = Date.now();
  await indexLogs({ logs, index });
  const backend = new IndexBackend(await fixture.reader());
  const answer = await backend.search(query('account:account-1 -worker:w-0'), { limit: 1 });
  const [from] = answer.summary.from;
  assert.deepEqual([answer.summary.total, answer.summary.totalIs, answer.tasks.length], [2, 'exact', 1]);
  assert.ok(from?.freshness !== undefined && from.freshness >= before && from.freshness <= Date.now());
  assert.deepEqual([from.backend, from.url, from.objects, from.partial], ['index', index.url, 1, false]);
  assert.ok(from.bytes > 0 && answer.cursor);
  const next = await backend.search(query('account:account-1 -worker:w-0'), { limit: 1, cursor: answer.cursor });
  assert.notEqual(next.tasks[0]?.task, answer.tasks[0]?.task);
  const { detail } = await backend.task('task-1', {});
  assert.equal(detail?.task.status, 'running');
  assert.equal(detail?.attempts.length, 1);
  assert.ok(detail.records.every((record, at, all) => at === 0 || record.tsMs >= (all[at - 1]?.tsMs ?? 0)));
});

test('a reader has the sides of its segments open, those of segments that went away no more, and none once it is closed', {
  skip: process.platform === 'linux' ? false : 'only Linux tells what files a process has open',
}, async () => {
  await using fixture = await indexFixture();
  const { logs, index, directory } = fixture;
  const openSides = async (): Promise<string[]> => {
    const descriptors = await readdir('/proc/self/fd');
    const targets = await Promise.all(
      descriptors.map(async (fd) => await readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    return targets.filter((target) => target.startsWith(`${directory}/`) && target.includes('.side'));
  };
  const reader = await fixture.reader();
  // As many segments of like size as are merged.
  for (let pass = 0; pass < 8; pass++) {
    const own = { task: `t-${pass}`, event: 'task.succeeded', account: 'acme' };
    await logs.put(`${pass}.ndjson`, lines(own, { task: 'shared' }));
    await indexLogs({ logs, index });
    const { total } = await reader.search(query(''), { limit: 10 });
    assert.equal(total, pass + 2);
    const { segments } = await reader.status();
    assert.equal((await openSides()).length, segments, `after ${pass + 1} passes`);
  }
  assert.ok((await reader.status()).segments < 8, 'some were merged');
  const asking = reader.read({}, async ({ taskSegments }) => {
    await reader.close();
    return taskSegments.flatMap(({ tasks }) =>
      Array.from({ length: tasks.count }, (_, at) => tasks.text('account', at)),
    );
  });
  assert.deepEqual((await asking).filter((account) => account === 'acme').length, 8, 'who asks may ask on');
  assert.deepEqual(await openSides(), []);
});
