/** The values that records have at a path, in SQL and as answers. */

import type { FieldValue, ValueCount } from '../model/overview/answers.ts';
import { isRecordField } from '../model/overview/recordFields.ts';
import type { Parameters } from './compileQuery.ts';
import type { SqlRow } from './database.ts';
import { tokenPrefix } from './fieldTokens.ts';
import { recordsSql, type SegmentSet } from './segmentSet.ts';
import { contextOf } from './statements.ts';

/** `task`, `type` (a field token's `s`, `n` or `b`) and `value` (text) of each value that a record has at a path. */
export function recordValues(field: string, segments: SegmentSet, parameters: Parameters): string {
  const records = recordsSql(segments.entries, segments, parameters);
  const parts: string[] = [];
  const column = isRecordField(field) ? recordColumn(field) : undefined;
  if (column) {
    const { sql, type } = column;
    parts.push(`SELECT r.task, '${type}' AS type, (${sql})::VARCHAR AS value FROM ${records} WHERE ${sql} IS NOT NULL`);
  }
  if (field !== 'group' && contextOf(segments, parameters).mayHavePath(field)) {
    const start = parameters.add(tokenPrefix(field));
    const isValue = (['s', 'n', 'b'] as const)
      .map((type) => `starts_with(token, ${parameters.add(tokenPrefix(field, type))})`)
      .join(' OR ');
    parts.push(`SELECT task, substr(token, length(${start}) + 1, 1) AS type, substr(token, length(${start}) + 3) AS value
      FROM (SELECT r.task, unnest(list_filter(r.fields, lambda token: ${isValue})) AS token FROM ${records})`);
  }
  return parts.length > 0
    ? parts.join(' UNION ALL ')
    : `SELECT NULL::VARCHAR AS task, NULL::VARCHAR AS type, NULL::VARCHAR AS value WHERE false`;
}

/** A canonical field of the record `r`, as text or number. */
export function recordColumn(field: string): { readonly sql: string; readonly type: 's' | 'n' } {
  switch (field) {
    case 'ts':
      return { sql: 'epoch_ms(r.ts)', type: 'n' };
    case 'attempt':
    case 'bytes':
    case 'docs':
      return { sql: `r."${field}"`, type: 'n' };
    case 'group':
      return { sql: 'r.failure_group', type: 's' };
    default:
      return { sql: `r."${field.replace('.', '_')}"`, type: 's' };
  }
}

/** From the columns `type`, `number`, `text` and `count`. */
export function valueCountOf(row: SqlRow): ValueCount {
  return { value: valueOf(row), count: Number(row['count']) };
}

function valueOf(row: SqlRow): FieldValue {
  if (row['type'] === 'n') return Number(row['number']);
  const text = String(row['text']);
  return row['type'] === 'b' ? text === 'true' : text;
}
