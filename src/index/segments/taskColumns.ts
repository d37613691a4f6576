/** The task columns of a segment's side (docs/index-format.md, "Side"): of a draft, or of tasks that were put together anew. */

import type { BlockWriter } from '../blocks/blockWriter.ts';
import { consecutive } from '../consecutive.ts';
import { idHash } from '../idHash.ts';
import { type SideName, sideNames, type TaskCells } from '../tasks/taskCells.ts';
import type { Texts } from '../texts.ts';
import { DraftTexts } from './draftColumns.ts';
import type { FoldedTasks } from './foldedTasks.ts';
import { orderHashes } from './hashOrder.ts';
import { pick } from './pick.ts';
import type { RowOrder } from './rowOrder.ts';
import type { SegmentDraft } from './segmentDraft.ts';

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
  const { sorted, places } = orderHashes(hashesOf(task));
  // First: who looks for a task in many segments reads a few of them, without the directory.
  writer.addWords('task.sorted', sorted);
  writer.addWords('task.place', places);
  writer.addTexts('task', task.dictionary, task.codes);
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

function hashesOf({ dictionary: { bytes, starts }, codes }: TextsOfTasks): Uint32Array {
  const hashes = new Uint32Array(codes.length);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    hashes[at] = idHash(bytes, starts[code - 1], starts[code]);
  }
  return hashes;
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

export function columnsOfDraft(draft: SegmentDraft, folded: FoldedTasks, order: RowOrder): TaskColumns {
  const { texts } = draft;
  const { tasks } = order;
  const numbers = (column: Float64Array): Float64Array => pick(column, tasks, new Float64Array(tasks.length));
  const lasts = numbers(folded.lastMs);
  const before = (column: Float64Array): Float64Array => subtractFrom(lasts, numbers(column));
  const texted = ({ dictionary }: DraftTexts, codes: Uint32Array): TextsOfTasks => {
    return { dictionary, codes: pick(codes, tasks, new Uint32Array(tasks.length)) };
  };
  const [account, collection, source, coordinator, worker, errorType, group] = folded.names;
  return {
    task: texted(texts.task, consecutive(1, tasks.length)),
    rows: order.rowsOfTask,
    numbers: {
      last: lasts,
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
    key: texted(texts.key, folded.key),
    names: {
      account: texted(texts.account, account),
      collection: texted(texts.collection, collection),
      source: texted(texts.source, source),
      coordinator: texted(texts.coordinator, coordinator),
      worker: texted(texts.worker, worker),
      errorType: texted(texts.error_type, errorType),
      errorMessage: texted(texts.error_message, folded.errorMessage),
      group: texted(texts.failure_group, group),
      build: buildsOf(draft, folded, order),
      also: texted(folded.also, folded.also.codes),
    },
  };
}

/** In place. */
function subtractFrom(minuends: Float64Array, values: Float64Array): Float64Array {
  for (let at = 0; at < values.length; at++) values[at] = (minuends[at] as number) - (values[at] as number);
  return values;
}

/** Of more builds that there could be, each task's is put together by itself. */
const fewBuilds = 2 ** 16;

/** Few builds are told by many tasks: each is put together once. */
function buildsOf({ texts }: SegmentDraft, folded: FoldedTasks, { tasks }: RowOrder): TextsOfTasks {
  const parts = [texts.build_service, texts.build_version, texts.build_commit, texts.build_repository];
  const column = new DraftTexts(tasks.length);
  const rows = pick(folded.buildRow, tasks, new Int32Array(tasks.length));
  const codeOf = (row: number): number =>
    row < 0 ? 0 : column.dictionary.codeOf(JSON.stringify(parts.map((part) => part.at(row))));
  const builds = parts.reduce((product, { dictionary }) => product * (dictionary.count + 1), 1);
  if (builds > fewBuilds) {
    for (let rank = 0; rank < rows.length; rank++) column.codes[rank] = codeOf(rows[rank] as number);
    return column;
  }
  const numbers = new Uint32Array(tasks.length);
  for (const { codes, dictionary } of parts) addDigit(numbers, rows, codes, dictionary.count + 1);
  const placeOf = new Uint32Array(builds);
  const firsts = firstOfEach(numbers, placeOf);
  const codes = Uint32Array.from(firsts, (rank) => codeOf(rows[rank] as number));
  for (let rank = 0; rank < rows.length; rank++)
    column.codes[rank] = codes[placeOf[numbers[rank] as number] as number] as number;
  return column;
}

/** Of each row one digit more, in the base that its column needs. Rows below 0 are none. */
function addDigit(numbers: Uint32Array, rows: Int32Array, codes: Uint32Array, base: number): void {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    if (row >= 0) numbers[at] = (numbers[at] as number) * base + (codes[row] as number);
  }
}

/** Where each number is first. @param placeOf is given, by number, its place among these. */
function firstOfEach(numbers: Uint32Array, placeOf: Uint32Array): Uint32Array {
  const firsts = new Uint32Array(Math.min(placeOf.length, numbers.length));
  let found = 0;
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at] as number;
    // Place 0 is also that of all that were not found yet.
    if (found > 0 && numbers[firsts[placeOf[number] as number] as number] === number) continue;
    placeOf[number] = found;
    firsts[found++] = at;
  }
  return firsts.subarray(0, found);
}

/** The codes that are there, in order of their first, and for each the place (from 1) of its own among them. */
function usedOf(codes: Uint32Array, count: number): { readonly places: Float64Array; readonly codes: Uint32Array } {
  const used = new Uint32Array(Math.min(count, codes.length));
  const places = new Float64Array(codes.length);
  const found = placesOf(codes, new Uint32Array(count + 1), used, places);
  return { places, codes: used.subarray(0, found) };
}

/** @param placeOf by code. @returns how many were found. */
function placesOf(codes: Uint32Array, placeOf: Uint32Array, used: Uint32Array, places: Float64Array): number {
  let found = 0;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    if (code === 0) continue;
    if (placeOf[code] === 0) {
      used[found] = code;
      placeOf[code] = ++found;
    }
    places[at] = placeOf[code] as number;
  }
  return found;
}

function recordOf<Name extends string, Value>(
  names: readonly Name[],
  of: (name: Name) => Value,
): Readonly<Record<Name, Value>> {
  // Made of exactly these names.
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, Value>;
}
