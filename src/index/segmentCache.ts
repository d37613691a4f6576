/**
 * Where a segment's file lies on this machine: segments of a file store are read where they are, those of a remote store
 * are fetched once into a folder of bounded size, the least recently used leaving first.
 */

import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ObjectStore } from '../store/objectStore.ts';
import { untilAborted } from '../store/untilAborted.ts';
import { damagedIndex } from './indexError.ts';
import type { SegmentEntry } from './manifest.ts';
import { asIndexError } from './manifestStore.ts';
import { readObject } from './readObject.ts';

/** A file that is being fetched is not left alone for so long. */
const leftoverMs = 600_000;
/** Fetched side by side. */
const concurrency = 8;

/** What the manifest says of a segment's rows, or of its task side. */
type CachedObject = Pick<SegmentEntry, 'key' | 'sizeBytes' | 'sha256'>;

/** Segments in use by statements that run in this process, of whatever index, and by how many: never evicted. */
const inUse = new Map<string, number>();

export type FetchListener = (progress: { readonly done: number; readonly total: number }) => void;

/** One object on its way here, and how many questions wait for it. */
interface Transfer {
  readonly done: Promise<void>;
  readonly stop: AbortController;
  waiting: number;
}

export class SegmentCache {
  /** Of all indexes: the bound is one for them all. */
  readonly #root: string;
  readonly #store: ObjectStore;
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #transfers = new Map<string, Transfer>();
  readonly #listeners = new Set<FetchListener>();

  /** @param directory may be shared by processes: files come and go whole. */
  constructor(store: ObjectStore, directory: string, maxBytes: number) {
    this.#store = store;
    const name = createHash('sha256').update(store.url).digest('hex').slice(0, 16);
    this.#root = join(directory, 'segments');
    this.#directory = join(this.#root, name);
    this.#maxBytes = maxBytes;
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
   * Brings the segments here and keeps them until `release` is called.
   * @throws IndexError `damaged` when one is gone or is not what was written, `unreachable`.
   */
  async hold(entries: readonly CachedObject[], signal?: AbortSignal): Promise<{ release(): Promise<void> }> {
    if (isLocal(this.#store)) return { release: async () => {} };
    await mkdir(this.#directory, { recursive: true });
    for (const entry of entries) this.#count(entry, 1);
    let isReleased = false;
    const release = async () => {
      if (isReleased) return;
      isReleased = true;
      for (const entry of entries) this.#count(entry, -1);
      await this.#evict();
    };
    try {
      const missing = await this.#makeRoom(entries);
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
    } catch (error) {
      await release();
      throw error;
    }
    return { release };
  }

  /** Compares the files with what the manifest says; the key of the first that differs. */
  async findDamaged(entries: readonly CachedObject[]): Promise<string | undefined> {
    for (const entry of entries) {
      const bytes = await readLocal(this.fileOf(entry));
      if (!bytes || !isWhole(bytes, entry)) {
        if (!isLocal(this.#store)) await rm(this.fileOf(entry), { force: true });
        return entry.key;
      }
    }
    return undefined;
  }

  /** Whether it had to be fetched, by this question or one that has come before. */
  async #bring(entry: CachedObject, signal?: AbortSignal): Promise<boolean> {
    const file = this.fileOf(entry);
    const now = new Date();
    if ((await sizeOf(file)) === entry.sizeBytes) {
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
    const transfer = { done: this.#fetch(entry, file, stop.signal), stop, waiting: 0 };
    // Whoever waits hears of a failure; nobody may, once it was stopped.
    transfer.done.catch(() => undefined);
    this.#transfers.set(file, transfer);
    return transfer;
  }

  #tell(progress: { readonly done: number; readonly total: number }): void {
    for (const listener of this.#listeners) listener(progress);
  }

  async #fetch(entry: CachedObject, file: string, signal?: AbortSignal): Promise<void> {
    const url = this.#store.url;
    const object = await readObject(this.#store, entry.key, signal).catch((error: unknown) => {
      throw asIndexError(error, url);
    });
    if (!object) throw damagedIndex(url, `${entry.key} is gone`);
    if (!isWhole(object.bytes, entry)) throw damagedIndex(url, `${entry.key} is not what was written`);
    const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
    await writeFile(temporary, object.bytes);
    await rename(temporary, file);
  }

  #count(entry: CachedObject, step: 1 | -1): void {
    const file = this.fileOf(entry);
    const count = (inUse.get(file) ?? 0) + step;
    if (count > 0) inUse.set(file, count);
    else inUse.delete(file);
  }

  /** Before the segments come, so that the bound holds at any time but when a single question needs more than that. */
  async #makeRoom(entries: readonly CachedObject[]): Promise<number> {
    let missing = 0;
    let missingBytes = 0;
    for (const entry of entries) {
      if ((await sizeOf(this.fileOf(entry))) === entry.sizeBytes) continue;
      missing += 1;
      missingBytes += entry.sizeBytes;
    }
    if (missing > 0) await this.#evict(missingBytes);
    return missing;
  }

  async #evict(wantedBytes = 0): Promise<void> {
    const files: { file: string; sizeBytes: number; usedMs: number }[] = [];
    for (const name of await readdir(this.#root, { recursive: true })) {
      const file = join(this.#root, name);
      const found = await stat(file).catch(ignoreMissing);
      if (found?.isFile()) files.push({ file, sizeBytes: found.size, usedMs: found.mtimeMs });
    }
    let total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, wantedBytes);
    for (const { file, sizeBytes, usedMs } of files.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= this.#maxBytes) return;
      if (inUse.has(file)) continue;
      // Another process may be about to give it its name; one that was killed left it.
      if (file.endsWith('.tmp') && Date.now() - usedMs < leftoverMs) continue;
      await rm(file, { force: true });
      total -= sizeBytes;
    }
  }
}

function isLocal(store: ObjectStore): boolean {
  return store.url.startsWith('file:');
}

function isWhole(bytes: Uint8Array, entry: CachedObject): boolean {
  return bytes.length === entry.sizeBytes && createHash('sha256').update(bytes).digest('hex') === entry.sha256;
}

async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(ignoreMissing))?.size;
}

async function readLocal(file: string): Promise<Uint8Array | undefined> {
  return await readFile(file).catch(ignoreMissing);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
