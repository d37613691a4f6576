/**
 * What the extension and the engine process say to each other, over vscode-jsonrpc on the child's IPC channel.
 * Cancelling a request's token stops the work in the engine. Errors carry `EngineErrorData`.
 */

import { NotificationType, ProgressType, RequestType, RequestType0 } from 'vscode-jsonrpc';
import type { AskMode, RecordsAnswer, SearchAnswer, TaskAnswer } from '../model/answer.ts';
import type { Environment } from '../model/environment.ts';
import type { IndexPassSummary } from '../model/indexPass.ts';
import type { LiveSnapshot } from '../model/live.ts';

export interface EngineConfiguration {
  readonly environments: readonly Environment[];
  /** Folder for spilled and cached data. */
  readonly cacheDirectory: string;
  readonly memoryLimitMb: number;
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
   * was asked for), `cancelled`, `internal`, or the code of a BackendError or StoreError: `unreachable`, `denied` …
   */
  readonly code: string;
  readonly column?: number;
}

export const configure = new RequestType<EngineConfiguration, null, EngineErrorData>('engine/configure');
export const search = new RequestType<SearchParams, SearchAnswer, EngineErrorData>('tasks/search');
export const task = new RequestType<TaskParams, TaskAnswer, EngineErrorData>('tasks/one');
export const records = new RequestType<RecordsParams, RecordsAnswer, EngineErrorData>('records/search');
export const live = new RequestType<LiveParams, LiveSnapshot, EngineErrorData>('live/snapshot');
/** Indexes what is new in the environment's logs. */
export const indexPass = new RequestType<EnvironmentParams, IndexPassSummary, EngineErrorData>('index/pass');
export const ping = new RequestType0<{ pid: number; version: string }, EngineErrorData>('engine/ping');
export const progress = new ProgressType<EngineProgress>();
export const log = new NotificationType<EngineLog>('engine/log');
