/** What an indexer knows of its index: the newest manifest it has seen, and the ledger up to it. */

import type { ObjectStore } from '../store/objectStore.ts';
import { IndexError } from './indexError.ts';
import { Ledger, type LedgerEntry } from './ledger.ts';
import { emptyManifest, type Manifest } from './manifest.ts';
import { asIndexError, type LoadedManifest, ManifestStore } from './manifestStore.ts';

export class IndexState {
  readonly store: ObjectStore;
  readonly #manifests: ManifestStore;
  readonly #logsUrl: string;
  #ledger = new Ledger();
  #loaded: LoadedManifest | undefined;

  constructor(store: ObjectStore, logsUrl: string) {
    this.store = store;
    this.#manifests = new ManifestStore(store);
    this.#logsUrl = logsUrl;
  }

  get manifest(): Manifest {
    return this.#loaded?.manifest ?? emptyManifest(this.#logsUrl);
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /** @throws IndexError, `otherLogs` when the index holds another root's logs: their keys would be taken for rewritten ones. */
  async refresh(signal?: AbortSignal): Promise<void> {
    const loaded = await this.#manifests.find(this.#loaded, signal);
    const url = this.store.url;
    if (loaded && loaded.manifest.logs !== this.#logsUrl) {
      throw new IndexError(
        'otherLogs',
        url,
        `the index at ${url} was built from ${loaded.manifest.logs}: index ${this.#logsUrl} into one of its own, or delete it first`,
      );
    }
    const ledger = loaded ? this.#ledger : new Ledger();
    try {
      await ledger.follow(loaded?.manifest ?? emptyManifest(this.#logsUrl), this.store, signal);
    } catch (error) {
      // Half followed: the next refresh starts afresh.
      this.#ledger = new Ledger();
      throw asIndexError(error, url);
    }
    this.#ledger = ledger;
    this.#loaded = loaded;
  }

  /** False when someone else was faster: refresh and try again. `added` is the ledger part that is new in the manifest. */
  async commit(
    manifest: Manifest,
    added: { readonly part: string; readonly entries: readonly LedgerEntry[] } | undefined,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const committed = await this.#manifests.commit(manifest, signal);
    if (!committed) return false;
    this.#loaded = committed;
    if (added) this.#ledger.applyMerged(manifest, added.part, added.entries);
    return true;
  }
}
