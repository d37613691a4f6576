/**
 * Where a segment's file lies on this machine: segments of a file store are read where they are, those of a remote store
 * are fetched once into a folder of bounded size (cacheSpace.ts).
 */

import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ObjectStore } from '../store/objectStore.ts';
import { untilAborted } from '../store/untilAborted.ts';
import { CacheSpace, type CachedFile, unfinishedFile } from './cacheSpace.ts';
import { damagedIndex, IndexError } from './indexError.ts';
import { diskLimitNames } from './limitNames.ts';
import { LostCacheFile } from './lostCacheFile.ts';
import type { SegmentEntry } from './manifest.ts';
import { asIndexError } from './manifestStore.ts';
import { readObject } from './readObject.ts';

/** Fetched side by side. */
const concurrency = 8;

/** What the manifest says of a segment's rows, or of its task side. */
export type CachedObject = Pick<SegmentEntry, 'key' | 'sizeBytes' | 'sha256'>;

export type FetchListener = (progress: { readonly done: number; readonly total: number }) => void;

/** One object on its way here, and how many questions wait for it. */
interface Transfer {
  readonly done: Promise<void>;
  readonly stop: AbortController;
  waiting: number;
}

export class SegmentCache {
  /** Of all indexes: the bound is one for them all. */
  readonly #space: CacheSpace;
  readonly #store: ObjectStore;
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #transfers = new Map<string, Transfer>();
  readonly #listeners = new Set<FetchListener>();

  /** @param directory may be shared by processes: files come and go whole. */
  constructor(store: ObjectStore, directory: string, maxBytes: number) {
    this.#store = store;
    const name = createHash('sha256').update(store.url).digest('hex').slice(0, 16);
    const root = join(directory, 'segments');
    this.#space = CacheSpace.of(root);
    this.#directory = join(root, name);
    this.#maxBytes = maxBytes;
  }

  /** Whether the files are copies of what the store has. */
  get isRemote(): boolean {
    return !isLocal(this.#store);
  }

  /** The folder in which statements find the files. */
  get directory(): string {
    return isLocal(this.#store) ? fileURLToPath(this.#store.url) : this.#directory;
  }

  /** Tells of the segments that questions wait for, until the answer is called. */
  onFetch(listener: FetchListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Each segment's file. Not there before `hold` has brought it. */
  fileOf(entry: CachedObject): string {
    if (isLocal(this.#store)) return join(fileURLToPath(this.#store.url), ...entry.key.split('/'));
    return join(this.#directory, `${entry.sha256}.parquet`);
  }

  /**
   * Brings the segments here and keeps them until `release` is called; waits while others keep too much. Who keeps some asks for no
   * more.
   * @throws IndexError `disk` when they take more than the bound, `damaged` when one is gone or is not what was written, `unreachable`.
   */
  async hold(entries: readonly CachedObject[], signal?: AbortSignal): Promise<{ release(): void }> {
    if (isLocal(this.#store)) return { release: () => undefined };
    const distinct = [...new Map(entries.map((entry) => [this.fileOf(entry), entry])).values()];
    const files = distinct.map((entry) => this.#cachedFile(entry));
    this.#refuseTooLarge(files);
    await mkdir(this.#directory, { recursive: true });
    const missing = await this.#space.take(files, this.#maxBytes, signal);
    try {
      await this.#bringAll(distinct, missing, signal);
    } catch (error) {
      this.#space.release(files);
      throw error;
    }
    let isReleased = false;
    return {
      release: () => {
        if (!isReleased) this.#space.release(files);
        isReleased = true;
      },
    };
  }

  /**
   * Holds the segments as long as `work` takes.
   * @throws as `hold` does; LostCacheFile where `work` failed and a file is gone, which another process may have removed.
   */
  async holding<T>(entries: readonly CachedObject[], work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const held = await this.hold(entries, signal);
    try {
      return await work();
    } catch (error) {
      throw (await this.#hasLost(entries, error)) ? new LostCacheFile(error) : error;
    } finally {
      held.release();
    }
  }

  /** Holds the segments one run after the other, as many at a time as the bound allows. @throws as `hold` does. */
  async inRuns<T>(
    items: readonly T[],
    entryOf: (item: T) => CachedObject,
    work: (run: readonly T[]) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const run of this.#runsOf(items, entryOf)) {
      await this.holding(run.map(entryOf), async () => await work(run), signal);
    }
  }

  /** Some bytes of an object: from its file where that is here, else from the store, and not kept. @throws IndexError */
  async readRange(
    entry: CachedObject,
    range: { readonly start: number; readonly end: number },
    signal?: AbortSignal,
  ): Promise<Buffer> {
    const local = await readLocalRange(this.fileOf(entry), range);
    if (local) return local;
    const url = this.#store.url;
    const object = await readObject(this.#store, entry.key, signal, range).catch((error: unknown) => {
      throw asIndexError(error, url);
    });
    if (!object) throw damagedIndex(url, `${entry.key} is gone`);
    return Buffer.from(object.bytes);
  }

  /**
   * Compares the files with what the manifest says; the first that differs. Of a remote store those that are here, and all that differ
   * are removed, to be fetched again.
   */
  async findDamaged(entries: readonly CachedObject[]): Promise<CachedObject | undefined> {
    // Far less work than looking at what is in the files.
    let first = this.isRemote ? undefined : await this.#firstGone(entries);
    for (const entry of first ? [] : entries) {
      const file = this.fileOf(entry);
      const bytes = await readLocal(file);
      if (bytes ? isWhole(bytes, entry) : this.isRemote) continue;
      first ??= entry;
      if (!this.isRemote) break;
      await rm(file, { force: true });
    }
    return first;
  }

  /** Whether one of the files that were brought is not there as it was. */
  async #hasLost(entries: readonly CachedObject[], error: unknown): Promise<boolean> {
    if (!this.isRemote) return false;
    // It may be here again by now.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    return (await this.#firstGone(entries)) !== undefined;
  }

  /** The first whose file is not there, or of another size. */
  async #firstGone(entries: readonly CachedObject[]): Promise<CachedObject | undefined> {
    for (const entry of entries) {
      if ((await stat(this.fileOf(entry)).catch(ignoreMissing))?.size !== entry.sizeBytes) return entry;
    }
    return undefined;
  }

  #runsOf<T>(items: readonly T[], entryOf: (item: T) => CachedObject): T[][] {
    if (isLocal(this.#store)) return items.length > 0 ? [[...items]] : [];
    const runs: T[][] = [];
    let bytes = Number.POSITIVE_INFINITY;
    for (const item of items) {
      const { sizeBytes } = entryOf(item);
      bytes += sizeBytes;
      if (bytes <= this.#maxBytes) {
        runs.at(-1)?.push(item);
        continue;
      }
      runs.push([item]);
      bytes = sizeBytes;
    }
    return runs;
  }

  #refuseTooLarge(files: readonly CachedFile[]): void {
    const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (bytes <= this.#maxBytes) return;
    const [neededMb, limitMb] = [Math.ceil(bytes / 2 ** 20), Math.floor(this.#maxBytes / 2 ** 20)];
    throw new IndexError(
      'disk',
      this.#store.url,
      `to answer this takes ${neededMb} MB of disk at once, and the limit is ${limitMb} MB: raise ${diskLimitNames}, ` +
        `for the index at ${this.#store.url}`,
    );
  }

  async #bringAll(entries: readonly CachedObject[], missing: number, signal?: AbortSignal): Promise<void> {
    let fetched = 0;
    const waiting = [...entries];
    const fetchNext = async () => {
      for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
        signal?.throwIfAborted();
        if (await this.#bring(entry, signal)) this.#tell({ done: ++fetched, total: Math.max(missing, fetched) });
      }
    };
    const fetching = Array.from({ length: concurrency }, async () => {
      try {
        await fetchNext();
      } finally {
        // Where one fails, the others end what they are at, and no more.
        waiting.length = 0;
      }
    });
    await Promise.allSettled(fetching);
    await Promise.all(fetching);
  }

  /** Whether it had to be fetched, by this question or one that has come before. */
  async #bring(entry: CachedObject, signal?: AbortSignal): Promise<boolean> {
    const file = this.fileOf(entry);
    const now = new Date();
    if ((await stat(file).catch(ignoreMissing))?.size === entry.sizeBytes) {
      // The time of last use is what eviction goes by.
      await utimes(file, now, now).catch(ignoreMissing);
      return false;
    }
    const transfer = this.#transfers.get(file) ?? this.#begin(entry, file);
    transfer.waiting += 1;
    try {
      await untilAborted(transfer.done, signal);
    } finally {
      transfer.waiting -= 1;
      if (transfer.waiting === 0) {
        // Over, or wanted by nobody any more.
        if (this.#transfers.get(file) === transfer) this.#transfers.delete(file);
        transfer.stop.abort();
      }
    }
    return true;
  }

  #begin(entry: CachedObject, file: string): Transfer {
    const stop = new AbortController();
    // One that was stopped takes room until it has really ended.
    const taken = [this.#cachedFile(entry)];
    this.#space.use(taken);
    const done = this.#fetch(entry, file, stop.signal).finally(() => this.#space.release(taken));
    const transfer = { done, stop, waiting: 0 };
    // Whoever waits hears of a failure; nobody may, once it was stopped.
    done.catch(() => undefined);
    this.#transfers.set(file, transfer);
    return transfer;
  }

  #tell(progress: { readonly done: number; readonly total: number }): void {
    for (const listener of this.#listeners) listener(progress);
  }

  #cachedFile(entry: CachedObject): CachedFile {
    return { file: this.fileOf(entry), sizeBytes: entry.sizeBytes };
  }

  async #fetch(entry: CachedObject, file: string, signal: AbortSignal): Promise<void> {
    const url = this.#store.url;
    const object = await readObject(this.#store, entry.key, signal).catch((error: unknown) => {
      throw asIndexError(error, url);
    });
    if (!object) throw damagedIndex(url, `${entry.key} is gone`);
    if (!isWhole(object.bytes, entry)) throw damagedIndex(url, `${entry.key} is not what was written`);
    signal.throwIfAborted();
    const temporary = unfinishedFile(file);
    await writeFile(temporary, object.bytes);
    await rename(temporary, file);
  }
}

function isLocal(store: ObjectStore): boolean {
  return store.url.startsWith('file:');
}

function isWhole(bytes: Uint8Array, entry: CachedObject): boolean {
  return bytes.length === entry.sizeBytes && createHash('sha256').update(bytes).digest('hex') === entry.sha256;
}

async function readLocal(file: string): Promise<Uint8Array | undefined> {
  return await readFile(file).catch(ignoreMissing);
}

/** `undefined` where there is no such file, or it ends before. */
async function readLocalRange(
  file: string,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Buffer | undefined> {
  const handle = await open(file).catch(ignoreMissing);
  if (!handle) return undefined;
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
    return bytesRead === end - start ? buffer : undefined;
  } finally {
    await handle.close();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
