/**
 * The ledger: which version (ETag) of which log object is indexed. It never forgets, so that an object is indexed
 * once however late, out of order or often it is listed.
 */

import { isJsonObject, type JsonObject, parseJson } from '../model/json.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { damagedIndex } from './indexError.ts';
import type { Manifest } from './manifest.ts';
import { readObject } from './readObject.ts';

/** A version of a log object that could not be read so far; see `unreadObjects.ts`. */
export interface UnreadVersion {
  readonly etag: string;
  readonly tries: number;
  /** When it was last tried. */
  readonly triedTs: number;
  readonly reason: string;
  readonly isChanging: boolean;
  /** Once it is set aside: names the row among the rejected lines that says so. */
  readonly version?: string;
}

export interface LedgerEntry {
  /** Key of the log object under the log root. */
  readonly key: string;
  /** Empty when no version of it was read yet. */
  readonly etag: string;
  readonly sizeBytes: number;
  /** Names this indexing of the object in the rows of the segments: unique, so that going back to an old ETag counts. */
  readonly version: string;
  readonly records: number;
  readonly rejected: number;
  /** A later version that is in trouble; the rest of the entry is of the one before it. */
  readonly unread?: UnreadVersion;
}

/** The `version` that the segments have of the object; `undefined` where none of it was read yet. */
export function versionRead(entry: LedgerEntry | undefined): string | undefined {
  return entry === undefined || entry.etag === '' ? undefined : entry.version;
}

export class Ledger {
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #parts = new Set<string>();

  get(key: string): LedgerEntry | undefined {
    return this.#entries.get(key);
  }

  #apply(partKey: string, entries: readonly LedgerEntry[]): void {
    this.#parts.add(partKey);
    for (const entry of entries) this.#entries.set(entry.key, entry);
  }

  /** After one's own commit: its part may have taken the place of earlier ones. */
  applyMerged(manifest: Manifest, partKey: string, entries: readonly LedgerEntry[]): void {
    this.#apply(partKey, entries);
    const named = new Set(manifest.ledger.map((part) => part.key));
    for (const key of this.#parts) if (!named.has(key)) this.#parts.delete(key);
  }

  /** Brings this ledger up to the manifest: reads the parts that are new to it, or all where parts were merged. */
  async follow(manifest: Manifest, store: ObjectStore, signal?: AbortSignal): Promise<void> {
    const named = new Set(manifest.ledger.map((part) => part.key));
    const isAhead = [...this.#parts].some((key) => !named.has(key));
    if (isAhead) {
      this.#entries.clear();
      this.#parts.clear();
    }
    for (const part of manifest.ledger) {
      if (this.#parts.has(part.key)) continue;
      this.#apply(part.key, await readLedgerPart(store, part.key, signal));
      signal?.throwIfAborted();
    }
  }
}

export async function readLedgerPart(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
): Promise<readonly LedgerEntry[]> {
  const object = await readObject(store, key, signal);
  if (!object) throw damagedIndex(store.url, `${key} is gone`);
  const json = parseJson(object.text());
  const entries = isJsonObject(json) ? json['entries'] : undefined;
  if (!Array.isArray(entries) || !entries.every(isLedgerEntry)) {
    throw damagedIndex(store.url, `${key} is no ledger part`);
  }
  return entries;
}

export function serializeLedgerPart(entries: readonly LedgerEntry[]): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ entries })}\n`);
}

function isLedgerEntry(entry: unknown): entry is LedgerEntry & JsonObject {
  return (
    isJsonObject(entry) &&
    typeof entry['key'] === 'string' &&
    typeof entry['etag'] === 'string' &&
    typeof entry['version'] === 'string' &&
    typeof entry['sizeBytes'] === 'number' &&
    typeof entry['records'] === 'number' &&
    typeof entry['rejected'] === 'number' &&
    (entry['unread'] === undefined || isUnreadVersion(entry['unread']))
  );
}

function isUnreadVersion(unread: unknown): boolean {
  return (
    isJsonObject(unread) &&
    typeof unread['etag'] === 'string' &&
    typeof unread['tries'] === 'number' &&
    typeof unread['triedTs'] === 'number' &&
    typeof unread['reason'] === 'string' &&
    typeof unread['isChanging'] === 'boolean' &&
    (unread['version'] === undefined || typeof unread['version'] === 'string')
  );
}
