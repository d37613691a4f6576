/** The statements that answer a query over segments. Every value from outside is bound. */

import { assertNever } from '../model/assertNever.ts';
import { inheritedFields } from '../model/query/fields.ts';
import { leavesOf } from '../model/query/matchTask.ts';
import type { SortPosition } from '../model/query/compareTasks.ts';
import type { Query, QueryExpression, SortField } from '../model/query/query.ts';
import {
  type CompileContext,
  compileWhere,
  isDecidedByRecords,
  leafOnRecord,
  leafOnTask,
  namesOnTask,
  Parameters,
} from './compileQuery.ts';
import { foldedRowSql } from './foldedRow.ts';
import { isTaskEventSql } from './foldSql.ts';
import { mayHavePath, mayHold } from './pruneSegments.ts';
import type { SegmentEntry } from './manifest.ts';
import { recordsSql, type SegmentSet } from './segmentSet.ts';
import { namedColumn, taskTable } from './taskMerge.ts';
import { selectRecord } from './segmentColumns.ts';

export interface Statement {
  readonly sql: string;
  readonly parameters: Parameters;
}

/** How a search is asked. Every page row has `row`, see `foldedRow.ts`. */
export type SearchPlan =
  /** One statement: the page, each row with the `total` of matching tasks; a row without `row` when the page is empty. */
  | { readonly kind: 'whole'; readonly statement: Statement }
  /** First `total` and `bound`, the sort value of the page's last row or null; then the page from that bound. */
  | { readonly kind: 'bounded'; readonly bound: Statement; readonly page: (bound: string) => Statement };

/** Matching tasks in the query's order. */
export function searchPlan(
  query: Query,
  segments: SegmentSet,
  { limit, after: afterPosition }: { readonly limit: number; readonly after?: SortPosition },
): SearchPlan {
  const parameters = new Parameters();
  const { condition, isNarrow } = taskCondition(query, segments, parameters);
  const { field, descending } = query.sort ?? { field: 'lastTs', descending: true };
  const value = sortSql(field, descending);
  const direction = descending ? 'DESC' : 'ASC';
  const order = `ORDER BY value ${direction}, task ASC LIMIT ${limit}`;
  const after = afterPosition ? isAfter(afterPosition, descending, parameters) : 'true';
  const matching = `SELECT f.rowid AS id, f.task, ${value} AS value FROM ${taskTable} f WHERE ${condition}`;
  const [edge, notBeyond] = descending ? ['min', '>='] : ['max', '<='];
  if (isNarrow) {
    // Texts are read for the page only: not for all that match, nor for ordering but where the last values are equal.
    const page = `SELECT id, value FROM matched WHERE value ${notBeyond}
      (SELECT ${edge}(value) FROM (SELECT value FROM matched WHERE ${after} ORDER BY value ${direction} LIMIT ${limit}))`;
    const columns = afterPosition ? 'id, task, value' : 'id, value';
    const sql = `WITH matched AS MATERIALIZED (SELECT ${columns} FROM (${matching})),
      page AS (SELECT f.*, p.value FROM (${page}) p JOIN ${taskTable} f ON f.rowid = p.id WHERE ${after} ${order})
      SELECT t.total, ${foldedRowSql} AS row FROM (SELECT count(*)::DOUBLE AS total FROM matched) t
      LEFT JOIN page f ON true ORDER BY f.value ${direction}, f.task ASC`;
    return { kind: 'whole', statement: { sql, parameters } };
  }
  // Nearly all may match. Numbers alone are ordered first: it spares comparing and reading the texts of nearly every row.
  const bound = `SELECT (SELECT count(*) FROM (${matching}))::DOUBLE AS total,
    (SELECT ${edge}(value) FROM (
      SELECT value FROM (${matching}) WHERE ${after} ORDER BY value ${direction} LIMIT ${limit}))::VARCHAR AS bound`;
  const rows = (from: string) => `SELECT ${foldedRowSql} AS row FROM ${taskTable} f JOIN (
      SELECT * FROM (${matching} AND ${value} ${notBeyond} ${BigInt(from)}) WHERE ${after} ${order}
    ) page ON f.rowid = page.id ORDER BY page.value ${direction}, page.task ASC`;
  return {
    kind: 'bounded',
    bound: { sql: bound, parameters },
    page: (from) => ({ sql: rows(from), parameters }),
  };
}

/** The query's terms and times as a test of the tasks `f` of the table. */
function taskCondition(
  query: Query,
  segments: SegmentSet,
  parameters: Parameters,
): { readonly condition: string; readonly isNarrow: boolean } {
  const context = contextOf(segments, parameters);
  const where: string[] = [];
  // Whether names or records are asked for: few tasks match, and finding them costs more than keeping them.
  let isNarrow = false;
  const onTasks = (term: QueryExpression): string => {
    if (isOfRecords(term)) {
      isNarrow = true;
      const held = segments.entries.filter((entry) => mayHold(entry, term, segments.textFilterOf?.(entry)));
      return tasksOf(
        compileWhere(term, (leaf) => leafOnRecord(leaf, context)),
        held,
        segments,
        parameters,
      );
    }
    switch (term.kind) {
      case 'and':
        return term.terms.length === 0 ? 'true' : `(${term.terms.map(onTasks).join(' AND ')})`;
      case 'or':
        return term.terms.length === 0 ? 'false' : `(${term.terms.map(onTasks).join(' OR ')})`;
      case 'not':
        return `(NOT ${onTasks(term.term)})`;
      default: {
        const names = namesOnTask(term, context);
        if (names !== undefined) isNarrow = true;
        const test = names ?? leafOnTask(term, context) ?? 'false';
        if (term.kind !== 'field' || leafOnRecord(term, { ...context, onlyTokens: true }) === 'false') return test;
        isNarrow = true;
        const held = segments.entries.filter((entry) => mayHavePath(entry, term.field));
        const tokens = leafOnRecord(term, { ...context, onlyTokens: true });
        return `(${test} OR ${tasksOf(tokens, held, segments, parameters)})`;
      }
    }
  };
  if (query.where) where.push(onTasks(query.where));
  const { sinceMs, untilMs } = query.time;
  if (sinceMs !== undefined) where.push(`f.last_ms >= ${parameters.add(sinceMs)}::DOUBLE`);
  if (untilMs !== undefined) where.push(`f.first_ms < ${parameters.add(untilMs)}::DOUBLE`);
  if (query.atMs !== undefined) {
    const at = `${parameters.add(query.atMs)}::DOUBLE`;
    where.push(`f.first_ms <= ${at} AND (f.status NOT IN ('succeeded', 'failed') OR f.last_ms >= ${at})`);
  }
  return { condition: where.length > 0 ? where.join(' AND ') : 'true', isNarrow };
}

/**
 * The tasks that match a query as CTEs, the last of them `matched`: `task`, `first_ms`, `last_ms`, and what `select` adds
 * over the folded task `f` (its `status`, `attempts`, and the aggregates of its records `r` that `columns` names).
 */
export function matchedTasks(
  query: Query,
  segments: SegmentSet,
  parameters: Parameters,
  { columns, select }: { readonly columns: readonly string[]; readonly select: readonly string[] },
): string {
  const { condition } = taskCondition(query, segments, parameters);
  const matching = `SELECT ${['f.task', 'f.first_ms::DOUBLE AS first_ms', 'f.last_ms::DOUBLE AS last_ms', ...select].join(', ')}`;
  if (columns.length === 0) {
    return `matched AS MATERIALIZED (${matching} FROM ${taskTable} f WHERE ${condition})`;
  }
  // The table has no such aggregates: they are taken of the records of the tasks that match.
  return `found AS MATERIALIZED (SELECT f.* FROM ${taskTable} f WHERE ${condition}), summed AS (
      SELECT r.task, ${columns.join(', ')}
      FROM ${recordsSql(segments.entries, segments, parameters)}
      WHERE r.task IN (SELECT task FROM found) GROUP BY r.task
    ), matched AS MATERIALIZED (
      ${matching} FROM (
        SELECT s.*, t.first_ms, t.last_ms, t.status, t.attempts FROM found t JOIN summed s ON s.task = t.task
      ) f
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
    FROM ${recordsSql(segments.entries, segments, parameters)}
    WHERE r.task IN (SELECT unnest(${parameters.add(tasks)})) AND ${isTaskEventSql}`;
  return { sql, parameters };
}

/** Every record of one task, by time. */
export function taskStatement(task: string, segments: SegmentSet): Statement {
  const parameters = new Parameters();
  const sql = `
    SELECT ${selectRecord('r')}
    FROM ${recordsSql(segments.entries, segments, parameters)}
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
  const tasks = inherits ? `LEFT JOIN ${taskTable} f ON f.task = r.task` : '';
  return `FROM ${recordsSql(entries, all, parameters)} ${tasks}
    WHERE ${conditions.length > 0 ? conditions.join(' AND ') : 'true'}`;
}

/** `since:` and `until:` as tests of the record `r`. */
export function inTime({ time: { sinceMs, untilMs } }: Pick<Query, 'time'>, parameters: Parameters): string[] {
  return [
    ...(sinceMs === undefined ? [] : [`r.ts >= ${moment(sinceMs, parameters)}`]),
    ...(untilMs === undefined ? [] : [`r.ts < ${moment(untilMs, parameters)}`]),
  ];
}

/** Some rows of the task table. */
export function tasksStatement(tasks: readonly string[]): Statement {
  const parameters = new Parameters();
  const sql = `SELECT ${foldedRowSql} AS row FROM ${taskTable} f WHERE f.task IN (SELECT unnest(${parameters.add(tasks)}))`;
  return { sql, parameters };
}

export const countTasksSql = `SELECT count(*)::DOUBLE AS tasks FROM ${taskTable}`;

/** A test that a task has a record which meets `test`. */
function tasksOf(test: string, entries: readonly SegmentEntry[], segments: SegmentSet, parameters: Parameters): string {
  if (entries.length === 0) return 'false';
  return `f.task IN (SELECT r.task FROM ${recordsSql(entries, segments, parameters)}
    WHERE r.task IS NOT NULL AND ${test})`;
}

/** A leaf of which only the records tell, or alternatives of such. */
function isOfRecords(term: QueryExpression): boolean {
  switch (term.kind) {
    case 'text':
      return true;
    case 'field':
      return isDecidedByRecords(term) && term.field !== 'task' && namedColumn(term.field) === undefined;
    case 'or':
      return term.terms.length > 0 && term.terms.every(isOfRecords);
    case 'is':
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
    mayHavePath: (path) => segments.entries.some((entry) => mayHavePath(entry, path)),
  };
}

/** Greater than every number that a sort field has. */
const noValue = '9223372036854775807';

/** A whole number, never null: what lacks the field comes last. */
function sortSql(field: SortField, descending: boolean): string {
  switch (field) {
    case 'lastTs':
      return 'f.last_ms';
    case 'firstTs':
      return 'f.first_ms';
    case 'duration':
      return '(f.last_ms - f.first_ms)';
    case 'attempts':
      return 'f.attempts';
    case 'bytes':
    case 'docs':
      return `coalesce(f.${field}, ${descending ? -1 : noValue})`;
    default:
      return assertNever(field);
  }
}

function isAfter(after: SortPosition, descending: boolean, parameters: Parameters): string {
  const task = parameters.add(after.task);
  const value = after.value === undefined ? (descending ? '-1' : noValue) : `${parameters.add(after.value)}::DOUBLE`;
  return `(value ${descending ? '<' : '>'} ${value} OR (value = ${value} AND task > ${task}))`;
}

/** The widest range that a JavaScript Date, and so a record's `ts`, can hold. */
const maxDateMs = 8.64e15;

/** A moment that a `ts` is compared with by `>=` or `<`: records have whole milliseconds. */
function moment(ms: number, parameters: Parameters): string {
  const whole = Math.ceil(Math.max(-maxDateMs, Math.min(maxDateMs, ms)));
  return `make_timestamptz(${parameters.add(whole)}::BIGINT * 1000)`;
}
