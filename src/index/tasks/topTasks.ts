/** The first tasks in a query's order among those that match, and how many match. */

import type { SortPosition } from '../../model/query/compareTasks.ts';
import { andNotInto, countOf, newMask, nextOf } from './taskMask.ts';
import type { PartPlace, TableSegment } from './tableSegment.ts';

export interface TopTasks {
  /** In order, at most as many as asked for. */
  readonly places: readonly PartPlace[];
  /** All that match, whatever page they are on; where they are counted. */
  readonly total: number;
  /** The sort value of the last place, as a number that is greater the earlier it comes; -Infinity where there are fewer than asked. */
  readonly lastRank: number;
}

export interface TopPage {
  readonly limit: number;
  readonly after?: SortPosition;
  readonly isCounted?: boolean;
}

export interface TaskOrder {
  readonly descending: boolean;
  /** Whether some task may lack the field: it comes last either way. */
  readonly mayLack: boolean;
  /** By the segment's tasks; NaN for one that lacks the field. */
  readonly valuesOf: (segment: TableSegment) => Float64Array;
  /** No task of the segment has a greater value; where that is known and the order is descending. */
  readonly mostOf?: (segment: TableSegment) => number;
}

/**
 * @param segments those first whose tasks come first: what can add nothing more is passed over.
 * @param maskOf 1 for each task that matches; `undefined` where all do that the segment stands for.
 * @param page.after the place that the tasks come after. @param page.isCounted how many match; by default they are.
 */
export function topTasks(
  segments: readonly TableSegment[],
  maskOf: (segment: TableSegment) => Uint8Array | undefined,
  { descending, mayLack, valuesOf, mostOf }: TaskOrder,
  { limit, after, isCounted = true }: TopPage,
): TopTasks {
  const sign = descending ? 1 : -1;
  const behind: Behind | undefined = after && {
    rank: after.value === undefined ? Number.NEGATIVE_INFINITY : sign * after.value,
    id: Buffer.from(after.task),
  };
  const best = new Greatest(limit);
  const looked: Ranked[] = [];
  let total = 0;
  for (const segment of segments) {
    // What comes after all that are wanted need only be counted; of one moment the ids decide.
    const isLate = best.isFull && (mostOf?.(segment) ?? Number.POSITIVE_INFINITY) < best.least;
    if (isLate && !isCounted) continue;
    const mask = maskOf(segment) ?? shownOf(segment);
    const count = countOf(mask);
    total += count;
    if (count === 0 || isLate) continue;
    const ranked = { segment, mask, ranks: ranksOf(valuesOf(segment), sign, mayLack) };
    if (addRanks(best, ranked, behind)) looked.push(ranked);
  }
  const bound = best.isFull ? best.least : Number.NEGATIVE_INFINITY;
  const found: FoundPlace[] = [];
  for (const ranked of looked) addPlaces(found, ranked, bound, behind);
  found.sort((a, b) => (a.rank === b.rank ? comparePlaces(a, b) : b.rank - a.rank));
  return { places: found.slice(0, limit), total, lastRank: bound };
}

/** Places that tasks on the page come after. */
interface Behind {
  readonly rank: number;
  readonly id: Uint8Array;
}

interface Ranked {
  readonly segment: TableSegment;
  readonly mask: Uint8Array;
  readonly ranks: Float64Array;
}

interface FoundPlace extends PartPlace {
  readonly rank: number;
}

// Loops over all tasks are functions of their own: within a larger one, which each question enters with other callbacks, they would be
// compiled anew again and again.

/** @returns whether some were among the greatest when they were met, or as great as the least of these. */
function addRanks(best: Greatest, { segment, mask, ranks }: Ranked, behind: Behind | undefined): boolean {
  let { least } = best;
  let isMet = false;
  for (let at = nextOf(mask, 0); at >= 0; at = nextOf(mask, at + 1)) {
    const rank = ranks[at] as number;
    if (rank < least) continue;
    isMet = true;
    if (rank === least || (behind && !isAfter(segment, at, rank, behind))) continue;
    best.add(rank);
    least = best.least;
  }
  return isMet;
}

function addPlaces(
  found: FoundPlace[],
  { segment, mask, ranks }: Ranked,
  bound: number,
  behind: Behind | undefined,
): void {
  for (let at = nextOf(mask, 0); at >= 0; at = nextOf(mask, at + 1)) {
    const rank = ranks[at] as number;
    if (rank < bound || (behind && !isAfter(segment, at, rank, behind))) continue;
    found.push({ segment, at, rank });
  }
}

/** Greater for what comes earlier; -Infinity for a task that lacks the field. */
function ranksOf(values: Float64Array, sign: 1 | -1, mayLack: boolean): Float64Array {
  if (sign === 1 && !mayLack) return values;
  return values.map((value) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : sign * value));
}

function shownOf({ hidden, shown }: TableSegment): Uint8Array {
  const mask = newMask(hidden.length).fill(1);
  if (shown < hidden.length) andNotInto(mask, hidden);
  return mask;
}

function isAfter(segment: TableSegment, at: number, rank: number, behind: Behind): boolean {
  return rank < behind.rank || (rank === behind.rank && compareIds(segment, at, behind.id) > 0);
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
class Greatest {
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
