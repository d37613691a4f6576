/** What the timeline draws of an answer: the attempts of its tasks, or a task as a whole where its attempts are not known. */

import type { LaneSpan, LanesAnswer } from '../../model/overview/answers.ts';
import { durationText, timeText } from '../../model/readableNumbers.ts';
import type { FoldedTask } from '../../model/task.ts';
import type { TimelinePiece } from '../../model/timeline.ts';
import { filterTerm, quoted } from '../filterTerm.ts';
import { plainLine } from '../plainText.ts';
import { errorText, placeText } from '../views/taskNodes.ts';

interface RunAttempt {
  readonly worker: string;
  readonly span: LaneSpan;
}

/** By task. */
export type AttemptsOfTasks = ReadonlyMap<string, readonly RunAttempt[]>;

/** Of the 10,000 characters that a query may have, what the ids may take. */
const idsLength = 9000;

/** Queries for the attempts of these tasks, as few as hold all ids. The times spare those who would read more. */
export function queriesOfAttempts(tasks: readonly FoldedTask[]): string[] {
  const queries: string[] = [];
  let batch: FoldedTask[] = [];
  let length = 0;
  const close = () => {
    if (batch.length === 0) return;
    const [first, ...others] = batch.map(({ task }) => quoted(task));
    const since = new Date(Math.min(...batch.map(({ firstTs }) => firstTs))).toISOString();
    const until = new Date(Math.max(...batch.map(({ lastTs }) => lastTs)) + 1).toISOString();
    queries.push(`id:${[first, ...others].join(',')} since:${since} until:${until}`);
    batch = [];
    length = 0;
  };
  for (const task of tasks) {
    const own = filterTerm('id', task.task).length + 2;
    if (own > idsLength) continue;
    if (length + own > idsLength) close();
    batch.push(task);
    length += own;
  }
  close();
  return queries;
}

/** An answer that was cut short is of no use: an attempt that is missing would be told as none. */
export function attemptsIn(answers: readonly LanesAnswer[]): AttemptsOfTasks {
  const byTask = new Map<string, RunAttempt[]>();
  for (const { lanes, totalIs } of answers) {
    if (totalIs !== 'exact') continue;
    for (const { worker, spans } of lanes) {
      for (const span of spans) {
        const own = byTask.get(span.task);
        if (own) own.push({ worker, span });
        else byTask.set(span.task, [{ worker, span }]);
      }
    }
  }
  return byTask;
}

export function timelinePieces(
  tasks: readonly FoldedTask[],
  attempts: AttemptsOfTasks,
): { readonly pieces: readonly TimelinePiece[]; readonly whole: number } {
  let whole = 0;
  const pieces = tasks.flatMap((task): TimelinePiece[] => {
    const own = attempts.get(task.task) ?? [];
    // A coordinator may know of a later attempt than the index: half of a task would mislead.
    if (own.some(({ span }) => span.attempt === task.attempts)) return own.map((each) => attemptPiece(task, each));
    whole++;
    return [taskPiece(task)];
  });
  return { pieces, whole };
}

function taskPiece(task: FoldedTask): TimelinePiece {
  const { worker = '', status, firstTs, lastTs, durationMs, error } = task;
  const tried = `attempt ${task.attempts}`;
  const text = pieceText(task, status, firstTs, lastTs, [
    durationText(durationMs),
    tried,
    error && errorText(error, 120),
  ]);
  return { worker, task: task.task, status, startMs: firstTs, endMs: lastTs, text };
}

function attemptPiece(task: FoldedTask, { worker, span }: RunAttempt): TimelinePiece {
  const { attempt, status, startMs } = span;
  const endMs = span.isOpen ? Math.max(span.endMs, task.lastTs) : span.endMs;
  const isLast = attempt === task.attempts;
  const text = pieceText(task, status, startMs, endMs, [
    durationText(endMs - startMs),
    `attempt ${attempt} of ${task.attempts}`,
    plainLine(worker, 60),
    isLast && task.error && task.status !== 'succeeded' ? errorText(task.error, 120) : undefined,
  ]);
  return { worker, task: task.task, status, startMs, endMs, text };
}

function pieceText(
  task: FoldedTask,
  status: string,
  startMs: number,
  endMs: number,
  more: readonly (string | undefined)[],
): string {
  return [`${plainLine(task.task)}, ${status}, ${timeText(startMs)} to ${timeText(endMs)}`, ...more, placeText(task)]
    .filter((part) => part !== undefined && part !== '')
    .join(' · ');
}
