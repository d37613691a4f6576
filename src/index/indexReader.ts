/**
 * Gives questions one state of an index to ask: the newest manifest, the files of segments that they want, the table of tasks, the
 * embedded engine. Knows nothing of what is asked.
 */

import { rm } from 'node:fs/promises';
import type { LogRecord } from '../model/record.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { DamagedBlockFile } from './blocks/blockFile.ts';
import type { SqlRow } from './database.ts';
import { readFreshness } from './freshness.ts';
import { damagedIndex, IndexError } from './indexError.ts';
import { diskLimitNames, memoryLimitNames } from './limitNames.ts';
import { LostCacheFile } from './lostCacheFile.ts';
import type { Manifest, SegmentEntry } from './manifest.ts';
import { asIndexError, type LoadedManifest, ManifestStore } from './manifestStore.ts';
import { type MemoryShares, mbOfTasks, memoryShares } from './memoryShares.ts';
import { ParquetLayouts } from './parquet/readParquetRows.ts';
import { type FetchListener, SegmentCache } from './segmentCache.ts';
import type { SegmentSet } from './segmentSet.ts';
import { type MemoryTenant, SharedMemory } from './sharedMemory.ts';
import {
  type AskedTimes,
  countThatFits,
  cutOf,
  longestSilenceMs,
  tasksOf,
  type TimeSpan,
  wantedSegments,
} from './segmentWindow.ts';
import { SizedEngine } from './sizedEngine.ts';
import { createSpillDirectory } from './spillDirectory.ts';
import { isOutOfMemory } from './sqlText.ts';
import type { Staged } from './stagedTable.ts';
import type { Statement } from './statements.ts';
import { IndexTasks, type LoadedTasks, type TaskSources } from './tasks/indexTasks.ts';
import { segmentsWith } from './tasks/segmentsWith.ts';
import type { TableSegment } from './tasks/tableSegment.ts';
import { type RecordSources, recordsOfTasks } from './tasks/taskRecords.ts';
import { Turns } from './turns.ts';

export interface IndexReaderOptions {
  readonly store: ObjectStore;
  /** Segments of remote stores and spilled data go here. */
  readonly cacheDirectory: string;
  /** Of the tasks that are kept at hand and the engines that read records, together and roughly. */
  readonly memoryLimitMb: number;
  /** Indexes that have it in common keep to the limit together; by default one keeps to it by itself. */
  readonly memory?: SharedMemory;
  /** Bound of the cached segments, and of what statements spill; 2 GiB by default. */
  readonly diskLimitMb?: number;
}

/** Where an answer of the index came from. */
export interface IndexSource {
  /** Number of the manifest that it was answered from. */
  readonly manifest: number;
  /** Epoch ms up to which the logs were indexed; absent when no pass has ended yet. */
  readonly completeTs?: number;
  readonly segments: number;
  readonly bytes: number;
  /** Records up to this moment (epoch ms) were left out: with them there are more tasks than the memory limit allows. */
  readonly cutTs?: number;
}

/** One state of the index, as long as a question about it takes; its segments' files stay where they are. */
export interface IndexReading {
  readonly url: string;
  readonly manifest: Manifest;
  /** Those that the answer is to come from. */
  readonly segments: SegmentSet;
  /** Of `segments`. */
  readonly tasks: LoadedTasks;
  /** Those of the table when the question began: other questions may add some meanwhile. */
  readonly taskSegments: readonly TableSegment[];
  /** Tasks without a record in it are to be left alone: too little of them is known. Absent where all are known, or any time is asked of. */
  readonly span?: TimeSpan;
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

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Of an index with more tasks than can be kept, those are wanted that have to do with these; of any time by default. */
  readonly times?: AskedTimes;
  /** Of the tasks that can be kept so many will do, if need be. 1 by default. */
  readonly share?: number;
  /** How far from `times` records of their tasks are looked for, where not all can be kept. `longestSilenceMs` by default. */
  readonly silenceMs?: number;
  /** `records`: of every segment; the table of tasks is not asked. `tasks` by default. */
  readonly of?: 'tasks' | 'records';
}

const defaultDiskLimitMb = 2048;

/** Of the tasks that can be kept: so many are looked at beside them. */
const shareBeside = 1 / 16;

/** Where cached files go away meanwhile. */
const mostAttempts = 6;

export class IndexReader {
  readonly #store: ObjectStore;
  readonly #manifests: ManifestStore;
  readonly #cache: SegmentCache;
  readonly #engine: SizedEngine;
  readonly #sqlTurns = new Turns();
  readonly #memoryLimitMb: number;
  readonly #memory: SharedMemory;
  readonly #tenant: MemoryTenant;
  readonly #tasks: IndexTasks;
  #layouts = new ParquetLayouts();
  readonly #spillDirectory: string;
  #loaded: LoadedManifest | undefined;
  /** Questions that are under way. */
  #asking = 0;

  private constructor(options: IndexReaderOptions, cache: SegmentCache, engine: SizedEngine, spillDirectory: string) {
    this.#store = options.store;
    this.#manifests = new ManifestStore(options.store);
    this.#cache = cache;
    this.#engine = engine;
    this.#memoryLimitMb = options.memoryLimitMb;
    this.#memory = options.memory ?? new SharedMemory();
    this.#tasks = new IndexTasks(options.store.url, options.memoryLimitMb);
    this.#tenant = {
      tasksMb: () => this.#tasks.memoryMb,
      isBusy: () => this.#asking > 0,
      giveUpEngine: () => this.#engine.giveUp(),
      giveUpTasks: () => this.#tasks.forget(),
    };
    this.#spillDirectory = spillDirectory;
  }

  /** Makes room for what comes: that there is no index is told by the first question. */
  static async open(options: IndexReaderOptions): Promise<IndexReader> {
    const { diskLimitMb = defaultDiskLimitMb } = options;
    const cache = new SegmentCache(options.store, options.cacheDirectory, diskLimitMb * 2 ** 20);
    const temporaryDirectory = await createSpillDirectory(options.cacheDirectory);
    const engineOptions = { spillLimitMb: Math.ceil(diskLimitMb), temporaryDirectory, directories: [cache.directory] };
    return new IndexReader(options, cache, new SizedEngine(engineOptions), temporaryDirectory);
  }

  get url(): string {
    return this.#store.url;
  }

  /** Tasks that can be kept, counted in each segment that has records of them. */
  get maxTasks(): number {
    return this.#tasks.maxTasks;
  }

  /** Tells of the segments that questions wait for, until the answer is called. */
  onFetch(listener: FetchListener): () => void {
    return this.#cache.onFetch(listener);
  }

  async newest(signal?: AbortSignal): Promise<Manifest> {
    return (await this.#refresh(signal)).manifest;
  }

  /** Asks the newest state something that `work` knows how to ask, once more of a newer one where segments went away. */
  async read<T>(options: ReadOptions, work: (reading: IndexReading) => Promise<T>): Promise<T> {
    this.#asking += 1;
    try {
      return await this.#read(options, work);
    } finally {
      this.#asking -= 1;
    }
  }

  async #read<T>(options: ReadOptions, work: (reading: IndexReading) => Promise<T>): Promise<T> {
    const { signal } = options;
    let wasDamaged = false;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const [{ manifest }, completeTs] = await Promise.all([
        this.#refresh(signal),
        readFreshness(this.#store, signal).catch((error: unknown) => {
          throw asIndexError(error, this.url);
        }),
      ]);
      try {
        return await this.#answerFrom(manifest, completeTs, options, work);
      } catch (error) {
        signal?.throwIfAborted();
        const explained = await this.#explain(error, manifest.segments);
        // The index may have been deleted (then the next look says `missing`) or built anew.
        const isDamaged = explained instanceof IndexError && explained.code === 'damaged';
        if (isDamaged && !wasDamaged) {
          wasDamaged = true;
          continue;
        }
        if (!(explained instanceof LostCacheFile)) throw explained;
        // Who has read a file takes the next one there for it where that is as large and of the same moment.
        this.#engine.giveUp();
        this.#layouts = new ParquetLayouts();
        if (attempt >= mostAttempts) throw this.#crowded(explained);
      }
    }
  }

  async #answerFrom<T>(
    manifest: Manifest,
    completeTs: number | undefined,
    { signal, times = {}, share = 1, silenceMs = longestSilenceMs, of = 'tasks' }: ReadOptions,
    work: (reading: IndexReading) => Promise<T>,
  ): Promise<T> {
    const all: SegmentSet = {
      entries: manifest.segments,
      fileOf: (entry) => this.#cache.fileOf(entry),
      superseded: manifest.superseded,
    };
    const wanted = wantedSegments(all.entries, times, this.#tasks.maxTasks, { share, silenceMs });
    const sources = this.#sourcesOf(all, wanted.entries, signal);
    if (of === 'tasks') this.#claim(mbOfTasks(tasksOf(wanted.entries)));
    const tasks = of === 'tasks' ? await this.#tasks.bring(sources, signal) : this.#tasks.hold();
    try {
      this.#claim(this.#tasks.memoryMb);
      this.#engine.fit(this.#shares().engineMb);
      const isKept = ({ key }: SegmentEntry): boolean => of === 'records' || tasks.has(key);
      const segments = { ...all, entries: all.entries.filter(isKept) };
      const cutTs = cutOf(wanted, isKept);
      const byKey = new Map(manifest.segments.map((entry) => [entry.key, entry]));
      // Tasks of the table may get parts in later segments meanwhile.
      const entryOf = (key: string): SegmentEntry => byKey.get(key) ?? tasks.segment(key).entry;
      return await work({
        url: this.url,
        manifest,
        segments,
        tasks,
        taskSegments: [...tasks.table.segments],
        ...(wanted.span ? { span: wanted.span } : {}),
        records: {
          inRuns: async (keys, read) => await this.#cache.inRuns(keys, entryOf, read, signal),
          fileOf: (key) => this.#cache.fileOf(entryOf(key)),
          layouts: this.#layouts,
          superseded: new Set(manifest.superseded),
        },
        source: {
          manifest: manifest.number,
          ...(completeTs === undefined ? {} : { completeTs }),
          segments: segments.entries.length,
          bytes: segments.entries.reduce((sum, entry) => sum + entry.sizeBytes + entry.side.sizeBytes, 0),
          ...(cutTs === undefined ? {} : { cutTs }),
        },
        holding: async (entries, read) => await this.#cache.holding(entries, read, signal),
        inRuns: async (items, entryOfItem, read) => await this.#cache.inRuns(items, entryOfItem, read, signal),
        signal,
        spillDirectory: this.#spillDirectory,
        sqlInTurn: async (run) => await this.#sqlTurns.take(async () => await run(this.#shares().sqlMb), signal),
        query: async (statement, staged) => await this.#query(statement, staged, signal),
      });
    } finally {
      tasks.release();
    }
  }

  /** All records of a task, wherever they are in an index of which not all tasks are kept. */
  async recordsAnywhere(id: string, { manifest, segments, records, signal }: IndexReading): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    const left = await segmentsWith(id, manifest.segments, this.#cache, signal);
    while (left.length > 0) {
      // Beside those that are kept, and not for long.
      const entries = left.splice(0, countThatFits(left, this.maxTasks * shareBeside));
      const few = new IndexTasks(this.url, this.#memoryLimitMb);
      const tasks = await few.bring(this.#sourcesOf({ ...segments, entries }, entries, signal), signal);
      try {
        const parts = tasks.table.partsOf(id);
        for (const own of await recordsOfTasks(parts.length > 0 ? [parts] : [], records, signal)) {
          for (const record of own) found.push(record);
        }
      } finally {
        tasks.release();
        few.close();
      }
    }
    return found;
  }

  /** @param wanted those of the segments whose tasks are wanted. */
  #sourcesOf(segments: SegmentSet, wanted: readonly SegmentEntry[], signal: AbortSignal | undefined): TaskSources {
    return {
      entries: wanted,
      all: segments.entries,
      superseded: segments.superseded,
      fileOfSide: (side) => this.#cache.fileOf(side),
      inRuns: async (entries, read) => await this.#cache.inRuns(entries, ({ side }) => side, read, signal),
      refold: async (segment, without) => {
        const { refoldSegment } = await import('./tasks/refoldSegment.ts');
        const refold = async () => await refoldSegment(segment, segments.fileOf(segment.entry), without, signal);
        return await this.#cache.holding([segment.entry], refold, signal);
      },
    };
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
    const isBadSide = error instanceof DamagedBlockFile;
    if (isBadSide) this.#tasks.forget();
    if (error instanceof LostCacheFile) return error;
    const damaged = await this.#cache.findDamaged(entries.flatMap((entry) => [entry, entry.side]));
    if (damaged && this.#cache.isRemote) return new LostCacheFile(error);
    if (damaged) return damagedIndex(this.url, `${damaged.key} is gone or not what was written`, error);
    return isBadSide ? damagedIndex(this.url, `of a segment's side, ${error.message}`, error) : error;
  }

  #crowded(cause: LostCacheFile): IndexError {
    return new IndexError(
      'disk',
      this.url,
      `files of the index at ${this.url} went away from ${this.#cache.directory} while they were read, again and again: ` +
        `processes that share the folder need more room than there is. Raise ${diskLimitNames}, or ask again when they are done`,
      { cause },
    );
  }

  async #query({ sql, parameters }: Statement, staged: Staged | undefined, signal?: AbortSignal): Promise<SqlRow[]> {
    const options = { ...(staged ? { staged } : {}), ...(signal ? { signal } : {}) };
    return await this.#engine.ask(
      this.#shares().engineMb,
      async (database) => await database.query(sql, parameters.of(sql), options),
    );
  }

  #shares(): MemoryShares {
    return memoryShares(this.#memoryLimitMb, this.#tasks.memoryMb + this.#memory.othersMb(this.#tenant));
  }

  #claim(tasksMb: number): void {
    this.#memory.claim(this.#tenant, tasksMb, this.#memoryLimitMb);
  }

  async close(): Promise<void> {
    this.#memory.leave(this.#tenant);
    this.#tasks.close();
    await this.#engine.close();
    await rm(this.#spillDirectory, { recursive: true, force: true });
  }

  async #refresh(signal?: AbortSignal): Promise<LoadedManifest> {
    const loaded = await this.#manifests.newest(this.#loaded, signal);
    this.#loaded = loaded;
    return loaded;
  }
}
