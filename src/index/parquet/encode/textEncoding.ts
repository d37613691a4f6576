/** Parquet's encodings of texts that are no indexes into a dictionary. */

import { copyBytes } from '../../texts.ts';
import type { ByteWriter } from './byteWriter.ts';
import { encodeDeltas } from './deltaEncoding.ts';
import { lengthBytes, type TextPool } from './textPool.ts';

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
  roomFor(to - from);
  findShared(pool, indexes, from, to);
  encodeDeltas(out, prefixes, 0, to - from);
  encodeSuffixes(out, pool, indexes, from, to);
}

function roomFor(count: number): void {
  if (prefixes.length >= count) return;
  prefixes = new Uint32Array(count);
  lengths = new Uint32Array(count);
}

/** Fills `prefixes`. */
function findShared({ plain, starts }: TextPool, indexes: Uint32Array, from: number, to: number): void {
  let [lastStart, lastEnd] = [0, 0];
  for (let index = from; index < to; index++) {
    const text = indexes[index] as number;
    const start = starts[text] as number;
    const end = (starts[text + 1] as number) - lengthBytes;
    const limit = Math.min(end - start, lastEnd - lastStart);
    let shared = 0;
    while (shared < limit && plain[start + shared] === plain[lastStart + shared]) shared++;
    prefixes[index - from] = shared;
    [lastStart, lastEnd] = [start, end];
  }
}

/** What follows the texts' `prefixes`. */
function encodeSuffixes(out: ByteWriter, pool: TextPool, indexes: Uint32Array, from: number, to: number): void {
  const total = findLengths(pool, indexes, from, to);
  encodeDeltas(out, lengths, 0, to - from);
  const at = out.length;
  copySuffixes(out.extend(total), at, pool, indexes, from, to);
}

/** Fills `lengths`; returns their sum. */
function findLengths({ starts }: TextPool, indexes: Uint32Array, from: number, to: number): number {
  let total = 0;
  for (let index = from; index < to; index++) {
    const text = indexes[index] as number;
    const length =
      (starts[text + 1] as number) - lengthBytes - (starts[text] as number) - (prefixes[index - from] as number);
    lengths[index - from] = length;
    total += length;
  }
  return total;
}

function copySuffixes(
  target: Uint8Array,
  start: number,
  { plain, starts }: TextPool,
  indexes: Uint32Array,
  from: number,
  to: number,
): void {
  let at = start;
  for (let index = from; index < to; index++) {
    const text = indexes[index] as number;
    const suffix = (starts[text] as number) + (prefixes[index - from] as number);
    at = copyBytes(target, at, plain, suffix, (starts[text + 1] as number) - lengthBytes);
  }
}
