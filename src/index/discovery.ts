/** Which log objects are to be read: what is listed, less what the ledger says is done. */

import { listedBetweenReports, listLogObjects } from '../logs/listLogObjects.ts';
import { NewestPartitions } from '../logs/newestPartitions.ts';
import { assertNever } from '../model/assertNever.ts';
import type { ObjectInfo, ObjectStore } from '../store/objectStore.ts';
import type { IndexState } from './indexState.ts';
import { isSetAside, type Standing, standingOf } from './unreadObjects.ts';

/** What a pass lists of the log root. */
export type PassScope =
  | { readonly kind: 'all' }
  /** The partitions of this long ago and since, and what lies in none. */
  | { readonly kind: 'since'; readonly lookBackMs: number }
  /** The partitions that are written to now, where earlier passes saw that there are such. */
  | { readonly kind: 'newest' };

export interface DiscoveryOptions {
  /** `all` by default. */
  readonly scope?: PassScope;
  /** Lets some time go by between the tries of an object that cannot be read, as its trouble may pass. */
  readonly isPatient?: boolean;
  /** Tries the objects that were set aside once more. */
  readonly retry?: boolean;
}

interface FindOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called now and then while the listing goes on, with how many objects it has shown so far. */
  readonly onListed?: (objects: number) => void;
}

interface DiscoveryPlaces {
  readonly logs: ObjectStore;
  readonly indexUrl: string;
  /** Partitions that are older are not listed. */
  readonly retainMs?: number;
  readonly nowMs: () => number;
}

export class Discovery {
  readonly #places: DiscoveryPlaces;
  readonly #state: IndexState;
  readonly #newest = new NewestPartitions();
  /** The index's own keys in the log root, if it lies there: an index is no log. */
  readonly #own: string | undefined;

  constructor(places: DiscoveryPlaces, state: IndexState) {
    this.#places = places;
    this.#state = state;
    this.#own = prefixWithin(places.logs.url, places.indexUrl);
  }

  /** Whether the scope `newest` would list anything. */
  get knowsNewest(): boolean {
    return this.#newest.prefixes(this.#places.nowMs()).length > 0;
  }

  /** In the listing's order. */
  async find(options: DiscoveryOptions, { signal, onListed }: FindOptions = {}): Promise<ObjectInfo[]> {
    const pending: ObjectInfo[] = [];
    let listed = 0;
    for await (const info of this.#list(options.scope ?? { kind: 'all' }, signal)) {
      listed += 1;
      if (listed % listedBetweenReports === 0) onListed?.(listed);
      signal?.throwIfAborted();
      this.#newest.note(info.key);
      if (this.#own !== undefined && info.key.startsWith(this.#own)) continue;
      if (this.standingOf(info, options) === 'due') pending.push(info);
    }
    return pending;
  }

  standingOf(info: ObjectInfo, { isPatient = false, retry = false }: DiscoveryOptions = {}): Standing {
    const entry = this.#state.ledger.get(info.key);
    if (retry && entry?.unread && isSetAside(entry.unread)) return 'due';
    return standingOf(entry, info, this.#places.nowMs(), isPatient);
  }

  async *#list(scope: PassScope, abort: AbortSignal | undefined): AsyncGenerator<ObjectInfo, void> {
    const { logs, retainMs, nowMs } = this.#places;
    const signal = abort ? { signal: abort } : {};
    const since = (ageMs: number | undefined) => (ageMs === undefined ? {} : { range: { sinceMs: nowMs() - ageMs } });
    switch (scope.kind) {
      case 'all':
        return yield* listLogObjects(logs, { ...since(retainMs), ...signal });
      case 'since':
        return yield* listLogObjects(logs, { ...since(scope.lookBackMs), ...signal });
      case 'newest':
        for (const prefix of this.#newest.prefixes(nowMs())) yield* logs.list({ prefix, ...signal });
        return;
      default:
        assertNever(scope);
    }
  }
}

/** The index's keys as the log root sees them, where one lies within the other: an index is no log. */
function prefixWithin(logsUrl: string, indexUrl: string): string | undefined {
  const root = logsUrl.endsWith('/') ? logsUrl : `${logsUrl}/`;
  if (!indexUrl.startsWith(root)) return undefined;
  return `${decodeURIComponent(indexUrl.slice(root.length))}/`.replace(/\/+$/, '/');
}
