/**
 * The AWS SDK as this project uses it. S3Store loads it when it is first asked something: loading takes some 200 ms, which
 * whoever keeps to folders need not wait for.
 */

import { S3Client } from '@aws-sdk/client-s3';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { S3Options } from '../model/environment.ts';

export {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';

/** How often a request is sent in all. */
export const maxAttempts = 5;
const maxConnections = 32;
const connectMs = 5_000;
/** A connection on which nothing moves for so long is given up. */
const idleMs = 120_000;

export function createS3Client(options: S3Options): S3Client {
  // Other servers than AWS's take any region; AWS's own comes from the options, the environment or the profile.
  const region = options.region ?? (options.endpoint === undefined ? undefined : 'us-east-1');
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.forcePathStyle === undefined ? {} : { forcePathStyle: options.forcePathStyle }),
    // A provider, never its answer: it is asked again when what it gave expires.
    credentials: fromNodeProviderChain(options.profile === undefined ? {} : { profile: options.profile }),
    followRegionRedirects: true,
    retryMode: 'standard',
    maxAttempts,
    requestHandler: {
      connectionTimeout: connectMs,
      socketTimeout: idleMs,
      httpAgent: { keepAlive: true, maxSockets: maxConnections },
      httpsAgent: { keepAlive: true, maxSockets: maxConnections },
    },
  });
}
