/** Whether a task, or a record by itself, matches a query (docs/query.md, "What matches"): what every backend answers by. */

import { assertNever } from '../assertNever.ts';
import type { LogRecord } from '../record.ts';
import type { FoldedTask } from '../task.ts';
import { taskOnlyFields } from './fields.ts';
import { isLive, type Leaf, leafTest } from './leafTest.ts';
import type { Query, QueryExpression, TimeRange } from './query.ts';

/** A term holds when it holds for the folded task or for any one of its records; `-` means that it does not. */
export function matchTask(query: Query, task: FoldedTask, records: readonly LogRecord[]): boolean {
  if (!taskMeetsTimes(query, task)) return false;
  return evaluate(query.where, (leaf) => {
    const test = leafTest(leaf);
    return test.onTask(task) || records.some((record) => test.onRecord(record));
  });
}

/**
 * A record by itself, within the query's time; `account` to `worker` from its task where it has none. `at:`, `is:` and
 * the fields that only folding gives (`taskOnlyTerms`) hold for no record.
 */
export function matchRecord(query: Query, record: LogRecord, task?: FoldedTask): boolean {
  if (query.atMs !== undefined || !recordInTime(query.time, record)) return false;
  return evaluate(query.where, (leaf) => leafTest(leaf).onRecord(record, task));
}

/** `since:`, `until:` and `at:` of a task: what `matchTask` asks before the terms. */
export function taskMeetsTimes(query: Query, task: FoldedTask): boolean {
  const { sinceMs, untilMs } = query.time;
  if (sinceMs !== undefined && task.lastTs < sinceMs) return false;
  if (untilMs !== undefined && task.firstTs >= untilMs) return false;
  if (query.atMs === undefined) return true;
  return task.firstTs <= query.atMs && (isLive(task) || query.atMs <= task.lastTs);
}

function recordInTime({ sinceMs, untilMs }: TimeRange, record: LogRecord): boolean {
  return (sinceMs === undefined || record.tsMs >= sinceMs) && (untilMs === undefined || record.tsMs < untilMs);
}

/** What a query's terms come to when each leaf is as `holds` says. */
export function evaluate(where: QueryExpression | undefined, holds: (leaf: Leaf) => boolean): boolean {
  return evaluateKnown(where, holds) === true;
}

/** As `evaluate`, by Kleene's rules: `undefined` is not known, and the whole is known where that makes no difference. */
export function evaluateKnown(
  where: QueryExpression | undefined,
  holds: (leaf: Leaf) => boolean | undefined,
): boolean | undefined {
  if (!where) return true;
  switch (where.kind) {
    case 'and':
    case 'or': {
      const decisive = where.kind === 'or';
      let known = true;
      for (const term of where.terms) {
        const value = evaluateKnown(term, holds);
        if (value === decisive) return decisive;
        if (value === undefined) known = false;
      }
      return known ? !decisive : undefined;
    }
    case 'not': {
      const value = evaluateKnown(where.term, holds);
      return value === undefined ? undefined : !value;
    }
    case 'field':
    case 'text':
    case 'is':
      return holds(where);
    default:
      return assertNever(where);
  }
}

/** Every term of a query that holds no other, from left to right. */
export function leavesOf(where: QueryExpression | undefined): Leaf[] {
  if (!where) return [];
  switch (where.kind) {
    case 'and':
    case 'or':
      return where.terms.flatMap(leavesOf);
    case 'not':
      return leavesOf(where.term);
    case 'field':
    case 'text':
    case 'is':
      return [where];
    default:
      return assertNever(where);
  }
}

/** What in a query asks about tasks only, so that no record meets it by itself: `at:`, `is:slow`, `attempts:` …  */
export function taskOnlyTerms(query: Query): string[] {
  const terms = leavesOf(query.where).flatMap((leaf) => {
    if (leaf.kind === 'is') return [`is:${leaf.flag}`];
    return leaf.kind === 'field' && taskOnlyFields.has(leaf.field) ? [`${leaf.field}:`] : [];
  });
  return [...new Set(query.atMs === undefined ? terms : ['at:', ...terms])];
}
