/** Holds decoding an object that is at hand whole to decoding it as it comes: the same text, and the same word about damage. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { DamagedObject, decodeObject, decodeStored } from '../../src/logs/decodeObject.ts';

const seed = Number(process.env['FC_SEED'] ?? 20261126);

interface Decoded {
  readonly text: string;
  readonly damage: string | undefined;
}

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Decoded> {
  const parts: Uint8Array[] = [];
  try {
    for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
  } catch (error) {
    assert.ok(error instanceof DamagedObject, String(error));
    return { text: Buffer.concat(parts).toString('latin1'), damage: error.message };
  }
  return { text: Buffer.concat(parts).toString('latin1'), damage: undefined };
}

async function inParts(bytes: Uint8Array): Promise<AsyncIterable<Uint8Array>> {
  const parts = Array.from({ length: Math.ceil(bytes.length / 700) }, (_, at) => bytes.slice(at * 700, at * 700 + 700));
  return await Promise.resolve(
    (async function* () {
      for (const part of parts) yield await Promise.resolve(part);
    })(),
  );
}

async function assertAlike(key: string, stored: Uint8Array): Promise<Decoded> {
  const asItComes = await gather(
    decodeObject(key, (range) => inParts(stored.subarray(range?.start ?? 0, range?.end ?? stored.length))),
  );
  const whole = await gather(decodeStored(key, stored));
  assert.deepEqual(whole, asItComes);
  return whole;
}

const text = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 80 }), fc.integer({ min: 0, max: 4000 }))
  .map(([line, times]) => Buffer.from(Array.from({ length: times }, (_, at) => `${line}${at}\n`).join('')));
const gz = fc
  .array(text, { minLength: 1, maxLength: 3 })
  .map((members) => Buffer.concat(members.map((each) => gzipSync(each, { level: 1 }))));

test('a sound object has the same text, in one member or several, with padding or without', async () => {
  let decoded = 0;
  await fc.assert(
    fc.asyncProperty(gz, fc.nat(600), async (stored, padding) => {
      const { damage, text } = await assertAlike('a.gz', Buffer.concat([stored, Buffer.alloc(padding)]));
      assert.equal(damage, undefined);
      decoded += text.length;
    }),
    { seed, numRuns: 60 },
  );
  assert.ok(decoded > 1e6);
});

test('damage anywhere is told alike, after the same text', async () => {
  let damaged = 0;
  const change = fc.tuple(fc.constantFrom('flip', 'cut', 'add'), fc.double({ min: 0, max: 0.999, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(gz, change, fc.integer({ min: 1, max: 255 }), async (stored, [how, place], by) => {
      const at = Math.floor(place * stored.length);
      const bytes = how === 'cut' ? stored.subarray(0, at) : Buffer.from(stored);
      if (how === 'flip') bytes[at] = (bytes[at] ?? 0) ^ by;
      const changed = how === 'add' ? Buffer.concat([bytes, Buffer.alloc(3, by)]) : bytes;
      if ((await assertAlike('a.gz', changed)).damage !== undefined) damaged += 1;
    }),
    { seed, numRuns: 200 },
  );
  assert.ok(damaged > 120, `${damaged} were found damaged`);
});

test('what unfolds to more than is held at once, what lies about its size, and other codecs', async () => {
  const large = gzipSync(Buffer.alloc(70 * 2 ** 20), { level: 1 });
  assert.equal((await assertAlike('large.gz', large)).text.length, 70 * 2 ** 20);
  const lying = Buffer.from(gzipSync('{"ts":1}\n'));
  lying.writeUInt32LE(2 ** 32 - 1, lying.length - 4);
  assert.match((await assertAlike('lying.gz', lying)).damage ?? '', /the size does not fit/);
  for (const [key, stored] of [
    ['a.zst', zstdCompressSync('{"ts":1}\n')],
    ['a.ndjson', Buffer.from('{"ts":1}\n')],
    ['empty.gz', Buffer.alloc(0)],
    ['empty.ndjson', Buffer.alloc(0)],
  ] as const) {
    assert.equal((await assertAlike(key, stored)).damage, undefined);
  }
});
