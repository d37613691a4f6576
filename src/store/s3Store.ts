/**
 * The object store in an S3 bucket, AWS's or any that speaks like it.
 *
 * Credentials come from the AWS provider chain, asked anew whenever they expire. The SDK retries what may pass (errors
 * of the network and the server, SlowDown) with jittered back-off, and bounds how many requests are under way (s3Client.ts).
 */

import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { GetObjectCommandOutput, HeadObjectCommandOutput, ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { S3Options } from '../model/environment.ts';
import type {
  ByteRange,
  GetOptions,
  ListOptions,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  PutResult,
  StoredObject,
} from './objectStore.ts';
import { S3Body } from './s3Body.ts';
import type { S3Connection } from './s3Client.ts';
import { attemptsOf, nameOf, s3Error, type S3Place, statusOf } from './s3Error.ts';
import { parseS3Url } from './s3Url.ts';
import { StoreError } from './storeError.ts';
import { checkKey, keyProblem } from './storeKey.ts';

/** Names the write that made an object, so that a retry of it knows its own work. */
const writeIdField = 'ingest-trace-write';

export class S3Store implements ObjectStore {
  readonly url: string;
  readonly #options: S3Options;
  readonly #bucket: string;
  /** Empty, or ends in a slash. */
  readonly #root: string;
  #connecting: Promise<S3Connection> | undefined;

  /** `url` is `s3://bucket/prefix`. Nothing is asked of the network yet. */
  constructor(url: string, options: S3Options = {}) {
    const { bucket, prefix } = parseS3Url(url);
    this.#bucket = bucket;
    this.#root = prefix === '' ? '' : `${prefix}/`;
    this.url = prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
    this.#options = options;
  }

  async *list(options: ListOptions = {}): AsyncGenerator<ObjectInfo, void> {
    for await (const page of this.#pages(options)) {
      for (const { Key, Size, ETag, LastModified } of page.Contents ?? []) {
        const key = this.#relative(Key);
        if (key === undefined || key === '') continue;
        yield { key, sizeBytes: Size ?? 0, etag: ETag ?? '', lastModifiedMs: LastModified?.getTime() ?? 0 };
      }
    }
  }

  async listFolders(prefix: string, signal?: AbortSignal): Promise<string[]> {
    const folders: string[] = [];
    for await (const page of this.#pages({ prefix, depth: 'level', ...(signal ? { signal } : {}) })) {
      for (const { Prefix } of page.CommonPrefixes ?? []) {
        const folder = this.#relative(Prefix);
        if (folder !== undefined) folders.push(folder);
      }
    }
    return folders;
  }

  async head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
    this.#checkReadable(key);
    return this.#ask('look at', key, signal, async ({ client, sdk }, abort) => {
      const answer = await client.send(new sdk.HeadObjectCommand(this.#at(key)), abort);
      return infoOf(key, answer, answer.ContentLength ?? 0);
    });
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    this.#checkReadable(key);
    const { range, signal } = options;
    // HTTP has no range of nothing.
    if (range?.end !== undefined && range.end <= range.start) return this.#empty(key, signal);
    try {
      return await this.#ask('read', key, signal, async ({ client, sdk }, abort) => {
        const answer = await client.send(
          new sdk.GetObjectCommand({ ...this.#at(key), ...(range ? { Range: rangeHeader(range) } : {}) }),
          abort,
        );
        return this.#stored(key, answer, signal);
      });
    } catch (error) {
      if (error instanceof EmptyRange) return this.#empty(key, signal);
      throw error;
    }
  }

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    checkKey(this.#root + key);
    checkKey(key);
    const { onlyIf, contentType, signal } = options;
    const writeId = randomUUID();
    const { client, sdk, maxAttempts } = await this.#connect();
    const command = new sdk.PutObjectCommand({
      ...this.#at(key),
      Body: body,
      ContentLength: body.length,
      Metadata: { [writeIdField]: writeId },
      ...(contentType === undefined ? {} : { ContentType: contentType }),
      ...(onlyIf === undefined ? {} : onlyIf === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: unquoted(onlyIf.etag) }),
    });
    let wasSentBefore = false;
    for (let conflicts = 0; ; conflicts++) {
      signal?.throwIfAborted();
      try {
        const answer = await client.send(command, abortOf(signal));
        return { kind: 'stored', etag: answer.ETag ?? '' };
      } catch (error) {
        signal?.throwIfAborted();
        wasSentBefore ||= attemptsOf(error) > 1;
        const status = statusOf(error);
        // Replacing what is gone: as good as replaced.
        const isRefused =
          status === 412 || (status === 404 && nameOf(error) !== 'NoSuchBucket' && onlyIf !== undefined);
        if (isRefused) return wasSentBefore ? this.#ownWrite(key, writeId, signal) : { kind: 'refused' };
        // Another conditional write of this key was under way: who won shows when asked again.
        if (status !== 409 || conflicts === maxAttempts) throw s3Error(error, 'write', this.#place(key));
        wasSentBefore = true;
        await delay(Math.random() * 50 * 2 ** conflicts);
      }
    }
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    this.#checkReadable(key);
    await this.#ask('delete', key, signal, ({ client, sdk }, abort) =>
      client.send(new sdk.DeleteObjectCommand(this.#at(key)), abort),
    );
  }

  async close(): Promise<void> {
    const connecting = this.#connecting;
    this.#connecting = undefined;
    // One that failed has nothing to close, and its caller knows.
    const [connected] = await Promise.allSettled([connecting]);
    if (connected.status === 'fulfilled') connected.value?.client.destroy();
  }

  #connect(): Promise<S3Connection> {
    this.#connecting ??= connect(this.#options);
    return this.#connecting;
  }

  async *#pages({
    prefix = '',
    startAfter = '',
    depth = 'all',
    signal,
  }: ListOptions): AsyncGenerator<ListObjectsV2CommandOutput, void> {
    const { client, sdk } = await this.#connect();
    let token: string | undefined;
    do {
      signal?.throwIfAborted();
      let page: ListObjectsV2CommandOutput;
      try {
        page = await client.send(
          new sdk.ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#root + prefix,
            // XML cannot hold every character that a key can.
            EncodingType: 'url',
            ...(depth === 'level' ? { Delimiter: '/' } : {}),
            ...(token === undefined ? {} : { ContinuationToken: token }),
            ...(startAfter === '' || token !== undefined ? {} : { StartAfter: this.#root + startAfter }),
          }),
          abortOf(signal),
        );
      } catch (error) {
        signal?.throwIfAborted();
        throw s3Error(error, 'list', {
          ...this.#place(),
          ...(prefix === '' ? {} : { key: `${this.#root}${prefix}…` }),
        });
      }
      yield page;
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** What `work` answers; `undefined` when there is no such object. */
  async #ask<T>(
    doing: string,
    key: string,
    signal: AbortSignal | undefined,
    work: (connection: S3Connection, abort: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T | undefined> {
    signal?.throwIfAborted();
    const connection = await this.#connect();
    try {
      return await work(connection, abortOf(signal));
    } catch (error) {
      signal?.throwIfAborted();
      const status = statusOf(error);
      if (status === 404 && nameOf(error) !== 'NoSuchBucket') return undefined;
      if (status === 416) throw new EmptyRange('the range starts at or after the end', { cause: error });
      throw s3Error(error, doing, this.#place(key));
    }
  }

  #stored(key: string, answer: GetObjectCommandOutput, signal: AbortSignal | undefined): StoredObject {
    const source: unknown = answer.Body;
    if (!(source instanceof Readable)) throw new StoreError('io', `The answer for '${key}' has no body.`);
    const partBytes = answer.ContentLength ?? 0;
    const wholeBytes = Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] ?? partBytes);
    return { info: infoOf(key, answer, wholeBytes), body: new S3Body(source, partBytes, this.#place(key), signal) };
  }

  async #empty(key: string, signal: AbortSignal | undefined): Promise<StoredObject | undefined> {
    const info = await this.head(key, signal);
    return info && { info, body: Readable.from([]) };
  }

  /** A write that was sent more than once may have been refused because of itself. */
  async #ownWrite(key: string, writeId: string, signal: AbortSignal | undefined): Promise<PutResult> {
    const answer = await this.#ask('look at', key, signal, ({ client, sdk }, abort) =>
      client.send(new sdk.HeadObjectCommand(this.#at(key)), abort),
    );
    return answer?.Metadata?.[writeIdField] === writeId
      ? { kind: 'stored', etag: answer.ETag ?? '' }
      : { kind: 'refused' };
  }

  /** Others may have stored keys that this store would not; those can be read. */
  #checkReadable(key: string): void {
    if (key === '' || !key.isWellFormed())
      throw new StoreError('badKey', `No object has this key: ${keyProblem(key)}.`);
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#root + key };
  }

  #place(key?: string): S3Place {
    return {
      bucket: this.#bucket,
      ...(key === undefined ? {} : { key: this.#root + key }),
      ...(this.#options.endpoint === undefined ? {} : { endpoint: this.#options.endpoint }),
    };
  }

  #relative(encoded: string | undefined): string | undefined {
    if (encoded === undefined) return undefined;
    const key = decodeURIComponent(encoded.replaceAll('+', ' '));
    return key.startsWith(this.#root) ? key.slice(this.#root.length) : undefined;
  }
}

async function connect(options: S3Options): Promise<S3Connection> {
  const { connectS3 } = await import('./s3Client.ts');
  return connectS3(options);
}

class EmptyRange extends Error {
  override readonly name = 'EmptyRange';
}

function infoOf(key: string, answer: HeadObjectCommandOutput | GetObjectCommandOutput, sizeBytes: number): ObjectInfo {
  return { key, sizeBytes, etag: answer.ETag ?? '', lastModifiedMs: answer.LastModified?.getTime() ?? 0 };
}

/** AWS takes an etag with its quotes or without; Ceph's gateway, when writing, takes none with. */
function unquoted(etag: string): string {
  return etag.replace(/^"(.*)"$/, '$1');
}

function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end === undefined ? '' : end - 1}`;
}

function abortOf(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}
