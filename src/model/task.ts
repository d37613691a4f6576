/** What is known of a task once its records are folded together. */

import type { BuildInfo, LogRecord } from './record.ts';

export const taskStatuses = ['pending', 'assigned', 'running', 'retrying', 'succeeded', 'failed'] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** A folded error: the stack stays with the record. */
interface TaskError {
  readonly type?: string;
  readonly message?: string;
}

export interface FoldedTask {
  readonly task: string;
  readonly account?: string;
  readonly collection?: string;
  readonly source?: string;
  readonly coordinator?: string;
  /** The last attempt's worker. */
  readonly worker?: string;
  readonly status: TaskStatus;
  /** The highest attempt number; 0 before the first. */
  readonly attempts: number;
  /** Epoch milliseconds of the earliest and the latest record. */
  readonly firstTs: number;
  readonly lastTs: number;
  readonly durationMs: number;
  readonly key?: string;
  readonly bytes?: number;
  readonly docs?: number;
  readonly error?: TaskError;
  /** Failure group id of `error`. */
  readonly group?: string;
  readonly build?: BuildInfo;
}

export type AttemptStatus = 'assigned' | 'running' | 'finished' | 'failed' | 'lost';

export interface Attempt {
  readonly attempt: number;
  readonly status: AttemptStatus;
  readonly worker?: string;
  readonly coordinator?: string;
  readonly firstTs: number;
  readonly lastTs: number;
  readonly error?: { readonly type?: string; readonly message?: string; readonly stack?: string };
}

/** One task whole: the folded task, its attempts in order, its records by time. */
export interface TaskDetail {
  readonly task: FoldedTask;
  readonly attempts: readonly Attempt[];
  readonly records: readonly LogRecord[];
}
