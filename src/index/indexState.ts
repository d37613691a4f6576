/** What an indexer knows of its index: the newest manifest it has seen, and the ledger up to it. */

import type { FieldMapping } from '../model/fieldMapping/fieldMapping.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { IndexError } from './indexError.ts';
import { Ledger, type LedgerEntry } from './ledger.ts';
import { emptyManifest, type Manifest } from './manifest.ts';
import { asIndexError, type Commit, type LoadedManifest, ManifestStore } from './manifestStore.ts';

export class IndexState {
  readonly store: ObjectStore;
  readonly #manifests: ManifestStore;
  readonly #empty: Manifest;
  #ledger = new Ledger();
  #loaded: LoadedManifest | undefined;

  /** @param fields the field mapping that the logs are read with. */
  constructor(store: ObjectStore, logsUrl: string, fields?: FieldMapping) {
    this.store = store;
    this.#manifests = new ManifestStore(store);
    this.#empty = emptyManifest(logsUrl, fields?.fields);
  }

  get manifest(): Manifest {
    return this.#loaded?.manifest ?? this.#empty;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /**
   * @throws IndexError, `otherLogs` when the index holds another root's logs: their keys would be taken for rewritten ones;
   * `otherFields` when they were read with another field mapping: one query could not ask for all of them.
   */
  async refresh(signal?: AbortSignal): Promise<void> {
    const loaded = await this.#manifests.find(this.#loaded, signal);
    const url = this.store.url;
    if (loaded && loaded.manifest.logs !== this.#empty.logs) {
      throw new IndexError(
        'otherLogs',
        url,
        `the index at ${url} was built from ${loaded.manifest.logs}: index ${this.#empty.logs} into one of its own, or delete it first`,
      );
    }
    const [built, wanted] = [loaded?.manifest.fields, this.#empty.fields].map((fields) => JSON.stringify(fields));
    if (loaded && built !== wanted) {
      throw new IndexError(
        'otherFields',
        url,
        `the index at ${url} was built with ${named(built)}, and now there is ${named(wanted)}: index with the one that it was built with, into another index, or delete this one first`,
      );
    }
    const ledger = loaded ? this.#ledger : new Ledger();
    try {
      await ledger.follow(loaded?.manifest ?? this.#empty, this.store, signal);
    } catch (error) {
      // Half followed: the next refresh starts afresh.
      this.#ledger = new Ledger();
      throw asIndexError(error, url);
    }
    this.#ledger = ledger;
    this.#loaded = loaded;
  }

  /** Unless it is committed: refresh and look again. `added` is the ledger part that is new in the manifest. */
  async commit(
    manifest: Manifest,
    added: { readonly part: string; readonly entries: readonly LedgerEntry[] } | undefined,
    signal?: AbortSignal,
  ): Promise<Commit['kind']> {
    const commit = await this.#manifests.commit(manifest, signal);
    if (commit.kind !== 'committed') return commit.kind;
    this.#loaded = commit.loaded;
    if (added) this.#ledger.applyMerged(manifest, added.part, added.entries);
    return commit.kind;
  }
}

function named(fields: string | undefined): string {
  return fields === undefined ? 'no field mapping' : `the field mapping ${fields.slice(0, 500)}`;
}
