/**
 * From the bytes of a log object to its text: gzip (any number of members, checked), zstd (any number of frames), plain.
 *
 * zlib keeps back what it decoded in the call in which it meets damage. As every whole line before the damage counts,
 * the damaged stretch is then read once more and fed byte by byte, which brings out the rest.
 */

import { crc32, gunzipSync } from 'node:zlib';
import type { ByteRange } from '../store/objectStore.ts';
import { type Codec, type DecodedSlice, Decoder } from './decoder.ts';
import { InputBytes } from './inputBytes.ts';

/** So much compressed input at once: even if it is a bomb, what comes out (a thousand times as much) can be held. */
const sliceBytes = 16 * 1024;
const maxGzipHeaderBytes = 128 * 1024;

/** The object is sound only so far. `message` says how it is damaged and at which of its (compressed) bytes. */
export class DamagedObject extends Error {
  override readonly name = 'DamagedObject';
}

/** Opens the object, or a range of it, always in the same version. */
export type OpenBytes = (range?: ByteRange) => Promise<AsyncIterable<Uint8Array>>;

/** The text in chunks of at most some 64 KiB; throws DamagedObject after the last sound one. */
export async function* decodeObject(key: string, open: OpenBytes): AsyncGenerator<Uint8Array, void> {
  const input = new InputBytes(await open());
  try {
    if (key.endsWith('.gz')) yield* gunzip(input, open);
    else if (key.endsWith('.zst')) yield* unzstd(input, open);
    else yield* plain(input);
  } finally {
    await input.close();
  }
}

/** So much text of an object at once: the lines that are cut are few, and nobody else waits for long. */
const pieceBytes = 2 ** 20;
/** What unfolds to more is decoded in small slices. */
const maxWholeBytes = 64 * 2 ** 20;
/** Deflate makes no more of a byte. */
const maxUnfolding = 1032;

/** As `decodeObject`, of an object that is at hand whole: in larger chunks, and at once where it is sound. */
export async function* decodeStored(key: string, stored: Uint8Array): AsyncGenerator<Uint8Array, void> {
  const whole = key.endsWith('.gz') ? gunzipWhole(stored) : undefined;
  if (!whole) {
    yield* decodeObject(key, (range) => Promise.resolve(piecesOf(stored.subarray(range?.start ?? 0, range?.end))));
    return;
  }
  yield* piecesOf(whole);
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** `undefined` for what is damaged, padded or large: `decodeObject` tells how. */
function gunzipWhole(stored: Uint8Array): Uint8Array | undefined {
  if (stored.length < 18) return undefined;
  // What the last member says of its size; one more, so that zlib sees that all of it has gone into one buffer.
  const told = new DataView(stored.buffer, stored.byteOffset + stored.length - 4).getUint32(0, true);
  const chunkSize = Math.min(Math.max(told, 64), stored.length * maxUnfolding, maxWholeBytes) + 1;
  try {
    // With `info`, both are told; the types do not know it.
    const { buffer, engine } = gunzipSync(stored, {
      info: true,
      chunkSize,
      maxOutputLength: maxWholeBytes,
    }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return engine.bytesWritten === stored.length ? buffer : undefined;
  } catch {
    // Whoever decodes it in slices says why.
    return undefined;
  }
}

async function* plain(input: InputBytes): AsyncGenerator<Uint8Array, void> {
  while (await input.fill(1)) {
    const chunk = input.peek(Number.POSITIVE_INFINITY);
    input.skip(chunk.length);
    yield chunk;
  }
}

/** RFC 1952. */
async function* gunzip(input: InputBytes, open: OpenBytes): AsyncGenerator<Uint8Array, void> {
  for (let member = 0; await input.fill(1); member++) {
    if (member > 0 && input.peek(1)[0] === 0) {
      await skipPadding(input);
      return;
    }
    await skipGzipHeader(input);
    let crc = 0;
    let sizeBytes = 0;
    for await (const chunk of decodeStream(input, 'deflate', open)) {
      crc = crc32(chunk, crc);
      sizeBytes += chunk.length;
      yield chunk;
    }
    const at = input.offset;
    if (!(await input.fill(8))) throw damaged('gzip', at, 'it ends within the checksum');
    const trailer = input.peek(8);
    if (trailer.readUInt32LE(0) !== crc) throw damaged('gzip', at, 'the checksum does not fit what was read');
    if (trailer.readUInt32LE(4) !== sizeBytes % 2 ** 32)
      throw damaged('gzip', at, 'the size does not fit what was read');
    input.skip(8);
  }
}

/** RFC 8878. The decoder skips skippable frames and checks checksums by itself. */
async function* unzstd(input: InputBytes, open: OpenBytes): AsyncGenerator<Uint8Array, void> {
  while (await input.fill(1)) yield* decodeStream(input, 'zstd', open);
}

/** One deflate stream, or one or more zstd frames; leaves `input` at the byte after it. */
async function* decodeStream(input: InputBytes, codec: Codec, open: OpenBytes): AsyncGenerator<Buffer, void> {
  const startOffset = input.offset;
  let delivered = 0;
  const decoder = new Decoder(codec);
  try {
    for (;;) {
      if (!(await input.fill(1))) {
        if (codec === 'zstd' && (await endsWell(decoder))) return;
        throw damaged(codec, input.offset, 'it ends before the data does');
      }
      const slice = input.peek(sliceBytes);
      let decoded: DecodedSlice;
      try {
        decoded = await decoder.feed(slice);
      } catch (error) {
        const at = yield* rescue(codec, open, { startOffset, sliceOffset: input.offset, slice, delivered });
        throw damaged(codec, at, error instanceof Error ? error.message : String(error));
      }
      input.skip(decoded.consumedBytes);
      for (const chunk of decoded.output) {
        delivered += chunk.length;
        yield chunk;
      }
      if (decoded.ended) return;
    }
  } finally {
    decoder.close();
  }
}

interface Damage {
  /** Where the compressed stream starts, and where in the object `slice` does, in which the damage showed. */
  readonly startOffset: number;
  readonly sliceOffset: number;
  readonly slice: Buffer;
  /** Decoded bytes of this stream that the caller has already. */
  readonly delivered: number;
}

/** Decodes the stream again up to the damage, gives what comes out beyond `delivered`, and returns the byte at which it shows. */
async function* rescue(codec: Codec, open: OpenBytes, damage: Damage): AsyncGenerator<Buffer, number> {
  const input = new InputBytes(await open({ start: damage.startOffset, end: damage.sliceOffset }));
  const decoder = new Decoder(codec);
  let produced = 0;
  const fresh = (chunk: Buffer): Buffer => {
    const known = Math.min(chunk.length, Math.max(0, damage.delivered - produced));
    produced += chunk.length;
    return chunk.subarray(known);
  };
  try {
    while (await input.fill(1)) {
      const slice = input.peek(sliceBytes);
      const { output } = await decoder.feed(slice);
      input.skip(slice.length);
      for (const chunk of output) yield fresh(chunk);
    }
    for (let at = 0; at < damage.slice.length; at++) {
      let decoded: DecodedSlice;
      try {
        decoded = await decoder.feed(damage.slice.subarray(at, at + 1));
      } catch {
        // The damage that the caller reports.
        return damage.sliceOffset + at;
      }
      for (const chunk of decoded.output) yield fresh(chunk);
    }
    return damage.sliceOffset + damage.slice.length;
  } finally {
    decoder.close();
    await input.close();
  }
}

async function endsWell(decoder: Decoder): Promise<boolean> {
  try {
    await decoder.end();
    return true;
  } catch {
    return false;
  }
}

async function skipGzipHeader(input: InputBytes): Promise<void> {
  const at = input.offset;
  const need = async (bytes: number) => {
    if (bytes > maxGzipHeaderBytes) throw damaged('gzip', at, 'its header has no end');
    if (!(await input.fill(bytes))) throw damaged('gzip', at, 'it ends within a header');
    return input.peek(bytes);
  };
  const fixed = await need(10);
  if (fixed[0] !== 0x1f || fixed[1] !== 0x8b) throw damaged('gzip', at, 'no gzip data starts there');
  const flags = fixed[3] ?? 0;
  if (fixed[2] !== 8 || (flags & 0xe0) !== 0) throw damaged('gzip', at, 'unknown compression method');
  let length = 10;
  if ((flags & 4) !== 0) length += 2 + (await need(length + 2)).readUInt16LE(length);
  // A file name, then a comment, each ended by a zero.
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    for (;;) if ((await need(++length))[length - 1] === 0) break;
  }
  if ((flags & 2) !== 0) length += 2;
  await need(length);
  input.skip(length);
}

/** Zeros up to the end are padding (tapes, block devices); gzip itself ignores them too. */
async function skipPadding(input: InputBytes): Promise<void> {
  while (await input.fill(1)) {
    const chunk = input.peek(Number.POSITIVE_INFINITY);
    const at = chunk.findIndex((byte) => byte !== 0);
    if (at >= 0) throw damaged('gzip', input.offset + at, 'no gzip data starts there');
    input.skip(chunk.length);
  }
}

function damaged(format: Codec | 'gzip', offset: number, what: string): DamagedObject {
  const name = format === 'zstd' ? 'zstd' : 'gzip';
  return new DamagedObject(`damaged ${name} at byte ${offset} of the object: ${what}`);
}
