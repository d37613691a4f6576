/**
 * The planner of questions about tasks: terms that the task table knows are asked of it; for the others the segments are read, only
 * the row groups that may hold what is asked, the newest first, until the answer cannot change.
 */

import { assertNever } from '../model/assertNever.ts';
import type { SortPosition } from '../model/query/compareTasks.ts';
import type { Query, SortField } from '../model/query/query.ts';
import type { IndexReading } from './indexReader.ts';
import type { SegmentEntry } from './manifest.ts';
import type { RowRange } from './parquet/readParquetRows.ts';
import { mayHavePath } from './segmentSet.ts';
import { rowsStatement, type SegmentRows } from './statements.ts';
import { bringNumbers, columnOf } from './tasks/foldedColumns.ts';
import { lowerBound } from './tasks/lowerBound.ts';
import { type RecordTerm, TaskMatcher } from './tasks/taskMatcher.ts';
import type { PartPlace, TableSegment } from './tasks/tableSegment.ts';
import { type TaskOrder, topTasks } from './tasks/topTasks.ts';

export interface FoundTasks {
  readonly places: readonly PartPlace[];
  /** Of the tasks that were found to match; `isExact` tells whether there may be more. */
  readonly total: number;
  readonly isExact: boolean;
}

/** The first matching tasks in the query's order. Rejects with `signal.reason`. */
export async function findTasks(
  reading: IndexReading,
  query: Query,
  page: { readonly limit: number; readonly after?: SortPosition },
): Promise<FoundTasks> {
  const order = await orderOf(reading, query);
  using matcher = matcherOf(reading, query);
  if (matcher.isAll && query.sort === undefined) return newest(reading, order, page);
  const newestFirst = reading.taskSegments.toSorted((a, b) => b.reachMs - a.reachMs);
  if (matcher.recordTerms.length === 0) {
    const { places, total } = topTasks(newestFirst, (segment) => matcher.match(segment), order, page);
    return { places, total, isExact: true };
  }
  // Once enough are found that come before whatever the segments not yet read can add, the page is what it will be.
  const canStop = matcher.isMonotone && query.sort === undefined;
  const pending = segmentsToRead(reading, matcher, newestFirst);
  for (let count = 1, before = 0; ; [count, before] = [Math.max(1, count + before), count]) {
    const batch = pending.splice(0, canStop ? count : pending.length);
    await markTasks(reading, matcher, batch);
    const next = pending[0];
    const met = newestFirst.filter((segment) => matcher.mayMatch(segment));
    const top = topTasks(met, (segment) => matcher.match(segment), order, page);
    if (!next) return { places: top.places, total: top.total, isExact: true };
    if (top.lastRank > next.segment.reachMs) return { places: top.places, total: top.total, isExact: false };
  }
}

/**
 * All tasks match, and how many there are is known: segments with none that can have ended later than those that were found are not even
 * looked at. Their bounds will do, as the exact moments cost a fresh reader a look at every task.
 */
function newest(
  { tasks, taskSegments }: IndexReading,
  order: TaskOrder,
  page: { readonly limit: number; readonly after?: SortPosition },
): FoundTasks {
  const newestFirst = taskSegments
    .map((segment) => ({ segment, reachMs: segment.boundReachMs }))
    .sort((a, b) => b.reachMs - a.reachMs)
    .map(({ segment }) => segment);
  const { places } = topTasks(newestFirst, () => undefined, order, { ...page, isCounted: false });
  return { places, total: tasks.table.size, isExact: true };
}

/** A matcher that knows all that records tell of the query, for the caller to dispose of. Rejects with `signal.reason`. */
export async function matchAll(reading: IndexReading, query: Query): Promise<TaskMatcher> {
  const matcher = matcherOf(reading, query);
  const segments = segmentsToRead(reading, matcher, reading.taskSegments);
  await markTasks(reading, matcher, segments);
  return matcher;
}

function matcherOf({ segments, tasks, span }: IndexReading, query: Query): TaskMatcher {
  const mayHave = (path: string): boolean => segments.entries.some((entry) => mayHavePath(entry, path));
  return new TaskMatcher(query, tasks.table, mayHave, span);
}

interface SegmentToRead {
  readonly segment: TableSegment;
  /** The row groups that hold records of tasks which can match. */
  readonly groups: readonly number[];
}

/** Only segments with a task that can match, as far as the table knows. */
function segmentsToRead(
  { tasks }: IndexReading,
  matcher: TaskMatcher,
  segments: readonly TableSegment[],
): SegmentToRead[] {
  if (matcher.recordTerms.length === 0) return [];
  if (!matcher.asksOfTasks) {
    return segments.map((segment) => {
      const { entry, filters } = tasks.segment(segment.key);
      const count = Math.ceil(entry.records / filters.rowGroupRows);
      return { segment, groups: Array.from({ length: count }, (_, group) => group) };
    });
  }
  const candidates = new Map(segments.map((segment) => [segment, matcher.candidates(segment)]));
  // The part that stands for a task is marked; its other parts have records too.
  for (const [segment, mask] of candidates) spreadToParts(segment, mask, candidates);
  return segments.flatMap((segment) => {
    const mask = candidates.get(segment) ?? new Uint8Array(0);
    const groups = rowGroupsOf(mask, segment.tasks.starts, tasks.segment(segment.key).filters.rowGroupRows);
    return groups.length > 0 ? [{ segment, groups }] : [];
  });
}

function spreadToParts(shown: TableSegment, mask: Uint8Array, masks: ReadonlyMap<TableSegment, Uint8Array>): void {
  for (const place of shown.sharing) {
    if (mask[place] !== 1) continue;
    for (const { segment, at } of shown.partsOf(place)) {
      const other = masks.get(segment);
      if (other) other[at] = 1;
    }
  }
}

/** The row groups that hold rows of masked tasks. @param starts of each task's rows. */
function rowGroupsOf(mask: Uint8Array, starts: Uint32Array, rowGroupRows: number): number[] {
  const groups: number[] = [];
  for (let at = mask.indexOf(1); at >= 0; ) {
    const last = Math.floor(((starts[at + 1] ?? 1) - 1) / rowGroupRows);
    for (let group = Math.floor((starts[at] ?? 0) / rowGroupRows); group <= last; group++) {
      if (groups.at(-1) !== group) groups.push(group);
    }
    // On to the first task that ends in a later row group.
    at = mask.indexOf(1, Math.max(at + 1, lowerBound(starts, (last + 1) * rowGroupRows + 1) - 1));
  }
  return groups;
}

/** Finds the records that meet the terms in some segments and marks their tasks. */
async function markTasks(
  reading: IndexReading,
  matcher: TaskMatcher,
  segments: readonly SegmentToRead[],
): Promise<void> {
  const toRead = segments.flatMap(({ segment, groups }) => {
    const { entry, filters } = reading.tasks.segment(segment.key);
    const rangesOfTerm = matcher.recordTerms.map(({ term, onlyTokens }) => {
      const asked = { onlyTokens, hasPath: (path: string) => mayHavePath(entry, path) };
      return rangesOf(filters.mayHold(term, asked, groups), filters.rowGroupRows, entry.records);
    });
    return rangesOfTerm.some((ranges) => ranges.length > 0) ? [{ segment, entry, rangesOfTerm }] : [];
  });
  const entryOf = ({ entry }: { readonly entry: SegmentEntry }) => entry;
  await reading.inRuns(toRead, entryOf, async (run) => {
    for (const [number, recordTerm] of matcher.recordTerms.entries()) {
      const parts = run.flatMap(({ segment, entry, rangesOfTerm }) => {
        const ranges = rangesOfTerm[number] ?? [];
        return ranges.length > 0 ? [{ segment, entry, ranges }] : [];
      });
      if (parts.length > 0) await markTerm(reading, matcher, recordTerm, parts);
    }
  });
}

async function markTerm(
  reading: IndexReading,
  matcher: TaskMatcher,
  recordTerm: RecordTerm,
  parts: readonly (SegmentRows & { readonly segment: TableSegment })[],
): Promise<void> {
  const { term, onlyTokens } = recordTerm;
  for (const row of await reading.query(rowsStatement(term, onlyTokens, parts, reading.segments))) {
    const part = parts[Number(row['segment'])];
    if (part) matcher.mark(recordTerm, part.segment, Number(row['row']));
  }
}

/** More ranges of one segment than this are read as one: a statement with very many parts costs more than it saves. */
const maxRanges = 8;

/** The rows of some row groups, ascending; neighbours together. */
export function rangesOf(groups: readonly number[], rowGroupRows: number, records: number): RowRange[] {
  const ranges: { start: number; end: number }[] = [];
  for (const group of groups.toSorted((a, b) => a - b)) {
    const [start, end] = [group * rowGroupRows, Math.min(records, (group + 1) * rowGroupRows)];
    const last = ranges.at(-1);
    if (last?.end === start) last.end = end;
    else ranges.push({ start, end });
  }
  const [first, last] = [ranges[0], ranges.at(-1)];
  return ranges.length > maxRanges && first && last ? [{ start: first.start, end: last.end }] : ranges;
}

/** Makes sure that the column which the query orders by is there. */
async function orderOf({ taskSegments, records, signal }: IndexReading, query: Query): Promise<TaskOrder> {
  const { field, descending } = query.sort ?? { field: 'lastTs', descending: true };
  if (field === 'bytes' || field === 'docs') {
    const columns = await bringNumbers(taskSegments, field, records, signal);
    return { descending, mayLack: true, valuesOf: (segment) => columnOf(columns, segment) };
  }
  return {
    descending,
    mayLack: false,
    valuesOf: (segment) => valuesOf(segment, field),
    ...(field === 'lastTs' && descending ? { mostOf: ({ boundReachMs }: TableSegment) => boundReachMs } : {}),
  };
}

function valuesOf(segment: TableSegment, field: Exclude<SortField, 'bytes' | 'docs'>): Float64Array {
  switch (field) {
    case 'lastTs':
      return segment.lastMs;
    case 'firstTs':
      return segment.firstMs;
    case 'attempts':
      return segment.attempts;
    case 'duration':
      return segment.lastMs.map((ms, at) => ms - (segment.firstMs[at] ?? ms));
    default:
      return assertNever(field);
  }
}
