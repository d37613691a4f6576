/** The distinct texts of a column chunk as UTF-8, one after the other. */

/** Text `i` is `bytes[offsets[i] .. offsets[i + 1]]`. */
export interface TextPool {
  readonly count: number;
  readonly bytes: Buffer;
  readonly offsets: Uint32Array;
}

/** Half of a surrogate pair becomes U+FFFD. */
export function textPool(texts: readonly string[]): TextPool {
  const count = texts.length;
  const offsets = new Uint32Array(count + 1);
  // All at once is several times faster than one by one; only of ASCII does it tell where each text ends.
  const joined = texts.join('');
  const bytes = Buffer.from(joined);
  const ascii = bytes.length === joined.length;
  let end = 0;
  for (let index = 0; index < count; index++) {
    const text = texts[index] as string;
    end += ascii ? text.length : Buffer.byteLength(text);
    offsets[index + 1] = end;
  }
  if (ascii) return { count, bytes, offsets };
  // Not `bytes`: halves of a pair at the ends of two texts would have become one character.
  const apart = Buffer.allocUnsafe(end);
  for (let index = 0; index < count; index++) apart.write(texts[index] as string, offsets[index] as number);
  return { count, bytes: apart, offsets };
}

function textOf(pool: TextPool, index: number): Buffer {
  return pool.bytes.subarray(pool.offsets[index], pool.offsets[index + 1]);
}

/** Least and greatest by their bytes, which is by their code points; of at least one text. */
export function textBounds(pool: TextPool): { readonly min: Buffer; readonly max: Buffer } {
  let [least, greatest] = [0, 0];
  for (let index = 1; index < pool.count; index++) {
    if (compareTexts(pool, index, least) < 0) least = index;
    else if (compareTexts(pool, index, greatest) > 0) greatest = index;
  }
  return { min: textOf(pool, least), max: textOf(pool, greatest) };
}

function compareTexts({ bytes, offsets }: TextPool, left: number, right: number): number {
  const leftStart = offsets[left] as number;
  const rightStart = offsets[right] as number;
  const leftLength = (offsets[left + 1] as number) - leftStart;
  const rightLength = (offsets[right + 1] as number) - rightStart;
  const common = Math.min(leftLength, rightLength);
  for (let index = 0; index < common; index++) {
    const difference = (bytes[leftStart + index] as number) - (bytes[rightStart + index] as number);
    if (difference !== 0) return difference;
  }
  return leftLength - rightLength;
}
