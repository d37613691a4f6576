/** Reads an index: tasks, one task, records, what is in it. Holds the embedded engine; knows nothing of what writes. */

import { rm } from 'node:fs/promises';
import { foldAttempts, foldTask } from '../model/fold.ts';
import { sortPosition } from '../model/query/compareTasks.ts';
import { inheritFields } from '../model/query/inheritFields.ts';
import { leavesOf } from '../model/query/matchTask.ts';
import type { Query } from '../model/query/query.ts';
import type { LogRecord } from '../model/record.ts';
import type { FoldedTask, TaskDetail } from '../model/task.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { formatCursor, parseCursor } from './cursor.ts';
import { Database, isOutOfMemory, type SqlRow } from './database.ts';
import { readFreshness } from './freshness.ts';
import { damagedIndex, IndexError } from './indexError.ts';
import type { Manifest, SegmentEntry } from './manifest.ts';
import { type FoldedRow, foldedRow } from './foldedRow.ts';
import { asIndexError, type LoadedManifest, ManifestStore } from './manifestStore.ts';
import { readRejectedRows, type RejectedLine } from './rejectedLines.ts';
import { createSpillDirectory } from './spillDirectory.ts';
import { type FetchListener, SegmentCache } from './segmentCache.ts';
import type { SegmentSet } from './segmentSet.ts';
import { recordOfRow } from './segmentColumns.ts';
import {
  countTasksSql,
  eventsStatement,
  recordsStatement,
  searchPlan,
  type SearchPlan,
  type Statement,
  tasksStatement,
  taskStatement,
} from './statements.ts';
import { TaskTable } from './taskTable.ts';
import { TextFilters } from './textFilters.ts';

export interface LogIndexOptions {
  readonly store: ObjectStore;
  /** Segments of remote stores and spilled data go here. */
  readonly cacheDirectory: string;
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

interface Snapshot {
  readonly manifest: Manifest;
  readonly segments: SegmentSet;
  readonly source: IndexSource;
}

/** One state of the index, as long as a question about it takes; its segments' files stay where they are. */
export interface IndexReading {
  readonly url: string;
  readonly segments: SegmentSet;
  readonly source: IndexSource;
  /** A folder for what may be spilled, removed when the index is closed. */
  readonly spillDirectory: string;
  /** Rejects with `signal.reason` once the question's signal fires. */
  readonly query: (statement: Statement) => Promise<SqlRow[]>;
}

const defaultDiskLimitMb = 2048;

export class LogIndex {
  readonly #store: ObjectStore;
  readonly #manifests: ManifestStore;
  readonly #cache: SegmentCache;
  readonly #database: Database;
  readonly #tasks: TaskTable;
  readonly #texts: TextFilters;
  readonly #nowMs: () => number;
  readonly #spillDirectory: string;
  #loaded: LoadedManifest | undefined;

  private constructor(options: LogIndexOptions, cache: SegmentCache, tasks: TaskTable, spillDirectory: string) {
    this.#store = options.store;
    this.#manifests = new ManifestStore(options.store);
    this.#cache = cache;
    this.#database = tasks.database;
    this.#tasks = tasks;
    this.#texts = new TextFilters(tasks.database);
    this.#spillDirectory = spillDirectory;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** Opens the engine only: that there is no index is told by the first question. */
  static async open(options: LogIndexOptions): Promise<LogIndex> {
    const { diskLimitMb = defaultDiskLimitMb } = options;
    const cache = new SegmentCache(options.store, options.cacheDirectory, diskLimitMb * 2 ** 20);
    const spillDirectory = await createSpillDirectory(options.cacheDirectory);
    const database = await Database.open({
      memoryLimitMb: options.memoryLimitMb,
      spillLimitMb: Math.ceil(diskLimitMb),
      temporaryDirectory: spillDirectory,
      directories: [cache.directory],
    });
    return new LogIndex(options, cache, await TaskTable.open(database), spillDirectory);
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
    return await this.#ask(signal, async ({ segments, source }) => {
      if (segments.entries.length === 0) return { tasks: [], total: 0, source };
      if (asksForText(query)) await this.#texts.bring(segments.entries, segments.fileOf, signal);
      const page = { limit: limit + 1, ...(after ? { after } : {}) };
      const { total, rows } = await this.#searchRows(searchPlan(query, segments, page), signal);
      const tasks = await this.#tasksOf(rows.slice(0, limit), segments, signal);
      const last = tasks.at(-1);
      const next = rows.length > limit && last ? { cursor: formatCursor(sortPosition(query)(last)) } : {};
      return { tasks, total, ...next, source };
    });
  }

  /** The task with its attempts and records; no `detail` when no record names it. */
  async task(
    id: string,
    signal?: AbortSignal,
  ): Promise<{ readonly detail?: TaskDetail; readonly source: IndexSource }> {
    return await this.#ask(signal, async ({ segments, source }) => {
      if (segments.entries.length === 0) return { source };
      const records = (await this.#query(taskStatement(id, segments), signal)).map(recordOfRow);
      if (records.length === 0) return { source };
      return { detail: { task: foldTask(records), attempts: foldAttempts(records), records }, source };
    });
  }

  /** Matching records, newest first, `account` to `worker` from their task where they have none. */
  async records(query: Query, options: { readonly limit: number; readonly signal?: AbortSignal }): Promise<RecordPage> {
    const { signal } = options;
    const limit = query.limit ?? options.limit;
    return await this.#ask(signal, async ({ segments, source }) => {
      const statement = recordsStatement(query, segments, { limit: limit + 1 });
      if (!statement) return { records: [], hasMore: false, source };
      const rows = await this.#query(statement, signal);
      const records = rows.slice(0, limit).map(recordOfRow);
      const ids = [...new Set(records.flatMap((record) => record.task ?? []))];
      const tasks = new Map<string, FoldedTask>();
      const known = ids.length > 0 ? await this.#query(tasksStatement(ids), signal) : [];
      for (const { task } of known.flatMap(({ row }) => foldedRow(row) ?? [])) tasks.set(task.task, task);
      return {
        records: records.map((record) => inheritFields(record, tasks.get(record.task ?? ''))),
        hasMore: rows.length > limit,
        source,
      };
    });
  }

  async status(signal?: AbortSignal): Promise<IndexStatus> {
    return await this.#ask(signal, async ({ manifest, segments, source }) => {
      const counted = segments.entries.length === 0 ? [] : await this.#database.query(countTasksSql, {}, signal);
      const times = segments.entries.length > 0;
      return {
        records: manifest.totals.records,
        tasks: Number(counted[0]?.['tasks'] ?? 0),
        segments: segments.entries.length,
        bytes: source.bytes,
        ...(times ? { oldestTs: Math.min(...segments.entries.map((entry) => entry.minTs)) } : {}),
        ...(times ? { newestTs: Math.max(...segments.entries.map((entry) => entry.maxTs)) } : {}),
        rejected: manifest.totals.rejected,
        lagMs: Math.max(0, this.#nowMs() - (source.completeTs ?? manifest.writtenTs)),
      };
    });
  }

  /** Asks the newest state something that `work` knows how to ask, once more of a newer one where segments went away. */
  async read<T>(signal: AbortSignal | undefined, work: (reading: IndexReading) => Promise<T>): Promise<T> {
    const [url, spillDirectory] = [this.url, this.#spillDirectory];
    const query = async (statement: Statement) => await this.#query(statement, signal);
    return await this.#ask(
      signal,
      async ({ segments, source }) => await work({ url, segments, source, spillDirectory, query }),
    );
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
    this.#database.close();
    await rm(this.#spillDirectory, { recursive: true, force: true });
  }

  async #refresh(signal?: AbortSignal): Promise<LoadedManifest> {
    const loaded = await this.#manifests.newest(this.#loaded, signal);
    this.#loaded = loaded;
    return loaded;
  }

  /** Answers from the newest manifest; once more from a newer one where segments went away meanwhile. */
  async #ask<T>(signal: AbortSignal | undefined, answer: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const [{ manifest }, completeTs] = await Promise.all([
        this.#refresh(signal),
        readFreshness(this.#store, signal).catch((error: unknown) => {
          throw asIndexError(error, this.url);
        }),
      ]);
      try {
        return await this.#answerFrom(manifest, completeTs, signal, answer);
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
    answer: (snapshot: Snapshot) => Promise<T>,
  ): Promise<T> {
    const held = await this.#cache.hold(manifest.segments, signal);
    try {
      const segments = {
        entries: manifest.segments,
        fileOf: (entry: SegmentEntry) => this.#cache.fileOf(entry),
        superseded: manifest.superseded,
        expired: manifest.expired ?? 0,
        textFilterOf: (entry: SegmentEntry) => this.#texts.of(entry),
      };
      await this.#bringTasks(segments, signal);
      return await answer({
        manifest,
        segments,
        source: {
          manifest: manifest.number,
          ...(completeTs === undefined ? {} : { completeTs }),
          segments: manifest.segments.length,
          bytes: manifest.segments.reduce((sum, entry) => sum + entry.sizeBytes + (entry.tasks?.sizeBytes ?? 0), 0),
        },
      });
    } finally {
      await held.release();
    }
  }

  /** Keeps the task table up with the segments. */
  async #bringTasks(segments: SegmentSet, signal?: AbortSignal): Promise<void> {
    const missing = this.#tasks.missing(segments);
    if (missing.length === 0) return;
    const held = await this.#cache.hold(
      missing.flatMap(({ tasks }) => tasks ?? []),
      signal,
    );
    try {
      await this.#tasks.bring({ ...segments, fileOfTasks: (side) => this.#cache.fileOf(side) }, signal);
    } finally {
      await held.release();
    }
  }

  async #explain(error: unknown, entries: readonly SegmentEntry[]): Promise<unknown> {
    if (error instanceof IndexError) return error;
    if (isOutOfMemory(error)) {
      return new IndexError(
        'memory',
        this.url,
        `the index at ${this.url} cannot answer this within the memory limit: narrow the query or raise the limit`,
        { cause: error },
      );
    }
    const damaged = await this.#cache.findDamaged(
      entries.flatMap((entry) => (entry.tasks ? [entry, entry.tasks] : [entry])),
    );
    return damaged === undefined ? error : damagedIndex(this.url, `${damaged} is gone or not what was written`, error);
  }

  #positionOf(cursor: string) {
    const position = parseCursor(cursor);
    if (position) return position;
    throw new IndexError('badCursor', this.url, 'the cursor is none of this index: start from the first page');
  }

  async #query({ sql, parameters }: Statement, signal?: AbortSignal): Promise<SqlRow[]> {
    return await this.#database.query(sql, parameters.of(sql), signal);
  }

  async #searchRows(
    plan: SearchPlan,
    signal?: AbortSignal,
  ): Promise<{ readonly total: number; readonly rows: readonly FoldedRow[] }> {
    if (plan.kind === 'whole') {
      const found = await this.#query(plan.statement, signal);
      return { total: Number(found[0]?.['total'] ?? 0), rows: found.flatMap(({ row }) => foldedRow(row) ?? []) };
    }
    const [first] = await this.#query(plan.bound, signal);
    const bound = first?.['bound'];
    const found = typeof bound === 'string' ? await this.#query(plan.page(bound), signal) : [];
    return { total: Number(first?.['total'] ?? 0), rows: found.flatMap(({ row }) => foldedRow(row) ?? []) };
  }

  /** The tasks of rows of the task table, in their order; those that are not settled from their records. */
  async #tasksOf(rows: readonly FoldedRow[], segments: SegmentSet, signal?: AbortSignal): Promise<FoldedTask[]> {
    const unsettled = new Map<string, LogRecord[]>();
    for (const { isSettled, task } of rows) {
      // Records that are no task events count for the times only: two stand for all of them.
      if (!isSettled) unsettled.set(task.task, [bare(task.task, task.firstTs), bare(task.task, task.lastTs)]);
    }
    if (unsettled.size > 0) {
      for (const row of await this.#query(eventsStatement([...unsettled.keys()], segments), signal)) {
        const record = recordOfRow(row);
        unsettled.get(record.task ?? '')?.push(record);
      }
    }
    return rows.map(({ task }) => {
      const records = unsettled.get(task.task);
      return records ? foldTask(records) : task;
    });
  }
}

function asksForText(query: Query): boolean {
  return leavesOf(query.where).some(({ kind }) => kind === 'text');
}

function bare(task: string, tsMs: number): LogRecord {
  return { tsMs, event: 'log', task };
}
