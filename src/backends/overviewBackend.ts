/** The port behind which the index and the logs themselves answer what is asked of many tasks or records at once. */

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
import type { AskOptions } from './taskBackend.ts';

export interface OverviewOptions extends AskOptions {
  /** Groups, fields, values or spans wanted. Of all but facets, `limit:` of the query goes before it. */
  readonly limit: number;
}

export interface ValuesOptions extends OverviewOptions {
  /** What they start with, upper or lower case. */
  readonly prefix: string;
}

/** Failures are thrown as BackendError; cancelling rejects with `signal.reason`. */
export interface OverviewBackend {
  /** Failure groups of matching tasks, within the query's time; and of matching records that name no task. */
  groups(query: Query, options: OverviewOptions): Promise<GroupsAnswer>;
  /** What matching records hold. */
  fields(query: Query, options: OverviewOptions): Promise<FieldsAnswer>;
  /** Of a record's field: the most frequent values. */
  values(field: string, options: ValuesOptions): Promise<ValuesAnswer>;
  /** Matching tasks by a field's value. */
  facets(query: Query, field: string, options: OverviewOptions): Promise<FacetsAnswer>;
  histogram(query: Query, options: AskOptions): Promise<HistogramAnswer>;
  /** The attempts of tasks that match the query's terms, within its time or at its moment, by worker. */
  lanes(query: Query, options: OverviewOptions): Promise<LanesAnswer>;
  /** One SELECT over the tables of docs/index-format.md. Absent where there are no tables. */
  sql?(text: string, options: OverviewOptions): Promise<SqlAnswer>;
}
