import type { Counts } from '../blocks/blockFile.ts';

/** The first place, from `start` on, whose number is `value` or greater; the length where there is none. @param sorted ascending. */
export function lowerBound(sorted: Counts, value: number, start = 0): number {
  let [low, high] = [start, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? value) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
