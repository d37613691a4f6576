/**
 * Writes a segment's side (docs/index-format.md, "Side"): its tasks folded, its failures, the log object versions that it holds, and
 * for each row group what its texts and fields may hold.
 */

import { BlockWriter } from '../blocks/blockWriter.ts';
import { tokenPrefix } from '../fieldTokens.ts';
import type { TaskCells } from '../tasks/taskCells.ts';
import { CodesOnce } from './codesOnce.ts';
import { filteredColumns } from './filteredColumns.ts';
import { pick } from './pick.ts';
import type { RowOrder } from './rowOrder.ts';
import type { SegmentDraft } from './segmentDraft.ts';
import type { SortedDraft } from './sortDraft.ts';
import { addTaskColumns, columnsOfCells, columnsOfDraft } from './taskColumns.ts';
import { TextFilter } from './textFilter.ts';
import { TokenFilter, tokenHashes } from './tokenFilter.ts';

/** The side of a draft as parts of a block file. */
export function segmentSide(draft: SegmentDraft, sorted: SortedDraft, rowGroupRows: number): Uint8Array[] {
  const { folded, order } = sorted;
  const writer = new BlockWriter();
  addTaskColumns(writer, columnsOfDraft(draft, folded, order));
  writer.addNumbers('rowGroupRows', Float64Array.of(rowGroupRows));
  writer.addTexts('versions', draft.texts.object_version.dictionary);
  addFailures(writer, draft, order);
  addFilters(writer, draft, order, rowGroupRows);
  return writer.finish();
}

/** Tasks alone, in the form in which they are read. @param rows how many rows each has. */
export function tasksAlone(tasks: readonly TaskCells[], rows: Float64Array): Buffer {
  const writer = new BlockWriter();
  addTaskColumns(writer, columnsOfCells(tasks, rows));
  return Buffer.concat(writer.finish());
}

/** A row for each record with a failure group, in the segment's order. */
function addFailures(writer: BlockWriter, draft: SegmentDraft, order: RowOrder): void {
  const { texts, numbers } = draft;
  const failing = failingPlaces(texts.failure_group.codes, order.rows);
  const rows = pick(order.rows, failing, new Uint32Array(failing.length));
  const add = (name: string, values: Float64Array | Uint32Array): void =>
    writer.addNumbers(`failures.${name}`, pick(values, rows, new Float64Array(rows.length)));
  writer.addNumbers('failures.row', new Float64Array(failing));
  writer.addNumbers('failures.task', tasksAt(failing, order.rowsOfTask));
  add('ts', numbers.ts.values);
  add('attempt', numbers.attempt.values);
  for (const [name, column] of [
    ['group', texts.failure_group],
    ['event', texts.event],
    ['worker', texts.worker],
    ['object', texts.object],
  ] as const) {
    add(name, column.codes);
    writer.addTexts(`failures.${name}.names`, column.dictionary);
  }
  add('offset', numbers.offset_bytes.values);
}

/** Where among the rows those stand that have a failure group. */
function failingPlaces(groups: Uint32Array, rows: Uint32Array): Uint32Array {
  const places = new Uint32Array(rows.length);
  let found = 0;
  for (let at = 0; at < rows.length; at++) {
    places[found] = at;
    if (groups[rows[at] as number] !== 0) found++;
  }
  return places.slice(0, found);
}

/** The task of each place. A record that names no task has the number after the last task's. */
function tasksAt(places: Uint32Array, rowsOfTask: Float64Array): Float64Array {
  const tasks = new Float64Array(places.length);
  let task = 0;
  let end = rowsOfTask[0] ?? 0;
  for (let at = 0; at < places.length; at++) {
    const place = places[at] as number;
    while (task < rowsOfTask.length && place >= end) {
      task += 1;
      if (task < rowsOfTask.length) end += rowsOfTask[task] as number;
    }
    tasks[at] = task;
  }
  return tasks;
}

function addFilters(writer: BlockWriter, draft: SegmentDraft, { rows }: RowOrder, rowGroupRows: number): void {
  const { message, error_type, error_message, error_stack } = draft.texts;
  const searched = [message, error_type, error_message, error_stack].map(({ dictionary, codes }) => {
    return { dictionary, codes, once: new CodesOnce(dictionary.count) };
  });
  const columns = filteredColumns.map(([field, name]) => {
    const { dictionary, codes } = draft.texts[name];
    const hashes = tokenHashes(dictionary, tokenPrefix(field, 's'));
    return { codes, hashes, once: new CodesOnce(dictionary.count) };
  });
  const fields = new CodesOnce(draft.fields.dictionary.count);
  const fieldHashes = tokenHashes(draft.fields.dictionary, '');
  for (let start = 0, group = 0; start < rows.length; start += rowGroupRows, group++) {
    const own = rows.subarray(start, start + rowGroupRows);
    const texts = TextFilter.empty();
    for (const { dictionary, codes, once } of searched) {
      texts.addTexts(dictionary, once.of(own, codes));
    }
    const held = columns.map(({ codes, hashes, once }) => ({
      hashes,
      // Of few values nearly all are in every row group: looking which are costs more than it tells.
      codes: hashes.count <= fewValues ? once.all() : once.of(own, codes),
    }));
    held.push({ hashes: fieldHashes, codes: fields.ofLists(own, draft.fields) });
    const tokens = TokenFilter.for(held.reduce((sum, { codes }) => sum + codes.length, 0));
    for (const { hashes, codes } of held) tokens.addAll(hashes, codes);
    writer.addBytes(`texts.${group}`, texts.serialize());
    writer.addBytes(`tokens.${group}`, tokens.bytes);
  }
}

const fewValues = 256;
