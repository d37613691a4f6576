/** The distinct texts of a column chunk as UTF-8, one after the other. */

import { copyBytes, type Texts } from '../../texts.ts';
import type { ByteWriter } from './byteWriter.ts';

export interface TextPool {
  readonly count: number;
  /** In PLAIN encoding: each text behind its length. */
  readonly plain: Uint8Array;
  /** Text `i` is `plain[starts[i] .. starts[i + 1] - lengthBytes]`. */
  readonly starts: Uint32Array;
}

export const lengthBytes = 4;

/** @param entries places of the texts in the dictionary. @param room holds the pool until it is used for the next. */
export function textPool({ bytes, starts: from }: Texts, entries: Uint32Array, room: ByteWriter): TextPool {
  const count = entries.length;
  const starts = new Uint32Array(count + 1);
  room.clear();
  let size = count * lengthBytes;
  for (let index = 0; index < count; index++) {
    const entry = entries[index] as number;
    size += (from[entry + 1] as number) - (from[entry] as number);
  }
  const plain = room.extend(size);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const entry = entries[index] as number;
    const start = from[entry] as number;
    const end = from[entry + 1] as number;
    const length = end - start;
    plain[at] = length;
    plain[at + 1] = length >>> 8;
    plain[at + 2] = length >>> 16;
    plain[at + 3] = length >>> 24;
    at += lengthBytes;
    starts[index] = at;
    at = copyBytes(plain, at, bytes, start, end);
  }
  starts[count] = at + lengthBytes;
  return { count, plain: room.written, starts };
}

function textOf({ plain, starts }: TextPool, index: number): Uint8Array {
  return plain.subarray(starts[index], (starts[index + 1] as number) - lengthBytes);
}

/** Least and greatest by their bytes, which is by their code points; of at least one text. */
export function textBounds(pool: TextPool): { readonly min: Uint8Array; readonly max: Uint8Array } {
  let [least, greatest] = [0, 0];
  for (let index = 1; index < pool.count; index++) {
    if (compareTexts(pool, index, least) < 0) least = index;
    else if (compareTexts(pool, index, greatest) > 0) greatest = index;
  }
  return { min: textOf(pool, least), max: textOf(pool, greatest) };
}

function compareTexts({ plain, starts }: TextPool, left: number, right: number): number {
  const leftStart = starts[left] as number;
  const rightStart = starts[right] as number;
  // Both lengths with the same bytes too many: as good for comparing.
  const leftLength = (starts[left + 1] as number) - leftStart;
  const rightLength = (starts[right + 1] as number) - rightStart;
  const common = Math.min(leftLength, rightLength) - lengthBytes;
  for (let index = 0; index < common; index++) {
    const difference = (plain[leftStart + index] as number) - (plain[rightStart + index] as number);
    if (difference !== 0) return difference;
  }
  return leftLength - rightLength;
}
