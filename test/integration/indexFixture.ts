/** What tests of the index share: a log root and an index in a temporary folder, and stores that do as they are told. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TestContext } from 'node:test';
import { LogIndex } from '../../src/index/logIndex.ts';
import { readLogObject } from '../../src/logs/readLogObject.ts';
import type { S3Options } from '../../src/model/environment.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import type { Query } from '../../src/model/query/query.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { openStore } from '../../src/store/openStore.ts';
import { s3ForTests } from '../rigs/s3Server.ts';
import type { ListOptions, ObjectInfo, ObjectStore, PutOptions, PutResult } from '../../src/store/objectStore.ts';

export interface IndexFixture extends AsyncDisposable {
  readonly directory: string;
  readonly logs: ObjectStore;
  readonly index: ObjectStore;
  /** A reader, closed with the fixture. */
  reader(store?: ObjectStore): Promise<LogIndex>;
}

export async function indexFixture(): Promise<IndexFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'ingest-trace-test-'));
  const root = pathToFileURL(directory).href;
  const readers: LogIndex[] = [];
  const index = new FileStore(`${root}/index`);
  return {
    directory,
    logs: new FileStore(`${root}/logs`),
    index,
    async reader(store = index) {
      const options = { store, cacheDirectory: join(directory, 'cache'), memoryLimitMb: 256 };
      const reader = await LogIndex.open(options);
      readers.push(reader);
      return reader;
    },
    async [Symbol.asyncDispose]() {
      for (const reader of readers) await reader.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export const nowMs = Date.UTC(2026, 10, 23);

export function query(text: string): Query {
  const parsed = parseQuery(text, { nowMs });
  assert.ok(parsed.kind === 'query', JSON.stringify(parsed));
  return parsed.query;
}

/** Lines of a log object: `records` of the tasks named, a second apart. */
export function lines(...records: readonly object[]): Uint8Array {
  return Buffer.from(
    records.map((record, at) => `${JSON.stringify({ ts: nowMs - 60_000 + at * 1000, ...record })}\n`).join(''),
  );
}

/** `count` objects of a few tasks each, with ids and offsets that tell every record apart. */
export async function putLogs(logs: ObjectStore, count: number): Promise<void> {
  for (let object = 0; object < count; object++) {
    const records = Array.from({ length: 3 + (object % 4) }, (_, at) => ({
      task: `task-${object % 7}`,
      account: `account-${object % 3}`,
      event: at === 0 ? 'attempt.started' : 'log',
      worker: `w-${object}`,
    }));
    await logs.put(`dt=2026-11-22/hr=23/w-${object}-1-1.ndjson`, lines(...records));
  }
}

/** Asserts that the index holds each record of the log root once, and counts it so. */
export async function assertIndexedOnce(reader: LogIndex, logs: ObjectStore): Promise<void> {
  const expected: string[] = [];
  for await (const { key } of logs.list()) {
    for await (const batch of readLogObject(logs, key)) {
      for (const line of batch) if (line.kind === 'record') expected.push(placeOf(line.record.origin));
    }
  }
  const { records } = await reader.records(query(''), { limit: 100_000 });
  assert.deepEqual(records.map((record) => placeOf(record.origin)).sort(), expected.sort());
  assert.equal((await reader.status()).records, expected.length);
}

function placeOf(origin: { readonly object: string; readonly offsetBytes: number } | undefined): string {
  return `${origin?.object} ${origin?.offsetBytes}`;
}

interface StoreWatch {
  beforePut?(key: string): Promise<void>;
  afterPut?(key: string, result: PutResult): Promise<PutResult>;
  beforeGet?(key: string, signal?: AbortSignal): Promise<void>;
  beforeHead?(key: string): Promise<void>;
  beforeList?(options: ListOptions): void;
  /** Which keys a listing shows. */
  lists?(key: string): boolean;
}

/** A store that calls back around what is done to it. */
export class WatchedStore implements ObjectStore {
  readonly url: string;
  readonly #store: ObjectStore;
  readonly #watch: StoreWatch;

  constructor(store: ObjectStore, watch: StoreWatch, url = store.url) {
    this.#store = store;
    this.#watch = watch;
    this.url = url;
  }

  async *list(options: ListOptions = {}): AsyncIterable<ObjectInfo> {
    this.#watch.beforeList?.(options);
    for await (const info of this.#store.list(options)) if (this.#watch.lists?.(info.key) ?? true) yield info;
  }

  async put(key: string, body: Uint8Array, options?: PutOptions): Promise<PutResult> {
    await this.#watch.beforePut?.(key);
    const result = await this.#store.put(key, body, options);
    return (await this.#watch.afterPut?.(key, result)) ?? result;
  }

  listFolders(prefix: string, signal?: AbortSignal): Promise<string[]> {
    this.#watch.beforeList?.({ prefix });
    return this.#store.listFolders(prefix, signal);
  }

  async head(key: string, signal?: AbortSignal): ReturnType<ObjectStore['head']> {
    await this.#watch.beforeHead?.(key);
    return await this.#store.head(key, signal);
  }

  async get(...call: Parameters<ObjectStore['get']>): ReturnType<ObjectStore['get']> {
    await this.#watch.beforeGet?.(call[0], call[1]?.signal);
    return await this.#store.get(...call);
  }

  delete(key: string, signal?: AbortSignal): Promise<void> {
    return this.#store.delete(key, signal);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

export async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list({ prefix })) keys.push(key);
  return keys;
}

/** Sets the time of all objects of a file store back, but for one key's. */
export async function makeOlder(store: ObjectStore, byMs: number, but?: string): Promise<void> {
  for await (const { key, lastModifiedMs } of store.list()) {
    const at = new Date(lastModifiedMs - byMs);
    if (key !== but) await utimes(join(fileURLToPath(store.url), key), at, at);
  }
}

/** Gives `work` a log root and an index in a bucket of a real S3 server; skips the test aloud where there is none. */
export async function onS3(
  t: Pick<TestContext, 'skip'>,
  work: (logs: ObjectStore, index: ObjectStore, s3: S3Options) => Promise<void>,
): Promise<void> {
  const server = await s3ForTests(t);
  if (!server) return;
  const bucket = await server.createBucket();
  const s3 = { endpoint: server.endpoint, region: server.region, forcePathStyle: true };
  const logs = openStore(`s3://${bucket}/logs`, s3);
  const index = openStore(`s3://${bucket}/index`, s3);
  try {
    await work(logs, index, s3);
  } finally {
    await Promise.all([logs.close(), index.close()]);
    await server.stop();
  }
}
