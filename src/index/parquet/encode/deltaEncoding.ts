/** Parquet's delta encodings: of whole numbers, of texts' lengths, and of texts by what they share with the one before. */

import { bitWidth, packOffsets } from './bitPacking.ts';
import type { ByteWriter } from './byteWriter.ts';

const blockValues = 128;
const miniblocks = 4;
const miniblockValues = blockValues / miniblocks;

const deltas = new Float64Array(blockValues);

/** DELTA_BINARY_PACKED of `values[from .. to]`, whole numbers less than 2⁵¹ apart: differences of differences stay exact. */
export function encodeDeltas(out: ByteWriter, values: Float64Array | Uint32Array, from: number, to: number): void {
  out.varint(blockValues);
  out.varint(miniblocks);
  out.varint(to - from);
  let last = from < to ? (values[from] as number) : 0;
  out.zigzag(last);
  for (let start = from + 1; start < to; start += blockValues) {
    const count = Math.min(blockValues, to - start);
    const least = findDeltas(values, start, count, last);
    last = values[start + count - 1] as number;
    encodeBlock(out, count, least);
  }
}

/** Fills `deltas`; returns the least of them. */
function findDeltas(values: Float64Array | Uint32Array, start: number, count: number, before: number): number {
  let least = Number.POSITIVE_INFINITY;
  let last = before;
  for (let index = 0; index < count; index++) {
    const value = values[start + index] as number;
    const delta = value - last;
    deltas[index] = delta;
    if (delta < least) least = delta;
    last = value;
  }
  return least;
}

function greatestDelta(from: number, to: number): number {
  let greatest = deltas[from] as number;
  for (let index = from + 1; index < to; index++)
    if ((deltas[index] as number) > greatest) greatest = deltas[index] as number;
  return greatest;
}

function encodeBlock(out: ByteWriter, count: number, least: number): void {
  out.zigzag(least);
  const widthsAt = out.length;
  out.extend(miniblocks).fill(0, widthsAt, widthsAt + miniblocks);
  for (let from = 0; from < count; from += miniblockValues) {
    const to = Math.min(from + miniblockValues, count);
    const width = bitWidth(greatestDelta(from, to) - least);
    if (width === 0) continue;
    packOffsets(out, deltas, from, to, miniblockValues, width, least);
    out.written[widthsAt + from / miniblockValues] = width;
  }
}
