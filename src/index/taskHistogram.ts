/** Matching tasks over time, by status: at a width that suits the range they lie in. */

import type { HistogramAnswer } from '../model/overview/answers.ts';
import { type BucketCount, histogramOf } from '../model/overview/histogramOf.ts';
import { bucketOf, bucketWidth } from '../model/overview/timeBuckets.ts';
import type { Query } from '../model/query/query.ts';
import { taskStatuses } from '../model/task.ts';
import { matchAll } from './findTasks.ts';
import type { IndexSource, LogIndex } from './logIndex.ts';

export interface TaskHistogram extends Pick<HistogramAnswer, 'buckets' | 'widthMs'> {
  readonly total: number;
  readonly source: IndexSource;
}

/** @throws IndexError; rejects with `signal.reason`. */
export async function taskHistogram(index: LogIndex, query: Query, signal?: AbortSignal): Promise<TaskHistogram> {
  return await index.read(signal, async (reading) => {
    using matcher = await matchAll(reading, query);
    let [first, last, total] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    const matched = reading.tasks.table.segments.map((segment) => ({ segment, mask: matcher.match(segment) }));
    for (const { segment, mask } of matched) {
      for (let at = 0; at < mask.length; at++) {
        if (mask[at] === 0) continue;
        const ms = segment.lastMs[at] ?? 0;
        if (ms < first) first = ms;
        if (ms > last) last = ms;
        total += 1;
      }
    }
    if (total === 0) return { buckets: [], widthMs: bucketWidth(0, 0), total, source: reading.source };
    const widthMs = bucketWidth(first, last);
    const start = bucketOf(first, widthMs);
    const counts = new Uint32Array((bucketOf(last, widthMs) - start + 1) * taskStatuses.length);
    for (const { segment, mask } of matched) {
      for (let at = 0; at < mask.length; at++) {
        if (mask[at] === 0) continue;
        const bucket = Math.floor((segment.lastMs[at] ?? 0) / widthMs) - start;
        const cell = bucket * taskStatuses.length + (segment.status[at] ?? 0);
        counts[cell] = (counts[cell] ?? 0) + 1;
      }
    }
    return { ...histogramOf(bucketCounts(counts, start), widthMs), total, source: reading.source };
  });
}

function bucketCounts(counts: Uint32Array, start: number): BucketCount[] {
  return Array.from(counts).flatMap((count, cell) => {
    const status = taskStatuses[cell % taskStatuses.length];
    return status && count > 0 ? [{ number: start + Math.floor(cell / taskStatuses.length), status, count }] : [];
  });
}
