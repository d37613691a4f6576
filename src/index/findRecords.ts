/** Records that match by themselves, newest first: segment by segment, until no older one can have a place on the page. */

import { compareCodePoints } from '../model/query/compareTasks.ts';
import type { Query, QueryExpression } from '../model/query/query.ts';
import type { LogRecord } from '../model/record.ts';
import { rangesOf } from './findTasks.ts';
import type { IndexReading } from './indexReader.ts';
import type { SegmentEntry } from './manifest.ts';
import { readParquetRows } from './parquet/readParquetRows.ts';
import { recordColumns, recordOfRow } from './segmentColumns.ts';
import { mayHavePath } from './segmentSet.ts';
import { ownersOf } from './stagedTasks.ts';
import type { Staged } from './stagedTable.ts';
import { asksOfOwners, recordsStatement, segmentsOfRecords, type SegmentRows, type Statement } from './statements.ts';

/** Where a record stands, and what orders it. */
interface RecordPlace {
  readonly entry: SegmentEntry;
  readonly row: number;
  readonly tsMs: number;
  readonly object: string;
  readonly offsetBytes: number;
}

/** At most `limit`. Rejects with `signal.reason`. */
export async function findRecords(reading: IndexReading, query: Query, limit: number): Promise<LogRecord[]> {
  const pending = segmentsOfRecords(query, reading.segments.entries).sort((a, b) => b.maxTs - a.maxTs);
  let found: RecordPlace[] = [];
  for (let count = 1; pending.length > 0; count *= 2) {
    const parts = pending.splice(0, count).flatMap((entry) => rowsOf(reading, query, entry) ?? []);
    const owners = asksOfOwners(query) && parts.length > 0 ? await ownersOf(reading, parts.map(entryOf)) : undefined;
    await reading.inRuns(parts, entryOf, async (run) => {
      const places = await placesIn(reading, recordsStatement(query, run, reading.segments, { limit }), run, owners);
      found = [...found, ...places].sort(newestFirst).slice(0, limit);
    });
    const [next, last] = [pending[0], found.at(-1)];
    if (next && found.length >= limit && last && last.tsMs > next.maxTs) break;
  }
  return await recordsAt(reading, found);
}

function entryOf({ entry }: { readonly entry: SegmentEntry }): SegmentEntry {
  return entry;
}

async function placesIn(
  reading: IndexReading,
  statement: Statement,
  parts: readonly SegmentRows[],
  owners: Staged | undefined,
): Promise<RecordPlace[]> {
  const rows = await reading.query(statement, owners);
  return rows.flatMap((row) => {
    const entry = parts[Number(row['segment'])]?.entry;
    const { ts, object, offset_bytes: offset } = row;
    const place = { row: Number(row['row']), tsMs: Number(ts), object: String(object), offsetBytes: Number(offset) };
    return entry ? [{ entry, ...place }] : [];
  });
}

/** Only the rows that are wanted are read whole. */
async function recordsAt(reading: IndexReading, places: readonly RecordPlace[]): Promise<LogRecord[]> {
  const { records, signal } = reading;
  const found: LogRecord[] = [];
  const numbered = places.map((place, at) => ({ ...place, at }));
  const ofSegment = [...Map.groupBy(numbered, entryOf)].map(([entry, own]) => ({ entry, own }));
  await reading.inRuns(ofSegment, entryOf, async (run) => {
    for (const { entry, own } of run) {
      const ordered = own.sort((a, b) => a.row - b.row);
      const ranges = ordered.map(({ row }) => ({ start: row, end: row + 1 }));
      const wanted = { columns: recordColumns, ranges, layouts: records.layouts };
      const rows = await readParquetRows(records.fileOf(entry.key), wanted, signal);
      for (const [number, { at }] of ordered.entries()) {
        const row = rows[number];
        if (row) found[at] = recordOfRow(row);
      }
    }
  });
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

function newestFirst(a: RecordPlace, b: RecordPlace): number {
  return b.tsMs - a.tsMs || compareCodePoints(b.object, a.object) || b.offsetBytes - a.offsetBytes;
}
