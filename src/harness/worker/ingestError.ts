/** What can be wrong with an object or its rows: the errors that end an attempt. */

export type IngestErrorCode =
  | 'missingObject'
  | 'objectChanged'
  | 'damagedGzip'
  | 'truncatedObject'
  | 'malformedObject'
  | 'unknownFormat'
  | 'typeConflict'
  | 'objectTooLarge';

/** Each code's name in task logs, and whether another attempt at the same object may end otherwise. */
const kinds: Readonly<Record<IngestErrorCode, { readonly name: string; readonly retryable: boolean }>> = {
  missingObject: { name: 'MissingObjectError', retryable: true },
  objectChanged: { name: 'ObjectChangedError', retryable: false },
  // A broken transfer looks just like a damaged object: read it again before giving up.
  damagedGzip: { name: 'DamagedGzipError', retryable: true },
  truncatedObject: { name: 'TruncatedObjectError', retryable: true },
  malformedObject: { name: 'MalformedObjectError', retryable: false },
  unknownFormat: { name: 'UnknownFormatError', retryable: false },
  typeConflict: { name: 'TypeConflictError', retryable: false },
  objectTooLarge: { name: 'ObjectTooLargeError', retryable: false },
};

export class IngestError extends Error {
  override readonly name: string;
  readonly code: IngestErrorCode;

  constructor(code: IngestErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.name = kinds[code].name;
  }
}

/** Errors of other kinds (the network, the store, a full disk) pass: they are worth another attempt. */
export function isRetryable(error: unknown): boolean {
  return error instanceof IngestError ? kinds[error.code].retryable : true;
}
