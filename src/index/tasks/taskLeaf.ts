/** One term of a query over the columns of the task table: which tasks of a segment meet it. */

import { assertNever } from '../../model/assertNever.ts';
import { taskOnlyFields } from '../../model/query/fields.ts';
import type { Leaf } from '../../model/query/leafTest.ts';
import { comparisonTest } from '../../model/query/matchComparison.ts';
import { type Comparison, type IsFlag, slowMs } from '../../model/query/query.ts';
import { taskStatuses } from '../../model/task.ts';
import type { SideName } from '../segments/taskColumns.ts';
import type { NameColumn, SegmentTasks } from './segmentTasks.ts';
import { type NamedField, namedFields } from './taskPart.ts';
import type { TableSegment, TaskTable } from './taskTable.ts';

export interface TaskLeaf {
  /** Sets 1 for each task of the segment that meets the term. */
  fill(segment: TableSegment, mask: Uint8Array): void;
  /** Whether `fill` goes by what the segment alone says, so that a task meets the term where any part of it does. */
  readonly isOfParts: boolean;
  /** As `fill`, of one task or part; where that costs little. */
  readonly holdsAt?: (segment: TableSegment, at: number) => boolean;
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

const sideNameOf: Readonly<Record<NamedField, SideName>> = {
  account: 'account',
  collection: 'collection',
  source: 'source',
  coordinator: 'coordinator',
  worker: 'worker',
  'error.type': 'errorType',
  group: 'group',
};

/** Every record of a task has its own value among these: folded, or in `also`. */
function nameLeaf(field: NamedField, comparison: Comparison): TaskLeaf {
  const test = comparisonTest(comparison);
  const name = sideNameOf[field];
  const tests = new WeakMap<SegmentTasks, (at: number) => boolean>();
  const testOf = (tasks: SegmentTasks): ((at: number) => boolean) => {
    let known = tests.get(tasks);
    if (!known) {
      const { codes, values } = tasks.names(name);
      const passing = new Set(passingCodes(values, test));
      const also = new Set(tasks.alsoNamed(field).flatMap((each) => (test(each.value) ? each.codes : [])));
      const { codes: alsoCodes } = tasks.names('also');
      known = (at) => passing.has(codes[at] ?? 0) || (also.size > 0 && also.has(alsoCodes[at] ?? 0));
      tests.set(tasks, known);
    }
    return known;
  };
  return {
    isOfParts: true,
    holdsAt: ({ tasks }, at) => testOf(tasks)(at),
    fill({ tasks }, mask) {
      markNames(mask, tasks.names(name), test);
      const also = new Set(tasks.alsoNamed(field).flatMap(({ value, codes: own }) => (test(value) ? own : [])));
      if (also.size === 0) return;
      const { codes: alsoCodes } = tasks.names('also');
      for (let at = 0; at < mask.length; at++) if (also.has(alsoCodes[at] ?? 0)) mask[at] = 1;
    },
  };
}

function passingCodes(values: readonly string[], test: (value: string) => boolean): number[] {
  const passing: number[] = [];
  for (let at = 0; at < values.length; at++) if (test(values[at] ?? '')) passing.push(at + 1);
  return passing;
}

/** Marks the tasks whose value passes. */
function markNames(mask: Uint8Array, { codes, values, isSorted }: NameColumn, test: (value: string) => boolean): void {
  const passing = passingCodes(values, test);
  const [only] = passing;
  if (only === undefined) return;
  if (passing.length === 1) {
    if (isSorted) mask.fill(1, firstNotBelow(codes, only), firstNotBelow(codes, only + 1));
    else for (let at = 0; at < codes.length; at++) if (codes[at] === only) mask[at] = 1;
    return;
  }
  const accepted = new Uint8Array(values.length + 1);
  for (const code of passing) accepted[code] = 1;
  for (let at = 0; at < mask.length; at++) mask[at] = accepted[codes[at] ?? 0] ?? 0;
}

/** @param codes ascending. */
function firstNotBelow(codes: Uint32Array, code: number): number {
  let [low, high] = [0, codes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((codes[middle] ?? 0) < code) low = middle + 1;
    else high = middle;
  }
  return low;
}

function idLeaf(comparison: Comparison, table: TaskTable): TaskLeaf {
  if (comparison.kind === 'equals') {
    const [place] = table.partsOf(comparison.value);
    return {
      isOfParts: false,
      fill(segment, mask) {
        if (place?.segment === segment) mask[place.at] = 1;
      },
    };
  }
  const test = comparisonTest(comparison);
  const [start = ''] = comparison.kind === 'like' ? comparison.pattern.split('*') : [];
  const startBytes = Buffer.from(start);
  return {
    isOfParts: false,
    fill({ tasks: { ids } }, mask) {
      for (let at = 0; at < mask.length; at++) {
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
    isOfParts: false,
    fill({ status }, mask) {
      for (let at = 0; at < mask.length; at++) mask[at] = accepted[status[at] ?? 0] ?? 0;
    },
  };
}

function numberLeaf(field: string, comparison: Comparison): TaskLeaf {
  const test = comparisonTest(comparison);
  return {
    isOfParts: false,
    fill(segment, mask) {
      const { lastMs, firstMs } = segment;
      const values = numbersOf(segment, field);
      for (let at = 0; at < mask.length; at++) {
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
