/** Texts as UTF-8, one behind the other: what is read and written as bytes need not become strings on the way. */

/** Text `i` is `bytes[starts[i] .. starts[i + 1]]`. Both arrays may be longer than that. */
export interface Texts {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

/** Texts that others are added to, each distinct one once. */
export interface CodedTexts extends Texts {
  /** The number of a text, from 1, in order of their first mention. Half of a surrogate pair becomes U+FFFD. */
  codeOf(text: string): number;
  /** Forgets all texts, and keeps the memory for others. */
  clear(): void;
}

/** Estimate of the memory that dictionaries of these texts take: arrays that grow are larger than what is in them. */
export function heldBytesOf({ count, starts }: Texts): number {
  return 1.5 * ((starts[count] as number) + 20 * count);
}

export function textAt({ bytes, starts }: Texts, index: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', starts[index], starts[index + 1]);
}

/** By their bytes, which is by their code points. */
export function compareTextsAt({ bytes, starts }: Texts, left: number, right: number): number {
  const leftStart = starts[left] as number;
  const rightStart = starts[right] as number;
  const leftLength = (starts[left + 1] as number) - leftStart;
  const rightLength = (starts[right + 1] as number) - rightStart;
  const common = Math.min(leftLength, rightLength);
  for (let at = 0; at < common; at++) {
    const difference = (bytes[leftStart + at] as number) - (bytes[rightStart + at] as number);
    if (difference !== 0) return difference;
  }
  return leftLength - rightLength;
}

/** Whether it is all ASCII, so that each byte is a UTF-16 code unit. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let at = start; at < end; at++) all |= bytes[at] as number;
  return all < 0x80;
}

/** Copies `source[start .. end]` to `at`; a loop, as calls into native code cost more than most texts are long. @returns where it ends. */
export function copyBytes(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): number {
  if (end - start > 200) {
    target.set(source.subarray(start, end), at);
    return at + end - start;
  }
  let to = at;
  for (let from = start; from < end; from++) target[to++] = source[from] as number;
  return to;
}
