/** Overviews of one environment: from the index, and from the logs themselves where it cannot answer. */

import type { AskMode } from '../model/answer.ts';
import type {
  FacetsAnswer,
  FieldsAnswer,
  GroupsAnswer,
  HistogramAnswer,
  LanesAnswer,
  SqlAnswer,
  ValuesAnswer,
} from '../model/overview/answers.ts';
import { fieldAliases } from '../model/query/fields.ts';
import type { Query } from '../model/query/query.ts';
import { BackendError } from './backendError.ts';
import type { Answer } from './outcome.ts';
import type { OverviewBackend, OverviewOptions, ValuesOptions } from './overviewBackend.ts';
import type { AskOptions, TaskBackend } from './taskBackend.ts';

/** How a connection asks its places. */
export interface PastAsking {
  /** Of all places that remember; @throws BackendError when none does, or none can answer. */
  past<T extends Answer>(ask: (backend: TaskBackend) => Promise<T>, options: AskOptions): Promise<T>;
  place(mode: Exclude<AskMode, 'auto'>): Promise<TaskBackend>;
}

/**
 * Coordinators forget what is done and hold no records: `auto` asks the index, or the logs, as for records. Every method
 * rejects with BackendError when no place could answer, and with `signal.reason` when cancelled.
 */
export class Overviews {
  readonly #places: PastAsking;

  constructor(places: PastAsking) {
    this.#places = places;
  }

  groups(query: Query, mode: AskMode, options: OverviewOptions): Promise<GroupsAnswer> {
    return this.#ask(mode, options, (overview) => overview.groups(query, options));
  }

  fields(query: Query, mode: AskMode, options: OverviewOptions): Promise<FieldsAnswer> {
    return this.#ask(mode, options, (overview) => overview.fields(query, options));
  }

  values(field: string, mode: AskMode, options: ValuesOptions): Promise<ValuesAnswer> {
    return this.#ask(mode, options, (overview) => overview.values(nameOf(field), options));
  }

  facets(query: Query, field: string, mode: AskMode, options: OverviewOptions): Promise<FacetsAnswer> {
    return this.#ask(mode, options, (overview) => overview.facets(query, nameOf(field), options));
  }

  histogram(query: Query, mode: AskMode, options: AskOptions): Promise<HistogramAnswer> {
    return this.#ask(mode, options, (overview) => overview.histogram(query, options));
  }

  lanes(query: Query, mode: AskMode, options: OverviewOptions): Promise<LanesAnswer> {
    return this.#ask(mode, options, (overview) => overview.lanes(query, options));
  }

  /** Of the index only: the logs have no tables. */
  async sql(text: string, options: OverviewOptions): Promise<SqlAnswer> {
    const { overview, url } = await this.#places.place('index');
    if (!overview?.sql) throw new BackendError('environment', `${url} has no tables to ask with SQL.`);
    return await overview.sql(text, options);
  }

  async #ask<T extends Answer>(
    mode: AskMode,
    options: AskOptions,
    ask: (overview: OverviewBackend) => Promise<T>,
  ): Promise<T> {
    const askThere = async (backend: TaskBackend): Promise<T> => {
      if (backend.overview) return await ask(backend.overview);
      throw new BackendError(
        'environment',
        'Coordinators only know what runs now: add an index or logs to ask of then.',
      );
    };
    return mode === 'auto' || mode === 'live'
      ? await this.#places.past(askThere, options)
      : await askThere(await this.#places.place(mode));
  }
}

/** The field that another name of it means. */
function nameOf(field: string): string {
  return Object.hasOwn(fieldAliases, field) ? (fieldAliases[field] ?? field) : field;
}
