/**
 * Merges what several segments say of one task. Where they say different things of which only the records tell the
 * latest, the outcome is not settled, and the task is folded from its records.
 */

import { type TaskStatus, taskStatuses } from '../../model/task.ts';
import { statusNumber } from './segmentTasks.ts';
import type { TaskCells } from './taskCells.ts';

export interface MergedCells {
  readonly cells: TaskCells;
  readonly isSettled: boolean;
}

/** Of which all parts that say anything must say the same. */
const constant = ['account', 'collection', 'source', 'coordinator', 'key', 'bytes', 'docs', 'build'] as const;

/** @param parts at least one; their order does not matter. */
export function mergeCells(parts: readonly [TaskCells, ...TaskCells[]]): MergedCells {
  const [first, ...others] = parts;
  if (others.length === 0) return { cells: first, isSettled: true };
  let isSettled = true;
  const the = <T extends string | number>(values: readonly (T | undefined)[]): T | undefined => {
    const distinct = new Set(values.filter((value) => value !== undefined));
    if (distinct.size > 1) isSettled = false;
    return [...distinct][0];
  };
  const attempts = Math.max(...parts.map((part) => part.attempts));
  const ofLastAttempt = parts.filter((part) => part.attempts === attempts);
  const lastEvent = ofLastAttempt.reduce((a, b) => (compareEvents(b, a) > 0 ? b : a));
  const failure = failureOf(parts);
  if (failure === 'unknown') isSettled = false;
  const known = failure === 'unknown' ? undefined : failure;
  const values = Object.fromEntries(constant.map((name) => [name, the(parts.map((part) => part[name]))]));
  const cells: TaskCells = {
    ...first,
    // Each of `constant` has the type of its cell in every part.
    ...(values as Pick<TaskCells, (typeof constant)[number]>),
    firstMs: Math.min(...parts.map((part) => part.firstMs)),
    lastMs: Math.max(...parts.map((part) => part.lastMs)),
    attempts,
    attemptMs: lastEvent.attemptMs,
    attemptRank: lastEvent.attemptRank,
    succeededMs: latest(parts.map((part) => part.succeededMs)),
    failedMs: latest(parts.map((part) => part.failedMs)),
    worker: the(ofLastAttempt.map((part) => part.worker)),
    errorType: known?.errorType,
    errorMessage: known?.errorMessage,
    group: known?.group,
    errorAttempt: known?.errorAttempt,
    also: undefined,
  };
  return { cells, isSettled };
}

export function statusOf({ attemptRank, succeededMs, failedMs, lastMs }: TaskCells): TaskStatus {
  const ago = (ms: number | undefined): number => (ms === undefined ? Number.NaN : lastMs - ms);
  return taskStatuses[statusNumber(attemptRank ?? Number.NaN, ago(succeededMs), ago(failedMs))] ?? 'pending';
}

/** The part that tells the task's error: its end's, or else that of the last attempt that failed with one. */
function failureOf(parts: readonly TaskCells[]): TaskCells | 'unknown' | undefined {
  const succeededMs = latest(parts.map((part) => part.succeededMs));
  const failedMs = latest(parts.map((part) => part.failedMs));
  const isFailed = failedMs !== undefined && !(succeededMs !== undefined && succeededMs > failedMs);
  const ends = isFailed ? parts.filter((part) => part.failedMs === failedMs) : [];
  if (ends.length > 1 && !isOneError(ends)) return 'unknown';
  const [end] = ends;
  if (end?.errorAttempt === 0) return end;
  // A part whose own end told the error says nothing of its attempts.
  if (parts.some((part) => part.errorAttempt === 0)) return 'unknown';
  const failed = parts.filter((part) => part.errorAttempt !== undefined);
  const attempt = latest(failed.map((part) => part.errorAttempt));
  const last = failed.filter((part) => part.errorAttempt === attempt);
  return last.length > 1 && !isOneError(last) ? 'unknown' : last[0];
}

function isOneError(parts: readonly TaskCells[]): boolean {
  const [first] = parts;
  return parts.every(
    (part) =>
      part.errorAttempt === first?.errorAttempt &&
      part.errorType === first?.errorType &&
      part.errorMessage === first?.errorMessage &&
      part.group === first?.group,
  );
}

function compareEvents(a: TaskCells, b: TaskCells): number {
  const byMs = (a.attemptMs ?? Number.NEGATIVE_INFINITY) - (b.attemptMs ?? Number.NEGATIVE_INFINITY);
  return byMs || (a.attemptRank ?? 0) - (b.attemptRank ?? 0) || 0;
}

function latest(moments: readonly (number | undefined)[]): number | undefined {
  const known = moments.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
