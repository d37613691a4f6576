/**
 * The columns of a segment (docs/index-format.md), in order: how a record becomes a row and a row becomes a record.
 * Whole numbers travel as DOUBLE between JavaScript and the engine, exact for every value a record can hold.
 */

import { isJsonObject, type JsonObject, parseJson } from '../model/json.ts';
import type { LogRecord } from '../model/record.ts';
import type { SqlRow } from './database.ts';
import { fieldTokens } from './fieldTokens.ts';
import type { StagedColumn } from './stagedTable.ts';

interface SegmentColumn extends StagedColumn {
  readonly cell: (record: LogRecord) => string | number | readonly string[] | undefined;
}

/** Columns of the record itself; `object_version` is added by the writer. */
export const segmentColumns = [
  { name: 'ts', type: 'time', cell: (record) => record.tsMs },
  { name: 'level', type: 'name', cell: (record) => record.level },
  { name: 'event', type: 'name', cell: (record) => record.event },
  { name: 'task', type: 'text', cell: (record) => record.task },
  { name: 'attempt', type: 'whole', cell: (record) => record.attempt },
  { name: 'account', type: 'name', cell: (record) => record.account },
  { name: 'collection', type: 'name', cell: (record) => record.collection },
  { name: 'source', type: 'name', cell: (record) => record.source },
  { name: 'coordinator', type: 'name', cell: (record) => record.coordinator },
  { name: 'worker', type: 'name', cell: (record) => record.worker },
  { name: 'message', type: 'text', cell: (record) => record.message },
  { name: 'error_type', type: 'name', cell: (record) => record.error?.type },
  { name: 'error_message', type: 'name', cell: (record) => record.error?.message },
  { name: 'error_stack', type: 'text', cell: (record) => record.error?.stack },
  { name: 'failure_group', type: 'name', cell: (record) => record.group },
  { name: 'build_service', type: 'name', cell: (record) => record.build?.service },
  { name: 'build_version', type: 'name', cell: (record) => record.build?.version },
  { name: 'build_commit', type: 'name', cell: (record) => record.build?.commit },
  { name: 'build_repository', type: 'name', cell: (record) => record.build?.repository },
  { name: 'key', type: 'text', cell: (record) => record.key },
  { name: 'bytes', type: 'whole', cell: (record) => record.bytes },
  { name: 'docs', type: 'whole', cell: (record) => record.docs },
  { name: 'rest', type: 'text', cell: (record) => (record.rest ? JSON.stringify(record.rest) : undefined) },
  { name: 'fields', type: 'names', cell: fieldTokens },
  { name: 'object', type: 'name', cell: (record) => record.origin?.object },
  { name: 'offset_bytes', type: 'whole', cell: (record) => record.origin?.offsetBytes },
] as const satisfies readonly SegmentColumn[];

export type ColumnName = (typeof segmentColumns)[number]['name'] | 'object_version';

/** Rows of one task lie together, tasks of one account and collection side by side: what is asked for most. */
export const segmentOrder = 'account, collection, task, ts, object, offset_bytes';

/** The columns as a SELECT list that reads them back for `recordOfRow`. `from` is the table's alias. */
export function selectRecord(from: string): string {
  return segmentColumns
    .filter((column) => column.name !== 'fields')
    .map(({ name, type }) => {
      const column = `${from}."${name}"`;
      switch (type) {
        case 'time':
          return `epoch_ms(${column})::DOUBLE AS "${name}"`;
        case 'whole':
          return `${column}::DOUBLE AS "${name}"`;
        default:
          return column;
      }
    })
    .join(', ');
}

/** The record of a row that was selected with `selectRecord`. */
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
