/**
 * The columns of a segment's rows (docs/index-format.md), in order, and how a row becomes a record again.
 */

import { isJsonObject, type JsonObject, parseJson } from '../model/json.ts';
import type { LogRecord } from '../model/record.ts';
import type { SqlRow } from './database.ts';

/** `text` and `texts` (a list) are strings, `whole` numbers from 0, `time` epoch ms. All but `ts` may be absent. */
export const segmentColumns = [
  { name: 'ts', type: 'time' },
  { name: 'level', type: 'text' },
  { name: 'event', type: 'text' },
  { name: 'task', type: 'text' },
  { name: 'attempt', type: 'whole' },
  { name: 'account', type: 'text' },
  { name: 'collection', type: 'text' },
  { name: 'source', type: 'text' },
  { name: 'coordinator', type: 'text' },
  { name: 'worker', type: 'text' },
  { name: 'message', type: 'text' },
  { name: 'error_type', type: 'text' },
  { name: 'error_message', type: 'text' },
  { name: 'error_stack', type: 'text' },
  { name: 'failure_group', type: 'text' },
  { name: 'build_service', type: 'text' },
  { name: 'build_version', type: 'text' },
  { name: 'build_commit', type: 'text' },
  { name: 'build_repository', type: 'text' },
  { name: 'key', type: 'text' },
  { name: 'bytes', type: 'whole' },
  { name: 'docs', type: 'whole' },
  { name: 'rest', type: 'text' },
  { name: 'fields', type: 'texts' },
  { name: 'object', type: 'text' },
  { name: 'offset_bytes', type: 'whole' },
] as const;

/** What a record is read back from, by row. */
export const recordColumns = [
  ...segmentColumns.map(({ name }) => name).filter((name) => name !== 'fields'),
  'object_version',
] as const;

export type ColumnName = (typeof segmentColumns)[number]['name'] | 'object_version';

/** The record of a row that was read by `recordColumns`. */
export function recordOfRow(row: SqlRow): LogRecord {
  const error = present({ type: row['error_type'], message: row['error_message'], stack: row['error_stack'] });
  const build = present({
    service: row['build_service'],
    version: row['build_version'],
    commit: row['build_commit'],
    repository: row['build_repository'],
  });
  const object = row['object'];
  const record = present({
    tsMs: row['ts'],
    level: row['level'],
    event: row['event'],
    task: row['task'],
    attempt: row['attempt'],
    account: row['account'],
    collection: row['collection'],
    source: row['source'],
    coordinator: row['coordinator'],
    worker: row['worker'],
    message: row['message'],
    error,
    build,
    key: row['key'],
    bytes: row['bytes'],
    docs: row['docs'],
    group: row['failure_group'],
    rest: restOf(row['rest']),
    origin: typeof object === 'string' ? { object, offsetBytes: Number(row['offset_bytes']) } : undefined,
  });
  // The writer put a record into exactly these columns, each of the type of its field.
  return record as unknown as LogRecord;
}

function restOf(text: unknown): JsonObject | undefined {
  if (typeof text !== 'string') return undefined;
  const json = parseJson(text);
  return isJsonObject(json) ? json : undefined;
}

/** The entries that are there; `undefined` when none is. */
function present(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
