/**
 * A real S3 server for tests: the one that the environment names, or Ceph's gateway, started here (s3ServerKeeper.ts).
 *
 * Starting takes some seconds, so a run of many test files starts one and hands it on: `environment` of the started
 * server goes into the environment of the test processes, and each of them gets it from `s3ForTests`.
 */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { skipWithout } from './systemPart.ts';

export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Credentials and region, where the AWS provider chain looks first: what a process needs to work with this server. */
  readonly credentials: Readonly<Record<string, string>>;
  /** The same, and where it is: what makes this the server of all tests in a process. */
  readonly environment: Readonly<Record<string, string>>;
  /** The name of a new, empty bucket. */
  createBucket(): Promise<string>;
  /** Ends the server if it was started here, else removes the buckets created here. */
  stop(): Promise<void>;
}

const endpointVariable = 'INGEST_TRACE_TEST_S3_ENDPOINT';
const packages = 'ceph-mon ceph-osd radosgw ceph-common';
const programs = ['ceph', 'ceph-authtool', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin'];

/**
 * The server of this test run, with its credentials in this process's environment. Where there can be none, the test is
 * skipped aloud (under CI it fails) and the answer is `undefined`. Whoever gets one stops it.
 */
export async function s3ForTests(t: Pick<TestContext, 'skip'>): Promise<S3Server | undefined> {
  const missing = missingForS3();
  if (missing !== undefined) {
    skipWithout(t, missing);
    return undefined;
  }
  const server = await startS3Server();
  Object.assign(process.env, server.credentials);
  return server;
}

/** What to install, when there is neither a server in the environment nor the programs to start one. */
export function missingForS3(): string | undefined {
  if (process.env[endpointVariable]) return undefined;
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return undefined;
  return (
    `No S3 server for tests: ${missing.join(', ')} not found. Install with ` +
    `'apt-get install -y --no-install-recommends ${packages}', or name a server in ${endpointVariable}, ` +
    `AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`
  );
}

/** The server that the environment names, or else a new one, which ends with this process whatever happens to it. */
export async function startS3Server(): Promise<S3Server> {
  const endpoint = process.env[endpointVariable];
  if (!endpoint) return startKeeper();
  const accessKeyId = process.env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = process.env['AWS_SECRET_ACCESS_KEY'];
  if (!accessKeyId || !secretAccessKey)
    throw new Error(`${endpointVariable} is set: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be, too`);
  const region = process.env['AWS_REGION'] ?? 'us-east-1';
  const buckets: string[] = [];
  return serverAt({ endpoint, region, accessKeyId, secretAccessKey }, buckets, async (client) => {
    for (const bucket of buckets) await removeBucket(client, bucket);
  });
}

async function startKeeper(): Promise<S3Server> {
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 's3ServerKeeper.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Out of reach of a Ctrl-C in the terminal: it ends by its closing input, and then cleans up.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => keeper.once('exit', () => resolve()));
  const lines = createInterface({ input: keeper.stdout });
  const first = await Promise.race([
    new Promise<string>((resolve) => lines.once('line', resolve)),
    ended.then(() => '{"error":"the keeper ended without a word"}'),
  ]);
  const said: unknown = JSON.parse(first);
  if (!isStarted(said)) {
    keeper.stdin.end();
    await ended;
    throw new Error(`The S3 server for tests did not start: ${first}`);
  }
  // What it says later is that a daemon died; the tests notice. Neither it nor its pipes keep this process alive.
  lines.on('line', (line) => console.error(`S3 server for tests: ${line}`));
  keeper.unref();
  for (const pipe of [keeper.stdin, keeper.stdout])
    if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
  return serverAt({ ...said, region: 'us-east-1' }, [], async () => {
    keeper.ref();
    keeper.stdin.end();
    await ended;
  });
}

type Access = Pick<S3Server, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>;

function serverAt(access: Access, buckets: string[], end: (client: S3Client) => Promise<void>): S3Server {
  const { endpoint, region, accessKeyId, secretAccessKey } = access;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const variables = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    // Were the keys missing, the provider chain would wait for a machine of EC2's.
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  return {
    ...access,
    credentials: variables,
    environment: { ...variables, [endpointVariable]: endpoint },
    async createBucket() {
      const bucket = `ingest-trace-test-${randomBytes(6).toString('hex')}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      buckets.push(bucket);
      return bucket;
    },
    async stop() {
      await end(client);
      client.destroy();
    },
  };
}

async function removeBucket(client: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    for (const { Key } of Contents)
      if (Key !== undefined) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    if (IsTruncated !== true) break;
  }
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
}

function isStarted(value: unknown): value is Pick<S3Server, 'endpoint' | 'accessKeyId' | 'secretAccessKey'> {
  return typeof value === 'object' && value !== null && 'endpoint' in value;
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
