/** Small numbers side by side, least significant bit first, as Parquet's RLE and delta encodings pack them. */

import { bodyEnd, putUpTo } from './body';

/** Packs `values[from .. to]` in `width` bits each, 1 to 32, padded with zeros to a multiple of eight values. */
export function packBits(values: usize, from: u32, to: u32, width: u32): void {
  pack<u32>(values, from, to, ((to - from + 7) / 8) * width, width, 0);
}

/** Packs what `values[from .. to]` are above `base` in `width` bits each, 1 to 56, padded with zeros to `count` values: a multiple of 8. */
export function packOffsets(values: usize, from: u32, to: u32, count: u32, width: u32, base: i64): void {
  pack<i64>(values, from, to, (count * width) / 8, width, base);
}

function pack<Value>(values: usize, from: u32, to: u32, size: u32, width: u32, base: Value): void {
  const end = bodyEnd + size;
  let at = bodyEnd;
  let bits: u64 = 0;
  let held: u32 = 0;
  for (let index = from; index < to; index++) {
    // With the fewer than 8 that are held they fit.
    bits |= (<u64>(load<Value>(values + index * sizeof<Value>()) - base)) << held;
    held += width;
    store<u64>(at, bits);
    at += held >> 3;
    bits >>= held & ~7;
    held &= 7;
  }
  if (held > 0) store<u8>(at++, <u8>bits);
  if (at < end) memory.fill(at, 0, end - at);
  putUpTo(end);
}
