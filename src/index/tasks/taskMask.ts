/** Masks: a byte for each task of a segment, 1 where it is meant. Four at a time where that makes no difference. */

export function newMask(count: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(Math.ceil(count / 4) * 4), 0, count);
}

/**
 * Masks of one question. The system gives new memory page by page, which takes longer than all that is done with a mask: what
 * earlier questions used is used again.
 */
export class Masks {
  readonly #taken: Uint8Array[] = [];

  /** As `newMask`. Not to be used after `release`. */
  take(count: number): Uint8Array {
    const free = freeMasks.get(count);
    const known = free?.pop();
    if (known) freeBytes -= known.length;
    const mask = known?.fill(0) ?? newMask(count);
    this.#taken.push(mask);
    return mask;
  }

  release(): void {
    for (const mask of this.#taken.splice(0)) {
      if (mask.length > maxFreeBytes) continue;
      if (freeBytes + mask.length > maxFreeBytes) {
        // Segments come and go: what is of no length that there still is would keep others out for good.
        freeMasks.clear();
        freeBytes = 0;
      }
      freeBytes += mask.length;
      const free = freeMasks.get(mask.length);
      if (free) free.push(mask);
      else freeMasks.set(mask.length, [mask]);
    }
  }
}

const maxFreeBytes = 32 * 2 ** 20;
/** By length. */
const freeMasks = new Map<number, Uint8Array[]>();
let freeBytes = 0;

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

/** The first place from `at` on where the mask is 1; -1 where there is none. For dense and for sparse masks alike. */
export function nextOf(mask: Uint8Array, at: number): number {
  const near = Math.min(mask.length, at + nearBytes);
  for (let next = at; next < near; next++) if (mask[next] === 1) return next;
  return near < mask.length ? mask.indexOf(1, near) : -1;
}

/** A call costs as much as looking at so many. */
const nearBytes = 64;

/** How many are marked. */
export function countOf(mask: Uint8Array): number {
  const words = wordsOf(mask);
  let count = 0;
  // The four bytes of a word, each 0 or 1, summed in its uppermost.
  for (let at = 0; at < words.length; at++) count += Math.imul(words[at] ?? 0, 0x01010101) >>> 24;
  return count;
}

function wordsOf(mask: Uint8Array): Uint32Array {
  return new Uint32Array(mask.buffer, 0, mask.buffer.byteLength / 4);
}
