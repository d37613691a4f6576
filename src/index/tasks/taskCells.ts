/** What some records of one task say of it: the columns of a segment's side (docs/index-format.md, "Side"). */

export interface TaskCells {
  readonly task: string;
  /** Epoch ms, as all times here. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Highest attempt number, 0 without one. */
  readonly attempts: number;
  /** Of the latest event of the latest attempt. */
  readonly attemptMs: number | undefined;
  readonly attemptRank: number | undefined;
  /** Of the latest end of each kind. */
  readonly succeededMs: number | undefined;
  readonly failedMs: number | undefined;
  readonly account: string | undefined;
  readonly collection: string | undefined;
  readonly source: string | undefined;
  readonly coordinator: string | undefined;
  /** The last attempt's. */
  readonly worker: string | undefined;
  readonly key: string | undefined;
  readonly bytes: number | undefined;
  readonly docs: number | undefined;
  readonly errorType: string | undefined;
  readonly errorMessage: string | undefined;
  readonly group: string | undefined;
  /** Attempt of which the error is; 0 where the task's end told it. Absent without an error. */
  readonly errorAttempt: number | undefined;
  /** JSON array of service, version, commit and repository. */
  readonly build: string | undefined;
  /** JSON array of `field ␟ value` for what some record has under one of `namedFields` and the folded task has not. */
  readonly also: string | undefined;
}

/** Columns of the side whose texts repeat: codes from 1 into a dictionary, 0 for none. */
export const sideNames = [
  'account',
  'collection',
  'source',
  'coordinator',
  'worker',
  'errorType',
  'errorMessage',
  'group',
  'build',
  'also',
] as const satisfies readonly (keyof TaskCells)[];
export type SideName = (typeof sideNames)[number];
