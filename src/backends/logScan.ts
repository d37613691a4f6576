/** Reads log objects newest first, some at a time, within limits, and keeps account of what could not be read. */

import type { Provenance } from '../model/answer.ts';
import type { FieldMapping } from '../model/fieldMapping/fieldMapping.ts';
import type { TimeRange } from '../model/query/query.ts';
import { listedBetweenReports, listLogObjects } from '../logs/listLogObjects.ts';
import { partitionOf } from '../logs/logLayout.ts';
import type { LogLine } from '../logs/logLines.ts';
import { readLogObject } from '../logs/readLogObject.ts';
import { countText } from '../model/readableNumbers.ts';
import type { ObjectInfo, ObjectStore } from '../store/objectStore.ts';
import { StoreError } from '../store/storeError.ts';
import { messageOf, toBackendError } from './backendError.ts';
import { mapBounded } from './mapBounded.ts';
import type { AskOptions } from './taskBackend.ts';

export interface ScanLimits {
  readonly maxObjects: number;
  /** As stored. */
  readonly maxBytes: number;
  /** Held in memory, of whatever the reader of the scan holds. */
  readonly maxRecords: number;
}

/** Some seconds to a minute of work on one core; `since:` looks further back than these where they stop. */
export const defaultScanLimits: ScanLimits = { maxObjects: 50_000, maxBytes: 2 * 1024 ** 3, maxRecords: 1_000_000 };

/** Objects of one hour, or of no hour that their key tells. */
export interface ObjectGroup {
  /** No record in this group or an older one is later, clock skew aside. Infinite for keys that tell no time. */
  readonly endMs: number;
  readonly objects: readonly ObjectInfo[];
}

/** A writer's clock may be ahead of the one that names the object. */
export const skewMs = 60_000;

const concurrency = 4;
/** Keys held while listing; of more, the older half is dropped. */
const maxListed = 500_000;

export class LogScan {
  readonly #store: ObjectStore;
  readonly #limits: ScanLimits;
  readonly #options: AskOptions;
  readonly #fields: FieldMapping | undefined;
  #groups: ObjectGroup[] = [];
  #listed = 0;
  #isRanged = false;
  #read = 0;
  #bytes = 0;
  #started = 0;
  #startedBytes = 0;
  #rejected = 0;
  #firstRejected: string | undefined;
  #unreadable = 0;
  #firstUnreadable: { readonly key: string; readonly error: StoreError } | undefined;
  #newestMs: number | undefined;
  readonly #notes: string[] = [];
  #isCut = false;

  /** @param fields what the logs call the canonical fields, where they have other names for them. */
  constructor(store: ObjectStore, limits: ScanLimits, options: AskOptions, fields?: FieldMapping) {
    this.#store = store;
    this.#limits = limits;
    this.#options = options;
    this.#fields = fields;
  }

  /** Newest first. @throws BackendError when the log root cannot be listed. */
  async list(range: TimeRange): Promise<readonly ObjectGroup[]> {
    const { signal, onProgress } = this.#options;
    this.#isRanged = range.sinceMs !== undefined || range.untilMs !== undefined;
    let found: ObjectInfo[] = [];
    let listed = 0;
    try {
      for await (const info of listLogObjects(this.#store, { range, ...(signal ? { signal } : {}) })) {
        listed += 1;
        if (listed % listedBetweenReports === 0) onProgress?.({ done: listed, unit: 'objects listed' });
        signal?.throwIfAborted();
        this.#newestMs = Math.max(this.#newestMs ?? info.lastModifiedMs, info.lastModifiedMs);
        found.push(info);
        if (found.length < maxListed) continue;
        found = found.sort(newestFirst).slice(0, maxListed / 2);
        this.cut(`only the newest ${found.length} log objects were looked at: narrow the query with since:`);
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw toBackendError(error, `The logs at ${this.#store.url} cannot be listed`);
    }
    this.#listed = found.length;
    this.#groups = groupsOf(found);
    return this.#groups;
  }

  /** Calls `visit` with every line of the group; objects that cannot be read are noted. False when a limit is reached. */
  async read(group: ObjectGroup, visit: (lines: readonly LogLine[]) => void, held: () => number): Promise<boolean> {
    const { signal } = this.#options;
    await mapBounded(group.objects, concurrency, async (info) => {
      if (this.#isCut || this.#isOverLimit(held(), group)) return;
      this.#started++;
      this.#startedBytes += info.sizeBytes;
      await this.#readOne(info, visit);
    });
    signal?.throwIfAborted();
    return !this.#isCut;
  }

  async *lines(info: ObjectInfo): AsyncGenerator<readonly LogLine[]> {
    const { signal, onProgress } = this.#options;
    signal?.throwIfAborted();
    try {
      const options = { ...(this.#fields ? { fields: this.#fields } : {}), ...(signal ? { signal } : {}) };
      for await (const lines of readLogObject(this.#store, info.key, options)) {
        for (const line of lines) {
          if (line.kind !== 'rejected') continue;
          this.#rejected++;
          this.#firstRejected ??= `${line.object} at byte ${line.offsetBytes}: ${line.reason}`;
        }
        yield lines;
      }
      this.#read++;
      this.#bytes += info.sizeBytes;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof StoreError)) throw error;
      this.#unreadable++;
      this.#firstUnreadable ??= { key: info.key, error };
    }
    onProgress?.({ done: this.#read + this.#unreadable, total: this.#listed, unit: 'objects' });
  }

  /** What follows is left unread, for a reason that people are told. */
  cut(note: string): void {
    this.#isCut = true;
    this.note(note);
  }

  /** Something may be missing from the answer. */
  note(note: string): void {
    if (!this.#notes.includes(note)) this.#notes.push(note);
  }

  /** @throws BackendError when there were objects and none of them could be read. */
  provenance(remark?: string): Provenance {
    const { url } = this.#store;
    if (this.#read === 0 && this.#firstUnreadable) {
      throw toBackendError(this.#firstUnreadable.error, `The logs at ${url} cannot be read`);
    }
    const notes = [...this.#notes];
    if (this.#firstUnreadable) {
      const { key, error } = this.#firstUnreadable;
      notes.push(`${countText(this.#unreadable, 'log object')} could not be read, first ${key}: ${messageOf(error)}`);
    }
    if (this.#firstRejected !== undefined) {
      notes.push(`${countText(this.#rejected, 'line')} could not be read, first ${this.#firstRejected}`);
    }
    const partial = notes.length > 0;
    if (this.#listed === 0) {
      notes.push(this.#isRanged ? 'there are no log objects in this range' : 'there are no log objects: check the URL');
    }
    if (remark !== undefined) notes.push(remark);
    return {
      backend: 'direct',
      url,
      ...(this.#newestMs === undefined ? {} : { freshness: this.#newestMs }),
      objects: this.#read,
      bytes: this.#bytes,
      partial,
      ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
    };
  }

  async #readOne(info: ObjectInfo, visit: (lines: readonly LogLine[]) => void): Promise<void> {
    for await (const lines of this.lines(info)) visit(lines);
  }

  #isOverLimit(held: number, group: ObjectGroup): boolean {
    const { maxObjects, maxBytes, maxRecords } = this.#limits;
    const reached =
      this.#started >= maxObjects
        ? `${maxObjects} log objects`
        : this.#startedBytes >= maxBytes
          ? `${Math.round(maxBytes / 2 ** 20)} MiB of logs`
          : held >= maxRecords
            ? `${maxRecords} records in memory`
            : undefined;
    if (reached === undefined) return false;
    const back = Number.isFinite(group.endMs) ? `, back to ${new Date(group.endMs).toISOString()}` : '';
    this.cut(`stopped at ${reached}${back}: narrow the query with since: and until:`);
    return true;
  }
}

function groupsOf(objects: ObjectInfo[]): ObjectGroup[] {
  const groups = new Map<number, ObjectInfo[]>();
  for (const info of objects.sort(newestFirst)) {
    const endMs = partitionOf(info.key)?.endMs ?? Number.POSITIVE_INFINITY;
    const group = groups.get(endMs);
    if (group) group.push(info);
    else groups.set(endMs, [info]);
  }
  return [...groups].sort(([a], [b]) => (a === b ? 0 : b - a)).map(([endMs, objects]) => ({ endMs, objects }));
}

function newestFirst(a: ObjectInfo, b: ObjectInfo): number {
  const [aMs, bMs] = [timeOf(a), timeOf(b)];
  return bMs - aMs || (a.key < b.key ? 1 : a.key > b.key ? -1 : 0);
}

function timeOf(info: ObjectInfo): number {
  return partitionOf(info.key)?.startMs ?? info.lastModifiedMs;
}
