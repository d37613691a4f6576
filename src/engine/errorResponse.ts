/** Turns what a request failed with into the response that the other side reads. */

import { ErrorCodes, ResponseError } from 'vscode-jsonrpc';
import type { QueryProblem } from '../model/query/query.ts';
import type { EngineErrorData } from './protocol.ts';

/** The query does not parse. */
export class QueryRefused extends Error {
  override readonly name = 'QueryRefused';
  readonly code = 'query';
  readonly column: number;

  constructor(problem: QueryProblem) {
    super(problem.message);
    this.column = problem.column;
  }
}

/** LSP's RequestCancelled: the base protocol has no code of its own for it. */
const requestCancelled = -32800;

/**
 * Errors that carry a `code` of ours keep it and their message, which is for people and holds no secret; of any other
 * only the message is told, as `internal`.
 */
export function errorResponse(error: unknown, signal: AbortSignal): ResponseError<EngineErrorData> {
  if (signal.aborted) {
    return new ResponseError(requestCancelled, 'The request was cancelled.', { code: 'cancelled' });
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof QueryRefused) {
    return new ResponseError(ErrorCodes.InvalidParams, message, { code: error.code, column: error.column });
  }
  return new ResponseError(ErrorCodes.InternalError, message, { code: codeOf(error) });
}

/** Node's own errors have codes too (`ENOENT`, `ERR_…`), in capitals: those are none of ours. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return 'internal';
  return /^[a-z][A-Za-z]*$/.test(error.code) ? error.code : 'internal';
}
