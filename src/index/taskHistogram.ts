/** Matching tasks over time, by status: at a width that suits the range they lie in. */

import type { HistogramAnswer } from '../model/overview/answers.ts';
import { type BucketCount, histogramOf } from '../model/overview/histogramOf.ts';
import { bucketOf, bucketWidth } from '../model/overview/timeBuckets.ts';
import type { Query } from '../model/query/query.ts';
import { taskStatuses } from '../model/task.ts';
import { matchAll } from './findTasks.ts';
import type { IndexSource } from './indexReader.ts';
import type { LogIndex } from './logIndex.ts';
import { timesOf } from './segmentWindow.ts';
import type { TableSegment } from './tasks/tableSegment.ts';
import type { TaskMatcher } from './tasks/taskMatcher.ts';

export interface TaskHistogram extends Pick<HistogramAnswer, 'buckets' | 'widthMs'> {
  readonly total: number;
  readonly source: IndexSource;
}

/** @throws IndexError; rejects with `signal.reason`. */
export async function taskHistogram(index: LogIndex, query: Query, signal?: AbortSignal): Promise<TaskHistogram> {
  return await index.read({ signal, times: timesOf(query) }, async (reading) => {
    using matcher = await matchAll(reading, query);
    const spans = reading.taskSegments.map((segment) => spanOf(segment, matcher)).filter(({ count }) => count > 0);
    const total = spans.reduce((sum, { count }) => sum + count, 0);
    if (total === 0) return { buckets: [], widthMs: bucketWidth(0, 0), total, source: reading.source };
    const first = Math.min(...spans.map((span) => span.firstMs));
    const last = Math.max(...spans.map((span) => span.lastMs));
    const widthMs = bucketWidth(first, last);
    const start = bucketOf(first, widthMs);
    const counts = new Float64Array((bucketOf(last, widthMs) - start + 1) * taskStatuses.length);
    for (const span of spans) {
      const own = countsOf(span, widthMs, matcher);
      const cell = (own.start - start) * taskStatuses.length;
      for (let at = 0; at < own.counts.length; at++)
        counts[cell + at] = (counts[cell + at] ?? 0) + (own.counts[at] ?? 0);
    }
    return { ...histogramOf(bucketCounts(counts, start), widthMs), total, source: reading.source };
  });
}

/** The last moments of a segment's tasks that match. */
interface Span {
  readonly segment: TableSegment;
  /** Absent where all match that the segment stands for. */
  readonly mask?: Uint8Array;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** By bucket from `start` on and within each by status. */
interface Counts {
  readonly start: number;
  readonly counts: Uint32Array;
}

function spanOf(segment: TableSegment, matcher: TaskMatcher): Span {
  return ofAll(segment, 'span', matcher, () => {
    const mask = matcher.match(segment);
    const { lastMs } = segment;
    let [first, last, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (let at = 0; at < mask.length; at++) {
      if (mask[at] === 0) continue;
      const ms = lastMs[at] ?? 0;
      if (ms < first) first = ms;
      if (ms > last) last = ms;
      count += 1;
    }
    return { segment, ...(matcher.isAll ? {} : { mask }), count, firstMs: first, lastMs: last };
  });
}

function countsOf({ segment, mask: known, firstMs, lastMs }: Span, widthMs: number, matcher: TaskMatcher): Counts {
  return ofAll(segment, `counts:${widthMs}`, matcher, () => {
    const mask = known ?? matcher.match(segment);
    const start = bucketOf(firstMs, widthMs);
    const counts = new Uint32Array((bucketOf(lastMs, widthMs) - start + 1) * taskStatuses.length);
    const { lastMs: moments, status } = segment;
    for (let at = 0; at < mask.length; at++) {
      if (mask[at] === 0) continue;
      const bucket = Math.floor((moments[at] ?? 0) / widthMs) - start;
      const cell = bucket * taskStatuses.length + (status[at] ?? 0);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
    return { start, counts };
  });
}

/** Where all tasks match, what is made of a segment's is kept until one of them gets a further part. */
function ofAll<T>(segment: TableSegment, name: string, { isAll }: TaskMatcher, make: () => T): T {
  return isAll ? segment.derive(`histogram:${name}`, make) : make();
}

function bucketCounts(counts: Float64Array, start: number): BucketCount[] {
  return Array.from(counts).flatMap((count, cell) => {
    const status = taskStatuses[cell % taskStatuses.length];
    return status && count > 0 ? [{ number: start + Math.floor(cell / taskStatuses.length), status, count }] : [];
  });
}
