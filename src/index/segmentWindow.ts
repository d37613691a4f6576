/**
 * Which segments a question is answered from. A reader keeps the tasks of all in memory where they fit; of an index with more, those that
 * have to do with the times that are asked of, the newest first.
 */

import type { Query } from '../model/query/query.ts';
import type { SegmentEntry } from './manifest.ts';
import type { TableSegment } from './tasks/tableSegment.ts';

/** Ms; absent: of any time. */
export interface AskedTimes {
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

export function timesOf({ time, atMs }: Query): AskedTimes {
  return { sinceMs: time.sinceMs ?? atMs, untilMs: time.untilMs ?? atMs };
}

export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface WantedSegments {
  /** All that may have to do with what is asked, the newest first. */
  readonly candidates: readonly SegmentEntry[];
  /** The newest of these, as many as may be kept; at least one. */
  readonly entries: readonly SegmentEntry[];
  /** Only of tasks with a record in it all that is to be known is known; absent where all segments are wanted, or any time is. */
  readonly span?: TimeSpan;
}

/** Where not all segments are kept, a task is told as a whole if its records are never further apart than this. */
export const longestSilenceMs = 6 * 3_600_000;

/**
 * @param maxTasks that may be kept: all segments where they have no more. @param share of these that will do, where they have.
 * @param silenceMs so far from the times that are asked of, records of their tasks are looked for.
 */
export function wantedSegments(
  all: readonly SegmentEntry[],
  asked: AskedTimes,
  maxTasks: number,
  { share, silenceMs }: { readonly share: number; readonly silenceMs: number },
): WantedSegments {
  if (tasksOf(all) <= maxTasks) return { candidates: all, entries: all };
  const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = asked;
  const span = { fromMs: sinceMs - silenceMs, toMs: untilMs + silenceMs };
  const candidates = all
    .filter(({ minTs, maxTs }) => maxTs >= span.fromMs && minTs <= span.toMs)
    .sort((a, b) => b.maxTs - a.maxTs);
  const entries = candidates.slice(0, countThatFits(candidates, maxTasks * share));
  const isTimed = asked.sinceMs !== undefined || asked.untilMs !== undefined;
  return { candidates, entries, ...(isTimed ? { span } : {}) };
}

/** How many of the first segments have no more tasks in all; at least one, where there is any. */
export function countThatFits(entries: readonly SegmentEntry[], maxTasks: number): number {
  let tasks = 0;
  const tooMany = entries.findIndex(({ side }) => (tasks += side.tasks) > maxTasks);
  return tooMany < 0 ? entries.length : Math.max(1, tooMany);
}

/** Tasks of some segments; one with records in several counts in each. */
export function tasksOf(entries: readonly SegmentEntry[]): number {
  return entries.reduce((sum, { side }) => sum + side.tasks, 0);
}

/** The last moment of which records were left out; `undefined` where none were. */
export function cutOf({ candidates }: WantedSegments, isKept: (entry: SegmentEntry) => boolean): number | undefined {
  const left = candidates.filter((entry) => !isKept(entry));
  return left.length === 0
    ? undefined
    : left.reduce((most, { maxTs }) => Math.max(most, maxTs), Number.NEGATIVE_INFINITY);
}

export interface Certainty {
  /** Tasks that ended later are known with all their records. */
  readonly afterMs: number;
  /** False where some of them went on for so long that this cannot be said of them. */
  readonly isWhole: boolean;
}

/** What is known of the newest tasks where records up to `cutTs` were left out, and none was silent for longer than `silenceMs`. */
export function certaintyOf(segments: readonly TableSegment[], cutTs: number, silenceMs: number): Certainty {
  const boundMs = cutTs + silenceMs;
  // That is said of no task where less is looked at than has to be.
  if (silenceMs < longestSilenceMs) return { afterMs: boundMs, isWhole: false };
  let afterMs = boundMs;
  let isWhole = true;
  for (const segment of segments) {
    if (segment.fromMs > boundMs || segment.boundReachMs <= boundMs) continue;
    const { firstMs, lastMs, hidden } = segment;
    for (let at = 0; at < firstMs.length; at++) {
      if (hidden[at] === 1 || (firstMs[at] ?? 0) > boundMs || (lastMs[at] ?? 0) <= boundMs) continue;
      const endMs = lastMs[at] ?? 0;
      // Those that run across the bound are left to the older tasks, but for such as never seem to end.
      if (endMs > boundMs + silenceMs) isWhole = false;
      else afterMs = Math.max(afterMs, endMs);
    }
  }
  return { afterMs, isWhole };
}
