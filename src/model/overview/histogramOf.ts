/** Matching tasks over time: counted in the bucket of their `lastTs`, by status. */

import type { TaskStatus } from '../task.ts';
import type { HistogramAnswer, HistogramBucket } from './answers.ts';
import { bucketOf } from './timeBuckets.ts';

export interface BucketCount {
  /** Of the bucket that starts at `number * widthMs`. */
  readonly number: number;
  readonly status: TaskStatus;
  readonly count: number;
}

/** Buckets from the first count to the last, with the empty ones between them. */
export function histogramOf(
  counts: readonly BucketCount[],
  widthMs: number,
): Pick<HistogramAnswer, 'buckets' | 'widthMs'> {
  const numbers = counts.map(({ number }) => number);
  if (numbers.length === 0) return { buckets: [], widthMs };
  const first = numbers.reduce((least, each) => Math.min(least, each));
  const last = numbers.reduce((most, each) => Math.max(most, each));
  const buckets: HistogramBucket[] = [];
  for (let number = first; number <= last; number++) {
    const own = counts.filter((each) => each.number === number);
    const byStatus: Partial<Record<TaskStatus, number>> = {};
    for (const { status, count } of own) byStatus[status] = (byStatus[status] ?? 0) + count;
    buckets.push({
      startMs: number * widthMs,
      endMs: (number + 1) * widthMs,
      count: own.reduce((sum, { count }) => sum + count, 0),
      byStatus,
    });
  }
  return { buckets, widthMs };
}

/** Tasks summed to one count for each bucket and status. */
export function countBuckets(
  tasks: Iterable<{ readonly lastTs: number; readonly status: TaskStatus }>,
  widthMs: number,
): BucketCount[] {
  const counts = new Map<string, { number: number; status: TaskStatus; count: number }>();
  for (const { lastTs, status } of tasks) {
    const number = bucketOf(lastTs, widthMs);
    const key = `${number} ${status}`;
    const known = counts.get(key);
    if (known) known.count++;
    else counts.set(key, { number, status, count: 1 });
  }
  return [...counts.values()];
}
