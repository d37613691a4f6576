/** What a request to the engine fails with, on the side that asked. Branch on `code`; the message is for people. */

/** Codes are those of `EngineErrorData`, and `crashed` when the engine process ended before it answered. */
export class EngineError extends Error {
  override readonly name: string = 'EngineError';
  readonly code: string;
  /** With code `query`: where the query is wrong, from 1. */
  readonly column?: number;

  constructor(code: string, message: string, options?: { readonly column?: number | undefined; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options?.column !== undefined) this.column = options.column;
  }
}

/** The engine process ended while it was needed. Nothing is lost: asking again starts it again. */
export class EngineCrashed extends EngineError {
  override readonly name = 'EngineCrashed';

  constructor(how: string, options?: { cause?: unknown }) {
    super('crashed', `The engine process ended (${how}). The next request starts it again.`, options);
  }
}
