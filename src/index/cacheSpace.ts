/**
 * The room that fetched files take in a folder, kept to a bound: what is in use stays, the rest leaves when room is wanted, the least
 * recently used first. Who wants more than others leave waits until they are done. Nobody uses anything while waiting, so that all come
 * to their turn. Other processes that use the folder keep it to their bounds likewise.
 *
 * It looks at the folder without letting go of the thread, some microseconds a file: in between, what is in use would change.
 */

import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { untilAborted } from '../store/untilAborted.ts';
import { Turns } from './turns.ts';

export interface CachedFile {
  /** Path, below the folder. */
  readonly file: string;
  readonly sizeBytes: number;
}

/** A file that is being fetched is not left alone for so long. */
const leftoverMs = 600_000;

/** Where a file lies until it is whole. */
export function unfinishedFile(file: string): string {
  return `${file}.${randomBytes(6).toString('hex')}.tmp`;
}

const unfinished = /(?:\.[0-9a-f]{12})?\.tmp$/;

export class CacheSpace {
  static readonly #ofFolder = new Map<string, CacheSpace>();
  readonly #folder: string;
  /** By path: by how many it is used, and what it takes or will take. */
  readonly #inUse = new Map<string, { count: number; readonly sizeBytes: number }>();
  /** Of those who ask for room. */
  readonly #turns = new Turns();
  #freed = Promise.withResolvers<void>();
  /** What the folder was brought to last: it has not grown beyond since, but by other processes. */
  #boundBytes = Number.POSITIVE_INFINITY;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** One for all who use the folder in this process, whatever indexes they read. */
  static of(folder: string): CacheSpace {
    const space = CacheSpace.#ofFolder.get(folder) ?? new CacheSpace(folder);
    CacheSpace.#ofFolder.set(folder, space);
    return space;
  }

  /**
   * Marks files as used, until `release`, once there is room for those that are not there yet; how many are not is the answer.
   * Rejects with `signal.reason`. @throws RangeError where they do not fit into the bound by themselves.
   */
  async take(files: readonly CachedFile[], maxBytes: number, signal?: AbortSignal): Promise<number> {
    if (bytesOf(files) > maxBytes) throw new RangeError(`${bytesOf(files)} bytes never fit into ${maxBytes}`);
    if (maxBytes >= this.#boundBytes && files.every(isThere)) {
      this.use(files);
      return 0;
    }
    return await this.#turns.take(async () => {
      for (;;) {
        signal?.throwIfAborted();
        this.use(files);
        if (this.#makeRoom(maxBytes)) return files.filter((file) => !isThere(file)).length;
        this.release(files);
        this.#freed = Promise.withResolvers();
        await untilAborted(this.#freed.promise, signal);
      }
    }, signal);
  }

  /** Marks files as used whether there is room for them or not: what is on its way takes room until that has ended. */
  use(files: readonly CachedFile[]): void {
    for (const { file, sizeBytes } of files) {
      const known = this.#inUse.get(file);
      if (known) known.count += 1;
      else this.#inUse.set(file, { count: 1, sizeBytes });
    }
  }

  release(files: readonly CachedFile[]): void {
    for (const { file } of files) {
      const known = this.#inUse.get(file);
      if (!known) continue;
      known.count -= 1;
      if (known.count === 0) this.#inUse.delete(file);
    }
    this.#freed.resolve();
  }

  /** Removes what is not in use until the bound holds; false where too much is in use. */
  #makeRoom(maxBytes: number): boolean {
    // What is in use counts with what it will take in the end, also while it is being fetched.
    const usedBytes = bytesOf([...this.#inUse.values()]);
    if (usedBytes > maxBytes) return false;
    const others: { file: string; sizeBytes: number; usedMs: number }[] = [];
    for (const name of readdirSync(this.#folder, { recursive: true, encoding: 'utf8' })) {
      const file = join(this.#folder, name);
      if (this.#inUse.has(file.replace(unfinished, ''))) continue;
      const found = statSync(file, { throwIfNoEntry: false });
      if (found?.isFile()) others.push({ file, sizeBytes: found.size, usedMs: found.mtimeMs });
    }
    let total = usedBytes + bytesOf(others);
    for (const { file, sizeBytes, usedMs } of others.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= maxBytes) break;
      // Another process may be about to give it its name; one that was killed left it.
      if (file.endsWith('.tmp') && Date.now() - usedMs < leftoverMs) continue;
      rmSync(file, { force: true });
      total -= sizeBytes;
    }
    this.#boundBytes = maxBytes;
    return true;
  }
}

function isThere({ file, sizeBytes }: CachedFile): boolean {
  return statSync(file, { throwIfNoEntry: false })?.size === sizeBytes;
}

function bytesOf(files: readonly Pick<CachedFile, 'sizeBytes'>[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
