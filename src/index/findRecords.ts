/** Records that match by themselves, newest first: segment by segment, until no older one can have a place on the page. */

import type { Query, QueryExpression } from '../model/query/query.ts';
import type { LogRecord } from '../model/record.ts';
import { rangesOf } from './findTasks.ts';
import type { IndexReading } from './logIndex.ts';
import type { SegmentEntry } from './manifest.ts';
import { recordOfRow } from './segmentColumns.ts';
import { mayHavePath } from './segmentSet.ts';
import { ownersOf } from './stageTables.ts';
import { asksOfOwners, recordsStatement, segmentsOfRecords, type SegmentRows } from './statements.ts';

/** At most `limit`. Rejects with `signal.reason`. */
export async function findRecords(reading: IndexReading, query: Query, limit: number): Promise<LogRecord[]> {
  const pending = segmentsOfRecords(query, reading.segments.entries).sort((a, b) => b.maxTs - a.maxTs);
  const inherits = asksOfOwners(query);
  let found: LogRecord[] = [];
  for (let count = 1; pending.length > 0; count *= 2) {
    const parts = pending.splice(0, count).flatMap((entry) => rowsOf(reading, query, entry) ?? []);
    if (parts.length > 0) {
      await reading.hold(parts.map(({ entry }) => entry));
      const statement = recordsStatement(query, parts, reading.segments, { limit });
      const staged = inherits
        ? await ownersOf(
            reading,
            parts.map(({ entry }) => entry),
          )
        : undefined;
      const records = (await reading.query(statement, staged)).map(recordOfRow);
      found = [...found, ...records].sort(newestFirst).slice(0, limit);
    }
    const [next, last] = [pending[0], found.at(-1)];
    if (next && found.length >= limit && last && last.tsMs > next.maxTs) break;
  }
  return found;
}

/** What of a segment may match; `undefined` for nothing. */
function rowsOf({ tasks }: IndexReading, query: Query, entry: SegmentEntry): SegmentRows | undefined {
  const { filters } = tasks.segment(entry.key);
  const asked = { onlyTokens: false, hasPath: (path: string) => mayHavePath(entry, path) };
  let groups = Array.from({ length: Math.ceil(entry.records / filters.rowGroupRows) }, (_, group) => group);
  // What a record takes from its task is in no filter.
  for (const term of termsOf(query.where))
    if (!asksOfOwners({ where: term })) groups = filters.mayHold(term, asked, groups);
  const ranges = rangesOf(groups, filters.rowGroupRows, entry.records);
  return ranges.length > 0 ? { entry, ranges } : undefined;
}

/** Terms each of which a record must meet. */
function termsOf(where: QueryExpression | undefined): readonly QueryExpression[] {
  if (!where) return [];
  return where.kind === 'and' ? where.terms.flatMap(termsOf) : [where];
}

function newestFirst(a: LogRecord, b: LogRecord): number {
  const [objectA, objectB] = [a.origin?.object ?? '', b.origin?.object ?? ''];
  const byObject = objectA < objectB ? 1 : objectA > objectB ? -1 : 0;
  return b.tsMs - a.tsMs || byObject || (b.origin?.offsetBytes ?? 0) - (a.origin?.offsetBytes ?? 0);
}
