/** DELTA_BINARY_PACKED: whole numbers by their differences. */

import { bodyEnd, body, makeRoom, putUpTo, putVarint, putZigzag } from './body';
import { packOffsets } from './packing';

const blockValues: u32 = 128;
const miniblocks: u32 = 4;
const miniblockValues: u32 = blockValues / miniblocks;

const deltas: usize = memory.data(128 * 8, 16);

/** Encodes `values[from .. to]`, less than 2⁵⁵ apart. */
export function encodeDeltas(values: usize, from: u32, to: u32): void {
  makeRoom(64 + (<u64>(to - from) + blockValues) * 9);
  putVarint(blockValues);
  putVarint(miniblocks);
  putVarint(to - from);
  let last: i64 = from < to ? load<i64>(values + from * 8) : 0;
  putZigzag(last);
  for (let start = from + 1; start < to; start += blockValues) {
    const count = min(blockValues, to - start);
    const least = findDeltas(values + start * 8, count, last);
    last = load<i64>(values + (start + count - 1) * 8);
    encodeBlock(count, least);
  }
}

/** Fills `deltas`. @returns the least of them. */
function findDeltas(values: usize, count: u32, before: i64): i64 {
  let least = i64.MAX_VALUE;
  let last = before;
  for (let index: u32 = 0; index < count; index++) {
    const value = load<i64>(values + index * 8);
    const delta = value - last;
    store<i64>(deltas + index * 8, delta);
    least = min(least, delta);
    last = value;
  }
  return least;
}

function greatestDelta(from: u32, to: u32): i64 {
  let greatest = i64.MIN_VALUE;
  for (let index = from; index < to; index++) greatest = max(greatest, load<i64>(deltas + index * 8));
  return greatest;
}

function encodeBlock(count: u32, least: i64): void {
  putZigzag(least);
  const widthsAt = bodyEnd - body;
  store<u32>(bodyEnd, 0);
  putUpTo(bodyEnd + miniblocks);
  for (let from: u32 = 0; from < count; from += miniblockValues) {
    const to = min(from + miniblockValues, count);
    const span = <u64>(greatestDelta(from, to) - least);
    if (span == 0) continue;
    const width = 64 - <u32>clz(span);
    packOffsets(deltas, from, to, miniblockValues, width, least);
    store<u8>(body + widthsAt + from / miniblockValues, <u8>width);
  }
}
