/** The first tasks in a query's order among those that match, and how many match. */

import type { SortPosition } from '../../model/query/compareTasks.ts';
import type { PartPlace, TableSegment } from './taskTable.ts';

export interface TopTasks {
  /** In order, at most as many as asked for. */
  readonly places: readonly PartPlace[];
  /** All that match, whatever page they are on. */
  readonly total: number;
  /** The sort value of the last place, as a number that is greater the earlier it comes; -Infinity where there are fewer than asked. */
  readonly lastRank: number;
}

export interface TaskOrder {
  readonly descending: boolean;
  /** By the segment's tasks; NaN for a task that lacks the field: it comes last either way. */
  readonly valuesOf: (segment: TableSegment) => Float64Array;
}

/**
 * @param maskOf 1 for each task that matches, or `undefined` where no more of this segment's are wanted.
 * @param after the place that the tasks come after.
 */
export function topTasks(
  segments: readonly TableSegment[],
  maskOf: (segment: TableSegment) => Uint8Array | undefined,
  { descending, valuesOf }: TaskOrder,
  { limit, after }: { readonly limit: number; readonly after?: SortPosition },
): TopTasks {
  const sign = descending ? 1 : -1;
  const afterId = after && Buffer.from(after.task);
  const afterRank = after?.value === undefined ? Number.NEGATIVE_INFINITY : sign * after.value;
  const best = new Smallest(limit);
  const looked: { segment: TableSegment; mask: Uint8Array; values: Float64Array }[] = [];
  const rankAt = (values: Float64Array, at: number): number => {
    const value = values[at] ?? Number.NaN;
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : sign * value;
  };
  const isAfter = (segment: TableSegment, at: number, rank: number): boolean => {
    if (!afterId || rank < afterRank) return true;
    return rank === afterRank && compareIds(segment, at, afterId) > 0;
  };
  let total = 0;
  for (const segment of segments) {
    const mask = maskOf(segment);
    if (!mask) continue;
    const values = valuesOf(segment);
    let count = 0;
    for (let at = 0; at < mask.length; at++) {
      if (mask[at] === 0) continue;
      count += 1;
      const rank = rankAt(values, at);
      if (rank > best.least && isAfter(segment, at, rank)) best.add(rank);
    }
    total += count;
    if (count > 0) looked.push({ segment, mask, values });
  }
  const bound = best.isFull ? best.least : Number.NEGATIVE_INFINITY;
  const found: { segment: TableSegment; at: number; rank: number }[] = [];
  for (const { segment, mask, values } of looked) {
    for (let at = 0; at < mask.length; at++) {
      if (mask[at] === 0) continue;
      const rank = rankAt(values, at);
      if (rank >= bound && isAfter(segment, at, rank)) found.push({ segment, at, rank });
    }
  }
  found.sort((a, b) => (a.rank === b.rank ? comparePlaces(a, b) : b.rank - a.rank));
  return { places: found.slice(0, limit), total, lastRank: bound };
}

function comparePlaces(a: PartPlace, b: PartPlace): number {
  const { ids } = b.segment.tasks;
  return compareIds(a.segment, a.at, ids.bytes.subarray(ids.starts[b.at], ids.starts[b.at + 1]));
}

/** By UTF-8 bytes: as code points compare. */
function compareIds({ tasks: { ids } }: TableSegment, at: number, other: Uint8Array): number {
  return ids.bytes.subarray(ids.starts[at], ids.starts[at + 1]).compare(other);
}

/** The greatest numbers of those added, in a binary heap with the least of them on top. */
class Smallest {
  readonly #limit: number;
  readonly #heap: Float64Array;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#heap = new Float64Array(Math.max(1, limit));
  }

  get isFull(): boolean {
    return this.#size >= this.#limit;
  }

  /** What a number must exceed to be kept. */
  get least(): number {
    return this.isFull
      ? this.#limit === 0
        ? Number.POSITIVE_INFINITY
        : (this.#heap[0] ?? 0)
      : Number.NEGATIVE_INFINITY;
  }

  add(value: number): void {
    const heap = this.#heap;
    if (!this.isFull) {
      let at = this.#size++;
      for (; at > 0 && (heap[(at - 1) >> 1] ?? 0) > value; at = (at - 1) >> 1) heap[at] = heap[(at - 1) >> 1] ?? 0;
      heap[at] = value;
      return;
    }
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child += 1;
      if ((heap[child] ?? 0) >= value) break;
      heap[at] = heap[child] ?? 0;
      at = child;
    }
    heap[at] = value;
  }
}
