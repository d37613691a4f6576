/** Small numbers side by side, least significant bit first, as Parquet's RLE and delta encodings pack them. */

import { bodyEnd, putUpTo } from './body';

/** Packs `values[from .. to]` in `width` bits each, 1 to 32, padded with zeros to a multiple of eight values. */
export function packBits(values: usize, from: u32, to: u32, width: u32): void {
  const end = bodyEnd + ((to - from + 7) / 8) * width;
  let at = bodyEnd;
  let bits: u64 = 0;
  let held: u32 = 0;
  for (let index = from; index < to; index++) {
    // With the fewer than 8 that are held they fit.
    bits |= (<u64>load<u32>(values + index * 4)) << held;
    held += width;
    store<u64>(at, bits);
    at += held >> 3;
    bits >>= held & ~7;
    held &= 7;
  }
  padTo(at, bits, held, end);
}

/** Packs what `values[from .. to]` are above `base` in `width` bits each, 1 to 56, padded with zeros to `count` values: a multiple of 8. */
export function packOffsets(values: usize, from: u32, to: u32, count: u32, width: u32, base: i64): void {
  const end = bodyEnd + (count * width) / 8;
  let at = bodyEnd;
  let bits: u64 = 0;
  let held: u32 = 0;
  for (let index = from; index < to; index++) {
    bits |= (<u64>(load<i64>(values + index * 8) - base)) << held;
    held += width;
    store<u64>(at, bits);
    at += held >> 3;
    bits >>= held & ~7;
    held &= 7;
  }
  padTo(at, bits, held, end);
}

function padTo(start: usize, bits: u64, held: u32, end: usize): void {
  let at = start;
  if (held > 0) store<u8>(at++, <u8>bits);
  if (at < end) memory.fill(at, 0, end - at);
  putUpTo(end);
}
