/** Which worker ran what, and when: every attempt that touches a range of time or a moment, by worker. */

import { foldAttempts, foldTask } from '../model/fold.ts';
import type { WorkerLane } from '../model/overview/answers.ts';
import { compareSpans, laneRange, lanesOf, spansOf, touches, type WorkerSpan } from '../model/overview/workerSpans.ts';
import type { Query } from '../model/query/query.ts';
import { matchAll } from './findTasks.ts';
import type { IndexReading, IndexSource } from './indexReader.ts';
import type { LogIndex } from './logIndex.ts';
import { timesOf } from './segmentWindow.ts';
import { recordsOfTasks } from './tasks/taskRecords.ts';
import { firstEnd, type PartPlace } from './tasks/tableSegment.ts';

export interface WorkerLanes {
  readonly lanes: readonly WorkerLane[];
  readonly hasMore: boolean;
  readonly source: IndexSource;
}

/** Tasks whose records are read at once. */
const batchTasks = 256;

/**
 * The attempts of matching tasks that a worker ran within `since:` and `until:`, or at `at:`, as `model/fold.ts` folds
 * them; one that has not ended goes on. At most `limit`, the earliest. @throws IndexError; rejects with `signal.reason`.
 */
export async function workerLanes(
  index: LogIndex,
  query: Query,
  options: { readonly limit: number; readonly signal?: AbortSignal },
): Promise<WorkerLanes> {
  const limit = query.limit ?? options.limit;
  return await index.read({ signal: options.signal, times: timesOf(query) }, async (reading) => {
    const range = laneRange(query);
    const places = await touchedTasks(reading, query, range);
    let spans: WorkerSpan[] = [];
    for (let next = 0; next < places.length; next += batchTasks) {
      const batch = places.slice(next, next + batchTasks);
      // No attempt begins before its task: once enough are earlier than the tasks that are left, these are the earliest.
      const [first, last] = [batch[0], spans[limit]];
      if (first && last && last.span.startMs < (first.segment.firstMs[first.at] ?? 0)) break;
      for (const records of await recordsOfTasks(partsOf(batch), reading.records, options.signal)) {
        if (records.length === 0) continue;
        // One by one: a task may have more attempts than a call can have arguments.
        for (const each of spansOf(foldTask(records), foldAttempts(records))) {
          if (touches(each.span, range)) spans.push(each);
        }
      }
      spans = spans.sort((a, b) => compareSpans(a.span, b.span)).slice(0, limit + 1);
    }
    return { lanes: lanesOf(spans.slice(0, limit)), hasMore: spans.length > limit, source: reading.source };
  });
}

function partsOf(places: readonly PartPlace[]) {
  return places.map(({ segment, at }) => segment.partsOf(at));
}

/** Matching tasks that may have an attempt in the range, the earliest first. */
async function touchedTasks(
  reading: IndexReading,
  query: Query,
  { fromMs, untilMs }: ReturnType<typeof laneRange>,
): Promise<PartPlace[]> {
  // The times are asked of attempts; the task as a whole need only match the terms.
  const terms: Query = { text: '', time: {}, ...(query.where ? { where: query.where } : {}) };
  using matcher = await matchAll(reading, terms);
  const places: PartPlace[] = [];
  for (const segment of reading.taskSegments) {
    const mask = matcher.match(segment);
    for (let at = 0; at < mask.length; at++) {
      if (mask[at] === 0) continue;
      if (untilMs !== undefined && (segment.firstMs[at] ?? 0) >= untilMs) continue;
      const isOver =
        fromMs !== undefined && (segment.lastMs[at] ?? 0) < fromMs && (segment.status[at] ?? 0) >= firstEnd;
      if (!isOver) places.push({ segment, at });
    }
  }
  return places.sort((a, b) => (a.segment.firstMs[a.at] ?? 0) - (b.segment.firstMs[b.at] ?? 0));
}
