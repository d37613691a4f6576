/** The port behind which live coordinators, the index, ClickHouse and the logs themselves answer the same query. */

import type { BackendName, RecordsAnswer, SearchAnswer, TaskAnswer } from '../model/answer.ts';
import type { Query } from '../model/query/query.ts';
import type { OverviewBackend } from './overviewBackend.ts';

export interface Progress {
  readonly done: number;
  /** Absent when unknown. */
  readonly total?: number;
  readonly unit: 'objects' | 'objects listed' | 'segments' | 'coordinators';
}

export interface AskOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface SearchOptions extends AskOptions {
  /** Tasks wanted, unless the query says `limit:`. */
  readonly limit: number;
  /** Of an answer to the same query, whichever backend gave it: its place in the query's order (answerCursor.ts). */
  readonly cursor?: string;
}

/** Failures (unreachable, denied, damaged) are thrown as BackendError; cancelling rejects with `signal.reason`. */
export interface TaskBackend {
  readonly name: BackendName;
  readonly url: string;
  search(query: Query, options: SearchOptions): Promise<SearchAnswer>;
  task(id: string, options: AskOptions): Promise<TaskAnswer>;
  /** Newest first. */
  records(query: Query, options: SearchOptions): Promise<RecordsAnswer>;
  /** What is asked of many tasks or records at once; absent where only what runs now is known. */
  readonly overview?: OverviewBackend;
  close(): Promise<void>;
}
