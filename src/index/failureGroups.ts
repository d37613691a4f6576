/** Failure groups of the tasks that match a query: how often each cause struck, whom, and its latest failure. */

import type { FailureGroup } from '../model/overview/answers.ts';
import type { Query } from '../model/query/query.ts';
import { frameOf } from '../stacktrace/frameOf.ts';
import { compileWhere, leafOnRecord, Parameters } from './compileQuery.ts';
import type { SqlRow } from './database.ts';
import type { IndexSource, LogIndex } from './logIndex.ts';
import { recordsSql, type SegmentSet } from './segmentSet.ts';
import { contextOf, inTime, matchedTasks, type Statement } from './statements.ts';

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
  return await index.read(options.signal, async ({ segments, source, query: ask }) => {
    if (segments.entries.length === 0) return { groups: [], total: 0, source };
    const rows = await ask(groupsStatement(query, segments, query.limit ?? options.limit));
    const latest = new Map<string, SqlRow>();
    if (rows.length > 0) {
      for (const row of await ask(latestStatement(rows, segments))) latest.set(String(row['failure_group']), row);
    }
    const groups = rows.map((row) => groupOf(row, latest.get(String(row['failure_group']))));
    return { groups, total: Number(rows[0]?.['total'] ?? 0), source };
  });
}

function groupsStatement(query: Query, segments: SegmentSet, limit: number): Statement {
  const parameters = new Parameters();
  const context = contextOf(segments, parameters);
  // A failure within the time is a record of a task that meets it: without terms there is no task to be ruled out.
  const isAny = query.where === undefined && query.atMs === undefined;
  const matched = isAny ? '' : `${matchedTasks(query, segments, parameters, { columns: [], select: [] })},`;
  const ofTask = isAny ? 'true' : 'r.task IN (SELECT task FROM matched)';
  // What names no task matches by itself; about `at:` and `is:` no record by itself has anything to say.
  const byItself =
    query.atMs === undefined
      ? query.where
        ? compileWhere(query.where, (leaf) => leafOnRecord(leaf, context))
        : 'true'
      : 'false';
  const sql = `
    WITH ${matched} failures AS (
      SELECT r.failure_group, r.task, r.event,
        max({'ts': r.ts, 'object': r.object, 'offset_bytes': r.offset_bytes}) AS place, min(r.ts) AS ts
      FROM ${recordsSql(segments.entries, segments, parameters)}
      WHERE ${['r.failure_group IS NOT NULL', ...inTime(query, parameters)].join(' AND ')}
        AND CASE WHEN r.task IS NULL THEN ${byItself} ELSE ${ofTask} END
      GROUP BY r.failure_group, r.task, r.event, r.attempt, r.worker, r.ts
    ), by_task AS (
      SELECT failure_group, task, min(ts) AS first_ts, max(place) AS place,
        count(*) AS everything, count(*) FILTER (event <> 'task.failed') AS others
      FROM failures GROUP BY failure_group, task
    ), grouped AS (
      SELECT failure_group, count(task)::DOUBLE AS tasks, min(first_ts) AS first_ts, max(place) AS place,
        sum(CASE WHEN task IS NOT NULL AND others > 0 THEN others ELSE everything END)::DOUBLE AS count
      FROM by_task GROUP BY failure_group
    )
    SELECT failure_group, count, tasks, epoch_ms(first_ts)::DOUBLE AS first_ms, epoch_ms(place.ts)::DOUBLE AS last_ms,
      place.object AS object, place.offset_bytes::DOUBLE AS offset_bytes, (count(*) OVER ())::DOUBLE AS total
    FROM grouped
    ORDER BY count DESC, place.ts DESC, failure_group
    LIMIT ${limit}`;
  return { sql, parameters };
}

/** The errors of the records that each group is told by. */
function latestStatement(rows: readonly SqlRow[], segments: SegmentSet): Statement {
  const parameters = new Parameters();
  const places = rows.map((row) => `${String(row['offset_bytes'])} ${String(row['object'])}`);
  const sql = `
    SELECT r.failure_group, r.error_type, r.error_message, r.error_stack
    FROM ${recordsSql(segments.entries, segments, parameters)}
    WHERE r.failure_group IN (SELECT unnest(${parameters.add(rows.map((row) => String(row['failure_group'])))}))
      AND concat(r.offset_bytes, ' ', r.object) IN (SELECT unnest(${parameters.add(places)}))`;
  return { sql, parameters };
}

function groupOf(row: SqlRow, latest: SqlRow | undefined): FailureGroup {
  const { type, message, stack } = {
    type: textOf(latest?.['error_type']),
    message: textOf(latest?.['error_message']),
    stack: textOf(latest?.['error_stack']),
  };
  return {
    group: String(row['failure_group']),
    ...(type === undefined ? {} : { type }),
    ...(message === undefined ? {} : { message }),
    count: Number(row['count']),
    tasks: Number(row['tasks']),
    firstTs: Number(row['first_ms']),
    lastTs: Number(row['last_ms']),
    ...frameOf(stack),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
