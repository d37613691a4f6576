/** One term of a query over the columns of the task table: which tasks of a segment meet it. */

import { assertNever } from '../../model/assertNever.ts';
import { taskOnlyFields } from '../../model/query/fields.ts';
import type { Leaf } from '../../model/query/leafTest.ts';
import { comparisonTest } from '../../model/query/matchComparison.ts';
import { type Comparison, type IsFlag, slowMs } from '../../model/query/query.ts';
import { taskStatuses } from '../../model/task.ts';
import type { Counts } from '../blocks/blockFile.ts';
import { type AllNames, allNames } from './allNames.ts';
import { lowerBound } from './lowerBound.ts';
import type { TableSegment } from './tableSegment.ts';
import { type NamedField, namedFields } from './taskPart.ts';
import type { TaskTable } from './taskTable.ts';

/** Some tasks of a segment that lie together: from one up to before another. */
export interface TaskRange {
  readonly from: number;
  readonly to: number;
}

export interface TaskLeaf {
  /** Sets 1 for each task of the range that meets the term, if the segment stands for it. `mask` is 0 there. */
  fill(segment: TableSegment, mask: Uint8Array, range: TaskRange): void;
  /** No task of the segment outside of it meets the term; absent where that is not known without a look at all. */
  rangeOf?(segment: TableSegment): TaskRange | undefined;
}

/** `undefined` for a term that only records tell of. A field's tokens, where records have such, are theirs too. */
export function taskLeaf(leaf: Leaf, table: TaskTable): TaskLeaf | undefined {
  switch (leaf.kind) {
    case 'text':
      return undefined;
    case 'is':
      return flagLeaf(leaf.flag);
    case 'field': {
      const { field, comparison } = leaf;
      if (field === 'task') return idLeaf(comparison, table);
      if (isNamedField(field)) return nameLeaf(field, comparison);
      if (field === 'status') return statusLeaf((status) => comparisonTest(comparison)(status));
      return taskOnlyFields.has(field) ? numberLeaf(field, comparison) : undefined;
    }
    default:
      return assertNever(leaf);
  }
}

export function isNamedField(field: string): field is NamedField {
  return (namedFields as readonly string[]).includes(field);
}

/** Every record of a task has its own value among those of `allNames`. */
function nameLeaf(field: NamedField, comparison: Comparison): TaskLeaf {
  const test = comparisonTest(comparison);
  const passing = new Map<AllNames, readonly number[]>();
  /** Of a segment both where they are and which they are is asked, and that of each value once. */
  const passingOf = (names: AllNames): readonly number[] => {
    let codes = passing.get(names);
    if (!codes) passing.set(names, (codes = passingCodes(names.values, test)));
    return codes;
  };
  return {
    rangeOf(segment) {
      const names = allNames(segment, field);
      const codes = passingOf(names);
      return codes.length === 0 ? none : names.isSorted ? hullOf(names, codes) : undefined;
    },
    fill(segment, mask, range) {
      const names = allNames(segment, field);
      const codes = passingOf(names);
      markCodes(mask, names.codes, codes, names.values.length, range);
      for (const code of codes) for (const at of names.others.get(code) ?? []) mask[at] = 1;
    },
  };
}

const none: TaskRange = { from: 0, to: 0 };

function passingCodes(values: readonly string[], test: (value: string) => boolean): number[] {
  const passing: number[] = [];
  for (let at = 0; at < values.length; at++) if (test(values[at] ?? '')) passing.push(at + 1);
  return passing;
}

/** Where tasks with any of the codes lie. */
function hullOf({ codes, others }: AllNames, passing: readonly number[]): TaskRange {
  let [from, to] = [codes.length, 0];
  for (const code of passing) {
    const [start, end] = [lowerBound(codes, code), lowerBound(codes, code + 1)];
    if (start < end) [from, to] = [Math.min(from, start), Math.max(to, end)];
    for (const at of others.get(code) ?? []) [from, to] = [Math.min(from, at), Math.max(to, at + 1)];
  }
  return from < to ? { from, to } : none;
}

function markCodes(
  mask: Uint8Array,
  codes: Counts,
  passing: readonly number[],
  values: number,
  { from, to }: TaskRange,
): void {
  const [only] = passing;
  if (only === undefined) return;
  if (passing.length === 1) {
    for (let at = from; at < to; at++) if (codes[at] === only) mask[at] = 1;
    return;
  }
  const accepted = new Uint8Array(values + 1);
  for (const code of passing) accepted[code] = 1;
  for (let at = from; at < to; at++) mask[at] = accepted[codes[at] ?? 0] ?? 0;
}

/** The part that stands for the task is found at once; with an id in part, all are looked at. */
function idLeaf(comparison: Comparison, table: TaskTable): TaskLeaf {
  if (comparison.kind === 'equals') {
    const [place] = table.partsOf(comparison.value);
    return {
      rangeOf: (segment) => (place?.segment === segment ? { from: place.at, to: place.at + 1 } : none),
      fill(segment, mask) {
        if (place?.segment === segment) mask[place.at] = 1;
      },
    };
  }
  const test = comparisonTest(comparison);
  const [start = ''] = comparison.kind === 'like' ? comparison.pattern.split('*') : [];
  const startBytes = Buffer.from(start);
  return {
    fill({ tasks: { ids } }, mask, range) {
      for (let at = range.from; at < range.to; at++) {
        const from = ids.starts[at] ?? 0;
        const end = from + startBytes.length;
        if (end > (ids.starts[at + 1] ?? 0) || startBytes.compare(ids.bytes, from, end) !== 0) continue;
        if (test(ids.at(at) ?? '')) mask[at] = 1;
      }
    },
  };
}

function flagLeaf(flag: IsFlag): TaskLeaf {
  switch (flag) {
    case 'live':
      return statusLeaf((status) => status !== 'succeeded' && status !== 'failed');
    case 'done':
      return statusLeaf((status) => status === 'succeeded' || status === 'failed');
    case 'slow':
      return numberLeaf('duration', { kind: 'range', min: slowMs });
    case 'retried':
      return numberLeaf('attempts', { kind: 'range', min: 1, minInclusive: false });
    default:
      return assertNever(flag);
  }
}

function statusLeaf(accepts: (status: string) => boolean): TaskLeaf {
  const accepted = Uint8Array.from(taskStatuses, (status) => (accepts(status) ? 1 : 0));
  return {
    fill({ status }, mask, { from, to }) {
      for (let at = from; at < to; at++) mask[at] = accepted[status[at] ?? 0] ?? 0;
    },
  };
}

function numberLeaf(field: string, comparison: Comparison): TaskLeaf {
  const test = comparisonTest(comparison);
  return {
    fill(segment, mask, { from, to }) {
      const { lastMs, firstMs } = segment;
      const values = numbersOf(segment, field);
      for (let at = from; at < to; at++) {
        const value = values ? (values[at] ?? 0) : (lastMs[at] ?? 0) - (firstMs[at] ?? 0);
        mask[at] = test(value) ? 1 : 0;
      }
    },
  };
}

/** `undefined` for the duration, which is no column. */
function numbersOf(segment: TableSegment, field: string): Float64Array | undefined {
  switch (field) {
    case 'firstTs':
      return segment.firstMs;
    case 'lastTs':
      return segment.lastMs;
    case 'attempts':
      return segment.attempts;
    default:
      return undefined;
  }
}
