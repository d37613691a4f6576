/** Small numbers side by side, least significant bit first, as Parquet's RLE and delta encodings pack them. */

import type { ByteWriter } from './byteWriter.ts';

interface Numbers {
  readonly [index: number]: number;
}

/**
 * Packs `values[from .. to]`, minus `base`, in `width` bits each, padded with zeros to `count` of them: a multiple of 8.
 * @param width from 1 to 53.
 */
export function packBits(
  out: ByteWriter,
  values: Numbers,
  from: number,
  to: number,
  count: number,
  width: number,
  base: number,
): void {
  let at = out.length;
  const end = at + (count * width) / 8;
  const bytes = out.extend(end - at);
  let bits = 0;
  let held = 0;
  for (let index = from; index < to; index++) {
    let value = (values[index] as number) - base;
    let left = width;
    // At most 24 bits join the fewer than 8 that are held, so the sum stays within 32.
    while (left > 24) {
      bits |= (value % 0x1000000) << held;
      value = Math.floor(value / 0x1000000);
      left -= 24;
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
