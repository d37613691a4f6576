/** How many matching tasks there are for each value of a field: exact, the most frequent values first. */

import type { FieldValue, ValueCount } from '../model/overview/answers.ts';
import { isFoldedField } from '../model/overview/foldedFields.ts';
import { compareValueCounts } from '../model/overview/valueTally.ts';
import type { Query } from '../model/query/query.ts';
import { Parameters } from './compileQuery.ts';
import { matchAll } from './findTasks.ts';
import type { IndexReading, IndexSource } from './indexReader.ts';
import type { LogIndex } from './logIndex.ts';
import { timesOf } from './segmentWindow.ts';
import { recordValues, valueCountOf } from './recordValues.ts';
import { matchedOf } from './stagedTasks.ts';
import { matchedTable } from './statements.ts';
import { bringValues, countValues } from './tasks/foldedValues.ts';
import { countOf } from './tasks/taskMask.ts';
import type { TaskMatcher } from './tasks/taskMatcher.ts';

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
  return await index.read({ signal: options.signal, times: timesOf(query) }, async (reading) => {
    const { taskSegments, segments, source } = reading;
    if (segments.entries.length === 0) {
      return { values: [], rest: { values: 0, count: 0 }, missing: 0, total: 0, source };
    }
    using matcher = await matchAll(reading, query);
    if (!isFoldedField(field)) return { ...(await countRecords(reading, matcher, field, options.limit)), source };
    const brought = await bringValues(taskSegments, field, reading.records, options.signal);
    const counts = new Map<FieldValue, number>();
    let [total, having] = [0, 0];
    for (const segment of taskSegments) {
      const mask = matcher.match(segment);
      total += countOf(mask);
      having += countValues(segment, field, brought, mask, counts);
    }
    const ordered = [...counts].map(([value, count]) => ({ value, count })).sort(compareValueCounts);
    const values = ordered.slice(0, options.limit);
    const listed = values.reduce((sum, { count }) => sum + count, 0);
    const rest = { values: ordered.length - values.length, count: having - listed };
    return { values, rest, missing: total - having, total, source };
  });
}

/** Values of a path that only records have. */
async function countRecords(
  reading: IndexReading,
  matcher: TaskMatcher,
  field: string,
  limit: number,
): Promise<Omit<FacetCounts, 'source'>> {
  const parameters = new Parameters();
  const staged = matcher.isAll ? undefined : matchedOf(reading, matcher);
  const ofMatched = staged ? `task IN (SELECT task FROM ${matchedTable})` : 'task IS NOT NULL';
  const sql = `
    WITH pairs AS MATERIALIZED (
      SELECT DISTINCT task, type, value FROM (${recordValues(field, reading.segments, parameters)}) WHERE ${ofMatched}
    ), counted AS MATERIALIZED (
      SELECT type, value, count(*)::DOUBLE AS count FROM pairs GROUP BY type, value
    )
    SELECT * FROM (
      SELECT (SELECT count(DISTINCT task) FROM pairs)::DOUBLE AS having,
        (SELECT count(*) FROM counted)::DOUBLE AS all_values,
        (SELECT sum(count) FROM counted)::DOUBLE AS all_counts
    ) LEFT JOIN (
      SELECT type, CASE WHEN type = 'n' THEN value::DOUBLE END AS number,
        CASE WHEN type <> 'n' THEN value::VARCHAR END AS text, count
      FROM counted
      ORDER BY count DESC, type, CASE WHEN type = 'n' THEN value::DOUBLE END, value::VARCHAR LIMIT ${limit}
    ) ON true
    ORDER BY count DESC, type, number, text`;
  const ask = async () => await reading.query({ sql, parameters }, staged);
  const rows = await reading.holding(reading.segments.entries, ask);
  const values = rows.flatMap((row) => (row['type'] === null ? [] : [valueCountOf(row)]));
  const of = (name: string): number => Number(rows[0]?.[name] ?? 0);
  const listed = values.reduce((sum, { count }) => sum + count, 0);
  let total = 0;
  for (const segment of reading.taskSegments) {
    total += countOf(matcher.match(segment));
  }
  return {
    values,
    rest: { values: of('all_values') - values.length, count: of('all_counts') - listed },
    missing: total - of('having'),
    total,
  };
}
