/** The tasks of a draft, folded: column by column, in codes of the draft's dictionaries. */

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
  readonly account: Uint32Array;
  readonly collection: Uint32Array;
  readonly source: Uint32Array;
  readonly coordinator: Uint32Array;
  readonly key: Uint32Array;
  /** The last attempt's. */
  readonly worker: Uint32Array;
  /** The row whose error the task's is. */
  readonly failureRow: Int32Array;
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
    [this.account, this.collection, this.source] = [codes(), codes(), codes()];
    [this.coordinator, this.key, this.worker] = [codes(), codes(), codes()];
    [this.failureRow, this.buildRow] = [new Int32Array(count).fill(-1), new Int32Array(count).fill(-1)];
  }
}
