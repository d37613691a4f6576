/** Reads the newest manifest of an index from its store, and commits the next one. */

import { StoreError } from '../store/storeError.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { damagedIndex, IndexError, missingIndex } from './indexError.ts';
import {
  type Manifest,
  manifestKey,
  manifestNumber,
  manifestPrefix,
  parseManifest,
  serializeManifest,
} from './manifest.ts';
import { readObject } from './readObject.ts';

/** A manifest and the identity of the object that it was read from. */
export interface LoadedManifest {
  readonly manifest: Manifest;
  readonly etag: string;
}

/** What became of a manifest that was put. */
export type Commit =
  | { readonly kind: 'committed'; readonly loaded: LoadedManifest }
  /** Someone else has that number: nothing of it counts. */
  | { readonly kind: 'refused' }
  /**
   * It was created, and there is a later one, which tells whether it counted: not if it went into the place of one that
   * garbage collection had deleted, while this machine slept.
   */
  | { readonly kind: 'overtaken' };

export class ManifestStore {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /**
   * The newest manifest. One listing tells whether `known` still is; it is read again only when it is not, so that
   * an index that was deleted, or deleted and built anew, is never taken for the old one.
   * @throws IndexError `missing` when there is none, `damaged`, `newer` or `unreachable`.
   */
  async newest(known?: LoadedManifest, signal?: AbortSignal): Promise<LoadedManifest> {
    const found = await this.#find(known, signal);
    if (!found) throw missingIndex(this.#store.url);
    return found;
  }

  /** As `newest`, but `undefined` where there is no index yet. */
  async #find(known: LoadedManifest | undefined, signal?: AbortSignal): Promise<LoadedManifest | undefined> {
    const url = this.#store.url;
    try {
      const from = known?.manifest.number ?? 0;
      let newest: { number: number; etag: string } | undefined;
      let isKnownThere = false;
      const startAfter = from > 1 ? { startAfter: manifestKey(from - 1) } : {};
      for await (const info of this.#store.list({ prefix: manifestPrefix, ...startAfter, ...withSignal(signal) })) {
        const number = manifestNumber(info.key);
        if (number === undefined) continue;
        newest = { number, etag: info.etag };
        if (number === from && info.etag === known?.etag) isKnownThere = true;
      }
      if (known && isKnownThere && newest?.number === from) return known;
      // Our own was replaced or is gone and nothing newer is there: look at all of it afresh.
      if (known && !isKnownThere && !(newest && newest.number > from)) return await this.#find(undefined, signal);
      if (!newest) return undefined;
      const read = await readObject(this.#store, manifestKey(newest.number), signal);
      if (!read) return undefined;
      const parsed = parseManifest(read.text());
      switch (parsed.kind) {
        case 'manifest':
          return { manifest: parsed.manifest, etag: newest.etag };
        case 'newer':
          throw new IndexError(
            'newer',
            url,
            `the index at ${url} was written by a later release (format ${parsed.version}): update Ingest Trace`,
          );
        case 'older':
          throw new IndexError(
            'older',
            url,
            `the index at ${url} was built by an earlier release (format ${parsed.version}): delete it and index the logs again`,
          );
        case 'malformed':
          throw damagedIndex(url, `${manifestKey(newest.number)}: ${parsed.reason}`);
      }
    } catch (error) {
      throw asIndexError(error, url);
    }
  }

  /** As `newest`, `undefined` where nothing was committed yet. */
  find(known?: LoadedManifest, signal?: AbortSignal): Promise<LoadedManifest | undefined> {
    return this.#find(known, signal);
  }

  /**
   * Creates the manifest under its number.
   * A put whose answer was lost and that was tried again meets its own manifest, and knows it by `commit`.
   */
  async commit(manifest: Manifest, signal?: AbortSignal): Promise<Commit> {
    const key = manifestKey(manifest.number);
    const put = await this.#store.put(key, serializeManifest(manifest), {
      onlyIf: 'absent',
      contentType: 'application/json',
      ...withSignal(signal),
    });
    const etag = put.kind === 'stored' ? put.etag : await this.#etagOfOwn(manifest, signal);
    if (etag === undefined) return { kind: 'refused' };
    if (await this.#isAfter(manifest.number, signal)) return { kind: 'overtaken' };
    return { kind: 'committed', loaded: { manifest, etag } };
  }

  async #etagOfOwn({ number, commit }: Manifest, signal?: AbortSignal): Promise<string | undefined> {
    const there = await readObject(this.#store, manifestKey(number), signal);
    if (!there) return undefined;
    const parsed = parseManifest(there.text());
    return parsed.kind === 'manifest' && parsed.manifest.commit === commit ? there.etag : undefined;
  }

  async #isAfter(number: number, signal?: AbortSignal): Promise<boolean> {
    const options = { prefix: manifestPrefix, startAfter: manifestKey(number), ...withSignal(signal) };
    for await (const { key } of this.#store.list(options)) if (manifestNumber(key) !== undefined) return true;
    return false;
  }
}

/** A store's failure, told as the index's; anything else as it is. */
export function asIndexError(error: unknown, url: string): unknown {
  if (!(error instanceof StoreError)) return error;
  if (error.code === 'missingBucket') return missingIndex(url);
  return new IndexError('unreachable', url, `the index at ${url} cannot be read: ${error.message}`, { cause: error });
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}
