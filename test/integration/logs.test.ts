/** Log objects as they come out of a store: listed by time, read line by line, sound or damaged. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { constants, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { listLogObjects } from '../../src/logs/listLogObjects.ts';
import { logObjectKey } from '../../src/logs/logLayout.ts';
import type { LogLine } from '../../src/logs/logLines.ts';
import { readLogObject } from '../../src/logs/readLogObject.ts';
import { failureGroup } from '../../src/stacktrace/failureGroup.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import type { ListOptions, ObjectInfo, ObjectStore } from '../../src/store/objectStore.ts';

const hourMs = 3_600_000;
const noonMs = Date.UTC(2026, 2, 1, 12);

test('reads plain, gzip and zstd alike, with origin, group and the line as it was written', async (t) => {
  const store = await newStore(t);
  const error = {
    type: 'TypeError',
    message: 'x is not a function',
    stack: 'TypeError: x is not a function\n    at f (/app/a.ts:1:2)',
  };
  const lines = [
    JSON.stringify({ ts: 5, task: 't-1', message: 'größer' }),
    JSON.stringify({ ts: 6, task: 't-1', event: 'attempt.failed', attempt: 1, error }),
  ];
  const text = Buffer.from(`${lines.join('\r\n')}\n\n`);
  const objects = {
    'a.ndjson': text,
    'a.ndjson.gz': gzipSync(text),
    'members.gz': Buffer.concat([
      gzipSync(text.subarray(0, 20)),
      gzipSync(''),
      gzipSync(text.subarray(20)),
      Buffer.alloc(512),
    ]),
    'named.gz': gzipWithHeader(text),
    'a.zst': zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
    'frames.zst': Buffer.concat([zstdCompressSync(text.subarray(0, 20)), zstdCompressSync(text.subarray(20))]),
    'no line end': text.subarray(0, -2),
    'byte order mark': Buffer.concat([Buffer.from('\ufeff'), text]),
  };
  for (const [key, bytes] of Object.entries(objects)) {
    await store.put(key, bytes);
    const read = await linesOf(store, key);
    const mark = key === 'byte order mark' ? 3 : 0;
    assert.deepEqual(
      read.map((line) => line.kind === 'record' && line.record),
      [
        { tsMs: 5, event: 'log', task: 't-1', message: 'größer', origin: { object: key, offsetBytes: 0 } },
        {
          tsMs: 6,
          event: 'attempt.failed',
          task: 't-1',
          attempt: 1,
          error,
          group: failureGroup(error),
          origin: { object: key, offsetBytes: Buffer.byteLength(lines[0] ?? '') + 2 + mark },
        },
      ],
      key,
    );
    assert.equal(read[1]?.raw, lines[1]);
  }
});

test('objects with nothing in them have no lines', async (t) => {
  const store = await newStore(t);
  const nothing = {
    a: '',
    'a.gz': '',
    'a.zst': '',
    'b.gz': gzipSync(''),
    'b.zst': zstdCompressSync(''),
    blank: '\n\r\n \t\n',
  };
  for (const [key, content] of Object.entries(nothing)) {
    await store.put(key, Buffer.from(content));
    assert.deepEqual(await linesOf(store, key), [], key);
  }
});

test('rejects each bad line with its offset and reason, and reads on', async (t) => {
  const store = await newStore(t);
  const parts: readonly (readonly [Buffer, string | undefined])[] = [
    [Buffer.from('{"ts":1}'), undefined],
    [Buffer.from('{"ts":1'), 'not JSON'],
    [Buffer.from('[1,2]'), 'not a JSON object'],
    [Buffer.from('{"task":"t"}'), 'no ts'],
    [Buffer.from('{"ts":"yesterday"}'), 'ts is not a time: "yesterday"'],
    [Buffer.concat([Buffer.from('{"ts":1,"message":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]), 'not UTF-8'],
    [Buffer.from(`{"ts":1,"x":${'['.repeat(600)}${']'.repeat(600)}}`), 'nested deeper than 500'],
    [Buffer.alloc(16 * 1024 * 1024 + 1, 'x'), 'longer than 16777216 bytes'],
    [Buffer.from(`{"ts":1,"message":"${'y'.repeat(16 * 1024 * 1024 - 21)}"}`), undefined],
    [Buffer.from('{"ts":2}'), undefined],
  ];
  const text = Buffer.concat(parts.flatMap(([line]) => [line, Buffer.from('\n')]));
  for (const [key, bytes] of [
    ['bad', text],
    ['bad.gz', gzipSync(text)],
  ] as const) {
    await store.put(key, bytes);
    const read = await linesOf(store, key);
    assert.deepEqual(
      read.map((line) => (line.kind === 'rejected' ? line.reason : undefined)),
      parts.map(([, reason]) => reason),
    );
    let offsetBytes = 0;
    for (const [at, [line]] of parts.entries()) {
      assert.equal(offsetOf(read[at]), offsetBytes);
      offsetBytes += line.length + 1;
    }
    assert.ok(read.every((line) => line.kind === 'record' || line.raw.length <= 4096));
  }
});

test('a truncated or damaged object gives its sound lines and one reject that says where and why', async (t) => {
  const store = await newStore(t);
  const lines = Array.from({ length: 3000 }, (_, at) =>
    JSON.stringify({ ts: at, task: `t-${at}`, n: (at * 7919) % 10_007 }),
  );
  const text = Buffer.from(`${lines.join('\n')}\n`);
  const gzip = gzipSync(text);
  const flipped = Buffer.from(gzip);
  flipped.writeUInt32LE(0xdeadbeef, gzip.length - 8);
  const damaged: readonly (readonly [string, Buffer, RegExp, number])[] = [
    [
      'cut.gz',
      gzip.subarray(0, gzip.length >> 1),
      /damaged gzip at byte \d+ of the object: it ends before the data does/,
      1000,
    ],
    ['cut in trailer.gz', gzip.subarray(0, -3), /it ends within the checksum/, 3000],
    ['cut in header.gz', gzip.subarray(0, 5), /it ends within a header/, 0],
    ['checksum.gz', flipped, /the checksum does not fit/, 3000],
    [
      'junk behind.gz',
      Buffer.concat([gzip, Buffer.from('junk')]),
      /it ends within a header|no gzip data starts there/,
      3000,
    ],
    ['junk after zeros.gz', Buffer.concat([gzip, Buffer.from('\0\0\0junk')]), /no gzip data starts there/, 3000],
    ['no gzip.gz', text, /damaged gzip at byte 0 of the object: no gzip data starts there/, 0],
    ['cut.zst', zstdCompressSync(text).subarray(0, -4), /damaged zstd .* it ends before the data does/, 0],
    ['no zstd.zst', text, /damaged zstd at byte \d of the object: Unknown frame descriptor/, 0],
  ];
  for (const [key, bytes, reason, atLeast] of damaged) {
    await store.put(key, bytes);
    const read = await linesOf(store, key);
    const last = read.pop();
    assert.ok(last?.kind === 'rejected', key);
    assert.match(last.reason, reason, key);
    assert.ok(read.length >= atLeast, `${key}: ${read.length}`);
    assert.deepEqual(
      read.map(({ raw }) => raw),
      lines.slice(0, read.length),
      key,
    );
    assert.equal(last.offsetBytes, Buffer.byteLength(read.map(({ raw }) => `${raw}\n`).join('')), key);
  }
});

test('whatever bytes are damaged, every line before the damage is delivered and reading ends', async (t) => {
  const store = await newStore(t);
  const random = randomNumbers(20261123);
  for (let round = 0; round < 90; round++) {
    const lines = Array.from({ length: 1 + Math.floor(random() * (round < 9 ? 2000 : 150)) }, (_, at) =>
      JSON.stringify({
        ts: at,
        task: `t-${Math.floor(random() * 1e6)}`,
        message: 'm'.repeat(Math.floor(random() * 80)),
      }),
    );
    const text = Buffer.from(`${lines.join('\n')}\n`);
    const kind = (['plain', 'gzip', 'zstd'] as const)[round % 3] ?? 'plain';
    const whole =
      kind === 'gzip' ? gzipSync(text, { level: 1 + (round % 9) }) : kind === 'zstd' ? zstdCompressSync(text) : text;
    const at = Math.floor(random() * whole.length);
    const bytes = damage(whole, at, random);
    const key = `${round}.${kind === 'gzip' ? 'gz' : kind === 'zstd' ? 'zst' : 'ndjson'}`;
    await store.put(key, bytes);
    const read = await linesOf(store, key);
    // What an independent decoder makes of the bytes before the damage: all its whole lines must have come.
    const sound =
      kind === 'plain'
        ? text.subarray(0, at)
        : kind === 'gzip'
          ? inflatedPrefix(whole.subarray(0, at))
          : Buffer.alloc(0);
    const soundLines = sound.toString('latin1').split('\n').slice(0, -1);
    assert.deepEqual(
      read.slice(0, soundLines.length).map(({ raw }) => raw),
      soundLines,
      `${key}, damaged at ${at}`,
    );
    // Offsets rise, and no line is given twice or left out: each starts where the last one ended.
    let expected = 0;
    for (const line of read) {
      if (line.kind === 'rejected') continue;
      assert.ok(offsetOf(line) >= expected, key);
      expected = offsetOf(line) + Buffer.byteLength(line.raw) + 1;
    }
    if (kind === 'plain')
      assert.equal(
        read.length,
        bytes
          .toString('latin1')
          .split('\n')
          .filter((line) => /[^ \t\r]/.test(line)).length,
      );
    else
      assert.ok(
        read.at(-1)?.kind === 'rejected' || bytes.equals(whole) || isHarmless(kind, bytes, text),
        `${key}, damaged at ${at}`,
      );
  }
});

test('reading ends with the reason of the signal, and early without reading on', async (t) => {
  const store = await newStore(t);
  const text = Array.from({ length: 50_000 }, (_, at) => `{"ts":${at}}\n`).join('');
  const reason = new Error('enough');
  for (const [key, bytes] of [
    ['a', Buffer.from(text)],
    ['a.gz', gzipSync(text)],
    ['a.zst', zstdCompressSync(text)],
  ] as const) {
    await store.put(key, bytes);
    await assert.rejects(linesOf(store, key, AbortSignal.abort(reason)), reason);
    const controller = new AbortController();
    let batches = 0;
    await assert.rejects(async () => {
      for await (const batch of readLogObject(store, key, { signal: controller.signal })) {
        assert.ok(batch.length <= 1000);
        if (++batches === 2) controller.abort(reason);
      }
    }, reason);
    assert.equal(batches, 2);
    const destroyed: boolean[] = [];
    for await (const batch of readLogObject(watched(store, destroyed), key)) {
      assert.equal(batch.length, 1000);
      break;
    }
    assert.deepEqual(destroyed, [true]);
  }
});

test('an object that is gone is one reject, one that was replaced since it was listed an error', async (t) => {
  const store = await newStore(t);
  assert.deepEqual(await linesOf(store, 'gone.gz'), [
    { kind: 'rejected', object: 'gone.gz', offsetBytes: 0, reason: 'no such object', raw: '' },
  ]);
  await store.put('a', Buffer.from('{"ts":1}\n'));
  const listed = await store.head('a');
  await store.put('a', Buffer.from('{"ts":2}\n'));
  await assert.rejects(Array.fromAsync(readLogObject(store, 'a', { etag: listed?.etag ?? '' })), { code: 'changed' });
});

test('a time range leaves out the partitions that cannot hold it, and nothing else', async (t) => {
  const store = await newStore(t);
  const shippedMs = Array.from({ length: 72 }, (_, hour) => noonMs + (hour - 36) * hourMs);
  const shipped = shippedMs.map((ms) => logObjectKey('w-1', ms, 0));
  const other = [
    'app.log',
    'cluster-2/plain.ndjson',
    'dt=2026-03-0x/odd',
    'dt=2026-02-28.log',
    'dt=2026-02-27-copy/early',
    'dt=2026-02-28 copy/late',
    'dt=special/dt.log',
    'zzz/last',
  ];
  // Of that day, as far as their names say.
  const daily = ['dt=2026-03-01/hr=xx/odd', 'dt=2026-03-01/loose.ndjson'];
  const nested = shippedMs.map((ms) => `cluster-1/${logObjectKey('w-2', ms, 0)}`);
  for (const key of [...shipped, ...nested, ...daily, ...other]) await store.put(key, Buffer.from('{"ts":1}\n'));
  const everything = await keysOf(store.list());
  assert.deepEqual(await keysOf(listLogObjects(store)), everything);
  assert.deepEqual(await keysOf(listLogObjects(store, { range: {} })), everything);

  const within = async (range: { sinceMs?: number; untilMs?: number }, lateMs?: number) => {
    const listed = await keysOf(listLogObjects(store, { range, ...(lateMs === undefined ? {} : { lateMs }) }));
    assert.deepEqual(
      listed,
      everything.filter((key) => listed.includes(key)),
      'in key order, each once',
    );
    for (const key of other) assert.ok(listed.includes(key), key);
    const hours = shippedMs.flatMap((ms, at) => (listed.includes(shipped[at] ?? '') ? [(ms - noonMs) / hourMs] : []));
    const nestedHours = shippedMs.flatMap((ms, at) =>
      listed.includes(nested[at] ?? '') ? [(ms - noonMs) / hourMs] : [],
    );
    assert.deepEqual(nestedHours, hours);
    const isDayListed = hours.some((hour) => hour >= -12 && hour < 12);
    assert.deepEqual(
      daily.map((key) => listed.includes(key)),
      [isDayListed, isDayListed],
    );
    return hours;
  };
  // From the hour before, for clocks that differ, on.
  assert.deepEqual(await within({ sinceMs: noonMs }), hoursFrom(-1, 35));
  assert.deepEqual(await within({ sinceMs: noonMs - 1 }), hoursFrom(-2, 35));
  // Up to six hours after, for records that were shipped late.
  assert.deepEqual(await within({ untilMs: noonMs }), hoursFrom(-36, 5));
  assert.deepEqual(await within({ sinceMs: noonMs, untilMs: noonMs + hourMs }), hoursFrom(-1, 6));
  assert.deepEqual(await within({ sinceMs: noonMs, untilMs: noonMs + hourMs }, 0), hoursFrom(-1, 0));
  assert.deepEqual(await within({ sinceMs: noonMs + 1000 * hourMs }), []);
  assert.deepEqual(await within({ untilMs: noonMs - 1000 * hourMs }), []);
});

test('partitions that cannot hold the range are not even listed', async (t) => {
  const store = await newStore(t);
  for (let day = 0; day < 40; day++)
    for (let hour = 0; hour < 24; hour += 6)
      await store.put(logObjectKey('w', noonMs - (day * 24 + hour) * hourMs, 0), Buffer.from('x'));
  const asked: string[] = [];
  const listed = await keysOf(listLogObjects(spied(store, asked), { range: { sinceMs: noonMs - 24 * hourMs } }));
  assert.equal(listed.length, 5);
  assert.ok(asked.length < 20, asked.join('\n'));
  const controller = new AbortController();
  const reason = new Error('enough');
  await assert.rejects(async () => {
    for await (const object of listLogObjects(store, { range: { sinceMs: 0 }, signal: controller.signal }))
      if (object.key !== '') controller.abort(reason);
  }, reason);
});

function hoursFrom(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

function offsetOf(line: LogLine | undefined): number {
  return (line?.kind === 'record' ? line.record.origin?.offsetBytes : line?.offsetBytes) ?? -1;
}

async function linesOf(store: ObjectStore, key: string, signal?: AbortSignal): Promise<LogLine[]> {
  const batches = await Array.fromAsync(readLogObject(store, key, signal ? { signal } : {}));
  assert.ok(batches.every((batch) => batch.length > 0));
  return batches.flat();
}

async function keysOf(objects: AsyncIterable<ObjectInfo>): Promise<string[]> {
  return (await Array.fromAsync(objects)).map(({ key }) => key);
}

/** With every optional field that a gzip header can have. */
function gzipWithHeader(text: Buffer): Buffer {
  const plain = gzipSync(text);
  const fields = [
    Buffer.from([3, 0, 1, 2, 3]),
    Buffer.from('name.ndjson\0'),
    Buffer.from('a comment\0'),
    Buffer.from([0, 0]),
  ];
  const fixed = Buffer.from(plain.subarray(0, 10));
  fixed[3] = 4 | 8 | 16 | 2;
  return Buffer.concat([fixed, ...fields, plain.subarray(10)]);
}

function damage(whole: Buffer, at: number, random: () => number): Buffer {
  const bytes = Buffer.from(whole);
  switch (Math.floor(random() * 4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      return bytes;
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + Math.floor(random() * 50))]);
    default:
      for (let offset = at; offset < Math.min(bytes.length, at + 64); offset++)
        bytes[offset] = Math.floor(random() * 256);
      return bytes;
  }
}

/** All that the beginning of a gzip member decodes to. */
function inflatedPrefix(bytes: Buffer): Buffer {
  // A header that is cut decodes to nothing.
  return bytes.length <= 10 ? Buffer.alloc(0) : gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
}

/** Some bytes carry no content: time and system in gzip's header, say; then the text is as it was. Or nothing is left. */
function isHarmless(kind: 'gzip' | 'zstd', bytes: Buffer, text: Buffer): boolean {
  if (bytes.length === 0) return true;
  // A zstd frame without a checksum may decode to other text of valid form; every line of it was judged by itself.
  if (kind === 'zstd') return true;
  return gunzipSync(bytes).equals(text);
}

/** mulberry32 */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Notes of each body whether it was torn down. */
function watched(store: ObjectStore, destroyed: boolean[]): ObjectStore {
  return wrapped(store, {
    async get(key, options) {
      const stored = await store.get(key, options);
      if (stored === undefined) return undefined;
      const at = destroyed.push(false) - 1;
      async function* body() {
        try {
          yield* stored?.body ?? [];
        } finally {
          destroyed[at] = true;
        }
      }
      return { info: stored.info, body: body() };
    },
  });
}

function spied(store: ObjectStore, asked: string[]): ObjectStore {
  return wrapped(store, {
    list(options: ListOptions = {}) {
      asked.push(`list ${options.prefix} after ${options.startAfter}`);
      return store.list(options);
    },
    listFolders(prefix, signal) {
      asked.push(`folders ${prefix}`);
      return store.listFolders(prefix, signal);
    },
  });
}

function wrapped(store: ObjectStore, changed: Partial<ObjectStore>): ObjectStore {
  return {
    url: store.url,
    list: (options) => store.list(options),
    listFolders: (prefix, signal) => store.listFolders(prefix, signal),
    head: (key, signal) => store.head(key, signal),
    get: (key, options) => store.get(key, options),
    put: (key, body, options) => store.put(key, body, options),
    delete: (key, signal) => store.delete(key, signal),
    close: () => store.close(),
    ...changed,
  };
}

async function newStore(t: TestContext): Promise<FileStore> {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-trace-logs-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return new FileStore(pathToFileURL(folder).href);
}
