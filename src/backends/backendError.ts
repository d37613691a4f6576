/** Why a place could not answer. Branch on `code`; the message is for people, says what to do, and holds no credential. */

import type { StoreErrorCode } from '../store/storeError.ts';
import { StoreError } from '../store/storeError.ts';

export type BackendErrorCode =
  /** The environment names no place that could answer this. */
  | 'environment'
  | 'unreachable'
  | 'denied'
  /** There is nothing at the URL (yet). */
  | 'missing'
  | 'damaged'
  /** The cursor is not one that was handed out for this query. */
  | 'badCursor'
  /** SQL that is not run, or has a mistake. */
  | 'statement'
  /** SQL that took longer than it may. */
  | 'timeLimit'
  /** It needs more memory or disk than the settings allow: the message says how much, and which to raise. */
  | 'limit'
  /** Every place that was asked failed, each in its own way: the message names each with its reason, `reasons` holds them. */
  | 'nowhere'
  | 'failed';

export class BackendError extends Error {
  override readonly name = 'BackendError';
  readonly code: BackendErrorCode;
  /** Where several places were asked: what each failed with. */
  readonly reasons: readonly BackendError[];

  constructor(
    code: BackendErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly reasons?: readonly BackendError[] },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.reasons = options?.reasons ?? [];
  }
}

const codeOfStore: Readonly<Record<StoreErrorCode, BackendErrorCode>> = {
  denied: 'denied',
  missingBucket: 'missing',
  unreachable: 'unreachable',
  throttled: 'unreachable',
  badKey: 'environment',
  changed: 'failed',
  full: 'failed',
  io: 'failed',
};

/** `what` names the place, e.g. `the logs at file:///x`, for errors that do not say it themselves. */
export function toBackendError(error: unknown, what?: string): BackendError {
  if (error instanceof BackendError) return error;
  const code = error instanceof StoreError ? codeOfStore[error.code] : codeOfIndex(error);
  const message = messageOf(error);
  return new BackendError(code, what === undefined ? message : `${what}: ${message}`, { cause: error });
}

const passedOn = ['missing', 'damaged', 'unreachable', 'badCursor', 'statement', 'timeLimit'] as const;

/** Index errors carry a code of the same words; the index's own type is not needed to read it. */
function codeOfIndex(error: unknown): BackendErrorCode {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'memory' || code === 'disk') return 'limit';
  // What the store of the index failed with says more than that it did.
  if (code === 'unreachable' && error instanceof Error && error.cause instanceof StoreError)
    return codeOfStore[error.cause.code];
  return passedOn.find((each) => each === code) ?? 'failed';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
