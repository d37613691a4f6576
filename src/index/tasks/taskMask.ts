/** Masks: a byte for each task of a segment, 1 where it is meant. Four at a time where that makes no difference. */

export function newMask(count: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(Math.ceil(count / 4) * 4), 0, count);
}

/** Into `mask`. Both made by `newMask`, for as many tasks. */
export function andInto(mask: Uint8Array, other: Uint8Array): void {
  const [words, others] = [wordsOf(mask), wordsOf(other)];
  for (let at = 0; at < words.length; at++) words[at] = (words[at] ?? 0) & (others[at] ?? 0);
}

export function orInto(mask: Uint8Array, other: Uint8Array): void {
  const [words, others] = [wordsOf(mask), wordsOf(other)];
  for (let at = 0; at < words.length; at++) words[at] = (words[at] ?? 0) | (others[at] ?? 0);
}

export function andNotInto(mask: Uint8Array, other: Uint8Array): void {
  const [words, others] = [wordsOf(mask), wordsOf(other)];
  for (let at = 0; at < words.length; at++) words[at] = (words[at] ?? 0) & ~(others[at] ?? 0);
}

export function invert(mask: Uint8Array): void {
  const words = wordsOf(mask);
  for (let at = 0; at < words.length; at++) words[at] = (words[at] ?? 0) ^ 0x01010101;
}

function wordsOf(mask: Uint8Array): Uint32Array {
  return new Uint32Array(mask.buffer, 0, mask.buffer.byteLength / 4);
}
