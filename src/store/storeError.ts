/** What can go wrong in a store. Branch on `code`; the message is for people and never holds a credential. */

export type StoreErrorCode =
  | 'denied'
  | 'missingBucket'
  | 'unreachable'
  | 'throttled'
  | 'badKey'
  | 'changed'
  | 'full'
  | 'io';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
