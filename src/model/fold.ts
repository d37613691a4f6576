/**
 * Folds a task's records into the task (docs/task-log.md, "Folded task"). Order of arrival, duplicates and clock skew
 * between writers do not change the outcome: every choice is by attempt number, then `ts`, then the value itself.
 */

import type { ErrorInfo, LogRecord, TaskEvent } from './record.ts';
import { taskEvents } from './record.ts';
import type { Attempt, AttemptStatus, FoldedTask, TaskStatus } from './task.ts';

/** Rank of each event within an attempt: where two share a `ts`, the higher one happened last. */
export const eventRank: Readonly<Record<TaskEvent, number>> = {
  'task.created': 0,
  'task.assigned': 1,
  'attempt.started': 2,
  'attempt.progress': 3,
  'attempt.lost': 4,
  'attempt.finished': 5,
  'attempt.failed': 6,
  'task.succeeded': 7,
  'task.failed': 8,
};

const attemptStatusOf: Readonly<Partial<Record<string, AttemptStatus>>> = {
  'task.assigned': 'assigned',
  'attempt.started': 'running',
  'attempt.progress': 'running',
  'attempt.finished': 'finished',
  'attempt.failed': 'failed',
  'attempt.lost': 'lost',
};

const statusOfAttempt: Readonly<Record<AttemptStatus, TaskStatus>> = {
  assigned: 'assigned',
  running: 'running',
  finished: 'running',
  failed: 'retrying',
  lost: 'retrying',
};

/** The attempt that an event belongs to: writers may leave the first one's number out. 0 when it belongs to none. */
export function attemptOf(record: LogRecord): number {
  return attemptStatusOf[record.event] === undefined ? 0 : (record.attempt ?? 1);
}

/**
 * Folds the records of one task.
 * @param records at least one, all of the same `task`, in any order, duplicates allowed.
 * @throws RangeError when there is none.
 */
export function foldTask(records: readonly LogRecord[]): FoldedTask {
  const first = records[0];
  if (!first) throw new RangeError('a task is folded from at least one record');
  let firstTs = first.tsMs;
  let lastTs = first.tsMs;
  for (const record of records) {
    firstTs = Math.min(firstTs, record.tsMs);
    lastTs = Math.max(lastTs, record.tsMs);
  }
  const events = records.filter((record) => isTaskEvent(record.event));
  const ofAttempts = events.filter((record) => attemptOf(record) > 0);
  const terminal = latestTerminal(events);
  const attempts = ofAttempts.reduce((most, record) => Math.max(most, attemptOf(record)), 0);
  const failedAttempt = latest(
    ofAttempts.filter(
      (record) => (record.event === 'attempt.failed' || record.event === 'attempt.lost') && record.error,
    ),
    byAttempt,
  );
  const failure = terminal?.event === 'task.failed' && terminal.error ? terminal : failedAttempt;
  const last = latest(ofAttempts, byAttempt);
  const status = terminal
    ? terminal.event === 'task.failed'
      ? 'failed'
      : 'succeeded'
    : last
      ? statusOfAttempt[attemptStatusOf[last.event] ?? 'assigned']
      : 'pending';
  const inLastAttempt = ofAttempts.filter((record) => attemptOf(record) === attempts);
  return withoutUndefined({
    task: first.task ?? '',
    account: latestValue(events, (record) => record.account),
    collection: latestValue(events, (record) => record.collection),
    source: latestValue(events, (record) => record.source),
    coordinator: latestValue(events, (record) => record.coordinator),
    worker: latestValue(inLastAttempt, (record) => record.worker),
    status,
    attempts,
    firstTs,
    lastTs,
    durationMs: lastTs - firstTs,
    key: latestValue(events, (record) => record.key),
    bytes: latestValue(events, (record) => record.bytes),
    docs: latestValue(events, (record) => record.docs),
    error: failure?.error ? summaryOf(failure.error) : undefined,
    group: failure?.group,
    build: latest(
      events.filter((record) => record.build),
      byTime,
    )?.build,
  });
}

/**
 * The attempts of one task by number, each with its latest state. Same input as `foldTask`. A last attempt that did not tell
 * its end ended with its task: writers may leave `attempt.finished` out.
 */
export function foldAttempts(records: readonly LogRecord[]): Attempt[] {
  const terminal = latestTerminal(records);
  const byNumber = new Map<number, LogRecord[]>();
  for (const record of records) {
    const number = attemptOf(record);
    if (number === 0) continue;
    const list = byNumber.get(number);
    if (list) list.push(record);
    else byNumber.set(number, [record]);
  }
  const numbers = [...byNumber].sort(([a], [b]) => a - b);
  return numbers.map(([attempt, told], at) => {
    const last = latest(told, byTime);
    const own = attemptStatusOf[last?.event ?? ''] ?? 'assigned';
    const isOpen = own === 'assigned' || own === 'running';
    const end = isOpen && at === numbers.length - 1 ? terminal : undefined;
    const list = end ? [...told, end] : told;
    return withoutUndefined({
      attempt,
      status: end ? (end.event === 'task.failed' ? 'failed' : 'finished') : own,
      worker: latestValue(told, (record) => record.worker) ?? end?.worker,
      coordinator: latestValue(list, (record) => record.coordinator),
      firstTs: list.reduce((least, record) => Math.min(least, record.tsMs), Number.POSITIVE_INFINITY),
      lastTs: list.reduce((most, record) => Math.max(most, record.tsMs), Number.NEGATIVE_INFINITY),
      error: latest(
        list.filter((record) => record.error),
        byTime,
      )?.error,
    });
  });
}

export function isTaskEvent(event: string): event is TaskEvent {
  return taskEventNames.has(event);
}

const taskEventNames: ReadonlySet<string> = new Set(taskEvents);

function isTerminal(event: string): boolean {
  return event === 'task.succeeded' || event === 'task.failed';
}

function latestTerminal(records: readonly LogRecord[]): LogRecord | undefined {
  return latest(
    records.filter((record) => isTerminal(record.event)),
    byTime,
  );
}

function rankOf(event: string): number {
  return isTaskEvent(event) ? eventRank[event] : -1;
}

/** By time, then rank of the event, then content: the greatest is the latest record. */
export function byTime(a: LogRecord, b: LogRecord): number {
  return a.tsMs - b.tsMs || rankOf(a.event) - rankOf(b.event) || compareText(contentOf(a), contentOf(b));
}

/** By attempt, then as `byTime`. */
export function byAttempt(a: LogRecord, b: LogRecord): number {
  return attemptOf(a) - attemptOf(b) || byTime(a, b);
}

/** Breaks ties between records of the same moment and event by what they say. */
function contentOf(record: LogRecord): string {
  const { error, build, group } = record;
  return [
    error?.type,
    error?.message,
    error?.stack,
    group,
    build?.commit,
    build?.version,
    build?.service,
    build?.repository,
  ]
    .map((part) => part ?? '')
    .join('\n');
}

function latest(records: readonly LogRecord[], compare: (a: LogRecord, b: LogRecord) => number): LogRecord | undefined {
  let best: LogRecord | undefined;
  for (const record of records) if (best === undefined || compare(record, best) > 0) best = record;
  return best;
}

/** The value of the latest record that has one; of two at the same moment the greater value. */
function latestValue<T extends string | number>(
  records: readonly LogRecord[],
  pick: (record: LogRecord) => T | undefined,
): T | undefined {
  let bestTs = Number.NEGATIVE_INFINITY;
  let best: T | undefined;
  for (const record of records) {
    const value = pick(record);
    if (value === undefined) continue;
    if (record.tsMs > bestTs || (record.tsMs === bestTs && (best === undefined || value > best))) {
      bestTs = record.tsMs;
      best = value;
    }
  }
  return best;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function summaryOf(error: ErrorInfo): { type?: string; message?: string } {
  return withoutUndefined({ type: error.type, message: error.message });
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Drops absent fields, so that equal tasks are equal objects and JSON output has no holes. */
function withoutUndefined<T extends object>(value: T): Defined<T> {
  // Removing the undefined entries is exactly what Defined<T> says.
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>;
}
