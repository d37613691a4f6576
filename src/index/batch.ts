/** A batch: log objects read whole, their records in local segments, not yet committed. */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ReadChunksOptions, readLogChunks, readStoredLog } from '../logs/readLogObject.ts';
import type { ObjectInfo, ObjectStore } from '../store/objectStore.ts';
import { StoreError } from '../store/storeError.ts';
import type { LedgerEntry } from './ledger.ts';
import { newName } from './names.ts';
import type { RejectedRow } from './rejectedLines.ts';
import { withoutVersions } from './segments/rewriteSegments.ts';
import type { ObjectRead, SegmentBuilding } from './segments/segmentBuilder.ts';
import type { LocalSegment } from './segments/segmentWriter.ts';

export interface BatchLimits {
  /** Records in one segment, and in one commit but for the last object's. */
  readonly records: number;
  /** Estimated bytes of gathered rows. */
  readonly bytes: number;
  /** Log objects in one commit. */
  readonly objects: number;
}

/** An object of the batch, and the version of it that was indexed when reading began. */
export interface BatchObject extends LedgerEntry {
  readonly replaces?: string;
  /** Of one that could not be read: how often it had been tried when it was tried once more. */
  readonly triedBefore?: number;
}

/** What became of an object that was listed. */
export type ReadOutcome =
  | { readonly kind: 'read' }
  /** Deleted since: the next listing knows. */
  | { readonly kind: 'gone' }
  /** The store does not give it, or another version of it than was listed (`changed`). */
  | { readonly kind: 'unreadable'; readonly error: StoreError };

/** A larger object is decoded here, chunk by chunk, as it comes; any other where its records are read. */
const maxStoredBytes = 8 * 2 ** 20;

export class Batch {
  readonly #logs: ObjectStore;
  readonly #builder: SegmentBuilding;
  readonly #limits: BatchLimits;
  readonly #directory: string;
  readonly #objects: BatchObject[] = [];
  #rejected: RejectedRow[] = [];
  /** Versions whose objects changed while they were read, so that there are rows of them. */
  readonly #unwanted: string[] = [];
  /** The version that was last given to the builder. */
  #begun: string | undefined;
  #segments: LocalSegment[] = [];
  #records = 0;
  #gatheredBytes = 0;
  #ahead: { readonly info: ObjectInfo; readonly stored: Promise<Uint8Array | undefined> } | undefined;

  private constructor(logs: ObjectStore, limits: BatchLimits, directory: string, builder: SegmentBuilding) {
    this.#logs = logs;
    this.#limits = limits;
    this.#directory = directory;
    this.#builder = builder;
  }

  /** @param parent folder for segments that are not stored yet. @param builderIn of segments in a folder. */
  static async open(
    logs: ObjectStore,
    limits: BatchLimits,
    parent: string,
    builderIn: (directory: string) => SegmentBuilding,
  ): Promise<Batch> {
    const directory = await mkdtemp(join(parent, 'batch-'));
    return new Batch(logs, limits, directory, builderIn(directory));
  }

  get objects(): readonly BatchObject[] {
    return this.#objects;
  }

  get segments(): readonly LocalSegment[] {
    return this.#segments;
  }

  get rejected(): readonly RejectedRow[] {
    return this.#rejected;
  }

  /** Never before there is an object in it. */
  isFull(): boolean {
    if (this.#objects.length === 0) return false;
    return (
      this.#records >= this.#limits.records ||
      this.#gatheredBytes >= this.#limits.bytes ||
      this.#rejected.length >= this.#limits.records ||
      this.#objects.length >= this.#limits.objects
    );
  }

  /** Begins to read an object that is probably the next one: while it comes, the one before is indexed. */
  prefetch(info: ObjectInfo, signal?: AbortSignal): void {
    if (info.sizeBytes > maxStoredBytes) return;
    const stored = this.#readStored(info, signal);
    // Whoever wants it hears of a failure, and maybe nobody does.
    stored.catch(() => undefined);
    this.#ahead = { info, stored };
  }

  /**
   * Reads one log object into the batch. Rows of one that cannot be read to its end are dropped again by `finish`.
   * @throws StoreError when the store as a whole fails.
   */
  async read(info: ObjectInfo, replaces: string | undefined, signal?: AbortSignal): Promise<ReadOutcome> {
    const version = newVersion();
    let count: { readonly records: number; readonly rejected: number };
    try {
      count = await this.#readLines(info, version, signal);
    } catch (error) {
      if (this.#begun === version) this.#unwanted.push(version);
      if (!(error instanceof StoreError)) throw error;
      if (isOfObject(error)) return { kind: 'unreadable', error };
      throw error;
    }
    // The one reject of an object that is not there any more says nothing of what was in it.
    const isGone = count.records === 0 && count.rejected === 1 && !(await this.#logs.head(info.key, signal));
    if (isGone) {
      this.#rejected = this.#rejected.filter((row) => row.version !== version);
      return { kind: 'gone' };
    }
    this.#records += count.records;
    const { key, etag, sizeBytes } = info;
    this.#objects.push({ key, etag, sizeBytes, version, ...count, ...(replaces === undefined ? {} : { replaces }) });
    return { kind: 'read' };
  }

  /** Notes an object that could not be read, and what to list of it if it is not to be tried again. */
  addUnread(object: BatchObject, rejected: RejectedRow | undefined): void {
    this.#objects.push(object);
    if (rejected) this.#rejected.push(rejected);
  }

  /** Writes what is still gathered; after it `segments` holds the rows of `objects` and no others. */
  async finish(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#segments.push(...(await this.#builder.finish()));
    if (this.#unwanted.length > 0) await this.#dropVersions(this.#unwanted.splice(0), signal);
  }

  /** Leaves out objects that someone else has indexed meanwhile. */
  async drop(keys: ReadonlySet<string>, signal?: AbortSignal): Promise<void> {
    const versions: string[] = [];
    for (let index = this.#objects.length - 1; index >= 0; index--) {
      const object = this.#objects[index];
      if (!object || !keys.has(object.key)) continue;
      versions.push(object.unread?.version ?? object.version);
      this.#objects.splice(index, 1);
    }
    await this.#dropVersions(versions, signal);
  }

  async close(): Promise<void> {
    await this.#builder.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #readLines(info: ObjectInfo, version: string, signal?: AbortSignal) {
    const options = { etag: info.etag, ...(signal ? { signal } : {}) };
    const isSmall = info.sizeBytes <= maxStoredBytes;
    const stored = isSmall ? await this.#takeStored(info, signal) : undefined;
    this.#begun = version;
    const { records, rejected, gatheredBytes } = isSmall
      ? await this.#builder.read(info.key, version, stored)
      : await this.#readInChunks(info.key, version, options);
    for (const row of rejected) this.#rejected.push(row);
    this.#gatheredBytes = gatheredBytes;
    return { records, rejected: rejected.length };
  }

  async #takeStored(info: ObjectInfo, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const ahead = this.#ahead?.info === info ? this.#ahead.stored : undefined;
    if (ahead) this.#ahead = undefined;
    return await (ahead ?? this.#readStored(info, signal));
  }

  #readStored({ key, etag }: ObjectInfo, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return readStoredLog(this.#logs, key, { etag, ...(signal ? { signal } : {}) });
  }

  async #readInChunks(key: string, version: string, options: ReadChunksOptions): Promise<ObjectRead> {
    const chunks = readLogChunks(this.#logs, key, options);
    this.#builder.begin(key, version);
    let next = await chunks.next();
    try {
      for (; !next.done; next = await chunks.next()) await this.#builder.push(next.value);
    } finally {
      await chunks.return(undefined);
    }
    return await this.#builder.end(next.value ?? undefined);
  }

  async #dropVersions(versions: readonly string[], signal?: AbortSignal): Promise<void> {
    const unwanted = new Set(versions);
    const kept = this.#rejected.filter((row) => !unwanted.has(row.version));
    this.#rejected = kept;
    const segments: LocalSegment[] = [];
    for (const segment of this.#segments) {
      const file = join(this.#directory, `${newName()}.parquet`);
      const left = await withoutVersions(segment, versions, file, signal);
      if (left) segments.push(left);
    }
    this.#segments = segments;
  }
}

/** Whether it may be this object's trouble alone. */
function isOfObject({ code }: StoreError): boolean {
  return code === 'changed' || code === 'denied' || code === 'io' || code === 'unreachable';
}

function newVersion(): string {
  return randomBytes(8).toString('hex');
}
