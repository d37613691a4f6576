/** Small numbers side by side, least significant bit first, as Parquet's RLE and delta encodings pack them. */

import type { ByteWriter } from './byteWriter.ts';

/** Packs `values[from .. to]` in `width` bits each, 1 to 24, padded with zeros to a multiple of eight values. */
export function packBits(out: ByteWriter, values: Uint32Array, from: number, to: number, width: number): void {
  let at = out.length;
  const end = at + Math.ceil((to - from) / 8) * width;
  const bytes = out.extend(end - at);
  let [bits, held] = [0, 0];
  for (let index = from; index < to; index++) {
    // With the fewer than 8 that are held the sum stays within 31 bits.
    bits |= (values[index] as number) << held;
    held += width;
    while (held >= 8) {
      bytes[at++] = bits;
      bits >>>= 8;
      held -= 8;
    }
  }
  if (held > 0) bytes[at++] = bits;
  bytes.fill(0, at, end);
}

/**
 * Packs what `values[0 .. to]` are above `base` in `width` bits each, 1 to 53, padded with zeros to `count` values: a multiple of 8.
 */
export function packOffsets(
  out: ByteWriter,
  values: Float64Array,
  from: number,
  to: number,
  count: number,
  width: number,
  base: number,
): void {
  let at = out.length;
  const end = at + (count * width) / 8;
  const bytes = out.extend(end - at);
  let [bits, held] = [0, 0];
  for (let index = from; index < to; index++) {
    let value = (values[index] as number) - base;
    let left = width;
    for (; left > 24; left -= 24) {
      bits |= (value % 2 ** 24) << held;
      value = Math.floor(value / 2 ** 24);
      bytes[at++] = bits;
      bytes[at++] = bits >>> 8;
      bytes[at++] = bits >>> 16;
      bits >>>= 24;
    }
    bits |= value << held;
    held += left;
    while (held >= 8) {
      bytes[at++] = bits;
      bits >>>= 8;
      held -= 8;
    }
  }
  if (held > 0) bytes[at++] = bits;
  bytes.fill(0, at, end);
}

/** Bits that `value`, whole and from 0, takes. */
export function bitWidth(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 2 ** 32));
}
