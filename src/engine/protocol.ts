/**
 * What the extension and the engine process say to each other, over vscode-jsonrpc on the child's IPC channel.
 * Cancelling a request's token stops the work in the engine. Errors carry `EngineErrorData`.
 */

import { NotificationType, ProgressType, RequestType, RequestType0 } from 'vscode-jsonrpc';
import type { AskMode, RecordsAnswer, SearchAnswer, TaskAnswer } from '../model/answer.ts';
import type { Environment } from '../model/environment.ts';
import type { IndexPassSummary } from '../model/indexPass.ts';
import type { LiveSnapshot } from '../model/live.ts';
import type {
  FacetsAnswer,
  FieldsAnswer,
  GroupsAnswer,
  HistogramAnswer,
  LanesAnswer,
  SqlAnswer,
  ValuesAnswer,
} from '../model/overview/answers.ts';

export interface EngineConfiguration {
  readonly environments: readonly Environment[];
  /** Folder for spilled and cached data. */
  readonly cacheDirectory: string;
  readonly memoryLimitMb: number;
  /** For cached segments, and once more for what is spilled; 2 GiB by default. */
  readonly diskLimitMb?: number;
  /** Bearer tokens by the origin (`https://host:port`) of the coordinator that gets them. In no log and no error. */
  readonly coordinatorTokens?: Readonly<Record<string, string>>;
}

/** What every request to an environment carries. */
export interface EnvironmentParams {
  readonly environment: string;
  /** Report progress under this token; `EngineClient` fills it in for callers that listen. */
  readonly progressToken?: string;
}

export interface SearchParams extends EnvironmentParams {
  readonly query: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly mode: AskMode;
}

export interface TaskParams extends EnvironmentParams {
  readonly id: string;
  readonly mode: AskMode;
}

export interface RecordsParams extends EnvironmentParams {
  readonly query: string;
  readonly limit: number;
  readonly mode: AskMode;
}

export interface LiveParams extends EnvironmentParams {
  /** Tasks per coordinator at most. */
  readonly limit: number;
}

/** What is asked of everything that a query matches. */
export interface OverviewParams extends EnvironmentParams {
  readonly query: string;
  readonly mode: AskMode;
}

export interface LimitedOverviewParams extends OverviewParams {
  /** Groups, fields, values or spans at most. */
  readonly limit: number;
}

export interface FacetsParams extends LimitedOverviewParams {
  /** As in a query. */
  readonly field: string;
}

export interface ValuesParams extends EnvironmentParams {
  readonly field: string;
  /** What the values start with. */
  readonly prefix: string;
  readonly limit: number;
  readonly mode: AskMode;
}

export interface SqlParams extends EnvironmentParams {
  readonly sql: string;
  /** Rows at most. */
  readonly limit: number;
}

export interface EngineProgress {
  readonly done: number;
  readonly total?: number;
  readonly unit: string;
}

export interface EngineLog {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

export interface EngineErrorData {
  /**
   * `query` (the query is wrong: `column` says where), `environment` (no such environment, or it lacks the place that
   * was asked for), `statement` (the SQL is none that is run, or is wrong), `timeLimit`, `cancelled`, `internal`, or the code of a BackendError or StoreError: `unreachable`, `denied` …
   */
  readonly code: string;
  readonly column?: number;
}

export const configure = new RequestType<EngineConfiguration, null, EngineErrorData>('engine/configure');
export const search = new RequestType<SearchParams, SearchAnswer, EngineErrorData>('tasks/search');
export const task = new RequestType<TaskParams, TaskAnswer, EngineErrorData>('tasks/one');
export const records = new RequestType<RecordsParams, RecordsAnswer, EngineErrorData>('records/search');
/** Failure groups. */
export const groups = new RequestType<LimitedOverviewParams, GroupsAnswer, EngineErrorData>('overview/groups');
/** Field names, for people and for `completeQuery`. */
export const fields = new RequestType<LimitedOverviewParams, FieldsAnswer, EngineErrorData>('overview/fields');
/** Values of one field, the most frequent first, for `completeQuery`. */
export const values = new RequestType<ValuesParams, ValuesAnswer, EngineErrorData>('overview/values');
export const facets = new RequestType<FacetsParams, FacetsAnswer, EngineErrorData>('overview/facets');
export const histogram = new RequestType<OverviewParams, HistogramAnswer, EngineErrorData>('overview/histogram');
/** Which worker ran what: within `since:` and `until:` of the query, or at its `at:`. */
export const lanes = new RequestType<LimitedOverviewParams, LanesAnswer, EngineErrorData>('overview/lanes');
export const sql = new RequestType<SqlParams, SqlAnswer, EngineErrorData>('overview/sql');
export const live = new RequestType<LiveParams, LiveSnapshot, EngineErrorData>('live/snapshot');
/** Indexes what is new in the environment's logs. */
export const indexPass = new RequestType<EnvironmentParams, IndexPassSummary, EngineErrorData>('index/pass');
export const ping = new RequestType0<{ pid: number; version: string }, EngineErrorData>('engine/ping');
export const progress = new ProgressType<EngineProgress>();
export const log = new NotificationType<EngineLog>('engine/log');
