/** Parquet's RLE/bit-packed hybrid: levels, and indexes into a dictionary. */

import { packBits } from './bitPacking.ts';
import type { ByteWriter } from './byteWriter.ts';

/**
 * A repetition shorter than this is packed with its neighbours, which go in groups of eight: zstd makes more of what is packed alike than
 * of packed groups and runs in turn.
 */
const minRepeats = 40;

/** Encodes `values[from .. to]` in `width` bits, 1 to 32. */
export function encodeRuns(
  out: ByteWriter,
  values: Uint8Array | Uint32Array,
  from: number,
  to: number,
  width: number,
): void {
  const least = width > 1 && repeatsPay(values, from, to, width) ? 1 : minRepeats;
  let packedFrom = from;
  let index = from;
  while (index < to) {
    const value = values[index];
    let end = index + 1;
    while (end < to && values[end] === value) end++;
    // What is packed before the run must be whole groups: they take from the run what they lack.
    const lacking = (packedFrom - index) & 7;
    if (end - index - lacking >= least) {
      index += lacking;
      packGroups(out, values, packedFrom, index, width);
      encodeRun(out, value as number, end - index, width);
      packedFrom = end;
    }
    index = end;
  }
  packGroups(out, values, packedFrom, to, width);
}

/** Whether runs alone, of whatever length, take less than packing everything. */
function repeatsPay(values: Uint8Array | Uint32Array, from: number, to: number, width: number): boolean {
  let runs = 1;
  for (let index = from + 1; index < to; index++) if (values[index] !== values[index - 1]) runs++;
  return runs * (1 + Math.ceil(width / 8)) * 8 < (to - from) * width;
}

/** Encodes `count` times `value`. */
export function encodeRun(out: ByteWriter, value: number, count: number, width: number): void {
  out.varint(count * 2);
  for (let shift = 0; shift < width; shift += 8) out.byte(value >>> shift);
}

function packGroups(out: ByteWriter, values: Uint8Array | Uint32Array, from: number, to: number, width: number): void {
  if (from === to) return;
  const groups = Math.ceil((to - from) / 8);
  out.varint(groups * 2 + 1);
  packBits(out, values, from, to, groups * 8, width, 0);
}
