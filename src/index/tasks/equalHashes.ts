/**
 * Finds the tasks of segments that may be the same, having the same hash: a hash join (Shatdal, Kant and Naughton, "Cache conscious
 * algorithms for relational query processing", 1994) of columns that are in the order of their hashes already. Neighbourhoods of hashes
 * are joined one after the other, so that the table of each stays in the processor's cache.
 */

import type { Counts } from '../blocks/blockFile.ts';
import { lowerBound } from './lowerBound.ts';

export interface HashedPart {
  /** Number of its first task among all. */
  readonly base: number;
  /** 1 for a task that is passed over, and how many are not. */
  readonly hidden: Uint8Array;
  readonly shown: number;
  readonly links: Uint32Array;
  readonly tasks: { readonly sortedHashes: Uint32Array; readonly placesOfHashes: Counts };
}

/** Hashes that a neighbourhood has, mostly. */
const neighbourhood = 1024;

/**
 * Links each task of `added` that is not hidden to the first task, among those of `known` and of `added` before it, that has its hash, if
 * there is one: by one more than its number. @param known segments that are not compared with each other, and come before `added`.
 */
export function linkEqualHashes(known: readonly HashedPart[], added: readonly HashedPart[]): void {
  const all = [...known, ...added];
  const parts = all.reduce((sum, { hidden }) => sum + hidden.length, 0);
  const next = new Uint32Array(all.length);
  const table = new HashTable();
  const hoods = 2 ** Math.max(0, Math.ceil(Math.log2(parts / neighbourhood)));
  let passed = 0;
  for (let hood = 0; hood < hoods; hood++) {
    const end = ((hood + 1) / hoods) * 2 ** 32;
    if (!hasHashBelow(end, added, next, known.length)) continue;
    const start = (hood / hoods) * 2 ** 32;
    table.clear();
    for (let each = 0; each < all.length; each++) {
      const part = all[each] as HashedPart;
      // Where nothing was added some were passed over.
      if (passed < hood) next[each] = lowerBound(part.tasks.sortedHashes, start, next[each]);
      next[each] = table.addAll(part, next[each] as number, end, each >= known.length);
    }
    passed = hood + 1;
  }
}

function hasHashBelow(end: number, added: readonly HashedPart[], next: Uint32Array, offset: number): boolean {
  for (let each = 0; each < added.length; each++) {
    const hash = added[each]?.tasks.sortedHashes[next[offset + each] as number];
    if (hash !== undefined && hash < end) return true;
  }
  return false;
}

/** Open addressing, two words to a bucket: the hash, and one more than the number of the first task with it; 0 is free. */
class HashTable {
  #buckets = new Uint32Array(2 * 4 * neighbourhood);
  #taken = 0;

  clear(): void {
    this.#buckets.fill(0);
    this.#taken = 0;
  }

  /** Adds a part's hashes below `end`, and links the tasks of those that are there already. @returns where the part's next hash is. */
  addAll({ base, hidden, shown, links, tasks }: HashedPart, start: number, end: number, isLinked: boolean): number {
    const { sortedHashes, placesOfHashes } = tasks;
    const hidesSome = shown < hidden.length;
    let buckets = this.#buckets;
    let mask = buckets.length - 1;
    let at = start;
    for (; at < sortedHashes.length; at++) {
      const hash = sortedHashes[at] as number;
      if (hash >= end) break;
      const place = placesOfHashes[at] as number;
      if (hidesSome && hidden[place] !== 0) continue;
      for (let word = (hash << 1) & mask; ; word = (word + 2) & mask) {
        const held = buckets[word + 1] as number;
        if (held === 0) {
          buckets[word] = hash;
          buckets[word + 1] = base + place + 1;
          this.#taken += 1;
          if (4 * this.#taken > buckets.length) {
            this.#grow();
            buckets = this.#buckets;
            mask = buckets.length - 1;
          }
          break;
        }
        if (buckets[word] !== hash) continue;
        if (isLinked) links[place] = held;
        break;
      }
    }
    return at;
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Uint32Array(2 * old.length);
    const mask = this.#buckets.length - 1;
    for (let word = 0; word < old.length; word += 2) {
      const held = old[word + 1] as number;
      if (held === 0) continue;
      let to = ((old[word] as number) << 1) & mask;
      while (this.#buckets[to + 1] !== 0) to = (to + 2) & mask;
      this.#buckets[to] = old[word] as number;
      this.#buckets[to + 1] = held;
    }
  }
}
