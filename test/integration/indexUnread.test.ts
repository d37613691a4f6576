/** Log objects that cannot be read, or not to their end: what is sound is indexed, the rest is listed with its reason, and nothing is tried for ever. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { readFreshness } from '../../src/index/freshness.ts';
import { indexLogs, type UnreadableObject } from '../../src/index/indexLogs.ts';
import { watchLogs } from '../../src/index/watchLogs.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { StoreError, type StoreErrorCode } from '../../src/store/storeError.ts';
import {
  assertIndexedOnce,
  indexFixture,
  type IndexFixture,
  lines,
  putLogs,
  query,
  WatchedStore,
} from './indexFixture.ts';

const bad = 'dt=2026-11-22/hr=23/w-1-1-1.ndjson';

/** The log root, of which one object fails when it is read, while it has the content that it has now. */
function failing(logs: ObjectStore, code: StoreErrorCode, isFailing: () => boolean = () => true): WatchedStore {
  return new WatchedStore(logs, {
    async beforeGet(key) {
      if (key === bad && isFailing()) throw new StoreError(code, `${code}: ${key}`);
    },
  });
}

async function rejectsOf(fixture: IndexFixture): Promise<string[]> {
  const found = await Array.fromAsync((await fixture.reader()).rejected());
  return found.map(({ object, offsetBytes, reason }) => `${object} at ${offsetBytes}: ${reason}`);
}

for (const code of ['denied', 'io', 'unreachable'] as const) {
  test(`an object whose reading fails (${code}) is set aside after five tries, in as many runs`, async () => {
    await using fixture = await indexFixture();
    const { logs, index } = fixture;
    await putLogs(logs, 3);
    const told: UnreadableObject[] = [];
    const reading: string[] = [];
    const partly = new WatchedStore(failing(logs, code), {
      async beforeGet(key) {
        reading.push(key);
      },
    });
    for (let run = 1; run <= 7; run++) {
      const summary = await indexLogs({ logs: partly, index, onUnreadable: (object) => told.push(object) });
      assert.deepEqual([summary.objects, summary.unread], [run === 1 ? 2 : 0, run <= 5 ? 1 : 0]);
    }
    assert.equal(reading.filter((key) => key === bad).length, 5);
    assert.deepEqual(
      told.map(({ tries, isSetAside }) => [tries, isSetAside]),
      [1, 2, 3, 4, 5].map((tries) => [tries, tries === 5]),
    );
    assert.deepEqual(await rejectsOf(fixture), [`${bad} at 0: could not be read: ${code}: ${bad} (tried 5 times)`]);
    const status = await (await fixture.reader()).status();
    assert.deepEqual([status.records, status.rejected], [3 + 5, 1]);
  });
}

test('what was set aside is read once it has another ETag, or when that is asked for', async () => {
  for (const isRewritten of [true, false]) {
    await using fixture = await indexFixture();
    const { logs, index } = fixture;
    await putLogs(logs, 3);
    for (let run = 1; run <= 5; run++) await indexLogs({ logs: failing(logs, 'denied'), index });
    assert.equal((await rejectsOf(fixture)).length, 1);
    assert.equal((await indexLogs({ logs, index })).objects, 0, 'nothing has changed');
    if (isRewritten) await logs.put(bad, lines({ task: 'other' }));
    assert.equal((await indexLogs({ logs, index, retry: !isRewritten })).objects, 1);
    assert.deepEqual(await rejectsOf(fixture), []);
    await assertIndexedOnce(await fixture.reader(), logs);
    assert.equal((await (await fixture.reader()).status()).rejected, 0);
  }
});

test('tried once more and failing again, it is still listed once', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 3);
  for (let run = 1; run <= 5; run++) await indexLogs({ logs: failing(logs, 'denied'), index });
  assert.equal((await indexLogs({ logs: failing(logs, 'denied'), index, retry: true })).unread, 1);
  assert.equal((await rejectsOf(fixture)).length, 1);
  await logs.put(bad, lines({ task: 'other' }));
  for (let run = 1; run <= 5; run++) await indexLogs({ logs: failing(logs, 'io'), index });
  assert.deepEqual(await rejectsOf(fixture), [`${bad} at 0: could not be read: io: ${bad} (tried 5 times)`]);
  assert.equal((await (await fixture.reader()).status()).rejected, 1);
});

test('records of the version before stay until the new version can be read', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const reader = await fixture.reader();
  const found = async () =>
    (await reader.records(query('task:before,after'), { limit: 10 })).records.map((r) => r.task);
  await logs.put(bad, lines({ task: 'before' }));
  await indexLogs({ logs, index });
  await logs.put(bad, lines({ task: 'after' }));
  for (let run = 1; run <= 6; run++) {
    await indexLogs({ logs: failing(logs, 'denied'), index });
    assert.deepEqual(await found(), ['before']);
  }
  assert.equal((await rejectsOf(fixture)).length, 1);
  await indexLogs({ logs, index, retry: true });
  assert.deepEqual(await found(), ['after']);
  assert.deepEqual(await rejectsOf(fixture), []);
  await assertIndexedOnce(reader, logs);
});

test('an object that is replaced whenever it is read is set aside too, and read once it stays the same', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 3);
  let writing = 0;
  const changing = new WatchedStore(logs, {
    async beforeGet(key) {
      if (key === bad) await logs.put(bad, lines({ task: `writing ${++writing}` }));
    },
  });
  for (let run = 1; run <= 5; run++) assert.equal((await indexLogs({ logs: changing, index })).unread, 1);
  assert.equal(writing, 15, 'three times in each of five passes');
  const [reason = ''] = await rejectsOf(fixture);
  assert.match(reason, /was replaced while it was read/);
  assert.equal((await indexLogs({ logs: changing, index })).unread, 0, 'it changes all the time: not in each pass');
  const later = Date.now() + 2 * 3_600_000;
  assert.equal((await indexLogs({ logs, index, nowMs: () => later })).objects, 1);
  assert.deepEqual(await rejectsOf(fixture), []);
  await assertIndexedOnce(await fixture.reader(), logs);
});

test('what cannot be read does not make the rest of the index stale', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 3);
  let nowMs = Date.now();
  for (let run = 1; run <= 3; run++) {
    nowMs += 3_600_000;
    await indexLogs({ logs: failing(logs, 'denied'), index, nowMs: () => nowMs });
    assert.equal(await readFreshness(index), nowMs);
  }
});

test('a store that cannot be reached at all is no fault of an object', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 3);
  const broken = new WatchedStore(logs, {
    beforeGet: () => Promise.reject(new StoreError('unreachable', 'no route')),
    beforeHead: () => Promise.reject(new StoreError('unreachable', 'no route')),
  });
  await assert.rejects(indexLogs({ logs: broken, index }), { code: 'unreachable' });
  assert.equal((await indexLogs({ logs, index })).objects, 3);
});

test('of two indexers that fail to read the same object one counts; who reads it comes before who could not', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 3);
  for (const other of [failing(logs, 'denied'), logs]) {
    let raced = false;
    const contested = new WatchedStore(index, {
      async beforePut(key) {
        if (!key.startsWith('manifest/') || raced) return;
        raced = true;
        await indexLogs({ logs: other, index });
      },
    });
    const told: number[] = [];
    const onUnreadable = ({ tries }: UnreadableObject) => told.push(tries);
    assert.equal((await indexLogs({ logs: failing(logs, 'denied'), index: contested, onUnreadable })).unread, 0);
    assert.deepEqual(told, [other === logs ? 2 : 1], 'the other has counted, this one has not');
  }
  await assertIndexedOnce(await fixture.reader(), logs);
});

test('a watch lets time go by between tries, and reads the object when its trouble has passed', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 3);
  let nowMs = Date.now();
  const startMs = nowMs;
  let isFailing = true;
  const triedAfterMs: number[] = [];
  const stop = new AbortController();
  await watchLogs({
    logs: failing(logs, 'denied', () => isFailing),
    index,
    signal: stop.signal,
    intervalMs: 1,
    lookBackEveryMs: 0,
    fullPassEveryMs: 0,
    nowMs: () => nowMs,
    onUnreadable: () => {
      triedAfterMs.push(nowMs - startMs);
      if (triedAfterMs.length === 3) isFailing = false;
    },
    onPass: ({ objects }) => {
      nowMs += 1000;
      if (triedAfterMs.length > 0 && objects === 1) stop.abort();
    },
  });
  assert.deepEqual(triedAfterMs, [0, 2_000, 32_000]);
  assert.equal(nowMs - startMs, 333_000);
  await assertIndexedOnce(await fixture.reader(), logs);
});

test('damaged objects are indexed as far as they are sound, listed, and read again only once they are written anew', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const good = Buffer.from(lines({ task: 'a' }, { task: 'b' }));
  const gzip = gzipSync(good);
  const badChecksum = Buffer.from(gzip);
  badChecksum.writeUInt32LE((gzip.readUInt32LE(gzip.length - 8) ^ 1) >>> 0, gzip.length - 8);
  const line = (text: string) => Buffer.from(`${text}\n`);
  const damaged: readonly (readonly [string, Buffer, number, readonly (readonly [number, RegExp])[]])[] = [
    ['checksum.gz', badChecksum, 2, [[good.length, /checksum does not fit/]]],
    ['cut.gz', gzip.subarray(0, -6), 2, [[good.length, /ends within the checksum/]]],
    ['members.gz', Buffer.concat([gzip, gzip]), 4, []],
    ['second member.gz', Buffer.concat([gzip, gzip.subarray(0, 12)]), 2, [[good.length, /ends before the data does/]]],
    [
      'junk behind.gz',
      Buffer.concat([gzip, Buffer.from('no gzip at all')]),
      2,
      [[good.length, /no gzip data starts there/]],
    ],
    ['no gzip.gz', good, 0, [[0, /no gzip data starts there/]]],
    ['empty.gz', Buffer.alloc(0), 0, []],
    ['empty.zst', Buffer.alloc(0), 0, []],
    ['empty.ndjson', Buffer.alloc(0), 0, []],
    ['frames.zst', Buffer.concat([zstdCompressSync(good), zstdCompressSync(good)]), 4, []],
    [
      'second frame.zst',
      Buffer.concat([zstdCompressSync(good), zstdCompressSync(good).subarray(0, 9)]),
      2,
      [[good.length, /damaged zstd/]],
    ],
    ['no zstd.zst', good, 0, [[0, /damaged zstd/]]],
    [
      'long.ndjson',
      Buffer.concat([Buffer.alloc(16 * 2 ** 20 + 1, 'x'), line(''), good]),
      2,
      [[0, /longer than 16777216 bytes/]],
    ],
    ['bytes.ndjson', Buffer.concat([good, Buffer.from([0x22, 0xff, 0x22]), line('')]), 2, [[good.length, /not UTF-8/]]],
    [
      'times.ndjson',
      Buffer.concat([
        line('{"ts":8640000000000000,"task":"latest"}'),
        line('{"ts":-8640000000000000,"task":"earliest"}'),
        line('{"ts":8640000000000001}'),
        line('{"ts":"2026-11-23T10:00:00"}'),
        line('{"ts":null}'),
      ]),
      2,
      [
        [83, /ts is not a time: 8640000000000001/],
        [107, /ts is not a time: "2026-11-23T10:00:00"/],
        [136, /ts is not a time: null/],
      ],
    ],
  ];
  for (const [key, bytes] of damaged) await logs.put(key, bytes);
  const summary = await indexLogs({ logs, index });
  const reader = await fixture.reader();
  const { records } = await reader.records(query(''), { limit: 1000 });
  const rejected = await Array.fromAsync(reader.rejected());
  for (const [key, , count, rejects] of damaged) {
    assert.equal(records.filter(({ origin }) => origin?.object === key).length, count, key);
    const found = rejected.filter(({ object }) => object === key);
    assert.deepEqual(
      found.map(({ offsetBytes }) => offsetBytes),
      rejects.map(([offsetBytes]) => offsetBytes),
      key,
    );
    for (const [at, [, reason]] of rejects.entries()) assert.match(found[at]?.reason ?? '', reason, key);
  }
  assert.deepEqual([summary.objects, summary.rejected], [damaged.length, rejected.length]);
  assert.equal((await indexLogs({ logs, index, retry: true })).objects, 0, 'none is read again');
  await assertIndexedOnce(reader, logs);

  await logs.put('checksum.gz', gzip);
  assert.equal((await indexLogs({ logs, index })).objects, 1);
  assert.ok((await Array.fromAsync(reader.rejected())).every(({ object }) => object !== 'checksum.gz'));
  await assertIndexedOnce(reader, logs);
});

test('of a large object whose transfer breaks off nothing is indexed, until it is read to its end', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 3);
  const records = Array.from({ length: 500 }, (_, at) => ({ task: `t-${at}`, message: `${at} `.repeat(6_000) }));
  await logs.put('large.ndjson', lines(...records));
  const breaking = new WatchedStore(logs, {});
  let given = 0;
  breaking.get = async (key, options) => {
    const stored = await logs.get(key, options);
    if (!stored || key !== 'large.ndjson') return stored;
    // What came before is gathered with the records of others by then.
    async function* broken(body: AsyncIterable<Uint8Array>) {
      for await (const chunk of body) {
        if (given > 4e6) throw new StoreError('io', 'the connection was reset');
        given += chunk.length;
        yield chunk;
      }
    }
    return { ...stored, body: broken(stored.body) };
  };
  const first = await indexLogs({ logs: breaking, index });
  assert.deepEqual([first.objects, first.unread], [3, 1]);
  assert.ok(given > 4e6);
  const found = await (await fixture.reader()).search(query('task:t-1'), { limit: 5 });
  assert.equal(found.total, 0);
  assert.deepEqual(await indexLogs({ logs, index }).then((pass) => [pass.objects, pass.records]), [1, 500]);
  await assertIndexedOnce(await fixture.reader(), logs);
});
