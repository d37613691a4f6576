/**
 * Writes a segment's side (docs/index-format.md, "Side"): its tasks folded, its failures, the log object versions that it holds, and
 * for each row group what its texts and fields may hold.
 */

import { BlockWriter } from '../blocks/blockWriter.ts';
import { tokenPrefix } from '../fieldTokens.ts';
import type { TaskCells } from '../tasks/taskCells.ts';
import { type DraftLists, DraftTexts } from './draftColumns.ts';
import type { RowOrder } from './rowOrder.ts';
import type { SegmentDraft } from './segmentDraft.ts';
import { TextFilter } from './textFilter.ts';
import { TokenFilter, type TokenHash, tokenHash } from './tokenFilter.ts';

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

/** Columns of the draft that are asked for whole: their values are in the token filters, as field tokens. */
const filteredColumns = [
  ['level', 'level'],
  ['event', 'event'],
  ['account', 'account'],
  ['collection', 'collection'],
  ['source', 'source'],
  ['coordinator', 'coordinator'],
  ['worker', 'worker'],
  ['key', 'key'],
  ['error.type', 'error_type'],
  ['error.message', 'error_message'],
  ['group', 'failure_group'],
  ['build.service', 'build_service'],
  ['build.version', 'build_version'],
  ['build.commit', 'build_commit'],
  ['build.repository', 'build_repository'],
] as const;

export const filteredFields: ReadonlySet<string> = new Set(filteredColumns.map(([field]) => field));

/** The side of a draft as parts of a block file. @param cells of each task of the draft. */
export function segmentSide(
  draft: SegmentDraft,
  order: RowOrder,
  cells: readonly TaskCells[],
  rowGroupRows: number,
): Uint8Array[] {
  const writer = new BlockWriter();
  writer.addNumbers('rowGroupRows', Float64Array.of(rowGroupRows));
  writer.addTexts('versions', draft.texts.object_version.dictionary);
  const ordered = Array.from(order.tasks, (at) => cells[at]).filter((each) => each !== undefined);
  addTasks(writer, ordered, order.rowsOfTask);
  addFailures(writer, draft, order);
  addFilters(writer, draft, order, rowGroupRows);
  return writer.finish();
}

/** Tasks alone, in the form in which they are read. @param rows how many rows each has. */
export function tasksAlone(tasks: readonly TaskCells[], rows: Float64Array): Buffer {
  const writer = new BlockWriter();
  addTasks(writer, tasks, rows);
  return Buffer.concat(writer.finish());
}

function addTasks(writer: BlockWriter, tasks: readonly TaskCells[], rows: Float64Array): void {
  const numbers = (name: string, pick: (task: TaskCells) => number | undefined): void => {
    const values = new Float64Array(tasks.length);
    for (let at = 0; at < tasks.length; at++) {
      const task = tasks[at];
      values[at] = (task && pick(task)) ?? Number.NaN;
    }
    writer.addNumbers(name, values);
  };
  const before = (ms: number | undefined, task: TaskCells): number | undefined =>
    ms === undefined ? undefined : task.lastMs - ms;
  writer.addTexts(
    'task',
    tasks.map(({ task }) => task),
  );
  writer.addNumbers('rows', rows);
  numbers('last', ({ lastMs }) => lastMs);
  // What follows lies close to the last moment: small numbers take little.
  numbers('span', (task) => before(task.firstMs, task));
  numbers('attempts', ({ attempts }) => attempts);
  numbers('attemptRank', ({ attemptRank }) => attemptRank);
  numbers('attemptAgo', (task) => before(task.attemptMs, task));
  numbers('succeededAgo', (task) => before(task.succeededMs, task));
  numbers('failedAgo', (task) => before(task.failedMs, task));
  numbers('errorAttempt', ({ errorAttempt }) => errorAttempt);
  numbers('bytes', ({ bytes }) => bytes);
  numbers('docs', ({ docs }) => docs);
  writer.addTexts(
    'key',
    tasks.map(({ key }) => key),
  );
  for (const name of sideNames) {
    const column = new DraftTexts(tasks.length);
    for (let at = 0; at < tasks.length; at++) column.set(at, tasks[at]?.[name]);
    writer.addNumbers(name, Float64Array.from(column.codes));
    writer.addTexts(`${name}.names`, column.dictionary);
  }
}

/** A row for each record with a failure group, in the segment's order. */
function addFailures(writer: BlockWriter, draft: SegmentDraft, { rows, rowsOfTask }: RowOrder): void {
  const { texts, numbers } = draft;
  const failing: number[] = [];
  const tasks: number[] = [];
  const groups = texts.failure_group.codes;
  let task = 0;
  let end = rowsOfTask[0] ?? 0;
  for (let at = 0; at < rows.length; at++) {
    while (task < rowsOfTask.length && at >= end) end += rowsOfTask[++task] ?? 0;
    if (groups[rows[at] ?? 0] === 0) continue;
    failing.push(at);
    tasks.push(task);
  }
  const add = (name: string, pick: (row: number) => number): void =>
    writer.addNumbers(
      `failures.${name}`,
      Float64Array.from(failing, (at) => pick(rows[at] ?? 0)),
    );
  writer.addNumbers('failures.row', Float64Array.from(failing));
  // A record that names no task has the number after the last task's.
  writer.addNumbers('failures.task', Float64Array.from(tasks));
  add('ts', (row) => numbers.ts.values[row] ?? 0);
  add('attempt', (row) => numbers.attempt.values[row] ?? Number.NaN);
  for (const [name, column] of [
    ['group', texts.failure_group],
    ['event', texts.event],
    ['worker', texts.worker],
    ['object', texts.object],
  ] as const) {
    add(name, (row) => column.codes[row] ?? 0);
    writer.addTexts(`failures.${name}.names`, column.dictionary);
  }
  add('offset', (row) => numbers.offset_bytes.values[row] ?? 0);
}

function addFilters(writer: BlockWriter, draft: SegmentDraft, { rows }: RowOrder, rowGroupRows: number): void {
  const { message, error_type, error_message, error_stack } = draft.texts;
  const searched = [message, error_type, error_message, error_stack].map((column) => new Once(column.dictionary));
  const searchedCodes = [message, error_type, error_message, error_stack].map(({ codes }) => codes);
  const columns = filteredColumns.map(([field, name]) => {
    const { dictionary, codes } = draft.texts[name];
    return { once: new Once(dictionary), codes, hashes: hashesOf(dictionary, tokenPrefix(field, 's')) };
  });
  const fields = new Once(draft.fields.dictionary);
  const fieldHashes = hashesOf(draft.fields.dictionary, '');
  for (let start = 0, group = 0; start < rows.length; start += rowGroupRows, group++) {
    const own = rows.subarray(start, start + rowGroupRows);
    const texts = TextFilter.empty();
    for (const [at, once] of searched.entries()) {
      for (const code of once.codesOf(own, searchedCodes[at])) texts.add(once.dictionary[code - 1] ?? '');
    }
    const held: TokenHash[] = [];
    const hold = (codes: readonly number[], hashes: readonly TokenHash[]): void => {
      for (const code of codes) held.push(hashes[code - 1] ?? { first: 0, second: 0 });
    };
    for (const { once, codes, hashes } of columns) {
      // Of few values nearly all are in every row group: looking which are costs more than it tells.
      if (hashes.length <= fewValues) held.push(...hashes);
      else hold(once.codesOf(own, codes), hashes);
    }
    hold(fields.codesOfLists(own, draft.fields), fieldHashes);
    writer.addBytes(`texts.${group}`, texts.serialize());
    writer.addBytes(`tokens.${group}`, TokenFilter.of(held, held.length).bytes);
  }
}

const fewValues = 256;

/** Finds the distinct codes of some rows of a column. */
class Once {
  readonly dictionary: readonly string[];
  /** By code: in which call it was seen last. */
  readonly #seen: Uint32Array;
  #call = 0;

  constructor(dictionary: readonly string[]) {
    this.dictionary = dictionary;
    this.#seen = new Uint32Array(dictionary.length + 1);
  }

  codesOf(rows: Uint32Array, codes: Uint32Array | undefined): number[] {
    const call = ++this.#call;
    const found: number[] = [];
    if (!codes) return found;
    for (let at = 0; at < rows.length; at++) {
      const code = codes[rows[at] ?? 0] ?? 0;
      if (code === 0 || this.#seen[code] === call) continue;
      this.#seen[code] = call;
      found.push(code);
    }
    return found;
  }

  codesOfLists(rows: Uint32Array, { codes, ends }: DraftLists): number[] {
    const call = ++this.#call;
    const found: number[] = [];
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] ?? 0;
      const end = ends[row] ?? 0;
      for (let of = row === 0 ? 0 : (ends[row - 1] ?? 0); of < end; of++) {
        const code = codes[of] ?? 0;
        if (this.#seen[code] === call) continue;
        this.#seen[code] = call;
        found.push(code);
      }
    }
    return found;
  }
}

/** By code, less one. */
function hashesOf(dictionary: readonly string[], prefix: string): readonly TokenHash[] {
  return dictionary.map((text) => tokenHash(prefix + text));
}
