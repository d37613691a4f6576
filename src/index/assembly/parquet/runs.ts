/** Parquet's RLE/bit-packed hybrid: levels, and indexes into a dictionary. */

import { makeRoom, putByte, putBytes, putVarint } from './body';
import { packBits } from './packing';

/**
 * A repetition shorter than this is packed with its neighbours, which go in groups of eight: zstd makes more of what is packed alike than
 * of packed groups and runs in turn.
 */
const minRepeats: u32 = 40;
/** Most that a value takes: of a run its count and itself, of packed ones itself and a share of their count. */
const bytesOfValue: u32 = 10;

/** Encodes `values[from .. to]` in `width` bits, 1 to 32. */
export function encodeRuns(values: usize, from: u32, to: u32, width: u32): void {
  makeRoom((<u64>(to - from) + 8) * bytesOfValue);
  // Runs alone, of whatever length, if that takes less than packing everything.
  const runBytes = countRuns(values, from, to) * (1 + (width + 7) / 8);
  if (runBytes * 8 < (to - from) * width) encodeEachRun(values, from, to, width);
  else encodeLongRuns(values, from, to, width);
}

function countRuns(values: usize, from: u32, to: u32): u32 {
  let runs: u32 = 1;
  for (let index = from + 1; index < to; index++) runs += <u32>(valueAt(values, index) != valueAt(values, index - 1));
  return runs;
}

function valueAt(values: usize, index: u32): u32 {
  return load<u32>(values + index * 4);
}

function encodeEachRun(values: usize, from: u32, to: u32, width: u32): void {
  for (let start = from; start < to; ) {
    const end = endOfRun(values, start, to);
    encodeRun(valueAt(values, start), end - start, width);
    start = end;
  }
}

function encodeLongRuns(values: usize, from: u32, to: u32, width: u32): void {
  let packedFrom = from;
  let start = from;
  while (start + minRepeats <= to) {
    // From behind: what differs last rules out every run that would begin before it.
    const value = valueAt(values, start + minRepeats - 1);
    let same = start + minRepeats - 1;
    while (same > start && valueAt(values, same - 1) == value) same--;
    if (same > start) {
      start = same;
      continue;
    }
    const end = endOfRun(values, start, to);
    // What is packed before the run must be whole groups: they take from the run what they lack.
    start += (packedFrom - start) & 7;
    packGroups(values, packedFrom, start, width);
    encodeRun(value, end - start, width);
    packedFrom = end;
    start = end;
  }
  packGroups(values, packedFrom, to, width);
}

function endOfRun(values: usize, start: u32, to: u32): u32 {
  const value = valueAt(values, start);
  let end = start + 1;
  while (end < to && valueAt(values, end) == value) end++;
  return end;
}

/** Encodes `count` times `value`. */
function encodeRun(value: u32, count: u32, width: u32): void {
  putVarint(count * 2);
  for (let shift: u32 = 0; shift < width; shift += 8) putByte(<u8>(value >> shift));
}

function packGroups(values: usize, from: u32, to: u32, width: u32): void {
  if (from == to) return;
  putVarint(((to - from + 7) / 8) * 2 + 1);
  packBits(values, from, to, width);
}

/** Encodes but one value, `count` times, in a bit. */
export function encodeAlike(value: u32, count: u32): void {
  makeRoom(bytesOfValue);
  encodeRun(value, count, 1);
}

/** Encodes bits `[from .. to]` of `bits`, packed as they are. `from` begins a byte; bits behind `to` in its byte are ignored. */
export function encodeBits(bits: usize, from: u32, to: u32): void {
  makeRoom(to - from + 8 * bytesOfValue);
  const wholeEnd = to >> 3;
  let packedFrom = from >> 3;
  let index = packedFrom;
  while (index < wholeEnd) {
    const byte = load<u8>(bits + index);
    let end = index + 1;
    if (byte == 0 || byte == 0xff) {
      while (end < wholeEnd && load<u8>(bits + end) == byte) end++;
      if ((end - index) * 8 >= minRepeats) {
        copyGroups(bits, packedFrom, index);
        encodeRun(byte & 1, (end - index) * 8, 1);
        packedFrom = end;
      }
    }
    index = end;
  }
  copyGroups(bits, packedFrom, (to + 7) >> 3);
}

function copyGroups(bits: usize, from: u32, to: u32): void {
  if (from == to) return;
  putVarint((to - from) * 2 + 1);
  putBytes(bits + from, to - from);
}
