/** What can be wrong with an object: the errors that end an attempt. */

/** Errors of other kinds (the network, the store, a full disk) pass through: they are always worth another attempt. */
abstract class IngestError extends Error {
  abstract override readonly name: string;
  abstract readonly code: string;
  /** Whether another attempt at the same object may end otherwise. */
  abstract get retryable(): boolean;
}

export class MissingObjectError extends IngestError {
  override readonly name = 'MissingObjectError';
  readonly code = 'missingObject';
  get retryable(): boolean {
    return true;
  }
}

export class ObjectChangedError extends IngestError {
  override readonly name = 'ObjectChangedError';
  readonly code = 'objectChanged';
  get retryable(): boolean {
    return false;
  }
}

export class DamagedGzipError extends IngestError {
  override readonly name = 'DamagedGzipError';
  readonly code = 'damagedGzip';
  /** A broken transfer looks just like a damaged object. */
  get retryable(): boolean {
    return true;
  }
}

export class TruncatedObjectError extends IngestError {
  override readonly name = 'TruncatedObjectError';
  readonly code = 'truncatedObject';
  get retryable(): boolean {
    return true;
  }
}

export class MalformedObjectError extends IngestError {
  override readonly name = 'MalformedObjectError';
  readonly code = 'malformedObject';
  get retryable(): boolean {
    return false;
  }
}

export class UnknownFormatError extends IngestError {
  override readonly name = 'UnknownFormatError';
  readonly code = 'unknownFormat';
  get retryable(): boolean {
    return false;
  }
}

export class TypeConflictError extends IngestError {
  override readonly name = 'TypeConflictError';
  readonly code = 'typeConflict';
  get retryable(): boolean {
    return false;
  }
}

export class ObjectTooLargeError extends IngestError {
  override readonly name = 'ObjectTooLargeError';
  readonly code = 'objectTooLarge';
  get retryable(): boolean {
    return false;
  }
}

export function isRetryable(error: unknown): boolean {
  return !(error instanceof IngestError) || error.retryable;
}
