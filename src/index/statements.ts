/** The statements that answer a query over segments. Every value from outside is bound. */

import { assertNever } from '../model/assertNever.ts';
import { inheritedFields } from '../model/query/fields.ts';
import type { Leaf } from '../model/query/leafTest.ts';
import { leavesOf } from '../model/query/matchTask.ts';
import type { SortPosition } from '../model/query/compareTasks.ts';
import type { Query, QueryExpression, SortField } from '../model/query/query.ts';
import {
  type CompileContext,
  compileWhere,
  isDecidedByRecords,
  leafOnRecord,
  leafOnTask,
  Parameters,
} from './compileQuery.ts';
import {
  foldedColumns,
  inheritedColumns,
  inheritedSelect,
  isTaskEventSql,
  latestValueSql,
  statusSql,
} from './foldSql.ts';
import { mayHold } from './pruneSegments.ts';
import type { SegmentEntry } from './manifest.ts';
import { selectRecord } from './segmentColumns.ts';

/** Segments and where their files lie. */
export interface SegmentSet {
  readonly entries: readonly SegmentEntry[];
  readonly fileOf: (entry: SegmentEntry) => string;
  /** Object versions whose rows do not count. */
  readonly superseded: readonly string[];
}

export interface Statement {
  readonly sql: string;
  readonly parameters: Parameters;
}

/** Matching tasks in the query's order: `task`, `value` (of the sort field), `first_ms`, `last_ms`, and `total` of all. */
export function searchStatement(
  query: Query,
  segments: SegmentSet,
  page: { readonly limit: number; readonly after?: SortPosition },
): Statement {
  const parameters = new Parameters();
  const sort = query.sort ?? { field: 'lastTs', descending: true };
  const columns = sort.field === 'bytes' || sort.field === 'docs' ? [latestValueSql(sort.field)] : [];
  const select = [`(${sortSql(sort.field)})::DOUBLE AS value`];
  const sql = `
    WITH ${matchedTasks(query, segments, parameters, { columns, select })}
    SELECT *, (SELECT count(*) FROM matched)::DOUBLE AS total
    FROM matched
    WHERE ${page.after ? isAfter(page.after, sort.descending, parameters) : 'true'}
    ORDER BY value ${sort.descending ? 'DESC' : 'ASC'} NULLS LAST, task ASC
    LIMIT ${page.limit}`;
  return { sql, parameters };
}

/**
 * The tasks that match a query as CTEs, the last of them `matched`: `task`, `first_ms`, `last_ms`, and what `select` adds
 * over the folded task `f` (its `status`, `attempts`, and the aggregates of its records that `columns` names).
 */
export function matchedTasks(
  query: Query,
  segments: SegmentSet,
  parameters: Parameters,
  { columns, select }: { readonly columns: readonly string[]; readonly select: readonly string[] },
): string {
  const context = contextOf(segments, parameters);
  const conditions = ['r.task IS NOT NULL'];
  const where: string[] = [];
  const marks: string[] = [];
  for (const term of conjunctsOf(query.where)) {
    if (isWitnessed(term)) {
      // Some record meets it, or the task does not: the tasks of such records are all that need be folded.
      const held = segments.entries.filter((entry) => mayHold(entry, term));
      const test = compileWhere(term, (leaf) => leafOnRecord(leaf, context));
      conditions.push(tasksOf(test, held, segments, parameters));
    } else where.push(compileWhere(term, (leaf) => leafOfTask(leaf, context, marks)));
  }
  const { sinceMs, untilMs } = query.time;
  if (sinceMs !== undefined) {
    const recent = segments.entries.filter((entry) => entry.maxTs >= sinceMs);
    conditions.push(tasksOf(`r.ts >= ${moment(sinceMs, parameters)}`, recent, segments, parameters));
  }
  if (untilMs !== undefined) where.push(`f.first_ms < ${parameters.add(untilMs)}::DOUBLE`);
  if (query.atMs !== undefined) {
    const at = `${parameters.add(query.atMs)}::DOUBLE`;
    where.push(`f.first_ms <= ${at} AND (f.status NOT IN ('succeeded', 'failed') OR f.last_ms >= ${at})`);
  }
  return `summed AS (
      SELECT r.task AS task, ${[...foldedColumns, ...marks, ...columns].join(', ')}
      FROM ${recordsIn(segments.entries, segments, parameters)}
      WHERE ${conditions.join(' AND ')}
      GROUP BY r.task
    ), folded AS (
      SELECT *, ${statusSql} AS status FROM summed
    ), matched AS MATERIALIZED (
      SELECT ${['f.task', 'f.first_ms::DOUBLE AS first_ms', 'f.last_ms::DOUBLE AS last_ms', ...select].join(', ')}
      FROM folded f
      WHERE ${where.length > 0 ? where.join(' AND ') : 'true'}
    )`;
}

/** The task events of some tasks: what folding them needs of their records, without stacks and the like. */
export function eventsStatement(tasks: readonly string[], segments: SegmentSet): Statement {
  const parameters = new Parameters();
  const sql = `
    SELECT epoch_ms(r.ts)::DOUBLE AS ts, r.event, r.task, r.attempt::DOUBLE AS attempt, r.account, r.collection,
      r.source, r.coordinator, r.worker, r.error_type, r.error_message,
      CASE WHEN r.error_stack IS NOT NULL THEN '' END AS error_stack, r.failure_group, r.build_service,
      r.build_version, r.build_commit, r.build_repository, r.key, r.bytes::DOUBLE AS bytes, r.docs::DOUBLE AS docs
    FROM ${recordsIn(segments.entries, segments, parameters)}
    WHERE r.task IN (SELECT unnest(${parameters.add(tasks)})) AND ${isTaskEventSql}`;
  return { sql, parameters };
}

/** Every record of one task, by time. */
export function taskStatement(task: string, segments: SegmentSet): Statement {
  const parameters = new Parameters();
  const sql = `
    SELECT ${selectRecord('r')}
    FROM ${recordsIn(segments.entries, segments, parameters)}
    WHERE r.task = ${parameters.add(task)}
    ORDER BY r.ts, r.object, r.offset_bytes`;
  return { sql, parameters };
}

/** Matching records, newest first; `undefined` when no segment can hold one. `all` are the segments that its tasks lie in. */
export function recordsStatement(
  query: Query,
  all: SegmentSet,
  page: { readonly limit: number },
): Statement | undefined {
  const parameters = new Parameters();
  const matching = matchingRecords(query, all, parameters);
  if (!matching) return undefined;
  const sql = `
    SELECT ${selectRecord('r')}
    ${matching}
    ORDER BY r.ts DESC, r.object DESC, r.offset_bytes DESC
    LIMIT ${page.limit}`;
  return { sql, parameters };
}

/** `FROM … WHERE …` of the records `r` that match by themselves; `undefined` when no segment can hold one. */
export function matchingRecords(query: Query, all: SegmentSet, parameters: Parameters): string | undefined {
  const context = contextOf(all, parameters);
  const { sinceMs, untilMs } = query.time;
  const entries = all.entries.filter(
    (entry) => (sinceMs === undefined || entry.maxTs >= sinceMs) && (untilMs === undefined || entry.minTs < untilMs),
  );
  if (query.atMs !== undefined || entries.length === 0) return undefined;
  const conditions = inTime(query, parameters);
  const inherits = asksOfTask(query.where);
  if (query.where) {
    conditions.push(compileWhere(query.where, (leaf) => leafOnRecord(leaf, context, inherits ? 'f' : undefined)));
  }
  const tasks = inherits
    ? `LEFT JOIN (SELECT ${inheritedSelect} FROM (SELECT r.task, ${[...foldedColumns, ...inheritedColumns].join(', ')}
         FROM ${recordsIn(all.entries, all, parameters)} WHERE r.task IS NOT NULL GROUP BY r.task)) f ON f.task = r.task`
    : '';
  return `FROM ${recordsIn(entries, all, parameters)} ${tasks}
    WHERE ${conditions.length > 0 ? conditions.join(' AND ') : 'true'}`;
}

/** `since:` and `until:` as tests of the record `r`. */
export function inTime({ time: { sinceMs, untilMs } }: Pick<Query, 'time'>, parameters: Parameters): string[] {
  return [
    ...(sinceMs === undefined ? [] : [`r.ts >= ${moment(sinceMs, parameters)}`]),
    ...(untilMs === undefined ? [] : [`r.ts < ${moment(untilMs, parameters)}`]),
  ];
}

export function countTasksStatement(segments: SegmentSet): Statement {
  const parameters = new Parameters();
  const records = recordsIn(segments.entries, segments, parameters);
  return { sql: `SELECT count(DISTINCT r.task)::DOUBLE AS tasks FROM ${records}`, parameters };
}

/** The records of some segments under the alias `r`. */
export function recordsIn(entries: readonly SegmentEntry[], segments: SegmentSet, parameters: Parameters): string {
  const files = parameters.add(entries.map((entry) => segments.fileOf(entry)));
  const all = `read_parquet(${files}, hive_partitioning = false)`;
  if (segments.superseded.length === 0) return `${all} r`;
  const superseded = parameters.add(segments.superseded);
  return `(SELECT * FROM ${all} WHERE object_version NOT IN (SELECT unnest(${superseded}))) r`;
}

/** A test that a task has a record which meets `test`. */
function tasksOf(test: string, entries: readonly SegmentEntry[], segments: SegmentSet, parameters: Parameters): string {
  if (entries.length === 0) return 'false';
  return `r.task IN (SELECT r.task FROM ${recordsIn(entries, segments, parameters)}
    WHERE r.task IS NOT NULL AND ${test})`;
}

/** A leaf as a test of the folded task `f`; what it asks of the records is gathered in `marks`. */
function leafOfTask(leaf: Leaf, context: CompileContext, marks: string[]): string {
  const onTask = leafOnTask(leaf, context) ?? 'false';
  const onRecord = leafOnRecord(leaf, context);
  if (onRecord === 'false') return onTask;
  const mark = `mark${marks.length}`;
  marks.push(`bool_or(${onRecord}) AS ${mark}`);
  return `(${onTask} OR f.${mark})`;
}

function conjunctsOf(where: QueryExpression | undefined): readonly QueryExpression[] {
  if (!where) return [];
  return where.kind === 'and' ? where.terms.flatMap(conjunctsOf) : [where];
}

/** A leaf, or alternatives of such, that hold for a task exactly when they hold for one of its records. */
function isWitnessed(term: QueryExpression): boolean {
  switch (term.kind) {
    case 'field':
    case 'text':
    case 'is':
      return isDecidedByRecords(term);
    case 'or':
      return term.terms.every(isWitnessed);
    case 'and':
    case 'not':
      return false;
    default:
      return assertNever(term);
  }
}

function asksOfTask(where: QueryExpression | undefined): boolean {
  return leavesOf(where).some(
    (leaf) => leaf.kind === 'field' && (inheritedFields as readonly string[]).includes(leaf.field),
  );
}

export function contextOf(segments: SegmentSet, parameters: Parameters): CompileContext {
  return {
    parameters,
    mayHavePath: (path) => segments.entries.some(({ paths }) => paths === undefined || Object.hasOwn(paths, path)),
  };
}

function sortSql(field: SortField): string {
  switch (field) {
    case 'lastTs':
      return 'f.last_ms';
    case 'firstTs':
      return 'f.first_ms';
    case 'duration':
      return 'f.last_ms - f.first_ms';
    case 'attempts':
    case 'bytes':
    case 'docs':
      return `f.${field}`;
    default:
      return assertNever(field);
  }
}

function isAfter(after: SortPosition, descending: boolean, parameters: Parameters): string {
  const task = parameters.add(after.task);
  if (after.value === undefined) return `(value IS NULL AND task > ${task})`;
  const value = `${parameters.add(after.value)}::DOUBLE`;
  return `(value ${descending ? '<' : '>'} ${value} OR (value = ${value} AND task > ${task}) OR value IS NULL)`;
}

/** The widest range that a JavaScript Date, and so a record's `ts`, can hold. */
const maxDateMs = 8.64e15;

/** A moment that a `ts` is compared with by `>=` or `<`: records have whole milliseconds. */
function moment(ms: number, parameters: Parameters): string {
  const whole = Math.ceil(Math.max(-maxDateMs, Math.min(maxDateMs, ms)));
  return `make_timestamptz(${parameters.add(whole)}::BIGINT * 1000)`;
}
