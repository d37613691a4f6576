/** What can be asked of an index: tasks, one task, records, what is in it. Knows nothing of what writes. */

import { foldAttempts, foldTask } from '../model/fold.ts';
import { type SortPosition, sortPosition } from '../model/query/compareTasks.ts';
import { inheritFields } from '../model/query/inheritFields.ts';
import type { Query } from '../model/query/query.ts';
import type { LogRecord } from '../model/record.ts';
import type { FoldedTask, TaskDetail } from '../model/task.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { formatCursor, parseCursor } from './cursor.ts';
import { findRecords } from './findRecords.ts';
import { findTasks, type FoundTasks } from './findTasks.ts';
import { IndexError } from './indexError.ts';
import {
  type IndexReaderOptions,
  IndexReader,
  type IndexReading,
  type IndexSource,
  type ReadOptions,
} from './indexReader.ts';
import { asIndexError } from './manifestStore.ts';
import { readRejectedRows, type RejectedLine } from './rejectedLines.ts';
import type { FetchListener } from './segmentCache.ts';
import { certaintyOf, longestSilenceMs, tasksOf, timesOf } from './segmentWindow.ts';
import { taskPage } from './tasks/taskPage.ts';
import { recordsOfTasks } from './tasks/taskRecords.ts';

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
  /** Of an index with more than can be kept: counted once in each segment that has records of it. */
  readonly tasks: number;
  readonly segments: number;
  readonly bytes: number;
  readonly oldestTs?: number;
  readonly newestTs?: number;
  readonly rejected: number;
  /** How long ago the last pass that left nothing unindexed began; without one, since the last commit. */
  readonly lagMs: number;
}

/** Of the tasks that can be kept: pages of the newest are looked for among few at first. */
const leastShare = 1 / 16;

interface Look {
  readonly share: number;
  readonly silenceMs: number;
}

/** Where so many tasks end in six hours that no more can be kept, they are told as far as those that are kept tell. */
const lastLook: Look = { share: 1, silenceMs: 0 };
const looks: readonly Look[] = [
  ...[leastShare, 4 * leastShare, 1].map((share) => ({ share, silenceMs: longestSilenceMs })),
  { share: 1, silenceMs: longestSilenceMs / 12 },
  lastLook,
];

export interface LogIndexOptions extends IndexReaderOptions {
  readonly nowMs?: () => number;
}

export class LogIndex {
  readonly #store: ObjectStore;
  readonly #reader: IndexReader;
  readonly #nowMs: () => number;

  private constructor({ store, nowMs = Date.now }: LogIndexOptions, reader: IndexReader) {
    this.#store = store;
    this.#reader = reader;
    this.#nowMs = nowMs;
  }

  /** Makes room for what comes: that there is no index is told by the first question. */
  static async open(options: LogIndexOptions): Promise<LogIndex> {
    return new LogIndex(options, await IndexReader.open(options));
  }

  get url(): string {
    return this.#store.url;
  }

  /** Tells of the segments that questions wait for, until the answer is called. */
  onFetch(listener: FetchListener): () => void {
    return this.#reader.onFetch(listener);
  }

  /** @throws IndexError; rejects with `signal.reason` when cancelled. */
  async search(
    query: Query,
    options: { readonly limit: number; readonly cursor?: string; readonly signal?: AbortSignal },
  ): Promise<TaskPage> {
    const { cursor, signal } = options;
    const limit = query.limit ?? options.limit;
    const after = cursor === undefined ? undefined : this.#positionOf(cursor);
    const asked = { limit: limit + 1, ...(after ? { after } : {}) };
    if (query.sort !== undefined) {
      return await this.read({ signal, times: timesOf(query) }, async (reading) => {
        const found = await findTasks(reading, query, asked);
        return await pageOf(reading, query, found, limit);
      });
    }
    // What comes after a task of the newest first ended no later.
    const times = { ...timesOf(query), ...(after?.value === undefined ? {} : { untilMs: after.value }) };
    for (const look of looks) {
      const page = await this.read({ signal, times, ...look }, async (reading) => {
        const { cutTs } = reading.source;
        if (cutTs !== undefined && look !== lastLook && !mayTell(reading, after, cutTs + look.silenceMs))
          return undefined;
        const found = await findTasks(reading, query, asked);
        return await newestPage(reading, query, { found, limit, ...(after ? { after } : {}) }, look);
      });
      if (page) return page;
    }
    throw new RangeError('the last look always gives a page');
  }

  /** The task with its attempts and records; no `detail` when no record names it. */
  async task(
    id: string,
    signal?: AbortSignal,
  ): Promise<{ readonly detail?: TaskDetail; readonly source: IndexSource }> {
    return await this.read({ signal, share: leastShare }, async (reading) => {
      const { cutTs, ...source } = reading.source;
      const found =
        cutTs === undefined ? await recordsOf(id, reading) : await this.#reader.recordsAnywhere(id, reading);
      if (found.length === 0) return { source };
      const records = found.sort(byPlace);
      return { detail: { task: foldTask(records), attempts: foldAttempts(records), records }, source };
    });
  }

  /** Matching records, newest first, `account` to `worker` from their task where they have none. */
  async records(query: Query, options: { readonly limit: number; readonly signal?: AbortSignal }): Promise<RecordPage> {
    const { signal } = options;
    const limit = query.limit ?? options.limit;
    return await this.read({ signal, times: timesOf(query) }, async (reading) => {
      const found = await findRecords(reading, query, limit + 1);
      const records = found.slice(0, limit);
      const { table } = reading.tasks;
      const ids = [...new Set(records.flatMap((record) => record.task ?? []))];
      const places = ids.flatMap((id) => table.partsOf(id)[0] ?? []);
      const tasks = new Map((await taskPage(places, reading.records, signal)).map((task) => [task.task, task]));
      const hasMore = found.length > limit;
      const { cutTs, ...source } = reading.source;
      const isWhole = hasMore && (records.at(-1)?.tsMs ?? 0) > (cutTs ?? 0);
      return {
        records: records.map((record) => inheritFields(record, tasks.get(record.task ?? ''))),
        hasMore,
        source: isWhole ? source : reading.source,
      };
    });
  }

  async status(signal?: AbortSignal): Promise<IndexStatus> {
    return await this.read({ signal, of: 'records' }, async ({ manifest, segments, source }) => {
      const times = segments.entries.length > 0;
      const parts = tasksOf(segments.entries);
      return {
        records: manifest.totals.records,
        tasks: parts > this.#reader.maxTasks ? parts : await this.#countTasks(signal),
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
    const manifest = await this.#reader.newest(signal);
    const superseded = new Set(manifest.superseded);
    for (const part of manifest.rejected) {
      signal?.throwIfAborted();
      const rows = await readRejectedRows(this.#store, part.key, signal).catch((error: unknown) => {
        throw asIndexError(error, this.url);
      });
      for (const { version, ...line } of rows) if (!superseded.has(version)) yield line;
    }
  }

  /** Asks the newest state something that `work` knows how to ask. */
  async read<T>(options: ReadOptions, work: (reading: IndexReading) => Promise<T>): Promise<T> {
    return await this.#reader.read(options, work);
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  async #countTasks(signal?: AbortSignal): Promise<number> {
    return await this.read({ signal }, async ({ tasks }) => tasks.table.size);
  }

  #positionOf(cursor: string) {
    const position = parseCursor(cursor);
    if (position) return position;
    throw new IndexError('badCursor', this.url, 'the cursor is none of this index: start from the first page');
  }
}

/** Of a task that is kept. */
async function recordsOf(id: string, { tasks, records, signal }: IndexReading): Promise<LogRecord[]> {
  const parts = tasks.table.partsOf(id);
  const [found = []] = await recordsOfTasks(parts.length > 0 ? [parts] : [], records, signal);
  return found;
}

/** Whether a task that comes on the page may have ended after the moment. */
function mayTell({ taskSegments }: IndexReading, after: SortPosition | undefined, ms: number): boolean {
  if (after?.value !== undefined) return after.value > ms;
  return taskSegments.some(({ boundReachMs }) => boundReachMs > ms);
}

/** `undefined` where a further look may tell more. */
async function newestPage(
  reading: IndexReading,
  query: Query,
  { found, limit, after }: { readonly found: FoundTasks; readonly limit: number; readonly after?: SortPosition },
  look: Look,
): Promise<TaskPage | undefined> {
  const { cutTs, ...source } = reading.source;
  // Those of later segments, which were on earlier pages, were not counted.
  const isAll = after?.value === undefined || reading.segments.entries.length === reading.manifest.segments.length;
  if (cutTs === undefined) {
    const page = await pageOf(reading, query, { ...found, isExact: found.isExact && isAll }, limit);
    // What was left out is later, and may be of these tasks.
    return isAll || look.silenceMs === longestSilenceMs ? page : { ...page, source: { ...source, cutTs: after.value } };
  }
  const { afterMs, isWhole } = certaintyOf(reading.taskSegments, cutTs, look.silenceMs);
  const known = found.places.filter(({ segment, at }) => (segment.lastMs[at] ?? 0) > afterMs);
  if (known.length > limit && isWhole) {
    return { ...(await pageOf(reading, query, { ...found, places: known, isExact: false }, limit)), source };
  }
  const goesOn = mayTell(reading, after, afterMs);
  if (look.share < 1 || (look !== lastLook && !goesOn)) return undefined;
  // Where even of the newest others were left out, those that are known are better than none.
  const places = known.length > 0 || goesOn ? known : found.places;
  const page = await pageOf(reading, query, { ...found, places, isExact: false }, limit);
  if (places.length > limit || !goesOn) return page;
  // Older tasks are looked for from there on, with no id before any.
  return { ...page, cursor: formatCursor({ value: afterMs, task: '' }) };
}

/** @param found one more than the page holds, where there are so many. */
async function pageOf(
  { records, source, signal }: IndexReading,
  query: Query,
  { places, total, isExact }: FoundTasks,
  limit: number,
): Promise<TaskPage> {
  const tasks = await taskPage(places.slice(0, limit), records, signal);
  const last = tasks.at(-1);
  return {
    tasks,
    total,
    totalIs: isExact && source.cutTs === undefined ? 'exact' : 'atLeast',
    ...(places.length > limit && last ? { cursor: formatCursor(sortPosition(query)(last)) } : {}),
    source,
  };
}

/** By time; of one moment by where they were read. */
function byPlace(a: LogRecord, b: LogRecord): number {
  const [objectA, objectB] = [a.origin?.object ?? '', b.origin?.object ?? ''];
  const byObject = objectA < objectB ? -1 : objectA > objectB ? 1 : 0;
  return a.tsMs - b.tsMs || byObject || (a.origin?.offsetBytes ?? 0) - (b.origin?.offsetBytes ?? 0);
}
