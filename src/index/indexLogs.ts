/** Indexes what is new under a log root: once each, however many indexers run and whenever they are killed. */

import { rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import type { FieldMapping } from '../model/fieldMapping/fieldMapping.ts';
import type { IndexPassSummary } from '../model/indexPass.ts';
import type { ObjectInfo, ObjectStore } from '../store/objectStore.ts';
import { Batch, type BatchLimits } from './batch.ts';
import { collectGarbage, type GracePeriods } from './collectGarbage.ts';
import { compactSegments } from './compactSegments.ts';
import { commitBatch } from './commitBatch.ts';
import { Discovery, type DiscoveryOptions } from './discovery.ts';
import { dropExpired } from './dropExpired.ts';
import { writeFreshness } from './freshness.ts';
import { IndexState } from './indexState.ts';
import { versionRead } from './ledger.ts';
import { PendingObjects } from './pendingObjects.ts';
import { SegmentBuilder, type SegmentBuilding } from './segments/segmentBuilder.ts';
import { BuilderThread } from './segments/threadBuilder.ts';
import { purgeSuperseded } from './purgeSuperseded.ts';
import { createSharedDirectory } from './spillDirectory.ts';
import { entryAfterFailure, isSetAside } from './unreadObjects.ts';

export interface IndexLogsOptions {
  /** The log root. */
  readonly logs: ObjectStore;
  /** Where the index lies, or will. */
  readonly index: ObjectStore;
  /** What the logs call the canonical fields, where they have other names for them. */
  readonly fields?: FieldMapping;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: IndexProgress) => void;
  /** A log object that the store lists and does not give; it is tried a few times more before it is set aside. */
  readonly onUnreadable?: (unreadable: UnreadableObject) => void;
  readonly nowMs?: () => number;
  /** What gathered rows and the writing of them may take, roughly; 512 by default. */
  readonly memoryLimitMb?: number;
  /** Where segments lie before they are stored; the system's by default. */
  readonly temporaryDirectory?: string;
  readonly limits?: Partial<BatchLimits>;
  /** Segments all of whose records are older leave the index; nothing does by default. Logs that were shipped earlier are not read. */
  readonly retainMs?: number;
  /** Threads that read logs, 0 for this one; as many as there are processors where there is much to read, by default. */
  readonly threads?: number;
  /** How long what was replaced is kept. */
  readonly grace?: GracePeriods;
}

export interface UnreadableObject {
  readonly key: string;
  readonly reason: string;
  /** So often in all, by whatever indexer. */
  readonly tries: number;
  /** It is not tried again unless it changes, or a pass is told to `retry`. */
  readonly isSetAside: boolean;
}

export type IndexProgress =
  /** While the log root is listed: how many there are shows at its end. */
  | { readonly done: number; readonly unit: 'objects listed' }
  | { readonly done: number; readonly total: number; readonly unit: 'objects' };

type PassSum = { -readonly [K in keyof Omit<IndexPassSummary, 'ms'>]: IndexPassSummary[K] };

const defaultLimits = { records: 250_000, objects: 5_000 };
const defaultMemoryLimitMb = 512;
/** However much memory there is: what rows are gathered and encoded in has addresses of 32 bits, and pieces of at most 1 GiB. */
const maxGatheredBytes = 2 ** 29;
/** Below so many stored bytes, starting threads costs more than it saves. */
const threadsFromBytes = 8 * 2 ** 20;
/** Each holds a batch in memory. */
const maxThreads = 4;
/** An object that is replaced while it is read is read anew so often in one pass. */
const readsOfChanging = 3;
/** So often at most an idle watcher notes that nothing is new. */
const idleFreshnessMs = 5_000;
/** Of a merged segment, as it is stored. */
const maxMergedBytes = 64 * 2 ** 20;
/** Listing all of an index costs requests. */
const collectEveryMs = 600_000;

/**
 * One pass: every object that is there when it begins is indexed when it ends, by this or another indexer.
 * @throws IndexError or StoreError; what was committed until then stays. Rejects with `signal.reason` when cancelled.
 */
export async function indexLogs(options: IndexLogsOptions & DiscoveryOptions): Promise<IndexPassSummary> {
  await using indexer = await Indexer.open(options);
  return await indexer.pass(options);
}

/** Holds what passes have in common: the ledger as far as it is known. */
export class Indexer implements AsyncDisposable {
  readonly #options: IndexLogsOptions;
  readonly #state: IndexState;
  readonly #directory: string;
  readonly #limits: BatchLimits;
  readonly #nowMs: () => number;
  readonly #discovery: Discovery;
  #listedMs = 0;
  /** Objects that the pass under way has looked at. */
  #done = 0;
  /** The last commit's end. */
  #turn: Promise<void> = Promise.resolve();
  #notedMs = Number.NEGATIVE_INFINITY;
  #collectedMs = Number.NEGATIVE_INFINITY;

  private constructor(options: IndexLogsOptions, directory: string) {
    this.#options = options;
    this.#state = new IndexState(options.index, options.logs.url, options.fields);
    this.#directory = directory;
    this.#limits = { ...defaultLimits, bytes: gatheredBytes(options.memoryLimitMb), ...options.limits };
    this.#nowMs = options.nowMs ?? Date.now;
    this.#discovery = new Discovery({ ...options, indexUrl: options.index.url, nowMs: this.#nowMs }, this.#state);
  }

  static async open(options: IndexLogsOptions): Promise<Indexer> {
    options.signal?.throwIfAborted();
    const directory = await createSharedDirectory(options.temporaryDirectory ?? tmpdir(), 'ingest-trace-index');
    return new Indexer(options, directory);
  }

  /** How long the listing of the last pass took. */
  get listedMs(): number {
    return this.#listedMs;
  }

  /** Whether a pass of the scope `newest` would list anything. */
  get knowsNewest(): boolean {
    return this.#discovery.knowsNewest;
  }

  async pass(passOptions: DiscoveryOptions = {}): Promise<IndexPassSummary> {
    const { signal, onProgress } = this.#options;
    const startMs = this.#nowMs();
    const { scope = { kind: 'all' } } = passOptions;
    if (scope.kind !== 'newest') await this.#state.refresh(signal);
    let pending = await this.#discovery.find(passOptions, {
      signal,
      onListed: (done) => onProgress?.({ done, unit: 'objects listed' }),
    });
    if (scope.kind === 'newest' && pending.length > 0) {
      // Where nothing is new, the newest manifest is not asked for either.
      await this.#state.refresh(signal);
      pending = pending.filter((info) => this.#discovery.standingOf(info, passOptions) === 'due');
    }
    this.#listedMs = this.#nowMs() - startMs;
    const sum: PassSum = { objects: 0, records: 0, rejected: 0, segments: 0, bytes: 0, unread: 0 };
    const queue = new PendingObjects(pending);
    this.#done = 0;
    onProgress?.({ done: 0, total: queue.total, unit: 'objects' });
    const unsettled = await this.#readAll(queue, passOptions, sum);
    if (sum.objects > 0 || scope.kind === 'all') await this.#tidy(sum.objects > 0);
    if (unsettled === 0 && scope.kind !== 'newest') await this.#noteFreshness(startMs, sum.objects > 0);
    return { ...sum, ms: this.#nowMs() - startMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** In this thread where there is little to read, else in several at once. Returns how many objects a later pass has to look at. */
  async #readAll(queue: PendingObjects, passOptions: DiscoveryOptions, sum: PassSum): Promise<number> {
    const { signal } = this.#options;
    const usual = queue.bytes < threadsFromBytes ? 0 : Math.min(availableParallelism(), maxThreads);
    const threads = Array.from({ length: this.#options.threads ?? usual }, newThread);
    const failure = new AbortController();
    const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
    const lane = async (thread?: BuilderThread): Promise<number> => {
      try {
        return await this.#readLane(queue, passOptions, sum, thread, stop);
      } catch (error) {
        // The others need not go on; what they committed stays.
        failure.abort(error);
        throw error;
      }
    };
    try {
      const lanes = await Promise.allSettled(threads.length > 0 ? threads.map(lane) : [lane()]);
      signal?.throwIfAborted();
      if (failure.signal.aborted) throw failure.signal.reason;
      return lanes.reduce((count, each) => count + (each.status === 'fulfilled' ? each.value : 0), 0);
    } finally {
      for (const thread of threads) await thread.close();
    }
  }

  /** Reads and commits batch after batch, until no object is left. */
  async #readLane(
    queue: PendingObjects,
    passOptions: DiscoveryOptions,
    sum: PassSum,
    thread: BuilderThread | undefined,
    signal: AbortSignal,
  ): Promise<number> {
    const { logs, fields, onProgress } = this.#options;
    const builderIn = (directory: string): SegmentBuilding => {
      const { records, bytes } = this.#limits;
      const options = { directory, records, bytes, ...(fields ? { fields: fields.fields } : {}) };
      return thread ? thread.open(options) : new SegmentBuilder(options);
    };
    const take = () => queue.take(thread ? this.#limits.records : Number.POSITIVE_INFINITY);
    let unsettled = 0;
    // While one batch is put into the store and committed, the next one is read.
    let committing: Promise<void> | undefined;
    try {
      for (let run = take(); run.length > 0; run = take()) {
        // Another indexer may have been at the same objects meanwhile.
        while (run[0] && this.#discovery.standingOf(run[0], passOptions) === 'settled') run.shift();
        if (run.length === 0) continue;
        const batch = await Batch.open(logs, this.#limits, this.#directory, builderIn);
        try {
          for (let next = run.shift(); next; next = batch.isFull() ? undefined : run.shift()) {
            signal.throwIfAborted();
            const reading = this.#read(next, batch, signal);
            if (run[0]) batch.prefetch(run[0], signal);
            if (!(await reading)) unsettled += 1;
            onProgress?.({ done: ++this.#done, total: queue.total, unit: 'objects' });
          }
          queue.putBack(run);
          await batch.finish(signal);
          await committing;
        } catch (error) {
          await batch.close();
          throw error;
        }
        committing = this.#commit(batch, queue, sum, signal);
        // It is awaited before the next commit and at the end: a failure is thrown there.
        committing.catch(() => undefined);
      }
    } finally {
      await committing;
    }
    return unsettled;
  }

  /** One after the other, whichever lane a batch comes from. */
  async #commit(batch: Batch, queue: PendingObjects, sum: PassSum, signal: AbortSignal): Promise<void> {
    const before = this.#turn;
    const done = Promise.withResolvers<void>();
    this.#turn = done.promise;
    try {
      await before;
      const committed = await commitBatch(batch, this.#state, this.#nowMs, signal);
      sum.segments += committed.segments.length;
      let [records, bytes] = [0, 0];
      for (const object of committed.objects) {
        if (object.unread) {
          sum.unread += 1;
          continue;
        }
        sum.objects += 1;
        sum.rejected += object.rejected;
        records += object.records;
        bytes += object.sizeBytes;
      }
      sum.records += records;
      sum.bytes += bytes;
      queue.learn({ records, bytes });
    } finally {
      done.resolve();
      await batch.close();
    }
  }

  /** Keeps segments few and young, off the query path; what has long been replaced is deleted. */
  async #tidy(hasCommitted: boolean): Promise<void> {
    const { signal, index, retainMs } = this.#options;
    const options = {
      state: this.#state,
      directory: this.#directory,
      limits: { records: this.#limits.records, bytes: maxMergedBytes, gatheredBytes: maxGatheredBytes },
      clock: this.#nowMs,
      ...(signal ? { signal } : {}),
    };
    const expired = retainMs === undefined ? 0 : await dropExpired({ ...options, retainMs });
    if (!hasCommitted && expired === 0) return;
    while (await compactSegments(options));
    await purgeSuperseded(options);
    const nowMs = this.#nowMs();
    if (nowMs - this.#collectedMs < collectEveryMs) return;
    this.#collectedMs = nowMs;
    await collectGarbage(index, this.#state.manifest, this.#options.grace, signal);
  }

  /** Reads an object into the batch, or notes that it cannot be read; false when neither is certain. */
  async #read(info: ObjectInfo, batch: Batch, signal: AbortSignal): Promise<boolean> {
    const { logs } = this.#options;
    const before = this.#state.ledger.get(info.key);
    let listed = info;
    for (let attempt = 1; ; attempt++) {
      const outcome = await batch.read(listed, versionRead(before), signal);
      if (outcome.kind !== 'unreadable') return outcome.kind === 'read';
      const { code, message } = outcome.error;
      const isChanging = code === 'changed';
      // If the store cannot be reached at all, this says so.
      if (code === 'unreachable') await logs.head(info.key, signal);
      if (isChanging && attempt < readsOfChanging) {
        const now = await logs.head(info.key, signal);
        if (!now) return false;
        listed = now;
        continue;
      }
      const { entry, rejected } = entryAfterFailure(before, { listed, reason: message, isChanging }, this.#nowMs());
      const replaces = versionRead(before);
      const triedBefore = before?.unread?.tries ?? 0;
      batch.addUnread({ ...entry, triedBefore, ...(replaces === undefined ? {} : { replaces }) }, rejected);
      const isAside = entry.unread !== undefined && isSetAside(entry.unread);
      const tries = entry.unread?.tries ?? 0;
      this.#options.onUnreadable?.({ key: info.key, reason: message, tries, isSetAside: isAside });
      return true;
    }
  }

  async #noteFreshness(startMs: number, isNew: boolean): Promise<void> {
    if (!isNew && startMs - this.#notedMs < idleFreshnessMs) return;
    // An index with no manifest is none: nothing was listed, and there is nothing to be fresh about.
    if (this.#state.manifest.number === 0) return;
    await writeFreshness(this.#options.index, startMs, this.#options.signal);
    this.#notedMs = startMs;
  }
}

function newThread(): BuilderThread {
  return new BuilderThread();
}

/** Gathered rows take a part of the memory: the next ones are read while they are sorted and written. */
function gatheredBytes(memoryLimitMb = defaultMemoryLimitMb): number {
  return Math.min((memoryLimitMb * 2 ** 20) / 4, maxGatheredBytes);
}
