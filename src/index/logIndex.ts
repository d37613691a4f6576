/** Reads an index: tasks, one task, records, what is in it. Holds the embedded engine; knows nothing of what writes. */

import { rm } from 'node:fs/promises';
import { foldAttempts, foldTask } from '../model/fold.ts';
import { sortPosition } from '../model/query/compareTasks.ts';
import { inheritFields } from '../model/query/inheritFields.ts';
import type { Query } from '../model/query/query.ts';
import type { LogRecord } from '../model/record.ts';
import type { FoldedTask, TaskDetail } from '../model/task.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { formatCursor, parseCursor } from './cursor.ts';
import type { SqlRow } from './database.ts';
import { findRecords } from './findRecords.ts';
import { findTasks } from './findTasks.ts';
import { readFreshness } from './freshness.ts';
import { damagedIndex, IndexError } from './indexError.ts';
import { memoryLimitNames } from './limitNames.ts';
import type { Manifest, SegmentEntry } from './manifest.ts';
import { asIndexError, type LoadedManifest, ManifestStore } from './manifestStore.ts';
import { type MemoryShares, memoryShares } from './memoryShares.ts';
import { ParquetLayouts } from './parquet/readParquetRows.ts';
import { readRejectedRows, type RejectedLine } from './rejectedLines.ts';
import { createSpillDirectory } from './spillDirectory.ts';
import { type FetchListener, SegmentCache } from './segmentCache.ts';
import type { SegmentSet } from './segmentSet.ts';
import { SizedEngine } from './sizedEngine.ts';
import { isOutOfMemory } from './sqlText.ts';
import type { Staged } from './stagedTable.ts';
import type { Statement } from './statements.ts';
import { IndexTasks } from './tasks/indexTasks.ts';
import { refoldSegment } from './tasks/refoldSegment.ts';
import { taskPage } from './tasks/taskPage.ts';
import { recordsOfTasks, type RecordSources } from './tasks/taskRecords.ts';
import { Turns } from './turns.ts';

export interface LogIndexOptions {
  readonly store: ObjectStore;
  /** Segments of remote stores and spilled data go here. */
  readonly cacheDirectory: string;
  /** Of the tasks that are kept at hand and the engines that read records, together and roughly. */
  readonly memoryLimitMb: number;
  /** Bound of the cached segments, and of what statements spill; 2 GiB by default. */
  readonly diskLimitMb?: number;
  readonly nowMs?: () => number;
}

/** Where an answer of the index came from. */
export interface IndexSource {
  /** Number of the manifest that it was answered from. */
  readonly manifest: number;
  /** Epoch ms up to which the logs were indexed; absent when no pass has ended yet. */
  readonly completeTs?: number;
  readonly segments: number;
  readonly bytes: number;
}

export interface TaskPage {
  readonly tasks: readonly FoldedTask[];
  readonly total: number;
  /** `atLeast` where the page was found before all that matches was. */
  readonly totalIs: 'exact' | 'atLeast';
  readonly cursor?: string;
  readonly source: IndexSource;
}

export interface RecordPage {
  readonly records: readonly LogRecord[];
  readonly hasMore: boolean;
  readonly source: IndexSource;
}

export interface IndexStatus {
  readonly records: number;
  readonly tasks: number;
  readonly segments: number;
  readonly bytes: number;
  readonly oldestTs?: number;
  readonly newestTs?: number;
  readonly rejected: number;
  /** How long ago the last pass that left nothing unindexed began; without one, since the last commit. */
  readonly lagMs: number;
}

/** One state of the index, as long as a question about it takes; its segments' files stay where they are. */
export interface IndexReading {
  readonly url: string;
  readonly manifest: Manifest;
  readonly segments: SegmentSet;
  readonly tasks: IndexTasks;
  readonly records: RecordSources;
  readonly source: IndexSource;
  readonly signal: AbortSignal | undefined;
  /**
   * Brings the rows of some segments to where `segments.fileOf` says, all of them for as long as `work` takes; that asks for no others.
   * @throws IndexError `disk` when all of them are more than may be on disk.
   */
  readonly holding: <T>(entries: readonly SegmentEntry[], work: () => Promise<T>) => Promise<T>;
  /** The same one after the other, as many segments at a time as may be on disk; with all of them at once where they lie here. */
  readonly inRuns: <T>(
    items: readonly T[],
    entryOf: (item: T) => SegmentEntry,
    work: (run: readonly T[]) => Promise<void>,
  ) => Promise<void>;
  /** A folder for what may be spilled, removed when the index is closed. */
  readonly spillDirectory: string;
  /** Runs a statement of a user's, which has an engine of its own: one at a time, as each may take all of its share of the memory. */
  readonly sqlInTurn: <T>(work: (memoryLimitMb: number) => Promise<T>) => Promise<T>;
  /** @param staged what is in temporary tables meanwhile. Rejects with `signal.reason` once the question's signal fires. */
  readonly query: (statement: Statement, staged?: Staged) => Promise<SqlRow[]>;
}

const defaultDiskLimitMb = 2048;

export class LogIndex {
  readonly #store: ObjectStore;
  readonly #manifests: ManifestStore;
  readonly #cache: SegmentCache;
  readonly #engine: SizedEngine;
  readonly #memoryLimitMb: number;
  readonly #sqlTurns = new Turns();
  readonly #tasks: IndexTasks;
  readonly #layouts = new ParquetLayouts();
  readonly #nowMs: () => number;
  readonly #spillDirectory: string;
  #loaded: LoadedManifest | undefined;

  private constructor(options: LogIndexOptions, cache: SegmentCache, engine: SizedEngine, spillDirectory: string) {
    this.#store = options.store;
    this.#manifests = new ManifestStore(options.store);
    this.#cache = cache;
    this.#engine = engine;
    this.#memoryLimitMb = options.memoryLimitMb;
    this.#tasks = new IndexTasks(options.store.url, options.memoryLimitMb);
    this.#spillDirectory = spillDirectory;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** Makes room for what comes: that there is no index is told by the first question. */
  static async open(options: LogIndexOptions): Promise<LogIndex> {
    const { diskLimitMb = defaultDiskLimitMb } = options;
    const cache = new SegmentCache(options.store, options.cacheDirectory, diskLimitMb * 2 ** 20);
    const temporaryDirectory = await createSpillDirectory(options.cacheDirectory);
    const engineOptions = { spillLimitMb: Math.ceil(diskLimitMb), temporaryDirectory, directories: [cache.directory] };
    return new LogIndex(options, cache, new SizedEngine(engineOptions), temporaryDirectory);
  }

  get url(): string {
    return this.#store.url;
  }

  /** Tells of the segments that questions wait for, until the answer is called. */
  onFetch(listener: FetchListener): () => void {
    return this.#cache.onFetch(listener);
  }

  /** @throws IndexError; rejects with `signal.reason` when cancelled. */
  async search(
    query: Query,
    options: { readonly limit: number; readonly cursor?: string; readonly signal?: AbortSignal },
  ): Promise<TaskPage> {
    const { cursor, signal } = options;
    const limit = query.limit ?? options.limit;
    const after = cursor === undefined ? undefined : this.#positionOf(cursor);
    return await this.read(signal, async (reading) => {
      const { records, source } = reading;
      const page = { limit: limit + 1, ...(after ? { after } : {}) };
      const { places, total, isExact } = await findTasks(reading, query, page);
      const tasks = await taskPage(places.slice(0, limit), records, signal);
      const last = tasks.at(-1);
      const next = places.length > limit && last ? { cursor: formatCursor(sortPosition(query)(last)) } : {};
      return { tasks, total, totalIs: isExact ? 'exact' : 'atLeast', ...next, source };
    });
  }

  /** The task with its attempts and records; no `detail` when no record names it. */
  async task(
    id: string,
    signal?: AbortSignal,
  ): Promise<{ readonly detail?: TaskDetail; readonly source: IndexSource }> {
    return await this.read(signal, async ({ tasks, records: sources, source }) => {
      const parts = tasks.table.partsOf(id);
      if (parts.length === 0) return { source };
      const [found = []] = await recordsOfTasks([parts], sources, signal);
      const records = found.sort(byPlace);
      return { detail: { task: foldTask(records), attempts: foldAttempts(records), records }, source };
    });
  }

  /** Matching records, newest first, `account` to `worker` from their task where they have none. */
  async records(query: Query, options: { readonly limit: number; readonly signal?: AbortSignal }): Promise<RecordPage> {
    const { signal } = options;
    const limit = query.limit ?? options.limit;
    return await this.read(signal, async (reading) => {
      const found = await findRecords(reading, query, limit + 1);
      const records = found.slice(0, limit);
      const { table } = reading.tasks;
      const ids = [...new Set(records.flatMap((record) => record.task ?? []))];
      const places = ids.flatMap((id) => table.partsOf(id)[0] ?? []);
      const tasks = new Map((await taskPage(places, reading.records, signal)).map((task) => [task.task, task]));
      return {
        records: records.map((record) => inheritFields(record, tasks.get(record.task ?? ''))),
        hasMore: found.length > limit,
        source: reading.source,
      };
    });
  }

  async status(signal?: AbortSignal): Promise<IndexStatus> {
    return await this.read(signal, async ({ manifest, tasks, segments, source }) => {
      const times = segments.entries.length > 0;
      return {
        records: manifest.totals.records,
        tasks: tasks.table.size,
        segments: segments.entries.length,
        bytes: source.bytes,
        ...(times ? { oldestTs: Math.min(...segments.entries.map((entry) => entry.minTs)) } : {}),
        ...(times ? { newestTs: Math.max(...segments.entries.map((entry) => entry.maxTs)) } : {}),
        rejected: manifest.totals.rejected,
        lagMs: Math.max(0, this.#nowMs() - (source.completeTs ?? manifest.writtenTs)),
      };
    });
  }

  /** Every rejected line of the log objects as they are indexed now. */
  async *rejected(signal?: AbortSignal): AsyncIterable<RejectedLine> {
    const { manifest } = await this.#refresh(signal);
    const superseded = new Set(manifest.superseded);
    for (const part of manifest.rejected) {
      signal?.throwIfAborted();
      const rows = await readRejectedRows(this.#store, part.key, signal).catch((error: unknown) => {
        throw asIndexError(error, this.url);
      });
      for (const { version, ...line } of rows) if (!superseded.has(version)) yield line;
    }
  }

  async close(): Promise<void> {
    await this.#engine.close();
    await rm(this.#spillDirectory, { recursive: true, force: true });
  }

  async #refresh(signal?: AbortSignal): Promise<LoadedManifest> {
    const loaded = await this.#manifests.newest(this.#loaded, signal);
    this.#loaded = loaded;
    return loaded;
  }

  /** Asks the newest state something that `work` knows how to ask, once more of a newer one where segments went away. */
  async read<T>(signal: AbortSignal | undefined, work: (reading: IndexReading) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const [{ manifest }, completeTs] = await Promise.all([
        this.#refresh(signal),
        readFreshness(this.#store, signal).catch((error: unknown) => {
          throw asIndexError(error, this.url);
        }),
      ]);
      try {
        return await this.#answerFrom(manifest, completeTs, signal, work);
      } catch (error) {
        signal?.throwIfAborted();
        const explained = await this.#explain(error, manifest.segments);
        if (attempt > 1 || !(explained instanceof IndexError) || explained.code !== 'damaged') throw explained;
        // The index may have been deleted (then the next look says `missing`) or built anew.
      }
    }
  }

  async #answerFrom<T>(
    manifest: Manifest,
    completeTs: number | undefined,
    signal: AbortSignal | undefined,
    work: (reading: IndexReading) => Promise<T>,
  ): Promise<T> {
    const segments: SegmentSet = {
      entries: manifest.segments,
      fileOf: (entry) => this.#cache.fileOf(entry),
      superseded: manifest.superseded,
    };
    await this.#bringTasks(segments, signal);
    this.#engine.fit(this.#shares().engineMb);
    const byKey = new Map(manifest.segments.map((entry) => [entry.key, entry]));
    const entryOf = (key: string): SegmentEntry => {
      const entry = byKey.get(key);
      if (!entry) throw new RangeError(`the manifest names no segment ${key}`);
      return entry;
    };
    return await work({
      url: this.url,
      manifest,
      segments,
      tasks: this.#tasks,
      records: {
        inRuns: async (keys, read) => await this.#cache.inRuns(keys, entryOf, read, signal),
        fileOf: (key) => this.#cache.fileOf(entryOf(key)),
        layouts: this.#layouts,
        superseded: new Set(manifest.superseded),
      },
      source: {
        manifest: manifest.number,
        ...(completeTs === undefined ? {} : { completeTs }),
        segments: manifest.segments.length,
        bytes: manifest.segments.reduce((sum, entry) => sum + entry.sizeBytes + entry.side.sizeBytes, 0),
      },
      holding: async (entries, read) => await this.#cache.holding(entries, read, signal),
      inRuns: async (items, entryOfItem, read) => await this.#cache.inRuns(items, entryOfItem, read, signal),
      signal,
      spillDirectory: this.#spillDirectory,
      sqlInTurn: async (run) => await this.#sqlTurns.take(async () => await run(this.#shares().sqlMb), signal),
      query: async (statement, staged) => await this.#query(statement, staged, signal),
    });
  }

  /** Keeps the task table up with the segments. */
  async #bringTasks(segments: SegmentSet, signal?: AbortSignal): Promise<void> {
    await this.#tasks.bring(
      {
        ...segments,
        fileOfSide: (side) => this.#cache.fileOf(side),
        inRuns: async (entries, read) => await this.#cache.inRuns(entries, ({ side }) => side, read, signal),
        refold: async (segment, without) => {
          const refold = async () => await refoldSegment(segment, segments.fileOf(segment.entry), without, signal);
          return await this.#cache.holding([segment.entry], refold, signal);
        },
      },
      signal,
    );
  }

  async #explain(error: unknown, entries: readonly SegmentEntry[]): Promise<unknown> {
    if (error instanceof IndexError) return error;
    if (isOutOfMemory(error)) {
      return new IndexError(
        'memory',
        this.url,
        `the index at ${this.url} cannot answer this within the memory limit: narrow the query, or raise ${memoryLimitNames}`,
        { cause: error },
      );
    }
    const damaged = await this.#cache.findDamaged(entries.flatMap((entry) => [entry, entry.side]));
    return damaged === undefined ? error : damagedIndex(this.url, `${damaged} is gone or not what was written`, error);
  }

  #positionOf(cursor: string) {
    const position = parseCursor(cursor);
    if (position) return position;
    throw new IndexError('badCursor', this.url, 'the cursor is none of this index: start from the first page');
  }

  async #query({ sql, parameters }: Statement, staged: Staged | undefined, signal?: AbortSignal): Promise<SqlRow[]> {
    const options = { ...(staged ? { staged } : {}), ...(signal ? { signal } : {}) };
    return await this.#engine.ask(
      this.#shares().engineMb,
      async (database) => await database.query(sql, parameters.of(sql), options),
    );
  }

  #shares(): MemoryShares {
    return memoryShares(this.#memoryLimitMb, this.#tasks.memoryMb);
  }
}

/** By time; of one moment by where they were read. */
function byPlace(a: LogRecord, b: LogRecord): number {
  const [objectA, objectB] = [a.origin?.object ?? '', b.origin?.object ?? ''];
  const byObject = objectA < objectB ? -1 : objectA > objectB ? 1 : 0;
  return a.tsMs - b.tsMs || byObject || (a.origin?.offsetBytes ?? 0) - (b.origin?.offsetBytes ?? 0);
}
