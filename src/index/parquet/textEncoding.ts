/** Parquet's encodings of texts that are no indexes into a dictionary, and of the dictionary itself. */

import type { ByteWriter } from './byteWriter.ts';
import { encodeDeltas } from './deltaEncoding.ts';
import type { TextPool } from './textPool.ts';

/** PLAIN: each text after its length in bytes. */
export function encodePlainTexts(out: ByteWriter, { bytes, offsets, count }: TextPool): void {
  let at = out.length;
  const target = out.extend(bytes.length + 4 * count);
  for (let index = 0; index < count; index++) {
    const start = offsets[index] as number;
    const end = offsets[index + 1] as number;
    const length = end - start;
    target[at] = length;
    target[at + 1] = length >>> 8;
    target[at + 2] = length >>> 16;
    target[at + 3] = length >>> 24;
    at = copyShort(target, at + 4, bytes, start, end);
  }
}

let prefixes = new Uint32Array(0);
let lengths = new Uint32Array(0);

/** DELTA_LENGTH_BYTE_ARRAY of the texts of `indexes[from .. to]`: all lengths, then all texts. */
export function encodeTextLengths(
  out: ByteWriter,
  pool: TextPool,
  indexes: Uint32Array,
  from: number,
  to: number,
): void {
  roomFor(to - from);
  prefixes.fill(0, 0, to - from);
  encodeSuffixes(out, pool, indexes, from, to);
}

/** DELTA_BYTE_ARRAY of the same: how much each text shares with the one before, and what follows. */
export function encodeSharedTexts(
  out: ByteWriter,
  pool: TextPool,
  indexes: Uint32Array,
  from: number,
  to: number,
): void {
  const { bytes, offsets } = pool;
  roomFor(to - from);
  let [lastStart, lastEnd] = [0, 0];
  for (let index = from; index < to; index++) {
    const text = indexes[index] as number;
    const start = offsets[text] as number;
    const end = offsets[text + 1] as number;
    const limit = Math.min(end - start, lastEnd - lastStart);
    let shared = 0;
    while (shared < limit && bytes[start + shared] === bytes[lastStart + shared]) shared++;
    prefixes[index - from] = shared;
    [lastStart, lastEnd] = [start, end];
  }
  encodeDeltas(out, prefixes, 0, to - from);
  encodeSuffixes(out, pool, indexes, from, to);
}

function roomFor(count: number): void {
  if (prefixes.length >= count) return;
  prefixes = new Uint32Array(count);
  lengths = new Uint32Array(count);
}

/** What follows the texts' `prefixes`. */
function encodeSuffixes(
  out: ByteWriter,
  { bytes, offsets }: TextPool,
  indexes: Uint32Array,
  from: number,
  to: number,
): void {
  let total = 0;
  for (let index = from; index < to; index++) {
    const text = indexes[index] as number;
    const length = (offsets[text + 1] as number) - (offsets[text] as number) - (prefixes[index - from] as number);
    lengths[index - from] = length;
    total += length;
  }
  encodeDeltas(out, lengths, 0, to - from);
  let at = out.length;
  const target = out.extend(total);
  for (let index = from; index < to; index++) {
    const text = indexes[index] as number;
    const start = (offsets[text] as number) + (prefixes[index - from] as number);
    at = copyShort(target, at, bytes, start, offsets[text + 1] as number);
  }
}

/** Copies `source[start .. end]`; a loop, as calls into native code cost more than most texts are long. */
function copyShort(target: Buffer, at: number, source: Buffer, start: number, end: number): number {
  if (end - start > 200) {
    target.set(source.subarray(start, end), at);
    return at + end - start;
  }
  let to = at;
  for (let from = start; from < end; from++) target[to++] = source[from] as number;
  return to;
}
