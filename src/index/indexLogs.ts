/** Indexes what is new under a log root: once each, however many indexers run and whenever they are killed. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listLogObjects } from '../logs/listLogObjects.ts';
import type { FieldMapping } from '../model/fieldMapping/fieldMapping.ts';
import type { IndexPassSummary } from '../model/indexPass.ts';
import type { ObjectInfo, ObjectStore } from '../store/objectStore.ts';
import type { StoreError } from '../store/storeError.ts';
import { Batch, type BatchLimits } from './batch.ts';
import { collectGarbage, type GracePeriods } from './collectGarbage.ts';
import { compactSegments } from './compactSegments.ts';
import { commitBatch } from './commitBatch.ts';
import { Database } from './database.ts';
import { writeFreshness } from './freshness.ts';
import { IndexState } from './indexState.ts';

export interface IndexLogsOptions {
  /** The log root. */
  readonly logs: ObjectStore;
  /** Where the index lies, or will. */
  readonly index: ObjectStore;
  /** What the logs call the canonical fields, where they have other names for them. */
  readonly fields?: FieldMapping;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: IndexProgress) => void;
  /** A log object that the store lists and does not give; it is tried again by every pass. */
  readonly onUnreadable?: (key: string, error: StoreError) => void;
  readonly nowMs?: () => number;
  /** Looks only at the partitions of this long ago and since; everything by default. */
  readonly lookBackMs?: number;
  readonly memoryLimitMb?: number;
  /** Where segments are sorted and spilled before they are stored; the system's by default. */
  readonly temporaryDirectory?: string;
  readonly limits?: Partial<BatchLimits>;
  /** How long what was replaced is kept. */
  readonly grace?: GracePeriods;
}

interface IndexProgress {
  readonly done: number;
  readonly total: number;
  readonly unit: 'objects';
}

type PassSum = { -readonly [K in keyof Omit<IndexPassSummary, 'ms'>]: IndexPassSummary[K] };

const defaultLimits: BatchLimits = { records: 250_000, bytes: 96 * 2 ** 20, objects: 5_000 };
const defaultMemoryLimitMb = 512;
/** So often at most an idle watcher notes that nothing is new. */
const idleFreshnessMs = 5_000;
/** Listing all of an index costs requests. */
const collectEveryMs = 600_000;

/**
 * One pass: every object that is there when it begins is indexed when it ends, by this or another indexer.
 * @throws IndexError or StoreError; what was committed until then stays. Rejects with `signal.reason` when cancelled.
 */
export async function indexLogs(options: IndexLogsOptions): Promise<IndexPassSummary> {
  await using indexer = await Indexer.open(options);
  return await indexer.pass(options.lookBackMs);
}

/** Holds what passes have in common: the ledger as far as it is known, and the embedded engine. */
export class Indexer implements AsyncDisposable {
  readonly #options: IndexLogsOptions;
  readonly #state: IndexState;
  readonly #directory: string;
  readonly #database: Database;
  readonly #limits: BatchLimits;
  readonly #nowMs: () => number;
  #notedMs = Number.NEGATIVE_INFINITY;
  #collectedMs = Number.NEGATIVE_INFINITY;

  private constructor(options: IndexLogsOptions, directory: string, database: Database) {
    this.#options = options;
    this.#state = new IndexState(options.index, options.logs.url, options.fields);
    this.#directory = directory;
    this.#database = database;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#nowMs = options.nowMs ?? Date.now;
  }

  static async open(options: IndexLogsOptions): Promise<Indexer> {
    options.signal?.throwIfAborted();
    const directory = await mkdtemp(join(options.temporaryDirectory ?? tmpdir(), 'ingest-trace-index-'));
    const database = await Database.open({
      memoryLimitMb: options.memoryLimitMb ?? defaultMemoryLimitMb,
      temporaryDirectory: join(directory, 'spill'),
      directories: [directory],
    });
    return new Indexer(options, directory, database);
  }

  async pass(lookBackMs?: number): Promise<IndexPassSummary> {
    const { signal, onProgress } = this.#options;
    const startMs = this.#nowMs();
    await this.#state.refresh(signal);
    const pending = await this.#discover(startMs, lookBackMs);
    const sum: PassSum = { objects: 0, records: 0, rejected: 0, segments: 0, bytes: 0 };
    let done = 0;
    let unsettled = 0;
    onProgress?.({ done, total: pending.length, unit: 'objects' });
    // While one batch is sorted, written and committed, which the engine and the store do, the next one is read.
    let committing: Promise<void> | undefined;
    try {
      for (let next = pending.shift(); next; ) {
        const { logs, fields } = this.#options;
        const batch = await Batch.open(this.#database, logs, this.#limits, this.#directory, fields);
        try {
          while (next && !batch.isFull()) {
            signal?.throwIfAborted();
            const outcome = await batch.read(next, this.#state.ledger.get(next.key)?.version, signal);
            if (outcome.kind !== 'read') unsettled += 1;
            if (outcome.kind === 'unreadable') this.#options.onUnreadable?.(next.key, outcome.error);
            onProgress?.({ done: ++done, total: pending.length + done, unit: 'objects' });
            next = pending.shift();
          }
          await committing;
        } catch (error) {
          await batch.close();
          throw error;
        }
        committing = this.#commit(batch, sum);
        // It is awaited before the next commit and at the end: a failure is thrown there.
        committing.catch(() => undefined);
        // Another indexer may have been at the same objects meanwhile.
        while (next && this.#isIndexed(next)) next = pending.shift();
      }
    } finally {
      await committing;
    }
    if (sum.objects > 0) await this.#tidy();
    if (unsettled === 0) await this.#noteFreshness(startMs, sum.objects > 0);
    return { ...sum, ms: this.#nowMs() - startMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #commit(batch: Batch, sum: PassSum): Promise<void> {
    const { signal } = this.#options;
    try {
      await batch.finish(signal);
      const committed = await commitBatch(batch, this.#state, this.#nowMs, signal);
      sum.objects += committed.objects.length;
      sum.segments += committed.segments.length;
      for (const object of committed.objects) {
        sum.records += object.records;
        sum.rejected += object.rejected;
        sum.bytes += object.sizeBytes;
      }
    } finally {
      await batch.close();
    }
  }

  /** Keeps the number of segments small, off the query path; what has long been replaced is deleted. */
  async #tidy(): Promise<void> {
    const { signal, index } = this.#options;
    const options = {
      state: this.#state,
      database: this.#database,
      directory: this.#directory,
      maxRecords: this.#limits.records,
      ...(signal ? { signal } : {}),
    };
    let merged = 0;
    while (await compactSegments({ ...options, nowMs: this.#nowMs() })) merged += 1;
    const nowMs = this.#nowMs();
    if (merged === 0 || nowMs - this.#collectedMs < collectEveryMs) return;
    this.#collectedMs = nowMs;
    await collectGarbage(index, this.#state.manifest, nowMs, this.#options.grace, signal);
  }

  /** What is listed and not in the ledger with its ETag, in the listing's order. */
  async #discover(nowMs: number, lookBackMs?: number): Promise<ObjectInfo[]> {
    const { logs, index, signal } = this.#options;
    const own = prefixWithin(logs.url, index.url);
    const range = lookBackMs === undefined ? {} : { range: { sinceMs: nowMs - lookBackMs } };
    const pending: ObjectInfo[] = [];
    for await (const info of listLogObjects(logs, { ...range, ...(signal ? { signal } : {}) })) {
      signal?.throwIfAborted();
      if (own !== undefined && info.key.startsWith(own)) continue;
      if (!this.#isIndexed(info)) pending.push(info);
    }
    return pending;
  }

  #isIndexed(info: ObjectInfo): boolean {
    return this.#state.ledger.get(info.key)?.etag === info.etag;
  }

  async #noteFreshness(startMs: number, isNew: boolean): Promise<void> {
    if (!isNew && startMs - this.#notedMs < idleFreshnessMs) return;
    // An index with no manifest is none: nothing was listed, and there is nothing to be fresh about.
    if (this.#state.manifest.number === 0) return;
    await writeFreshness(this.#options.index, startMs, this.#options.signal);
    this.#notedMs = startMs;
  }
}

/** The index's keys as the log root sees them, where one lies within the other: an index is no log. */
function prefixWithin(logsUrl: string, indexUrl: string): string | undefined {
  const root = logsUrl.endsWith('/') ? logsUrl : `${logsUrl}/`;
  if (!indexUrl.startsWith(root)) return undefined;
  return `${decodeURIComponent(indexUrl.slice(root.length))}/`.replace(/\/+$/, '/');
}
