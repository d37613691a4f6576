/** The stores and backends of one environment, each opened when it is first asked, and again after a failure. */

import { LogIndex } from '../index/logIndex.ts';
import type { SharedMemory } from '../index/sharedMemory.ts';
import type { Environment } from '../model/environment.ts';
import { FieldMapping } from '../model/fieldMapping/fieldMapping.ts';
import { parseDuration } from '../model/query/values.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { openStore } from '../store/openStore.ts';
import { BackendError, toBackendError } from './backendError.ts';
import type { DirectBackend } from './directBackend.ts';
import { IndexBackend } from './indexBackend.ts';
import { LiveBackend } from './liveBackend.ts';
import { type TokenFor, trustedTokens } from './trustedTokens.ts';

export interface ConnectOptions {
  /** Folder for spilled and cached data. */
  readonly cacheDirectory: string;
  readonly memoryLimitMb: number;
  /** Environments that have it in common keep to the limit together. */
  readonly memory?: SharedMemory;
  /** For cached segments, and once more for what is spilled; 2 GiB by default. */
  readonly diskLimitMb?: number;
  readonly nowMs?: () => number;
  /** The bearer token that the user gave for a coordinator's URL. Peers on other hosts get none but their own. */
  readonly tokenFor?: TokenFor;
}

/** Every method throws BackendError `environment` when the environment does not name the place. */
export class OpenPlaces {
  /** For messages. */
  readonly name: string;
  /** What the logs call the canonical fields, where they have other names for them. */
  readonly fields: FieldMapping | undefined;
  /** What is older leaves the index. */
  readonly retainMs: number | undefined;
  readonly #environment: Environment;
  readonly #options: ConnectOptions & { readonly nowMs: () => number };
  #live: LiveBackend | undefined;
  #logs: ObjectStore | undefined;
  #indexStore: ObjectStore | undefined;
  #index: Promise<IndexBackend> | undefined;

  constructor(environment: Environment, options: ConnectOptions & { readonly nowMs: () => number }) {
    this.#environment = environment;
    this.#options = options;
    this.fields = environment.fields === undefined ? undefined : new FieldMapping(environment.fields);
    this.retainMs = environment.retain === undefined ? undefined : parseDuration(environment.retain);
    this.name = `Environment ${JSON.stringify(environment.name)}`;
  }

  /** `undefined` when there are no coordinators to ask. */
  live(): LiveBackend | undefined {
    const { coordinators } = this.#environment;
    if (coordinators.length === 0) return undefined;
    const { tokenFor, nowMs } = this.#options;
    this.#live ??= new LiveBackend({
      coordinators,
      nowMs,
      ...(tokenFor ? { tokenFor: trustedTokens(coordinators, tokenFor) } : {}),
    });
    return this.#live;
  }

  /** What reads logs is loaded when they are first asked: an answer of the index is not to wait for it. */
  async direct(): Promise<DirectBackend> {
    const logs = this.logs();
    const { DirectBackend } = await import('./directBackend.ts');
    return new DirectBackend({ logs, ...(this.fields ? { fields: this.fields } : {}) });
  }

  logs(): ObjectStore {
    const { logs } = this.#environment;
    if (logs === undefined) throw new BackendError('environment', `${this.name} names no logs: add their URL.`);
    this.#logs ??= this.#open(logs);
    return this.#logs;
  }

  indexStore(): ObjectStore {
    const { index } = this.#environment;
    if (index === undefined) throw new BackendError('environment', `${this.name} names no index: add its URL.`);
    this.#indexStore ??= this.#open(index);
    return this.#indexStore;
  }

  /** Rejects with BackendError when the embedded engine does not start; that there is no index is told when asked. */
  async index(): Promise<IndexBackend> {
    const store = this.indexStore();
    this.#index ??= LogIndex.open({ ...this.#options, store }).then(
      (index) => new IndexBackend(index, { nowMs: this.#options.nowMs }),
    );
    try {
      return await this.#index;
    } catch (error) {
      this.#index = undefined;
      throw toBackendError(error, `The index at ${store.url} cannot be opened`);
    }
  }

  /** After the last question has been answered. */
  async close(): Promise<void> {
    // An index that failed to open has nothing to close; whoever asked it was told.
    const index = await this.#index?.catch(() => undefined);
    await Promise.all([this.#live?.close(), index?.close()]);
    await Promise.all([this.#logs?.close(), this.#indexStore?.close()]);
  }

  #open(url: string): ObjectStore {
    try {
      return openStore(url, this.#environment.s3);
    } catch (error) {
      throw toBackendError(error, this.name);
    }
  }
}
