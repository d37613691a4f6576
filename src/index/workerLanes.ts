/** Which worker ran what, and when: every attempt that touches a range of time or a moment, by worker. */

import type { LaneSpan, WorkerLane } from '../model/overview/answers.ts';
import { laneRange, lanesOf } from '../model/overview/workerSpans.ts';
import type { Query } from '../model/query/query.ts';
import { eventRank } from '../model/fold.ts';
import type { AttemptStatus } from '../model/task.ts';
import { Parameters } from './compileQuery.ts';
import type { SqlRow } from './database.ts';
import { attemptRankSql, isOfAttemptSql, isTaskEventSql, latestValueSql } from './foldSql.ts';
import type { IndexSource, LogIndex } from './logIndex.ts';
import { recordsSql, type SegmentSet } from './segmentSet.ts';
import { matchedTasks, type Statement } from './statements.ts';

export interface WorkerLanes {
  readonly lanes: readonly WorkerLane[];
  readonly hasMore: boolean;
  readonly source: IndexSource;
}

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
  return await index.read(options.signal, async ({ segments, source, query: ask }) => {
    if (segments.entries.length === 0) return { lanes: [], hasMore: false, source };
    const rows = await ask(lanesStatement(query, segments, limit + 1));
    const spans = rows.slice(0, limit).map((row) => ({ worker: String(row['worker']), span: spanOf(row) }));
    return { lanes: lanesOf(spans), hasMore: rows.length > limit, source };
  });
}

function lanesStatement(query: Query, segments: SegmentSet, limit: number): Statement {
  const parameters = new Parameters();
  const { fromMs, untilMs } = laneRange(query);
  const where = ['a.worker IS NOT NULL'];
  if (fromMs !== undefined) where.push(`(a.is_open OR a.last_ms >= ${parameters.add(fromMs)}::DOUBLE)`);
  if (untilMs !== undefined) where.push(`a.first_ms < ${parameters.add(untilMs)}::DOUBLE`);
  // The times are asked of attempts; the task as a whole need only match the terms.
  const terms: Query = { text: '', time: {}, ...(query.where ? { where: query.where } : {}) };
  const matched = query.where ? `${matchedTasks(terms, segments, parameters, { columns: [], select: [] })},` : '';
  const sql = `
    WITH ${matched} events AS MATERIALIZED (
      SELECT r.task, r.event, r.attempt, r.ts, r.worker, r.coordinator, r.account, r.collection, r.source
      FROM ${recordsSql(segments.entries, segments, parameters)}
      WHERE ${isTaskEventSql} AND r.task ${query.where ? 'IN (SELECT task FROM matched)' : 'IS NOT NULL'}
    ), tasks AS (
      SELECT r.task, max(coalesce(r.attempt, 1)) FILTER (${isOfAttemptSql}) AS attempts,
        bool_or(r.event IN ('task.succeeded', 'task.failed')) AS has_ended,
        ${['account', 'collection', 'source'].map(latestValueSql).join(', ')}
      FROM events r GROUP BY r.task
    ), ran AS (
      SELECT r.task, coalesce(r.attempt, 1) AS attempt, epoch_ms(min(r.ts)) AS first_ms, epoch_ms(max(r.ts)) AS last_ms,
        max(epoch_ms(r.ts)::HUGEINT * 16 + ${attemptRankSql}) AS last_event,
        (max({'ts': r.ts, 'value': r.worker}) FILTER (r.worker IS NOT NULL)).value AS worker,
        (max({'ts': r.ts, 'value': r.coordinator}) FILTER (r.coordinator IS NOT NULL)).value AS coordinator
      FROM events r WHERE ${isOfAttemptSql} GROUP BY r.task, coalesce(r.attempt, 1)
    ), told AS (
      SELECT ran.*, account, collection, source, (last_event % 16 + 16) % 16 AS rank,
        NOT has_ended AND ran.attempt = attempts AND rank IN (${openRanks.join(', ')}) AS is_open
      FROM ran JOIN tasks ON ran.task = tasks.task
    )
    SELECT a.task, a.attempt::DOUBLE AS attempt, a.first_ms::DOUBLE AS first_ms, a.last_ms::DOUBLE AS last_ms,
      a.rank::DOUBLE AS rank, a.is_open, a.worker, a.coordinator, a.account, a.collection, a.source
    FROM told a
    WHERE ${where.join(' AND ')}
    ORDER BY a.first_ms, a.task, a.attempt
    LIMIT ${limit}`;
  return { sql, parameters };
}

const openRanks = [eventRank['task.assigned'], eventRank['attempt.started'], eventRank['attempt.progress']];

const statusOfRank: ReadonlyMap<number, AttemptStatus> = new Map([
  [eventRank['task.assigned'], 'assigned'],
  [eventRank['attempt.started'], 'running'],
  [eventRank['attempt.progress'], 'running'],
  [eventRank['attempt.finished'], 'finished'],
  [eventRank['attempt.failed'], 'failed'],
  [eventRank['attempt.lost'], 'lost'],
]);

function spanOf(row: SqlRow): LaneSpan {
  const places = ['coordinator', 'account', 'collection', 'source'] as const;
  return {
    task: String(row['task']),
    attempt: Number(row['attempt']),
    status: statusOfRank.get(Number(row['rank'])) ?? 'assigned',
    startMs: Number(row['first_ms']),
    endMs: Number(row['last_ms']),
    isOpen: row['is_open'] === true,
    ...Object.fromEntries(places.flatMap((name) => (typeof row[name] === 'string' ? [[name, row[name]]] : []))),
  };
}
