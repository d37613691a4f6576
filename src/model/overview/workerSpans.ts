/** Attempts as spans in the lanes of the workers that ran them. */

import { compareCodePoints } from '../query/compareTasks.ts';
import { isLive } from '../query/leafTest.ts';
import type { Query } from '../query/query.ts';
import type { Attempt, FoldedTask } from '../task.ts';
import type { LaneSpan, WorkerLane } from './answers.ts';

export interface WorkerSpan {
  readonly worker: string;
  readonly span: LaneSpan;
}

/** The range that a query asks lanes of: a span counts that begins before `untilMs` and is open or ends from `fromMs` on. */
export function laneRange({ time, atMs }: Pick<Query, 'time' | 'atMs'>): {
  readonly fromMs?: number;
  readonly untilMs?: number;
} {
  const { sinceMs, untilMs } = time;
  const froms = [sinceMs, atMs].filter((ms) => ms !== undefined);
  const untils = [untilMs, atMs === undefined ? undefined : atMs + 1].filter((ms) => ms !== undefined);
  return {
    ...(froms.length > 0 ? { fromMs: Math.max(...froms) } : {}),
    ...(untils.length > 0 ? { untilMs: Math.min(...untils) } : {}),
  };
}

/** The spans of one task's attempts; those without a worker are in nobody's lane. */
export function spansOf(task: FoldedTask, attempts: readonly Attempt[]): WorkerSpan[] {
  const { account, collection, source } = task;
  return attempts.flatMap(({ attempt, status, worker, coordinator, firstTs, lastTs }) => {
    if (worker === undefined) return [];
    const isOpen = isLive(task) && attempt === task.attempts && (status === 'assigned' || status === 'running');
    const places = Object.entries({ coordinator, account, collection, source }).filter(
      ([, value]) => value !== undefined,
    );
    const span = { task: task.task, attempt, status, startMs: firstTs, endMs: lastTs, isOpen };
    return [{ worker, span: { ...span, ...Object.fromEntries(places) } }];
  });
}

export function touches(span: LaneSpan, { fromMs, untilMs }: ReturnType<typeof laneRange>): boolean {
  return (
    (untilMs === undefined || span.startMs < untilMs) && (fromMs === undefined || span.isOpen || span.endMs >= fromMs)
  );
}

/** As lanes are cut at a limit: the earliest first. */
export function compareSpans(a: LaneSpan, b: LaneSpan): number {
  return a.startMs - b.startMs || compareCodePoints(a.task, b.task) || a.attempt - b.attempt;
}

export function lanesOf(spans: readonly WorkerSpan[]): WorkerLane[] {
  return [...Map.groupBy(spans, ({ worker }) => worker)]
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([worker, own]) => ({ worker, spans: own.map(({ span }) => span).sort(compareSpans) }));
}
