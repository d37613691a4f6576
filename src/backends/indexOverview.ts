/** Overviews from the index. */

import { facetCounts } from '../index/facetCounts.ts';
import { failureGroups } from '../index/failureGroups.ts';
import { fieldList } from '../index/fieldList.ts';
import { fieldValues } from '../index/fieldValues.ts';
import type { IndexSource } from '../index/indexReader.ts';
import type { LogIndex } from '../index/logIndex.ts';
import { taskHistogram } from '../index/taskHistogram.ts';
import { workerLanes } from '../index/workerLanes.ts';
import type { AnswerSummary, Provenance } from '../model/answer.ts';
import type {
  FacetsAnswer,
  FieldsAnswer,
  GroupsAnswer,
  HistogramAnswer,
  LanesAnswer,
  SqlAnswer,
  ValuesAnswer,
} from '../model/overview/answers.ts';
import type { Query } from '../model/query/query.ts';
import { aboutTasksOnly } from './aboutTasksOnly.ts';
import type { OverviewBackend, OverviewOptions, ValuesOptions } from './overviewBackend.ts';
import type { AskOptions } from './taskBackend.ts';

/** What the index's backend does around every question: errors in its words, and where the answer came from. */
export interface IndexAsking {
  ask<T>(options: AskOptions, work: () => Promise<T>): Promise<T>;
  provenance(source: IndexSource, options: AskOptions): Provenance;
}

export class IndexOverview implements OverviewBackend {
  readonly #index: LogIndex;
  readonly #asking: IndexAsking;

  constructor(index: LogIndex, asking: IndexAsking) {
    this.#index = index;
    this.#asking = asking;
  }

  async groups(query: Query, options: OverviewOptions): Promise<GroupsAnswer> {
    return await this.#ask(options, async () => {
      const { groups, total, source } = await failureGroups(this.#index, query, options);
      return { groups, total, totalIs: 'exact', from: this.#from(source, options) };
    });
  }

  async fields(query: Query, options: OverviewOptions): Promise<FieldsAnswer> {
    return await this.#ask(options, async () => {
      const { source, ...list } = await fieldList(this.#index, query, options);
      return { ...list, totalIs: 'exact', from: this.#from(source, options, aboutTasksOnly(query)) };
    });
  }

  async values(field: string, options: ValuesOptions): Promise<ValuesAnswer> {
    return await this.#ask(options, async () => {
      const { values, source } = await fieldValues(this.#index, field, options);
      return { values, from: this.#from(source, options) };
    });
  }

  async facets(query: Query, field: string, options: OverviewOptions): Promise<FacetsAnswer> {
    const startMs = performance.now();
    return await this.#ask(options, async () => {
      const { source, total, ...counts } = await facetCounts(this.#index, query, field, options);
      return { field, ...counts, summary: this.#summary(total, source, options, startMs) };
    });
  }

  async histogram(query: Query, options: AskOptions): Promise<HistogramAnswer> {
    const startMs = performance.now();
    return await this.#ask(options, async () => {
      const { source, total, ...histogram } = await taskHistogram(this.#index, query, options.signal);
      return { ...histogram, summary: this.#summary(total, source, options, startMs) };
    });
  }

  async lanes(query: Query, options: OverviewOptions): Promise<LanesAnswer> {
    return await this.#ask(options, async () => {
      const { lanes, hasMore, source } = await workerLanes(this.#index, query, options);
      return { lanes, totalIs: hasMore ? 'atLeast' : 'exact', from: this.#from(source, options) };
    });
  }

  async sql(text: string, options: OverviewOptions): Promise<SqlAnswer> {
    const { limit, signal } = options;
    return await this.#ask(options, async () => {
      // Loading the engine takes longer than most answers: only what needs it does.
      const { readOnlySql } = await import('../index/readOnlySql.ts');
      const page = await readOnlySql(this.#index, text, { maxRows: limit, ...(signal ? { signal } : {}) });
      const { source, ...answer } = page;
      return { ...answer, from: this.#from(source, options) };
    });
  }

  #ask<T>(options: AskOptions, work: () => Promise<T>): Promise<T> {
    return this.#asking.ask(options, work);
  }

  #from(source: IndexSource, options: AskOptions, note?: string): Provenance[] {
    const from = this.#asking.provenance(source, options);
    return [note === undefined ? from : { ...from, note }];
  }

  #summary(total: number, source: IndexSource, options: AskOptions, startMs: number): AnswerSummary {
    return { total, totalIs: 'exact', ms: performance.now() - startMs, from: this.#from(source, options) };
  }
}
