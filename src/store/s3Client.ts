/**
 * The AWS SDK as this project uses it. S3Store loads it when it is first asked something: loading takes some 200 ms, which
 * whoever keeps to folders need not wait for.
 */

import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { S3Options } from '../model/environment.ts';
import { StoreError } from './storeError.ts';

const sdk = { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand };

export interface S3Connection {
  readonly client: S3Client;
  /** The commands that the client is sent. */
  readonly sdk: typeof sdk;
  /** How often the client sends a request before it gives up. */
  readonly maxAttempts: number;
}

const maxAttempts = 5;
const maxConnections = 32;
const connectMs = 5_000;
/** A connection on which nothing moves for so long is given up. */
const idleMs = 120_000;

/** Asks nothing of the network; throws `unreachable` when no region is configured anywhere. */
export async function connectS3(options: S3Options): Promise<S3Connection> {
  const client = createClient(options);
  try {
    await client.config.region();
  } catch (error) {
    client.destroy();
    throw new StoreError(
      'unreachable',
      'No region is known for S3. Set s3.region, AWS_REGION or the region of the profile.',
      { cause: error },
    );
  }
  return { client, sdk, maxAttempts };
}

function createClient(options: S3Options): S3Client {
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
