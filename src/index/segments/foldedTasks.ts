/** The tasks of a draft, folded: column by column, in codes of the draft's dictionaries. */

import { DraftTexts } from './draftColumns.ts';

/** The columns of `namedFields`. */
export const namedColumns = [
  'account',
  'collection',
  'source',
  'coordinator',
  'worker',
  'error_type',
  'failure_group',
] as const;

type Codes = Uint32Array;

/** Of each task, by its code less one. Codes are 0 and rows -1 where there is none, numbers NaN. */
export class FoldedTasks {
  readonly count: number;
  /** Epoch ms, as all times here. */
  readonly firstMs: Float64Array;
  readonly lastMs: Float64Array;
  /** Highest attempt number, 0 without one. */
  readonly attempts: Float64Array;
  /** Of the latest event of the latest attempt. */
  readonly attemptMs: Float64Array;
  readonly attemptRank: Float64Array;
  /** Of the latest end of each kind. */
  readonly succeededMs: Float64Array;
  readonly failedMs: Float64Array;
  readonly bytes: Float64Array;
  readonly docs: Float64Array;
  /** For each of `namedColumns`: the worker of the last attempt, type and group of the task's error. */
  readonly names: readonly [Codes, Codes, Codes, Codes, Codes, Codes, Codes];
  readonly key: Uint32Array;
  readonly errorMessage: Uint32Array;
  /** JSON array of the names that records have and the folded task has not. */
  readonly also: DraftTexts;
  /** Attempt of which that error is; 0 where the task's end told it. */
  readonly errorAttempt: Float64Array;
  /** The row whose build the task's is. */
  readonly buildRow: Int32Array;

  constructor(count: number) {
    this.count = count;
    const numbers = (): Float64Array => new Float64Array(count).fill(Number.NaN);
    const codes = (): Uint32Array => new Uint32Array(count);
    [this.firstMs, this.lastMs, this.attempts] = [numbers(), numbers(), numbers()];
    [this.attemptMs, this.attemptRank] = [numbers(), numbers()];
    [this.succeededMs, this.failedMs] = [numbers(), numbers()];
    [this.bytes, this.docs, this.errorAttempt] = [numbers(), numbers(), numbers()];
    this.names = [codes(), codes(), codes(), codes(), codes(), codes(), codes()];
    [this.key, this.errorMessage] = [codes(), codes()];
    this.also = new DraftTexts(count);
    this.buildRow = new Int32Array(count).fill(-1);
  }
}
