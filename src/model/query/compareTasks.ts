/** The order of an answer: the query's `sort:`, newest `lastTs` first without one. */

import { assertNever } from '../assertNever.ts';
import type { FoldedTask } from '../task.ts';
import type { Query, SortField } from './query.ts';

/** Where a task stands in the order: enough to continue after it without the task itself. */
export interface SortPosition {
  /** Absent when the task lacks the field. */
  readonly value?: number;
  readonly task: string;
}

/** Compares for `Array.sort`; tasks without the field come last either way, ties go by task id, ascending. */
export function compareTasks(query: Pick<Query, 'sort'>): (a: FoldedTask, b: FoldedTask) => number {
  const compare = comparePositions(query);
  const positionOf = sortPosition(query);
  return (a, b) => compare(positionOf(a), positionOf(b));
}

export function comparePositions(query: Pick<Query, 'sort'>): (a: SortPosition, b: SortPosition) => number {
  const sign = (query.sort?.descending ?? true) ? -1 : 1;
  return (a, b) => {
    if (a.value !== b.value) {
      if (a.value === undefined) return 1;
      if (b.value === undefined) return -1;
      return a.value < b.value ? -sign : sign;
    }
    return compareCodePoints(a.task, b.task);
  };
}

export function sortPosition(query: Pick<Query, 'sort'>): (task: FoldedTask) => SortPosition {
  const field = query.sort?.field ?? 'lastTs';
  return (task) => {
    const value = sortValue(task, field);
    return value === undefined ? { task: task.task } : { value, task: task.task };
  };
}

function sortValue(task: FoldedTask, field: SortField): number | undefined {
  switch (field) {
    case 'lastTs':
    case 'firstTs':
    case 'attempts':
    case 'bytes':
    case 'docs':
      return task[field];
    case 'duration':
      return task.durationMs;
    default:
      return assertNever(field);
  }
}

/** By code point, as UTF-8 bytes compare; JavaScript's `<` puts surrogate pairs before U+E000 to U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) {
      const [leftPair, rightPair] = [isSurrogate(left), isSurrogate(right)];
      if (leftPair !== rightPair) return leftPair ? 1 : -1;
      return left - right;
    }
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
