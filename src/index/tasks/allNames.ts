/**
 * Every value that the records of a task have of a field, over all its parts: the value that the segment's own part has, as a
 * column, and what else there is, value by value. A search by a name then is a look at one column and a short list.
 */

import type { Counts } from '../blocks/blockFile.ts';
import type { SideName } from './taskCells.ts';
import type { SegmentTasks } from './segmentTasks.ts';
import type { TableSegment } from './tableSegment.ts';
import type { NamedField } from './taskPart.ts';

export interface AllNames {
  /** Of each task's part in the segment; counting from 1 in `values`, 0 for none. */
  readonly codes: Counts;
  readonly values: readonly string[];
  /** Whether `codes` never go down: tasks are in order of their accounts. */
  readonly isSorted: boolean;
  /** By code: tasks that the segment stands for and that have the value, too, in some record here or elsewhere. */
  readonly others: ReadonlyMap<number, readonly number[]>;
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

/** Kept until a task of the segment gets a further part. @throws DamagedBlockFile */
export function allNames(segment: TableSegment, field: NamedField): AllNames {
  return segment.derive(`all:${field}`, () => gather(segment, field));
}

function gather(segment: TableSegment, field: NamedField): AllNames {
  const { codes, values } = segment.tasks.names(sideNameOf[field]);
  const all = [...values];
  const codeOf = new Map(values.map((value, at) => [value, at + 1]));
  const others = new Map<number, number[]>();
  const add = (at: number, value: string): void => {
    let code = codeOf.get(value);
    if (code === undefined) codeOf.set(value, (code = all.push(value)));
    if (codes[at] === code) return;
    const places = others.get(code);
    if (places) places.push(at);
    else others.set(code, [at]);
  };
  const own = alsoByCode(segment.tasks, field);
  if (own.size > 0) {
    const also = segment.tasks.names('also').codes;
    for (let at = 0; at < also.length; at++) for (const value of own.get(also[at] ?? 0) ?? []) add(at, value);
  }
  const known = new Map<TableSegment, ReturnType<typeof namesOf>>();
  for (const at of segment.sharing) {
    for (const part of segment.partsOf(at)) {
      if (part.segment === segment) continue;
      let names = known.get(part.segment);
      if (!names) known.set(part.segment, (names = namesOf(part.segment.tasks, field)));
      const value = names.values[(names.codes[part.at] ?? 0) - 1];
      if (value !== undefined) add(at, value);
      if (names.byAlso.size > 0) for (const each of names.byAlso.get(names.also[part.at] ?? 0) ?? []) add(at, each);
    }
  }
  return { codes, values: all, isSorted: isSorted(codes), others };
}

function namesOf(tasks: SegmentTasks, field: NamedField) {
  return { ...tasks.names(sideNameOf[field]), also: tasks.names('also').codes, byAlso: alsoByCode(tasks, field) };
}

/** Values of the field by the codes of `also` that tell of them. */
function alsoByCode(tasks: SegmentTasks, field: NamedField): ReadonlyMap<number, readonly string[]> {
  const byCode = new Map<number, string[]>();
  for (const { value, codes } of tasks.alsoNamed(field)) {
    for (const code of codes) {
      const values = byCode.get(code);
      if (values) values.push(value);
      else byCode.set(code, [value]);
    }
  }
  return byCode;
}

function isSorted(codes: Counts): boolean {
  for (let at = 1; at < codes.length; at++) if ((codes[at] ?? 0) < (codes[at - 1] ?? 0)) return false;
  return true;
}
