/** `s3://bucket/prefix` taken apart. */

import { StoreError } from './storeError.ts';
import { keyProblem } from './storeKey.ts';

export interface S3Location {
  readonly bucket: string;
  /** Without a slash at either end; empty for the whole bucket. */
  readonly prefix: string;
}

/** Nothing is percent-decoded: the prefix is written as the keys are. Throws `badKey` for what is no such URL. */
export function parseS3Url(url: string): S3Location {
  const [, bucket, rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(url) ?? [];
  if (bucket === undefined)
    throw new StoreError('badKey', 'An S3 URL is s3://bucket/prefix, with the name of a bucket and no credentials.');
  const prefix = rest.replace(/\/+$/, '');
  const problem = prefix === '' ? undefined : keyProblem(prefix);
  if (problem !== undefined)
    throw new StoreError('badKey', `The prefix in '${url}' cannot be that of a key: ${problem}.`);
  return { bucket, prefix };
}
