/** What an environment's tasks and records hold, learned while a query is being written: for its completions. */

import type { Environment } from '../../model/environment.ts';
import type { ValueCount } from '../../model/overview/answers.ts';
import { FacetTally } from '../../model/overview/facetTally.ts';
import { FieldTally } from '../../model/overview/fieldTally.ts';
import { foldedField, isFoldedField } from '../../model/overview/foldedFields.ts';
import { valuesOfField } from '../../model/overview/recordFields.ts';
import type { QueryVocabulary } from '../../model/query/completeQuery.ts';
import { fieldAliases, isDirective, unitOfField } from '../../model/query/fields.ts';
import { formatField } from '../../model/query/formatQuery.ts';
import { queryCursor } from '../../model/query/queryCursor.ts';
import type { FoldedTask } from '../../model/task.ts';
import type { Engine } from '../engineHost.ts';

/** Values of a field, and live tasks, are brought at most. */
const valuesAtMost = 1000;
/** Paths, and values that only records have, are those of the newest records: typical, and next to nothing to read. */
const sampledRecords = 500;
const pathsAtMost = 500;

/** Nearly every task or record has a value of its own: none of them would be the one that is meant. */
const withoutValues: ReadonlySet<string> = new Set(['task', 'key', 'message', 'error.message', 'error.stack', 'docs']);

export interface LearningEvents {
  /** There is more to offer than before. */
  readonly learned: () => void;
  readonly failed: (error: unknown) => void;
}

/** Kept for as long as one query is being written; asks for each thing once. */
export class LearnedVocabulary implements QueryVocabulary {
  readonly #engine: Pick<Engine, 'facets' | 'values' | 'records' | 'search'>;
  readonly #environment: Environment;
  readonly #isAboutLive: boolean;
  readonly #events: LearningEvents;
  readonly #stopping = new AbortController();
  readonly #asked = new Set<string>();
  readonly #values = new Map<string, readonly ValueCount[]>();
  #fields: readonly string[] = [];
  #liveTasks: Promise<readonly FoldedTask[]> | undefined;

  /** @param mode `live` for what the coordinators hold alone. */
  constructor(
    engine: Pick<Engine, 'facets' | 'values' | 'records' | 'search'>,
    environment: Environment,
    mode: 'auto' | 'live',
    events: LearningEvents,
  ) {
    this.#engine = engine;
    this.#environment = environment;
    this.#isAboutLive = mode === 'live' || (environment.index === undefined && environment.logs === undefined);
    this.#events = events;
  }

  /** JSON paths, the most frequent first. */
  get fields(): readonly string[] {
    return this.#fields;
  }

  /** The most frequent first. */
  valuesOf = (field: string): readonly ValueCount[] => this.#values.get(field) ?? [];

  /** Asks for what may stand at the cursor, where that is not known yet. Never rejects. */
  async learnFor(text: string, offset: number): Promise<void> {
    const cursor = queryCursor(text, offset);
    if (cursor.kind === 'none') return;
    const isFieldAsked = cursor.kind === 'word' || (!cursor.isQuotedField && cursor.field === 'has');
    if (isFieldAsked) {
      await this.#learn('fields', async () => {
        this.#fields = await this.#paths();
      });
      return;
    }
    const { field: written, isQuotedField } = cursor;
    if (!isQuotedField && isDirective(written)) return;
    const alias = !isQuotedField && Object.hasOwn(fieldAliases, written) ? fieldAliases[written] : undefined;
    const field = alias ?? written;
    const unit = unitOfField(field);
    if (withoutValues.has(field) || (unit !== 'any' && unit !== 'count')) return;
    await this.#learn(`values of ${field}`, async () => {
      this.#values.set(field, await this.#valuesOf(field));
    });
  }

  /** Ends what is being asked. */
  dispose(): void {
    this.#stopping.abort(new DOMException('the query is written', 'AbortError'));
  }

  async #learn(what: string, learn: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted || this.#asked.has(what)) return;
    this.#asked.add(what);
    try {
      await learn();
      if (!signal.aborted) this.#events.learned();
    } catch (error) {
      if (!signal.aborted) this.#events.failed(error);
    }
  }

  async #valuesOf(field: string): Promise<readonly ValueCount[]> {
    if (this.#isAboutLive) return this.#liveValues(field);
    const { name: environment } = this.#environment;
    const { signal } = this.#stopping;
    return this.#fromPast(
      async () => {
        if (!isFoldedField(field)) return this.#sampledValues(field);
        const limit = valuesAtMost;
        const answer = await this.#engine.facets({ environment, query: '', field, limit, mode: 'index' }, { signal });
        return answer.values;
      },
      // It reads no more than some megabytes of the newest logs.
      async () => {
        const limit = valuesAtMost;
        const params = { environment, field, prefix: '', limit, mode: 'direct' as const };
        return (await this.#engine.values(params, { signal })).values;
      },
    );
  }

  /** Of the newest records that have any: all of an index in S3 might have to be fetched to count them. */
  async #sampledValues(field: string): Promise<readonly ValueCount[]> {
    const tally = new FacetTally();
    const records = await this.#newestRecords(`has:${formatField(field)}`, 'index');
    for (const record of records) tally.add(valuesOfField(record, field));
    return tally.top(valuesAtMost).values;
  }

  async #liveValues(field: string): Promise<readonly ValueCount[]> {
    const { name: environment } = this.#environment;
    const { signal } = this.#stopping;
    this.#liveTasks ??= this.#engine
      .search({ environment, query: '', limit: valuesAtMost, mode: 'live' }, { signal })
      .then(({ tasks }) => tasks);
    const tally = new FacetTally();
    if (!isFoldedField(field)) return [];
    for (const task of await this.#liveTasks) {
      const value = foldedField(task, field);
      tally.add(value === undefined ? [] : [value]);
    }
    return tally.top(valuesAtMost).values;
  }

  async #paths(): Promise<readonly string[]> {
    // Coordinators hold no records.
    if (this.#isAboutLive) return [];
    const tally = new FieldTally(pathsAtMost);
    const records = await this.#fromPast(
      () => this.#newestRecords('', 'index'),
      () => this.#newestRecords('', 'direct'),
    );
    for (const record of records) tally.add(record);
    return tally.top(pathsAtMost).map(({ path }) => path);
  }

  async #newestRecords(query: string, mode: 'index' | 'direct') {
    const { name: environment } = this.#environment;
    const { signal } = this.#stopping;
    return (await this.#engine.records({ environment, query, limit: sampledRecords, mode }, { signal })).records;
  }

  /** From the index; from the logs where there is none or it cannot answer. */
  async #fromPast<T>(index: () => Promise<T>, logs: () => Promise<T>): Promise<T> {
    if (this.#environment.index === undefined) return logs();
    try {
      return await index();
    } catch (error) {
      if (this.#environment.logs === undefined || this.#stopping.signal.aborted) throw error;
      return logs();
    }
  }
}
