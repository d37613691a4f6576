/** Parquet's RLE/bit-packed hybrid: levels, and indexes into a dictionary. */

import { packBits } from './bitPacking.ts';
import type { ByteWriter } from './byteWriter.ts';

/**
 * A repetition shorter than this is packed with its neighbours, which go in groups of eight: zstd makes more of what is packed alike than
 * of packed groups and runs in turn.
 */
const minRepeats = 40;

/** Encodes `values[from .. to]` in `width` bits, 1 to 24. */
export function encodeRuns(out: ByteWriter, values: Uint32Array, from: number, to: number, width: number): void {
  // Runs alone, of whatever length, if that takes less than packing everything.
  const runBytes = countRuns(values, from, to) * (1 + Math.ceil(width / 8));
  if (runBytes * 8 < (to - from) * width) encodeEachRun(out, values, from, to, width);
  else encodeLongRuns(out, values, from, to, width);
}

function countRuns(values: Uint32Array, from: number, to: number): number {
  let runs = 1;
  for (let index = from + 1; index < to; index++) if (values[index] !== values[index - 1]) runs++;
  return runs;
}

function encodeEachRun(out: ByteWriter, values: Uint32Array, from: number, to: number, width: number): void {
  for (let start = from; start < to; ) {
    const end = endOfRun(values, start, to);
    encodeRun(out, values[start] as number, end - start, width);
    start = end;
  }
}

function encodeLongRuns(out: ByteWriter, values: Uint32Array, from: number, to: number, width: number): void {
  let packedFrom = from;
  let start = from;
  while (start + minRepeats <= to) {
    // From behind: what differs last rules out every run that would begin before it.
    const value = values[start + minRepeats - 1] as number;
    let same = start + minRepeats - 2;
    while (same >= start && values[same] === value) same--;
    if (same >= start) {
      start = same + 1;
      continue;
    }
    const end = endOfRun(values, start, to);
    // What is packed before the run must be whole groups: they take from the run what they lack.
    start += (packedFrom - start) & 7;
    packGroups(out, values, packedFrom, start, width);
    encodeRun(out, value, end - start, width);
    packedFrom = end;
    start = end;
  }
  packGroups(out, values, packedFrom, to, width);
}

function endOfRun(values: Uint32Array, start: number, to: number): number {
  const value = values[start];
  let end = start + 1;
  while (end < to && values[end] === value) end++;
  return end;
}

/** Encodes `count` times `value`. */
export function encodeRun(out: ByteWriter, value: number, count: number, width: number): void {
  out.varint(count * 2);
  for (let shift = 0; shift < width; shift += 8) out.byte(value >>> shift);
}

function packGroups(out: ByteWriter, values: Uint32Array, from: number, to: number, width: number): void {
  if (from === to) return;
  out.varint(Math.ceil((to - from) / 8) * 2 + 1);
  packBits(out, values, from, to, width);
}

/** Encodes bits `[from .. to]` of `bits`, packed as they are. `from` begins a byte; bits behind `to` in its byte are ignored. */
export function encodeBits(out: ByteWriter, bits: Uint8Array, from: number, to: number): void {
  const wholeEnd = to >>> 3;
  let packedFrom = from >>> 3;
  let index = packedFrom;
  while (index < wholeEnd) {
    const byte = bits[index] as number;
    let end = index + 1;
    if (byte === 0 || byte === 0xff) {
      while (end < wholeEnd && bits[end] === byte) end++;
      if ((end - index) * 8 >= minRepeats) {
        copyGroups(out, bits, packedFrom, index);
        encodeRun(out, byte & 1, (end - index) * 8, 1);
        packedFrom = end;
      }
    }
    index = end;
  }
  copyGroups(out, bits, packedFrom, Math.ceil(to / 8));
}

function copyGroups(out: ByteWriter, bits: Uint8Array, from: number, to: number): void {
  if (from === to) return;
  out.varint((to - from) * 2 + 1);
  out.bytes(bits.subarray(from, to));
}
