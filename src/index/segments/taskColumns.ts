/** The task columns of a segment's side (docs/index-format.md, "Side"): of a draft, or of tasks that were put together anew. */

import type { BlockWriter } from '../blocks/blockWriter.ts';
import { idHash } from '../idHash.ts';
import type { TaskCells } from '../tasks/taskCells.ts';
import { namedFields, nameToken } from '../tasks/taskPart.ts';
import { textAt, type Texts } from '../texts.ts';
import { DraftTexts } from './draftColumns.ts';
import type { DraftRows } from './draftRows.ts';
import type { FoldedTasks } from './foldedTasks.ts';
import type { RowOrder } from './rowOrder.ts';
import type { SegmentDraft } from './segmentDraft.ts';

/** Columns of the side whose texts repeat: codes from 1 into a dictionary, 0 for none. */
export const sideNames = [
  'account',
  'collection',
  'source',
  'coordinator',
  'worker',
  'errorType',
  'errorMessage',
  'group',
  'build',
  'also',
] as const satisfies readonly (keyof TaskCells)[];
export type SideName = (typeof sideNames)[number];

/** Of each task, in the segment's order: NaN where there is none. Times but `last` are given as how long before it they were. */
const numberNames = [
  'last',
  'span',
  'attempts',
  'attemptRank',
  'attemptAgo',
  'succeededAgo',
  'failedAgo',
  'errorAttempt',
  'bytes',
  'docs',
] as const;
type NumberName = (typeof numberNames)[number];

/** Of each task: a text's number, from 1; 0 for none. */
interface TextsOfTasks {
  readonly dictionary: Texts;
  readonly codes: Uint32Array;
}

export interface TaskColumns {
  readonly task: TextsOfTasks;
  readonly rows: Float64Array;
  readonly numbers: Readonly<Record<NumberName, Float64Array>>;
  readonly key: TextsOfTasks;
  readonly names: Readonly<Record<SideName, TextsOfTasks>>;
}

export function addTaskColumns(writer: BlockWriter, { task, rows, numbers, key, names }: TaskColumns): void {
  writer.addTexts('task', task.dictionary, task.codes);
  const { bytes, starts } = task.dictionary;
  writer.addWords(
    'task.hash',
    task.codes.map((code) => idHash(bytes, starts[code - 1], starts[code])),
  );
  writer.addNumbers('rows', rows);
  for (const name of numberNames) writer.addNumbers(name, numbers[name]);
  writer.addTexts('key', key.dictionary, key.codes);
  for (const name of sideNames) {
    const { dictionary, codes } = names[name];
    const used = usedOf(codes, dictionary.count);
    writer.addNumbers(name, used.places);
    writer.addTexts(`${name}.names`, dictionary, used.codes);
  }
}

/** @param rows how many rows each has. */
export function columnsOfCells(tasks: readonly TaskCells[], rows: Float64Array): TaskColumns {
  const numbers = (pick: (task: TaskCells) => number | undefined): Float64Array =>
    Float64Array.from(tasks, (task) => pick(task) ?? Number.NaN);
  const before = (pick: (task: TaskCells) => number | undefined): Float64Array =>
    Float64Array.from(tasks, (task) => task.lastMs - (pick(task) ?? Number.NaN));
  const texts = (pick: (task: TaskCells) => string | undefined): TextsOfTasks => {
    const column = new DraftTexts(tasks.length);
    for (const [at, task] of tasks.entries()) column.set(at, pick(task));
    return column;
  };
  return {
    task: texts(({ task }) => task),
    rows,
    numbers: {
      last: numbers(({ lastMs }) => lastMs),
      span: before(({ firstMs }) => firstMs),
      attempts: numbers(({ attempts }) => attempts),
      attemptRank: numbers(({ attemptRank }) => attemptRank),
      attemptAgo: before(({ attemptMs }) => attemptMs),
      succeededAgo: before(({ succeededMs }) => succeededMs),
      failedAgo: before(({ failedMs }) => failedMs),
      errorAttempt: numbers(({ errorAttempt }) => errorAttempt),
      bytes: numbers(({ bytes }) => bytes),
      docs: numbers(({ docs }) => docs),
    },
    key: texts(({ key }) => key),
    names: recordOf(sideNames, (name) => texts((task) => task[name])),
  };
}

export function columnsOfDraft(
  draft: SegmentDraft,
  ofTasks: DraftRows,
  folded: FoldedTasks,
  order: RowOrder,
): TaskColumns {
  const { texts } = draft;
  const { tasks } = order;
  const numbers = (column: Float64Array): Float64Array => Float64Array.from(tasks, (at) => column[at] as number);
  const before = (column: Float64Array): Float64Array =>
    Float64Array.from(tasks, (at) => (folded.lastMs[at] as number) - (column[at] as number));
  const named = (name: keyof SegmentDraft['texts'], codeOf: (at: number) => number): TextsOfTasks => ({
    dictionary: texts[name].dictionary,
    codes: Uint32Array.from(tasks, codeOf),
  });
  const ofFailure = (name: 'error_type' | 'error_message' | 'failure_group'): TextsOfTasks =>
    named(name, (at) => codeAt(texts[name], folded.failureRow[at] as number));
  const names = {
    account: named('account', (at) => folded.account[at] as number),
    collection: named('collection', (at) => folded.collection[at] as number),
    source: named('source', (at) => folded.source[at] as number),
    coordinator: named('coordinator', (at) => folded.coordinator[at] as number),
    worker: named('worker', (at) => folded.worker[at] as number),
    errorType: ofFailure('error_type'),
    errorMessage: ofFailure('error_message'),
    group: ofFailure('failure_group'),
  };
  return {
    task: named('task', (at) => at + 1),
    rows: order.rowsOfTask,
    numbers: {
      last: numbers(folded.lastMs),
      span: before(folded.firstMs),
      attempts: numbers(folded.attempts),
      attemptRank: numbers(folded.attemptRank),
      attemptAgo: before(folded.attemptMs),
      succeededAgo: before(folded.succeededMs),
      failedAgo: before(folded.failedMs),
      errorAttempt: numbers(folded.errorAttempt),
      bytes: numbers(folded.bytes),
      docs: numbers(folded.docs),
    },
    key: named('key', (at) => folded.key[at] as number),
    names: {
      ...names,
      build: buildsOf(draft, folded, order),
      also: alsoNamed(draft, ofTasks, order, [
        names.account,
        names.collection,
        names.source,
        names.coordinator,
        names.worker,
        names.errorType,
        names.group,
      ]),
    },
  };
}

/** Few builds are told by many tasks. */
function buildsOf({ texts }: SegmentDraft, folded: FoldedTasks, { tasks }: RowOrder): TextsOfTasks {
  const parts = [texts.build_service, texts.build_version, texts.build_commit, texts.build_repository];
  const column = new DraftTexts(tasks.length);
  const known = new Map<string, number>();
  for (let rank = 0; rank < tasks.length; rank++) {
    const row = folded.buildRow[tasks[rank] as number] as number;
    if (row < 0) continue;
    const codes = parts.map((part) => part.codes[row]).join(' ');
    let code = known.get(codes);
    if (code === undefined) {
      code = column.dictionary.codeOf(JSON.stringify(parts.map((part) => part.at(row))));
      known.set(codes, code);
    }
    column.codes[rank] = code;
  }
  return column;
}

/** Names that records have and the folded task has not. @param folded names of the tasks, one for each of `namedFields`. */
function alsoNamed(
  { texts }: SegmentDraft,
  { rows, starts }: DraftRows,
  { tasks }: RowOrder,
  folded: readonly TextsOfTasks[],
): TextsOfTasks {
  const columns = [
    texts.account,
    texts.collection,
    texts.source,
    texts.coordinator,
    texts.worker,
    texts.error_type,
    texts.failure_group,
  ];
  const others = Array.from({ length: tasks.length }, (): Set<string> | undefined => undefined);
  for (const [field, { codes, dictionary }] of columns.entries()) {
    const known = folded[field]?.codes ?? new Uint32Array(0);
    for (let rank = 0; rank < tasks.length; rank++) {
      const task = tasks[rank] as number;
      const name = known[rank] as number;
      const end = starts[task + 1] as number;
      for (let at = starts[task] as number; at < end; at++) {
        const code = codes[rows[at] as number] as number;
        if (code === 0 || code === name) continue;
        (others[rank] ??= new Set()).add(nameToken(namedFields[field] ?? 'account', textAt(dictionary, code - 1)));
      }
    }
  }
  const column = new DraftTexts(tasks.length);
  for (const [rank, also] of others.entries()) if (also) column.set(rank, JSON.stringify([...also].sort()));
  return column;
}

function codeAt({ codes }: DraftTexts, row: number): number {
  return row < 0 ? 0 : (codes[row] as number);
}

/** The codes that are there, in order of their first, and for each the place (from 1) of its own among them. */
function usedOf(codes: Uint32Array, count: number): { readonly places: Float64Array; readonly codes: Uint32Array } {
  const placeOf = new Uint32Array(count + 1);
  const places = new Float64Array(codes.length);
  const used: number[] = [];
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    if (code === 0) continue;
    if (placeOf[code] === 0) placeOf[code] = used.push(code);
    places[at] = placeOf[code] as number;
  }
  return { places, codes: Uint32Array.from(used) };
}

function recordOf<Name extends string, Value>(
  names: readonly Name[],
  of: (name: Name) => Value,
): Readonly<Record<Name, Value>> {
  // Made of exactly these names.
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, Value>;
}
