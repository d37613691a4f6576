/** Rows of the task table as folded tasks. They travel as JSON text: one value costs less than two dozen columns. */

import { isJsonObject, type Json, parseJson } from '../model/json.ts';
import type { FoldedTask } from '../model/task.ts';

/** A row of the table `f` as JSON: the folded task, under the names of its columns. */
export const foldedRowSql = `to_json({${[
  'task',
  'account',
  'collection',
  'source',
  'coordinator',
  'worker',
  'status',
  'attempts',
  'first_ms',
  'last_ms',
  'key',
  'bytes',
  'docs',
  'error_type',
  'error_message',
  'failure_group',
  'error_attempt',
  'build',
  'unsettled',
]
  .map((name) => `${name}: f."${name}"`)
  .join(', ')}})`;

export interface FoldedRow {
  readonly task: FoldedTask;
  /** False when parts of the task say different things: then only its records tell all of it. */
  readonly isSettled: boolean;
}

/** Reads what `foldedRowSql` gave; `undefined` for a row that is none. */
export function foldedRow(text: unknown): FoldedRow | undefined {
  const row = typeof text === 'string' ? parseJson(text) : undefined;
  if (!isJsonObject(row) || row['task'] === null) return undefined;
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
  return { task: task as unknown as FoldedTask, isSettled: row['unsettled'] !== true };
}

function buildOf(text: Json | undefined): Json | undefined {
  const fields = typeof text === 'string' ? parseJson(text) : undefined;
  if (!Array.isArray(fields)) return undefined;
  const [service, version, commit, repository] = fields as readonly Json[];
  return present({ service, version, commit, repository });
}

function present(fields: Readonly<Record<string, Json | undefined>>): Record<string, Json> {
  const kept: Record<string, Json> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== null && value !== undefined) kept[name] = value;
  return kept;
}
