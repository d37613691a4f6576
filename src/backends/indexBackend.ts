/** The index as a backend: what happened then, as far as the logs were indexed. */

import type { Provenance, RecordsAnswer, SearchAnswer, TaskAnswer } from '../model/answer.ts';
import type { Query } from '../model/query/query.ts';
import { IndexError } from '../index/indexError.ts';
import type { IndexSource } from '../index/indexReader.ts';
import type { LogIndex } from '../index/logIndex.ts';
import { aboutTasksOnly } from './aboutTasksOnly.ts';
import { toBackendError } from './backendError.ts';
import { IndexOverview } from './indexOverview.ts';
import type { OverviewBackend } from './overviewBackend.ts';
import type { AskOptions, SearchOptions, TaskBackend } from './taskBackend.ts';

export class IndexBackend implements TaskBackend {
  readonly name = 'index';
  readonly overview: OverviewBackend;
  readonly #index: LogIndex;
  readonly #nowMs: () => number;

  /** Closes `index` when it is closed. */
  constructor(index: LogIndex, options: { readonly nowMs?: () => number } = {}) {
    this.#index = index;
    this.#nowMs = options.nowMs ?? Date.now;
    this.overview = new IndexOverview(index, {
      ask: async (asked, work) => await this.#ask(asked, work),
      provenance: (source, asked) => this.#provenance(source, asked),
    });
  }

  get url(): string {
    return this.#index.url;
  }

  async search(query: Query, options: SearchOptions): Promise<SearchAnswer> {
    const startMs = this.#nowMs();
    return await this.#ask(options, async () => {
      const page = await this.#index.search(query, options);
      return {
        tasks: page.tasks,
        summary: {
          total: page.total,
          totalIs: page.totalIs,
          ms: this.#nowMs() - startMs,
          from: [this.#provenance(page.source, options)],
        },
        ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
      };
    });
  }

  async task(id: string, options: AskOptions): Promise<TaskAnswer> {
    return await this.#ask(options, async () => {
      const { detail, source } = await this.#index.task(id, options.signal);
      return { ...(detail ? { detail } : {}), from: [this.#provenance(source, options)] };
    });
  }

  async records(query: Query, options: SearchOptions): Promise<RecordsAnswer> {
    return await this.#ask(options, async () => {
      const page = await this.#index.records(query, options);
      return {
        records: page.records,
        totalIs: page.hasMore ? 'atLeast' : 'exact',
        from: [withNote(this.#provenance(page.source, options), aboutTasksOnly(query))],
      };
    });
  }

  async close(): Promise<void> {
    await this.#index.close();
  }

  async #ask<T>(options: AskOptions, work: () => Promise<T>): Promise<T> {
    const { onProgress } = options;
    const forget = onProgress && this.#index.onFetch((progress) => onProgress({ ...progress, unit: 'segments' }));
    try {
      return await work();
    } catch (error) {
      options.signal?.throwIfAborted();
      // Errors of the index name it and say what to do.
      throw toBackendError(error, error instanceof IndexError ? undefined : `The index at ${this.url}`);
    } finally {
      forget?.();
    }
  }

  #provenance(source: IndexSource, { onProgress }: AskOptions): Provenance {
    onProgress?.({ done: source.segments, total: source.segments, unit: 'segments' });
    return {
      backend: this.name,
      url: this.url,
      ...(source.completeTs === undefined ? {} : { freshness: source.completeTs }),
      objects: source.segments,
      bytes: source.bytes,
      partial: source.cutTs !== undefined,
      ...(source.cutTs === undefined ? {} : { note: cutNote(source.cutTs) }),
    };
  }
}

/** The place's own note comes first: it tells what is missing. */
function withNote(from: Provenance, note: string | undefined): Provenance {
  if (note === undefined) return from;
  return { ...from, note: from.note === undefined ? note : `${from.note}; ${note}` };
}

function cutNote(cutTs: number): string {
  const moment = new Date(cutTs).toISOString();
  return `the index has more tasks than the memory limit allows: those up to ${moment} were left out. Ask of a time (since:, until:, at:), or raise the limit`;
}
