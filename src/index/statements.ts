/** The statements that answer a query over the records of segments. Every value from outside is bound. */

import { inheritedFields } from '../model/query/fields.ts';
import { leavesOf } from '../model/query/matchTask.ts';
import type { Query, QueryExpression } from '../model/query/query.ts';
import { type CompileContext, compileWhere, leafOnRecord, Parameters } from './compileQuery.ts';
import type { SegmentEntry } from './manifest.ts';
import type { RowRange } from './parquet/readParquetRows.ts';
import { mayHavePath, recordsSql, rowsSql, type SegmentSet } from './segmentSet.ts';

export interface Statement {
  readonly sql: string;
  readonly parameters: Parameters;
}

/** Rows of one segment that are to be looked at. */
export interface SegmentRows {
  readonly entry: SegmentEntry;
  readonly ranges: readonly RowRange[];
}

/**
 * The temporary table that `matchingRecords` joins where a query asks of fields that records take from their tasks: `task`
 * and `inheritedFields`, for all tasks of the segments asked.
 */
export const ownersTable = 'owners';

/** A temporary table of one column, `task`. */
export const matchedTable = 'matched';

/** Where a term of the records is met: `segment`, the place in `parts`, and `row`. */
export function rowsStatement(
  term: QueryExpression,
  onlyTokens: boolean,
  parts: readonly SegmentRows[],
  segments: SegmentSet,
): Statement {
  const parameters = new Parameters();
  const context = { ...contextOf(segments, parameters), onlyTokens };
  const test = compileWhere(term, (leaf) => leafOnRecord(leaf, context));
  const sql = `
    SELECT r.segment::INTEGER AS segment, r.file_row_number::INTEGER AS row
    FROM ${rowsSql(parts, segments, parameters)} WHERE r.task IS NOT NULL AND ${test}`;
  return { sql, parameters };
}

/** Where matching records of some rows stand, newest first: `segment`, the place in `parts`, `row`, and what orders them. */
export function recordsStatement(
  query: Query,
  parts: readonly SegmentRows[],
  segments: SegmentSet,
  page: { readonly limit: number },
): Statement {
  const parameters = new Parameters();
  const sql = `
    SELECT r.segment::INTEGER AS segment, r.file_row_number::INTEGER AS row, epoch_ms(r.ts)::DOUBLE AS ts, r.object,
      r.offset_bytes::DOUBLE AS offset_bytes
    FROM ${rowsSql(parts, segments, parameters)} ${whereOf(query, segments, parameters)}
    ORDER BY r.ts DESC, r.object DESC, r.offset_bytes DESC
    LIMIT ${page.limit}`;
  return { sql, parameters };
}

/** The segments that may hold a record which matches by itself. */
export function segmentsOfRecords({ time, atMs }: Query, entries: readonly SegmentEntry[]): SegmentEntry[] {
  const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = time;
  if (atMs !== undefined) return [];
  return entries.filter((entry) => entry.maxTs >= sinceMs && entry.minTs < untilMs);
}

/** `FROM … WHERE …` of the records `r` that match by themselves; `undefined` when no segment can hold one. */
export function matchingRecords(query: Query, all: SegmentSet, parameters: Parameters): string | undefined {
  const entries = segmentsOfRecords(query, all.entries);
  if (entries.length === 0) return undefined;
  return `FROM ${recordsSql(entries, all, parameters)} ${whereOf(query, all, parameters)}`;
}

function whereOf(query: Query, segments: SegmentSet, parameters: Parameters): string {
  const context = contextOf(segments, parameters);
  const conditions = inTime(query, parameters);
  const inherits = asksOfOwners(query);
  if (query.where) {
    conditions.push(compileWhere(query.where, (leaf) => leafOnRecord(leaf, context, inherits ? 'f' : undefined)));
  }
  const owners = inherits ? `LEFT JOIN ${ownersTable} f ON f.task = r.task` : '';
  return `${owners} WHERE ${conditions.length > 0 ? conditions.join(' AND ') : 'true'}`;
}

/** `since:` and `until:` as tests of the record `r`. */
function inTime({ time: { sinceMs, untilMs } }: Pick<Query, 'time'>, parameters: Parameters): string[] {
  return [
    ...(sinceMs === undefined ? [] : [`r.ts >= ${moment(sinceMs, parameters)}`]),
    ...(untilMs === undefined ? [] : [`r.ts < ${moment(untilMs, parameters)}`]),
  ];
}

/** Whether the query asks of fields that records take from their tasks. */
export function asksOfOwners({ where }: Pick<Query, 'where'>): boolean {
  return leavesOf(where).some(
    (leaf) => leaf.kind === 'field' && (inheritedFields as readonly string[]).includes(leaf.field),
  );
}

export function contextOf(segments: SegmentSet, parameters: Parameters): CompileContext {
  return {
    parameters,
    mayHavePath: (path) => segments.entries.some((entry) => mayHavePath(entry, path)),
  };
}

/** The widest range that a JavaScript Date, and so a record's `ts`, can hold. */
const maxDateMs = 8.64e15;

/** A moment that a `ts` is compared with by `>=` or `<`: records have whole milliseconds. */
function moment(ms: number, parameters: Parameters): string {
  const whole = Math.ceil(Math.max(-maxDateMs, Math.min(maxDateMs, ms)));
  return `make_timestamptz(${parameters.add(whole)}::BIGINT * 1000)`;
}
