/** What an error of the AWS SDK means for a store. Nothing of the request is passed on: it carries the signature. */

import { StoreError, type StoreErrorCode } from './storeError.ts';
import { printable } from './storeKey.ts';

/** Where it happened, for the message. */
export interface S3Place {
  readonly bucket: string;
  readonly key?: string;
  /** Absent for AWS itself. */
  readonly endpoint?: string;
}

const byName: Readonly<Record<string, StoreErrorCode>> = {
  NoSuchBucket: 'missingBucket',
  SlowDown: 'throttled',
  ServiceUnavailable: 'throttled',
  TooManyRequestsException: 'throttled',
  RequestLimitExceeded: 'throttled',
  CredentialsProviderError: 'denied',
  TokenProviderError: 'denied',
  ExpiredToken: 'denied',
  QuotaExceeded: 'full',
  EntityTooLarge: 'full',
  KeyTooLongError: 'badKey',
  InvalidBucketName: 'missingBucket',
  PermanentRedirect: 'unreachable',
  TimeoutError: 'unreachable',
};

const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'EPROTO',
  'ETIMEDOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** `doing` says what was tried, e.g. `read`. */
export function s3Error(error: unknown, doing: string, place: S3Place): StoreError {
  if (error instanceof StoreError) return error;
  const code = storeCodeOf(error);
  const what =
    place.key === undefined ? `bucket '${place.bucket}'` : `'${printable(place.key)}' in bucket '${place.bucket}'`;
  const at = place.endpoint === undefined ? '' : ` at ${place.endpoint}`;
  return new StoreError(code, `Cannot ${doing} ${what}${at} (${nameOf(error)}). ${remedy(code)}`, {
    cause: withoutSecrets(error),
  });
}

/** The HTTP status of the answer; `undefined` when there was none. */
export function statusOf(error: unknown): number | undefined {
  const status = metadataOf(error)?.['httpStatusCode'];
  return typeof status === 'number' ? status : undefined;
}

/** How often the SDK sent the request. */
export function attemptsOf(error: unknown): number {
  const attempts = metadataOf(error)?.['attempts'];
  return typeof attempts === 'number' ? attempts : 1;
}

export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const code = codeOf(error);
  if (error.name === 'Error' && code !== undefined) return code;
  // An answer without a body, as to HEAD, has no name but its status.
  return /^\d*$|^Unknown/.test(error.name) ? `HTTP ${statusOf(error) ?? 'error'}` : error.name;
}

function storeCodeOf(error: unknown): StoreErrorCode {
  const known = byName[nameOf(error)];
  if (known !== undefined) return known;
  const code = codeOf(error);
  if (code !== undefined && unreachableCodes.has(code)) return 'unreachable';
  const status = statusOf(error);
  if (status === 401 || status === 403) return 'denied';
  if (status === 429 || status === 503) return 'throttled';
  if (status === 301 || status === 307) return 'unreachable';
  return 'io';
}

function remedy(code: StoreErrorCode): string {
  switch (code) {
    case 'denied':
      return (
        'Check the AWS credentials (profile, environment or role; an expired session needs a new login) and that they ' +
        'allow this on this bucket.'
      );
    case 'missingBucket':
      return 'Check the name in the s3:// URL, or create the bucket.';
    case 'unreachable':
      return 'Check endpoint and region, and the network between here and there.';
    case 'throttled':
      return 'The store asked to slow down, and still did after several tries: try again later.';
    case 'full':
      return 'The store takes no more: free space or raise its quota.';
    case 'badKey':
      return 'Such a key cannot be stored there.';
    case 'changed':
    case 'io':
      return 'Try again; if it stays, ask whoever runs the store.';
  }
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Node tries every address of a name, and collects the failures.
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return undefined;
}

function metadataOf(error: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  return typeof metadata === 'object' && metadata !== null ? { ...metadata } : undefined;
}

/** The SDK's errors repeat key ids and signatures from the answer; this keeps what helps to find the request. */
function withoutSecrets(error: unknown): Error {
  const requestId = metadataOf(error)?.['requestId'];
  const status = statusOf(error);
  return new Error(
    [
      nameOf(error),
      ...(codeOf(error) === undefined ? [] : [`code ${codeOf(error)}`]),
      ...(status === undefined ? [] : [`HTTP status ${status}`]),
      ...(typeof requestId === 'string' ? [`request ${requestId}`] : []),
    ].join(', '),
  );
}
