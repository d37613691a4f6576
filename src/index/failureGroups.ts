/** Failure groups of the tasks that match a query: how often each cause struck, whom, and its latest failure. */

import type { FailureGroup } from '../model/overview/answers.ts';
import { matchRecord } from '../model/query/matchTask.ts';
import type { Query } from '../model/query/query.ts';
import { matchAll } from './findTasks.ts';
import type { IndexReading, IndexSource } from './indexReader.ts';
import type { LogIndex } from './logIndex.ts';
import { timesOf } from './segmentWindow.ts';
import { readParquetRows } from './parquet/readParquetRows.ts';
import { recordColumns, recordOfRow } from './segmentColumns.ts';
import { type GroupCount, GroupCounts } from './tasks/groupCounts.ts';
import type { LoadedSegment } from './tasks/loadedSegment.ts';
import type { PartPlace, TableSegment } from './tasks/tableSegment.ts';

export interface FailureGroupPage {
  readonly groups: readonly FailureGroup[];
  readonly total: number;
  readonly source: IndexSource;
}

/** Counted as `model/overview/groupFailures.ts` does. @throws IndexError; rejects with `signal.reason`. */
export async function failureGroups(
  index: LogIndex,
  query: Query,
  options: { readonly limit: number; readonly signal?: AbortSignal },
): Promise<FailureGroupPage> {
  return await index.read({ signal: options.signal, times: timesOf(query) }, async (reading) => {
    const counts = new GroupCounts();
    // A failure within the time is a record of a task that meets it: without terms there is no task to be ruled out.
    const isAny = query.where === undefined && query.atMs === undefined;
    using matcher = isAny ? undefined : await matchAll(reading, query);
    const masks = new Map(matcher ? reading.taskSegments.map((segment) => [segment, matcher.match(segment)]) : []);
    for (const segment of reading.taskSegments) {
      reading.signal?.throwIfAborted();
      await countFailures(reading, query, segment, matcher && masks, counts);
    }
    const groups = counts.finish();
    const listed = groups.slice(0, query.limit ?? options.limit);
    return {
      groups: await Promise.all(listed.map(async (group) => await describe(reading, group))),
      total: groups.length,
      source: reading.source,
    };
  });
}

/** Failures of one task up to which each is compared with each. */
const manyFailures = 64;

/** @param masks of the tasks that match; absent where all do. */
async function countFailures(
  reading: IndexReading,
  query: Query,
  segment: TableSegment,
  masks: ReadonlyMap<TableSegment, Uint8Array> | undefined,
  counts: GroupCounts,
): Promise<void> {
  const loaded = reading.tasks.segment(segment.key);
  const { ts } = loaded.failures;
  const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = query.time;
  const isTimed = query.time.sinceMs !== undefined || query.time.untilMs !== undefined;
  const isInTime = (at: number): boolean => (ts[at] ?? 0) >= sinceMs && (ts[at] ?? 0) < untilMs;
  const sorted = failuresByTask(loaded, segment);
  if (!masks && !isTimed) counts.addAll(groupsOf(reading, segment));
  else {
    for (const { task, failures } of runsOf(sorted)) {
      if (masks && masks.get(segment)?.[task] !== 1) continue;
      addRun(counts, loaded, { segment, at: task }, isTimed ? failures.filter(isInTime) : failures);
    }
    for (const [task, failures] of sorted.shared) {
      const place = segment.firstOf(task);
      if (masks && masks.get(place.segment)?.[place.at] !== 1) continue;
      for (const at of failures) if (isInTime(at)) counts.addShared(loaded, at, place);
    }
  }
  const ownerless = await matchingByThemselves(reading, query, loaded, sorted.ownerless.filter(isInTime));
  for (const at of ownerless) counts.addShared(loaded, at, undefined);
}

function addRun(counts: GroupCounts, loaded: LoadedSegment, place: PartPlace, failures: Uint32Array): void {
  // A hostile task with very many failures is counted as one that has more elsewhere: by a set, not each with each.
  if (failures.length <= manyFailures) counts.addTask(loaded, failures);
  else for (const at of failures) counts.addShared(loaded, at, place);
}

interface FailuresByTask {
  /** Those of tasks that have no part in another segment, in the order of these; and where each task's end. */
  readonly own: Uint32Array;
  readonly ownEnds: Uint32Array;
  readonly ownTasks: Uint32Array;
  /** Those of tasks that have parts in others, by task. */
  readonly shared: ReadonlyMap<number, readonly number[]>;
  /** Of records that name no task. */
  readonly ownerless: readonly number[];
}

/** Kept until a task of the segment gets a part in another one. */
function failuresByTask({ failures, refolded }: LoadedSegment, segment: TableSegment): FailuresByTask {
  return segment.derive('failures', () => {
    const [own, ownEnds, ownTasks]: [number[], number[], number[]] = [[], [], []];
    const shared = new Map<number, number[]>();
    const ownerless: number[] = [];
    for (let at = 0; at < failures.count; at++) {
      if (refolded?.deadRows.has(failures.rows[at] ?? 0)) continue;
      const task = failures.tasks[at] ?? 0;
      if (task >= segment.tasks.count) ownerless.push(at);
      else if (segment.isShared(task)) {
        const known = shared.get(task);
        if (known) known.push(at);
        else shared.set(task, [at]);
      } else {
        const isNext = ownTasks.at(-1) !== task;
        own.push(at);
        if (isNext) ownTasks.push(task);
        ownEnds[ownTasks.length - 1] = own.length;
      }
    }
    return {
      own: Uint32Array.from(own),
      ownEnds: Uint32Array.from(ownEnds),
      ownTasks: Uint32Array.from(ownTasks),
      shared,
      ownerless,
    };
  });
}

function* runsOf({ own, ownEnds, ownTasks }: FailuresByTask): Iterable<{ task: number; failures: Uint32Array }> {
  for (let run = 0; run < ownTasks.length; run++) {
    yield { task: ownTasks[run] ?? 0, failures: own.subarray(ownEnds[run - 1] ?? 0, ownEnds[run]) };
  }
}

/** The groups of all tasks that the segment stands for, kept until one of them gets a further part. */
function groupsOf({ tasks }: IndexReading, segment: TableSegment): GroupCounts {
  return segment.derive('groups', () => {
    const counts = new GroupCounts();
    const loaded = tasks.segment(segment.key);
    for (const { task, failures } of runsOf(failuresByTask(loaded, segment))) {
      addRun(counts, loaded, { segment, at: task }, failures);
    }
    for (const at of segment.sharing) {
      for (const part of segment.partsOf(at)) {
        const there = tasks.segment(part.segment.key);
        const failures = failuresByTask(there, part.segment).shared.get(part.at) ?? [];
        for (const failure of failures) counts.addShared(there, failure, { segment, at });
      }
    }
    counts.settle();
    return counts;
  });
}

/** Of records that name no task, those that match by themselves; of `at:` and `is:` none has anything to say. */
async function matchingByThemselves(
  { records, holding, signal }: IndexReading,
  query: Query,
  { entry, failures }: LoadedSegment,
  ownerless: readonly number[],
): Promise<readonly number[]> {
  if (ownerless.length === 0 || query.atMs !== undefined) return [];
  if (query.where === undefined) return ownerless;
  const rows = ownerless.map((at) => failures.rows[at] ?? 0);
  const ranges = rows.map((row) => ({ start: row, end: row + 1 }));
  const wanted = { columns: recordColumns, ranges, layouts: records.layouts };
  const found = await holding([entry], async () => await readParquetRows(records.fileOf(entry.key), wanted, signal));
  return ownerless.filter((_, number) => {
    const row = found[number];
    return row !== undefined && matchRecord(query, recordOfRow(row));
  });
}

async function describe({ records, holding, signal }: IndexReading, group: GroupCount): Promise<FailureGroup> {
  const { row, segment } = group.latest;
  const columns = ['error_type', 'error_message', 'error_stack'];
  const wanted = { columns, ranges: [{ start: row, end: row + 1 }], layouts: records.layouts };
  const file = records.fileOf(segment.entry.key);
  const [latest] = await holding([segment.entry], async () => await readParquetRows(file, wanted, signal));
  const [type, message, stack] = columns.map((name) => textOf(latest?.[name]));
  // Parsers of a dozen languages: other answers are not to wait for them.
  const { frameOf } = await import('../stacktrace/frameOf.ts');
  return {
    group: group.group,
    ...(type === undefined ? {} : { type }),
    ...(message === undefined ? {} : { message }),
    count: group.count,
    tasks: group.tasks,
    firstTs: group.firstTs,
    lastTs: group.latest.ts,
    ...frameOf(stack),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
