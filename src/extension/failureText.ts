/** Turns what went wrong into what people read: what failed, with which input, and what to do about it. */

import { linkFree } from './plainText.ts';

/**
 * `query`: the question is wrong. `engine`: our own process failed. `limit`: it takes more memory or disk than the settings allow.
 * `denied`: credentials or a token are missing or refused. `unreachable`: the places asked did not answer.
 */
export type FailureKind = 'cancelled' | 'query' | 'engine' | 'limit' | 'denied' | 'unreachable';

export interface FailureInfo {
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
  readonly column?: number;
}

const engineCodes: ReadonlySet<string> = new Set(['crashed', 'disposed', 'internal']);

/** Reads anything thrown by a request to the engine; branches on `code` alone. */
export function failureOf(error: unknown): FailureInfo {
  const message = error instanceof Error ? error.message : String(error);
  const data = dataOf(error);
  const code = data.code ?? (error instanceof Error && error.name === 'AbortError' ? 'cancelled' : 'internal');
  return {
    kind:
      code === 'cancelled'
        ? 'cancelled'
        : code === 'query' || code === 'limit' || code === 'denied'
          ? code
          : engineCodes.has(code)
            ? 'engine'
            : 'unreachable',
    code,
    message,
    ...(data.column === undefined ? {} : { column: data.column }),
  };
}

/** `Cannot search for "status:failed" in prod: …. What to do.` */
export function failureText(doing: string, failure: FailureInfo): string {
  const at = failure.column === undefined ? '' : ` (column ${failure.column})`;
  return linkFree(`Cannot ${doing}: ${failure.message}${at}${advice(failure)}`, 1000);
}

/** What the places that were asked fail with says itself what to do. */
function advice(failure: FailureInfo): string {
  const end = /[.!?…]$/.test(failure.message) ? '' : '.';
  return failure.kind === 'engine' ? `${end} Try again; the log tells more.` : end;
}

function dataOf(error: unknown): { code?: string; column?: number } {
  const found: { code?: string; column?: number } = {};
  if (typeof error !== 'object' || error === null) return found;
  // An EngineError carries its fields itself, a bare response error under `data`.
  for (const holder of [error, 'data' in error ? error.data : undefined]) {
    if (typeof holder !== 'object' || holder === null) continue;
    if ('code' in holder && typeof holder.code === 'string') found.code ??= holder.code;
    if ('column' in holder && typeof holder.column === 'number') found.column ??= holder.column;
  }
  return found;
}
