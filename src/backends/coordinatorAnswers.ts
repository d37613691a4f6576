/** Guards for what coordinators answer (docs/coordinator-api.md): they may be of another version, or no coordinators. */

import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import type { BuildInfo } from '../model/record.ts';
import { type Attempt, type AttemptStatus, type FoldedTask, taskStatuses, type TaskStatus } from '../model/task.ts';

export interface Health {
  readonly coordinator: string;
  readonly status: 'ok' | 'starting' | 'draining';
  readonly version?: string;
  readonly uptimeMs: number;
  readonly counts: {
    readonly pending: number;
    readonly assigned: number;
    readonly running: number;
    readonly retrying: number;
  };
  readonly workers: number;
}

export interface TaskPage {
  readonly tasks: readonly FoldedTask[];
  /** Entries that are no tasks. */
  readonly unreadable: number;
  readonly cursor?: string;
}

export interface LiveTask {
  readonly task: FoldedTask;
  readonly attempts: readonly Attempt[];
}

/** Each reader gives `undefined` for what is no such answer. */
export function readHealth(value: unknown): Health | undefined {
  if (!isJsonObject(value)) return undefined;
  const { coordinator, status, version, uptimeMs, tasks, workers } = value;
  if (typeof coordinator !== 'string' || coordinator === '') return undefined;
  if (status !== 'ok' && status !== 'starting' && status !== 'draining') return undefined;
  const counts = isJsonObject(tasks) ? tasks : {};
  return {
    coordinator,
    status,
    ...(typeof version === 'string' ? { version } : {}),
    uptimeMs: countOf(uptimeMs),
    counts: {
      pending: countOf(counts['pending']),
      assigned: countOf(counts['assigned']),
      running: countOf(counts['running']),
      retrying: countOf(counts['retrying']),
    },
    workers: Array.isArray(workers) ? workers.length : countOf(workers),
  };
}

/** URLs, as texts or as objects with a `url`, bare or under `peers`. What is no http URL is left out. */
export function readPeers(value: unknown): string[] | undefined {
  const list = isJsonObject(value) ? value['peers'] : value;
  if (!Array.isArray(list)) return undefined;
  return list.flatMap((peer: unknown) => {
    const url = coordinatorUrl(isJsonObject(peer) ? peer['url'] : peer);
    return url === undefined ? [] : [url];
  });
}

/** As the coordinator has them: each an object, bare or under `workers`. */
export function readWorkers(value: unknown): JsonObject[] | undefined {
  const list = isJsonObject(value) ? value['workers'] : value;
  return Array.isArray(list) ? list.filter(isJsonObject) : undefined;
}

/** An http(s) URL without credentials, query or trailing slash. */
export function coordinatorUrl(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const url = URL.parse(value);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  return `${url.origin}${url.pathname}`.replace(/\/$/, '');
}

export function readTaskPage(value: unknown): TaskPage | undefined {
  if (!isJsonObject(value) || !Array.isArray(value['tasks'])) return undefined;
  const tasks: FoldedTask[] = [];
  for (const entry of value['tasks']) {
    const task = readFoldedTask(entry);
    if (task) tasks.push(task);
  }
  const { cursor } = value;
  return {
    tasks,
    unreadable: value['tasks'].length - tasks.length,
    ...(typeof cursor === 'string' && cursor !== '' ? { cursor } : {}),
  };
}

/** A task with its attempts in the place of their number, or beside it under `task`. */
export function readLiveTask(value: unknown): LiveTask | undefined {
  if (!isJsonObject(value)) return undefined;
  const list = value['attempts'];
  const attempts = Array.isArray(list)
    ? list.flatMap((entry: unknown) => {
        const attempt = readAttempt(entry);
        return attempt ? [attempt] : [];
      })
    : [];
  const folded: JsonObject = isJsonObject(value['task']) ? value['task'] : value;
  const highest = attempts.reduce((most, { attempt }) => Math.max(most, attempt), 0);
  const task = readFoldedTask(Array.isArray(folded['attempts']) ? { ...folded, attempts: highest } : folded);
  return task && { task, attempts };
}

function readFoldedTask(value: unknown): FoldedTask | undefined {
  if (!isJsonObject(value)) return undefined;
  const { task, status, attempts, firstTs, lastTs, error, build } = value;
  if (typeof task !== 'string' || task === '' || !isTaskStatus(status)) return undefined;
  if (!isCount(attempts) || !isTime(firstTs) || !isTime(lastTs) || lastTs < firstTs) return undefined;
  const folded: { -readonly [K in keyof FoldedTask]: FoldedTask[K] } = {
    task,
    status,
    attempts,
    firstTs,
    lastTs,
    durationMs: lastTs - firstTs,
  };
  for (const name of ['account', 'collection', 'source', 'coordinator', 'worker', 'key', 'group'] as const) {
    const field = value[name];
    if (typeof field === 'string') folded[name] = field;
  }
  for (const name of ['bytes', 'docs'] as const) {
    const field = value[name];
    if (isCount(field)) folded[name] = field;
  }
  if (isJsonObject(error)) folded.error = strings(error, ['type', 'message']);
  if (isJsonObject(build)) {
    const known: BuildInfo = strings(build, ['service', 'version', 'commit', 'repository']);
    folded.build = known;
  }
  return folded;
}

function readAttempt(value: unknown): Attempt | undefined {
  if (!isJsonObject(value)) return undefined;
  const { attempt, status, worker, coordinator, firstTs, lastTs, error } = value;
  if (!isCount(attempt) || attempt < 1 || !isAttemptStatus(status)) return undefined;
  if (!isTime(firstTs) || !isTime(lastTs)) return undefined;
  return {
    attempt,
    status,
    ...(typeof worker === 'string' ? { worker } : {}),
    ...(typeof coordinator === 'string' ? { coordinator } : {}),
    firstTs,
    lastTs,
    ...(isJsonObject(error) ? { error: strings(error, ['type', 'message', 'stack']) } : {}),
  };
}

function strings<T extends string>(value: JsonObject, names: readonly T[]): { [K in T]?: string } {
  const result: { [K in T]?: string } = {};
  for (const name of names) {
    const field = value[name];
    if (typeof field === 'string') result[name] = field;
  }
  return result;
}

function isTaskStatus(value: Json | undefined): value is TaskStatus {
  return (taskStatuses as readonly (Json | undefined)[]).includes(value);
}

function isAttemptStatus(value: Json | undefined): value is AttemptStatus {
  return value === 'assigned' || value === 'running' || value === 'finished' || value === 'failed' || value === 'lost';
}

function isCount(value: Json | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTime(value: Json | undefined): value is number {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15;
}

function countOf(value: Json | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
}
