/** What the file system's error codes mean for a store. */

import { StoreError, type StoreErrorCode } from './storeError.ts';

const codes: Readonly<Record<string, StoreErrorCode>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENAMETOOLONG: 'badKey',
  ENOTDIR: 'badKey',
  EISDIR: 'badKey',
  EEXIST: 'badKey',
  ENOTEMPTY: 'badKey',
};

const remedies: Readonly<Record<StoreErrorCode, string>> = {
  full: 'No space is left on the disk: free some, then try again.',
  denied: 'Give this user the right to read and write there.',
  badKey:
    "A folder cannot hold both an object and a folder of the same name, nor a name that the disk's file system refuses.",
  missingBucket: '',
  unreachable: '',
  throttled: '',
  changed: '',
  io: '',
};

/** `doing` says what was tried, e.g. `write`; `path` on what. A StoreError passes unchanged, and so does what is no system error. */
export function fileError(error: unknown, doing: string, path: string): unknown {
  const code = errnoOf(error);
  if (code === undefined || error instanceof StoreError) return error;
  const storeCode = codes[code] ?? 'io';
  return new StoreError(storeCode, `Cannot ${doing} '${path}' (${code}). ${remedies[storeCode]}`.trimEnd(), {
    cause: error,
  });
}

/** The `code` of a system error, e.g. `ENOENT`; `undefined` for any other error. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'errno' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** Streams end in an Error only; the reason of an abort may be anything. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('reading was cancelled', { cause: reason });
}
