/** Counts the values that folded tasks have of a field, over the columns of the task table. */

import { isJsonObject, type Json, parseJson } from '../../model/json.ts';
import type { FieldValue } from '../../model/overview/answers.ts';
import type { FoldedFieldName } from '../../model/overview/foldedFields.ts';
import { taskStatuses } from '../../model/task.ts';
import type { Counts as Codes } from '../blocks/blockFile.ts';
import { bringNames, bringNumbers, columnOf, type FoldedColumns, type FoldedName } from './foldedColumns.ts';
import type { NameColumn } from './segmentTasks.ts';
import { countOf } from './taskMask.ts';
import type { RecordSources } from './taskRecords.ts';
import type { TableSegment } from './tableSegment.ts';

type Counts = Map<FieldValue, number>;

const nameOf: Readonly<Partial<Record<FoldedFieldName, FoldedName>>> = {
  account: 'account',
  collection: 'collection',
  source: 'source',
  coordinator: 'coordinator',
  worker: 'worker',
  key: 'key',
  'error.type': 'errorType',
  'error.message': 'errorMessage',
  group: 'group',
  'build.service': 'build',
  'build.version': 'build',
  'build.commit': 'build',
  'build.repository': 'build',
};
/** As a side's column `build` has them. */
const buildFields: readonly FoldedFieldName[] = ['build.service', 'build.version', 'build.commit', 'build.repository'];

/** What `countValues` needs of some segments. */
export interface FoldedValues {
  readonly names?: FoldedColumns<NameColumn>;
  readonly numbers?: FoldedColumns<Float64Array>;
}

/** Rejects with `signal.reason`. */
export async function bringValues(
  segments: readonly TableSegment[],
  field: FoldedFieldName,
  sources: RecordSources,
  signal?: AbortSignal,
): Promise<FoldedValues> {
  const name = nameOf[field];
  if (name) return { names: await bringNames(segments, name, sources, signal) };
  if (field === 'bytes' || field === 'docs') return { numbers: await bringNumbers(segments, field, sources, signal) };
  return {};
}

/** Adds the values of the masked tasks to `counts`. Returns how many of these have one. */
export function countValues(
  segment: TableSegment,
  field: FoldedFieldName,
  { names, numbers }: FoldedValues,
  mask: Uint8Array,
  counts: Counts,
): number {
  if (names) {
    const { codes, values } = columnOf(names, segment);
    const part = buildFields.indexOf(field);
    return countCodes(codes, mask, (code) => (part < 0 ? values[code - 1] : partOf(values[code - 1], part)), counts);
  }
  if (numbers) {
    const values = columnOf(numbers, segment);
    return countNumbers((at) => values[at], mask, counts);
  }
  switch (field) {
    case 'status':
      return countCodes(segment.status, mask, (code) => taskStatuses[code], counts, 0);
    case 'task': {
      for (let at = 0; at < mask.length; at++) if (mask[at] === 1) add(counts, segment.tasks.ids.at(at) ?? '', 1);
      return countOf(mask);
    }
    case 'attempts':
      return countNumbers((at) => segment.attempts[at], mask, counts);
    case 'firstTs':
      return countNumbers((at) => segment.firstMs[at], mask, counts);
    case 'lastTs':
      return countNumbers((at) => segment.lastMs[at], mask, counts);
    case 'duration':
      return countNumbers((at) => (segment.lastMs[at] ?? 0) - (segment.firstMs[at] ?? 0), mask, counts);
    default:
      throw new RangeError(`tasks have no ${field}`);
  }
}

/** @param first the least code that stands for a value. */
function countCodes(
  codes: Codes,
  mask: Uint8Array,
  valueOf: (code: number) => string | undefined,
  counts: Counts,
  first = 1,
): number {
  const sums: number[] = [];
  for (let at = 0; at < mask.length; at++) {
    const code = codes[at] ?? 0;
    if (mask[at] === 1) sums[code] = (sums[code] ?? 0) + 1;
  }
  let having = 0;
  sums.forEach((sum, code) => {
    const value = code < first ? undefined : valueOf(code);
    if (value === undefined) return;
    add(counts, value, sum);
    having += sum;
  });
  return having;
}

function countNumbers(valueAt: (at: number) => number | undefined, mask: Uint8Array, counts: Counts): number {
  let having = 0;
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue;
    const value = valueAt(at) ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    add(counts, value, 1);
    having += 1;
  }
  return having;
}

function add(counts: Counts, value: FieldValue, count: number): void {
  counts.set(value, (counts.get(value) ?? 0) + count);
}

function partOf(build: string | undefined, part: number): string | undefined {
  const fields = build === undefined ? undefined : parseJson(build);
  if (!Array.isArray(fields) || isJsonObject(fields)) return undefined;
  const value = (fields as readonly Json[])[part];
  return typeof value === 'string' ? value : undefined;
}
