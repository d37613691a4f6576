/** Joins what runs now with what the index or the logs tell of then: one row a task, in one order, page by page. */

import type { SearchAnswer } from '../model/answer.ts';
import { comparePositions, type SortPosition, sortPosition } from '../model/query/compareTasks.ts';
import type { Query } from '../model/query/query.ts';
import type { Attempt, FoldedTask, TaskDetail } from '../model/task.ts';
import { encodeCursor } from './answerCursor.ts';
import type { LiveTasks } from './liveBackend.ts';

/** `then` as far as it was read for this page: rows in order, after the page's start. */
export type PastRows = Pick<SearchAnswer, 'tasks' | 'cursor'> & Pick<SearchAnswer['summary'], 'total' | 'totalIs'>;

export interface MergedRows {
  readonly tasks: readonly FoldedTask[];
  readonly cursor?: string;
  readonly total: number;
  readonly totalIs: 'exact' | 'atLeast';
}

interface Row {
  readonly position: SortPosition;
  readonly task: FoldedTask;
}

/**
 * Live wins for a task that both know: its fields, and its word on whether the task matches. Where only records could
 * tell, the past's word counts, and its place in the order, as its later pages go by that.
 * @param after the last row of the page before.
 */
export function mergeTasks(
  query: Query,
  now: LiveTasks,
  past: PastRows,
  limit: number,
  after: SortPosition | undefined,
): MergedRows {
  const positionOf = sortPosition(query);
  const compare = comparePositions(query);
  const rows: Row[] = [];
  for (const task of now.matching.values()) rows.push({ position: positionOf(task), task });
  let dropped = 0;
  let isKnownWhole = true;
  const seen = new Set<string>();
  const known = new Map<string, FoldedTask>();
  for (const task of past.tasks) {
    seen.add(task.task);
    known.set(task.task, task);
    if (now.others.has(task.task)) {
      dropped++;
    } else if (!now.matching.has(task.task)) {
      const live = now.undecided.get(task.task);
      rows.push({ position: positionOf(task), task: live ? mergeTask(live, task) : task });
    }
  }
  for (const id of now.matching.keys()) if (!seen.has(id)) isKnownWhole = false;
  // What the past holds between its last row here and a live row further down is not known yet.
  const lastRow = past.cursor === undefined ? undefined : past.tasks.at(-1);
  const horizon = lastRow && positionOf(lastRow);
  const candidates = rows
    .filter(({ position }) => !after || compare(position, after) > 0)
    .filter(({ position }) => !horizon || compare(position, horizon) <= 0)
    .sort((a, b) => compare(a.position, b.position));
  const shown = candidates.slice(0, limit);
  const last = shown.at(-1);
  const cursor =
    candidates.length > shown.length && last
      ? encodeCursor(last.position)
      : past.cursor === undefined
        ? undefined
        : past.cursor;
  const tasks = shown.map(({ task }) => {
    const before = known.get(task.task);
    return before && now.matching.has(task.task) ? mergeTask(task, before) : task;
  });
  return { tasks, ...(cursor === undefined ? {} : { cursor }), ...totalOf() };

  function totalOf(): Pick<MergedRows, 'total' | 'totalIs'> {
    if (past.totalIs === 'exact' && past.cursor === undefined && !after)
      return { total: rows.length, totalIs: 'exact' };
    if (past.totalIs === 'exact' && isKnownWhole && now.others.size === 0)
      return { total: past.total, totalIs: 'exact' };
    // Each task that live rules out may be among those that the past counts.
    const ruledOut = past.cursor === undefined ? dropped : now.others.size;
    return { total: Math.max(shown.length, now.matching.size, past.total - ruledOut), totalIs: 'atLeast' };
  }
}

/** The live task, with what only its records tell. */
function mergeTask(live: FoldedTask, past: FoldedTask): FoldedTask {
  const firstTs = Math.min(live.firstTs, past.firstTs);
  const lastTs = Math.max(live.lastTs, past.lastTs);
  return { ...past, ...live, firstTs, lastTs, durationMs: lastTs - firstTs };
}

/** The live task and attempts over those of the records, which stay. */
export function mergeDetail(live: TaskDetail, past: TaskDetail): TaskDetail {
  const attempts = new Map<number, Attempt>(past.attempts.map((attempt) => [attempt.attempt, attempt]));
  for (const attempt of live.attempts) {
    const known = attempts.get(attempt.attempt);
    if (!known) attempts.set(attempt.attempt, attempt);
    else if (attempt.lastTs > known.lastTs) attempts.set(attempt.attempt, { ...known, ...attempt });
  }
  return {
    task: mergeTask(live.task, past.task),
    attempts: [...attempts.values()].sort((a, b) => a.attempt - b.attempt),
    records: past.records,
  };
}
