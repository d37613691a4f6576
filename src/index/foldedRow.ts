/** Rows of the task table as folded tasks. */

import { parseJson } from '../model/json.ts';
import type { BuildInfo } from '../model/record.ts';
import type { FoldedTask } from '../model/task.ts';
import type { SqlRow } from './database.ts';

/** The table's columns as they are selected: whole numbers as JavaScript has them. */
export const selectFoldedRow = `task, account, collection, source, coordinator, worker, status, attempts::DOUBLE AS attempts,
  first_ms::DOUBLE AS first_ms, last_ms::DOUBLE AS last_ms, key, bytes::DOUBLE AS bytes, docs::DOUBLE AS docs,
  error_type, error_message, failure_group, error_attempt::DOUBLE AS error_attempt, build, unsettled`;

/** False when parts of the task say different things: then only its records tell all of it. */
export function isSettled(row: SqlRow): boolean {
  return row['unsettled'] !== true;
}

export function foldedTaskOf(row: SqlRow): FoldedTask {
  const firstTs = Number(row['first_ms']);
  const lastTs = Number(row['last_ms']);
  const hasError = row['error_attempt'] !== null;
  const task = present({
    task: row['task'],
    account: row['account'],
    collection: row['collection'],
    source: row['source'],
    coordinator: row['coordinator'],
    worker: row['worker'],
    status: row['status'],
    attempts: row['attempts'],
    firstTs,
    lastTs,
    durationMs: lastTs - firstTs,
    key: row['key'],
    bytes: row['bytes'],
    docs: row['docs'],
    error: hasError ? present({ type: row['error_type'], message: row['error_message'] }) : undefined,
    group: hasError ? row['failure_group'] : undefined,
    build: buildOf(row['build']),
  });
  // The writer folded the task into exactly these columns, each of the type of its field.
  return task as unknown as FoldedTask;
}

function buildOf(text: unknown): BuildInfo | undefined {
  if (typeof text !== 'string') return undefined;
  const fields = parseJson(text);
  if (!Array.isArray(fields)) return undefined;
  const [service, version, commit, repository] = fields;
  return present({ service, version, commit, repository });
}

function present(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}
