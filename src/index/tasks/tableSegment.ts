/** A segment's tasks within the table of all: which of them it stands for, and what these are with their parts in other segments. */

import { taskStatuses } from '../../model/task.ts';
import type { PartChains } from './partChains.ts';
import { type SegmentTasks, statusNumber } from './segmentTasks.ts';
import { newMask } from './taskMask.ts';

/** A part of a task: which segment of the table, and which task of that. */
export interface PartPlace {
  readonly segment: TableSegment;
  readonly at: number;
}

/** By the segment's own tasks. Only those that the segment stands for are merged. */
interface MergedTimes {
  readonly firstMs: Float64Array;
  readonly attempts: Float64Array;
  /** Place in `taskStatuses`. */
  readonly status: Uint8Array;
}

interface SegmentOptions {
  readonly key: string;
  readonly tasks: SegmentTasks;
  readonly base: number;
  readonly minTs: number;
  readonly maxTs: number;
  /** Where a part is, by its number among all of the table. */
  readonly segmentOf: (number: number) => TableSegment;
  readonly chains: PartChains;
}

export class TableSegment {
  readonly key: string;
  readonly tasks: SegmentTasks;
  /** Number of its first task among all parts of the table. */
  readonly base: number;
  /** 1 where another segment stands for the task, or no record of it counts. */
  readonly hidden: Uint8Array;
  /** Tasks that the segment stands for and that have parts in others. */
  readonly sharing: number[] = [];
  /** What was worked out of the values that the segment stands for; another map once one of them changes. */
  #derived: Map<string, unknown> | undefined;
  readonly #minTs: number;
  readonly #maxTs: number;
  readonly #segmentOf: (number: number) => TableSegment;
  /**
   * By task: of one that is hidden, one more than the number of the part that stands for it; of the others, the head of the chain of their
   * further parts. 0 where there is none. While tasks are added it says whose part a task may be (`equalHashes`).
   */
  readonly links: Uint32Array;
  readonly #chains: PartChains;
  /** Segments with parts of tasks that this one stands for, and segments that stand for tasks of which this one has a part. */
  readonly #holdingParts = new Set<TableSegment>();
  readonly #holdingFirsts = new Set<TableSegment>();
  #linkedLast: TableSegment | undefined;
  #shown: number;
  #lastMs: Float64Array | undefined;
  #merged: MergedTimes | undefined;
  #reachMs: number | undefined;

  constructor({ key, tasks, base, minTs, maxTs, segmentOf, chains }: SegmentOptions) {
    this.key = key;
    this.tasks = tasks;
    this.base = base;
    this.hidden = newMask(tasks.count);
    this.#minTs = minTs;
    this.#maxTs = maxTs;
    this.#segmentOf = segmentOf;
    this.#chains = chains;
    this.links = new Uint32Array(tasks.count);
    this.#shown = tasks.count;
  }

  /** Tasks that are not hidden. */
  get shown(): number {
    return this.#shown;
  }

  /** By itself: a page of the newest wants no other. */
  get lastMs(): Float64Array {
    return (this.#lastMs ??= this.#mergeLast());
  }

  get firstMs(): Float64Array {
    return this.#times.firstMs;
  }

  get attempts(): Float64Array {
    return this.#times.attempts;
  }

  get status(): Uint8Array {
    return this.#times.status;
  }

  /** What was worked out as `derive` keeps it. What is put there once a task has got a further part is kept no more. */
  get derived(): Map<string, unknown> {
    return (this.#derived ??= new Map());
  }

  /** No task that has a part here began earlier. */
  get fromMs(): number {
    return this.#bounds().minTs;
  }

  /** The greatest last moment of any task that has a part here. */
  get reachMs(): number {
    return (this.#reachMs ??= this.#findReach());
  }

  /** As `reachMs` or later, and without a look at the tasks. */
  get boundReachMs(): number {
    return this.#reachMs ?? this.#bounds().maxTs;
  }

  /** Whether some task that the segment stands for has not ended. */
  get hasOpen(): boolean {
    return this.derive('open', () => this.status.some((each, at) => each < firstEnd && this.hidden[at] === 0));
  }

  /** What `make` gives, kept until a task of the segment gets a further part. @param name only ever used for what this `make` gives. */
  derive<T>(name: string, make: () => T): T {
    const { derived } = this;
    if (!derived.has(name)) derived.set(name, make());
    return derived.get(name) as T;
  }

  /** Whether the task has parts in other segments. */
  isShared(at: number): boolean {
    return this.links[at] !== 0;
  }

  /** The part that stands for the task. */
  firstOf(at: number): PartPlace {
    const isHidden = this.hidden[at] === 1 && this.links[at] !== 0;
    return isHidden ? this.#placeOf((this.links[at] as number) - 1) : { segment: this, at };
  }

  /** All parts of the task, the one that stands for it first. */
  partsOf(at: number): readonly PartPlace[] {
    if (!this.isShared(at)) return [{ segment: this, at }];
    const first = this.firstOf(at);
    const parts = [first];
    for (let head = first.segment.links[first.at] as number; head !== 0; head = this.#chains.after(head)) {
      parts.push(this.#placeOf(this.#chains.partAt(head)));
    }
    return parts;
  }

  /** Whether no record of the task counts. */
  isGone(at: number): boolean {
    return this.hidden[at] === 1 && this.links[at] === 0;
  }

  /** Leaves out a task of which no record counts. */
  hide(at: number): void {
    if (this.hidden[at] === 1) return;
    this.hidden[at] = 1;
    this.#shown -= 1;
  }

  /** Once parts were added anywhere: a task with a part here may end later than it did. */
  forgetReach(): void {
    this.#reachMs = undefined;
  }

  /** Puts a part, which is a task of `segment`, behind a task that this one stands for. */
  join(at: number, segment: TableSegment, part: number): void {
    segment.hide(part);
    segment.links[part] = this.base + at + 1;
    const head = this.links[at] as number;
    if (head === 0) this.sharing.push(at);
    this.links[at] = this.#chains.add(segment.base + part, head);
    this.#lastMs = undefined;
    this.#merged = undefined;
    this.#derived = undefined;
    if (this.#linkedLast !== segment) {
      this.#linkedLast = segment;
      this.#holdingParts.add(segment);
      segment.#holdingFirsts.add(this);
    }
  }

  #placeOf(number: number): PartPlace {
    const segment = this.#segmentOf(number);
    return { segment, at: number - segment.base };
  }

  /** Of all records of segments that may hold a part of a task which has a part here. */
  #bounds(): { readonly minTs: number; readonly maxTs: number } {
    let [minTs, maxTs] = [this.#minTs, this.#maxTs];
    const widen = (segment: TableSegment): void => {
      minTs = Math.min(minTs, segment.#minTs);
      maxTs = Math.max(maxTs, segment.#maxTs);
    };
    for (const segment of this.#holdingParts) widen(segment);
    for (const segment of this.#holdingFirsts) {
      widen(segment);
      for (const each of segment.#holdingParts) widen(each);
    }
    return { minTs, maxTs };
  }

  get #times(): MergedTimes {
    return (this.#merged ??= this.#merge());
  }

  #mergeLast(): Float64Array {
    const lastMs = this.tasks.last.toArray();
    for (const at of this.sharing) {
      for (let head = this.links[at] as number; head !== 0; head = this.#chains.after(head)) {
        const part = this.#chains.partAt(head);
        const segment = this.#segmentOf(part);
        const last = segment.tasks.last.at(part - segment.base);
        if (last > (lastMs[at] as number)) lastMs[at] = last;
      }
    }
    return lastMs;
  }

  #merge(): MergedTimes {
    const { count, last, times } = this.tasks;
    const firstMs = times.span.toArray();
    for (let at = 0; at < count; at++) firstMs[at] = last.at(at) - (firstMs[at] ?? 0);
    const merged = { firstMs, attempts: times.attempts.toArray(), status: new Uint8Array(count) };
    const { attemptRank, succeededAgo, failedAgo } = times;
    for (let at = 0; at < count; at++) {
      merged.status[at] = statusNumber(attemptRank.at(at), succeededAgo.at(at), failedAgo.at(at));
    }
    for (const at of this.sharing) mergeParts(merged, at, this.partsOf(at));
    return merged;
  }

  #findReach(): number {
    const { lastMs, hidden } = this;
    let most = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < lastMs.length; at++) if (hidden[at] === 0) most = Math.max(most, lastMs[at] ?? most);
    if (this.#shown === hidden.length) return most;
    for (let at = 0; at < hidden.length; at++) {
      if (hidden[at] === 0 || this.links[at] === 0) continue;
      const first = this.firstOf(at);
      most = Math.max(most, first.segment.lastMs[first.at] ?? most);
    }
    return most;
  }
}

/** Status numbers from here on are ends. */
export const firstEnd = Math.min(taskStatuses.indexOf('succeeded'), taskStatuses.indexOf('failed'));

/**
 * What of a task merges whatever its parts say, and whichever came first: least, greatest, latest (docs/index-format.md). A reader
 * does this for every task that lies in two segments: without objects on the way.
 */
function mergeParts(merged: MergedTimes, place: number, parts: readonly PartPlace[]): void {
  let lastMs = Number.NEGATIVE_INFINITY;
  let firstMs = Number.POSITIVE_INFINITY;
  let succeededMs = Number.NEGATIVE_INFINITY;
  let failedMs = Number.NEGATIVE_INFINITY;
  let attempts = 0;
  let attemptMs = Number.NEGATIVE_INFINITY;
  let attemptRank = Number.NaN;
  for (const { segment, at } of parts) {
    const { times } = segment.tasks;
    const last = segment.tasks.last.at(at);
    if (last > lastMs) lastMs = last;
    const start = last - times.span.at(at);
    if (start < firstMs) firstMs = start;
    // Where there is none these are NaN, which is greater than nothing.
    const succeeded = last - times.succeededAgo.at(at);
    if (succeeded > succeededMs) succeededMs = succeeded;
    const failed = last - times.failedAgo.at(at);
    if (failed > failedMs) failedMs = failed;
    const own = times.attempts.at(at);
    if (own < attempts) continue;
    const ms = last - times.attemptAgo.at(at);
    const rank = times.attemptRank.at(at);
    if (own > attempts) {
      [attempts, attemptMs, attemptRank] = [own, ms, rank];
    } else if (ms > attemptMs || (ms === attemptMs && rank > attemptRank) || Number.isNaN(attemptRank)) {
      [attemptMs, attemptRank] = [ms, rank];
    }
  }
  merged.firstMs[place] = firstMs;
  merged.attempts[place] = attempts;
  merged.status[place] = statusNumber(attemptRank, agoOf(lastMs, succeededMs), agoOf(lastMs, failedMs));
}

function agoOf(lastMs: number, ms: number): number {
  return ms === Number.NEGATIVE_INFINITY ? Number.NaN : lastMs - ms;
}
