/** How many matching tasks there are for each value of a field: exact, the most frequent values first. */

import type { FieldValue, ValueCount } from '../model/overview/answers.ts';
import { isFoldedField } from '../model/overview/foldedFields.ts';
import { isRecordField } from '../model/overview/recordFields.ts';
import type { Query } from '../model/query/query.ts';
import { Parameters } from './compileQuery.ts';
import type { SqlRow } from './database.ts';
import { tokenPrefix } from './fieldTokens.ts';
import { foldedFieldSql } from './foldedTaskSql.ts';
import type { IndexSource, LogIndex } from './logIndex.ts';
import { recordsSql, type SegmentSet } from './segmentSet.ts';
import { contextOf, matchedTasks, type Statement } from './statements.ts';

export interface FacetCounts {
  readonly values: readonly ValueCount[];
  readonly rest: { readonly values: number; readonly count: number };
  readonly missing: number;
  readonly total: number;
  readonly source: IndexSource;
}

/**
 * Of a field that a folded task has, a task counts for the one value that it has; of any other path, for each value that
 * some record of it has. @throws IndexError; rejects with `signal.reason`.
 */
export async function facetCounts(
  index: LogIndex,
  query: Query,
  field: string,
  options: { readonly limit: number; readonly signal?: AbortSignal },
): Promise<FacetCounts> {
  return await index.read(options.signal, async ({ segments, source, query: ask }) => {
    if (segments.entries.length === 0) {
      return { values: [], rest: { values: 0, count: 0 }, missing: 0, total: 0, source };
    }
    const rows = await ask(facetStatement(query, field, segments, options.limit));
    const values = rows.flatMap((row) => (row['type'] === null ? [] : [valueCountOf(row)]));
    const of = (name: string): number => Number(rows[0]?.[name] ?? 0);
    const listed = values.reduce((sum, { count }) => sum + count, 0);
    return {
      values,
      rest: { values: of('all_values') - values.length, count: of('all_counts') - listed },
      missing: of('total') - of('having'),
      total: of('total'),
      source,
    };
  });
}

function facetStatement(query: Query, field: string, segments: SegmentSet, limit: number): Statement {
  const parameters = new Parameters();
  const folded = isFoldedField(field) ? foldedFieldSql[field] : undefined;
  const matched = matchedTasks(query, segments, parameters, {
    columns: folded?.columns ?? [],
    select: folded ? [`${folded.value} AS value`] : [],
  });
  const pairs = folded
    ? `SELECT task, CASE WHEN typeof(value) = 'VARCHAR' THEN 's' ELSE 'n' END AS type, value FROM matched
       WHERE value IS NOT NULL`
    : `SELECT DISTINCT task, type, value FROM (${recordValues(field, segments, parameters)})
       WHERE task IN (SELECT task FROM matched)`;
  const sql = `
    WITH ${matched}, pairs AS MATERIALIZED (${pairs}), counted AS MATERIALIZED (
      SELECT type, value, count(*)::DOUBLE AS count FROM pairs GROUP BY type, value
    )
    SELECT * FROM (
      SELECT (SELECT count(*) FROM matched)::DOUBLE AS total,
        (SELECT count(DISTINCT task) FROM pairs)::DOUBLE AS having,
        (SELECT count(*) FROM counted)::DOUBLE AS all_values,
        (SELECT sum(count) FROM counted)::DOUBLE AS all_counts
    ) LEFT JOIN (
      SELECT type, CASE WHEN type = 'n' THEN value::DOUBLE END AS number,
        CASE WHEN type <> 'n' THEN value::VARCHAR END AS text, count
      FROM counted ${inValueOrder} LIMIT ${limit}
    ) ON true
    ${inOrderOfParts}`;
  return { sql, parameters };
}

/** As `compareValueCounts` of the model orders them. */
const inValueOrder = `ORDER BY count DESC, type, CASE WHEN type = 'n' THEN value::DOUBLE END, value::VARCHAR`;
const inOrderOfParts = 'ORDER BY count DESC, type, number, text';

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
