/** The values of one field over all records, the most frequent first: what an editor offers after `field:`. */

import type { ValueCount } from '../model/overview/answers.ts';
import { Parameters } from './compileQuery.ts';
import { recordValues, valueCountOf } from './recordValues.ts';
import type { IndexSource } from './indexReader.ts';
import type { LogIndex } from './logIndex.ts';

/** Longer values are none to be offered. */
export const maxValueLength = 200;

export interface FieldValues {
  readonly values: readonly ValueCount[];
  readonly source: IndexSource;
}

/**
 * Counts records, whatever their case of `prefix`. @param field of records: what only folding gives has no values here.
 * @throws IndexError; rejects with `signal.reason`.
 */
export async function fieldValues(
  index: LogIndex,
  field: string,
  options: { readonly prefix: string; readonly limit: number; readonly signal?: AbortSignal },
): Promise<FieldValues> {
  return await index.read({ signal: options.signal }, async ({ segments, source, holding, query: ask }) => {
    if (segments.entries.length === 0) return { values: [], source };
    const parameters = new Parameters();
    const values = recordValues(field, segments, parameters);
    const sql = `
      SELECT type, CASE WHEN type = 'n' THEN value::DOUBLE END AS number, value AS text, count(*)::DOUBLE AS count
      FROM (${values})
      WHERE length(value) <= ${maxValueLength} AND starts_with(lower(value), lower(${parameters.add(options.prefix)}))
      GROUP BY type, value
      ORDER BY count DESC, type, number, text
      LIMIT ${options.limit}`;
    const rows = await holding(segments.entries, async () => await ask({ sql, parameters }));
    return { values: rows.map(valueCountOf), source };
  });
}
