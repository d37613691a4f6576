/**
 * Which objects of a log root may hold records of a time range.
 *
 * An object lies in the partition of the hour in which it was *shipped*, so its records are older: from the moments
 * before to as long before as its writer could not ship. That gives the two margins:
 *
 * - A partition that ended before the range starts holds only older records. One more partition is read all the same, for
 *   writers whose clocks for `ts` and for shipping differ, and for `dt=` folders named by local days.
 * - A partition that starts after the range ended may hold records that were shipped late: those of the next `lateMs`
 *   are read. A record shipped later still is found by the index, which reads every object, but not by a pruned listing.
 *
 * Objects without such a partition are always listed.
 */

import type { TimeRange } from '../model/query/query.ts';
import { compareKeys } from '../store/compareKeys.ts';
import type { ObjectInfo, ObjectStore } from '../store/objectStore.ts';
import { type Partition, partitionOf } from './logLayout.ts';

/** How long after its time a record is expected to have been shipped, unless the caller knows better. */
const defaultLateMs = 6 * 3_600_000;

/** Whoever lists says how far it is after each so many objects; a page of S3 has 1,000. */
export const listedBetweenReports = 500;

export interface ListLogOptions {
  readonly range?: TimeRange;
  /** A record's greatest expected delay from `ts` to the hour of shipping. */
  readonly lateMs?: number;
  readonly signal?: AbortSignal;
}

/** In key order, as they are found. An aborted `signal` rejects with its reason. */
export function listLogObjects(store: ObjectStore, options: ListLogOptions = {}): AsyncIterable<ObjectInfo> {
  const { range, lateMs = defaultLateMs, signal } = options;
  const isBounded = range?.sinceMs !== undefined || range?.untilMs !== undefined;
  const mayHold = (key: string) => {
    const partition = isBounded ? partitionOf(key) : undefined;
    return partition === undefined || meets(partition, range ?? {}, lateMs);
  };
  return new PrunedListing(store, isBounded, mayHold, signal).below('');
}

function meets({ startMs, endMs }: Partition, range: TimeRange, lateMs: number): boolean {
  const widthMs = endMs - startMs;
  if (range.sinceMs !== undefined && endMs + widthMs <= range.sinceMs) return false;
  return range.untilMs === undefined || startMs < range.untilMs + lateMs;
}

class PrunedListing {
  readonly #store: ObjectStore;
  readonly #isBounded: boolean;
  readonly #mayHold: (key: string) => boolean;
  readonly #signal: { readonly signal?: AbortSignal };

  constructor(
    store: ObjectStore,
    isBounded: boolean,
    mayHold: (key: string) => boolean,
    signal: AbortSignal | undefined,
  ) {
    this.#store = store;
    this.#isBounded = isBounded;
    this.#mayHold = mayHold;
    this.#signal = signal ? { signal } : {};
  }

  /** Everything that starts with `prefix`, read flat until the first partition shows; those are then taken by folder. */
  async *below(prefix: string): AsyncGenerator<ObjectInfo, void> {
    let startAfter = '';
    for (;;) {
      let partitions: string | undefined;
      let first = '';
      for await (const object of this.#store.list({ prefix, startAfter, ...this.#signal })) {
        if (isFolderMark(object)) continue;
        partitions = this.#isBounded ? partitionsPrefix(object.key, prefix) : undefined;
        first = object.key;
        if (partitions !== undefined) break;
        if (this.#mayHold(object.key)) yield object;
      }
      if (partitions === undefined) return;
      yield* this.#level(partitions, first);
      // After every key that starts with `partitions`: none continues with the last code point there is.
      startAfter = `${partitions}\u{10ffff}`;
    }
  }

  /**
   * The objects directly at this level and its folders, in key order, without opening those that cannot hold the range;
   * what stands before the key `first` has been given already.
   */
  async *#level(prefix: string, first = ''): AsyncGenerator<ObjectInfo, void> {
    const loose: ObjectInfo[] = [];
    for await (const object of this.#store.list({ prefix, depth: 'level', ...this.#signal })) loose.push(object);
    const folders = await this.#store.listFolders(prefix, this.#signal.signal);
    const entries = [
      ...loose.map((object) => ({ key: object.key, object })),
      ...folders.map((key) => ({ key, object: undefined })),
    ].sort((left, right) => compareKeys(left.key, right.key));
    for (const { key, object } of entries) {
      this.#signal.signal?.throwIfAborted();
      if (compareKeys(key, first) < 0 && !first.startsWith(key)) continue;
      if (object === undefined) yield* this.#folder(key);
      else if (!isFolderMark(object) && this.#mayHold(key)) yield object;
    }
  }

  async *#folder(folder: string): AsyncGenerator<ObjectInfo, void> {
    if (partitionOf(folder) === undefined) yield* this.below(folder);
    else if (!this.#mayHold(folder)) return;
    // Of a day at the edge of the range only some hours are wanted; everything else is wanted whole.
    else if (isDay(folder) && !(this.#mayHold(`${folder}hr=00/`) && this.#mayHold(`${folder}hr=23/`)))
      yield* this.#level(folder);
    else yield* this.#all(folder);
  }

  async *#all(prefix: string): AsyncGenerator<ObjectInfo, void> {
    for await (const object of this.#store.list({ prefix, ...this.#signal })) if (!isFolderMark(object)) yield object;
  }
}

/** `<base>dt=` when the rest of `key` after `prefix` has a partition that `prefix` does not yet lie in. */
function partitionsPrefix(key: string, prefix: string): string | undefined {
  if (partitionOf(key) === undefined || partitionOf(prefix) !== undefined) return undefined;
  const at = /(?:^|\/)(?=dt=\d{4}-\d{2}-\d{2}\/)/.exec(key);
  return at ? `${key.slice(0, at.index + at[0].length)}dt=` : undefined;
}

function isDay(folder: string): boolean {
  return /(?:^|\/)dt=\d{4}-\d{2}-\d{2}\/$/.test(folder);
}

/** Empty objects that consoles create to show a folder. */
function isFolderMark(object: ObjectInfo): boolean {
  return object.key.endsWith('/');
}
