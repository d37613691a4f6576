/** Segments of other segments' records: without some object versions, or several in one. */

import { rm } from 'node:fs/promises';
import type { Cell } from '../parquet/decode/chunkReader.ts';
import { readParquetColumns } from '../parquet/readParquetRows.ts';
import { type ColumnName, segmentColumns } from '../segmentColumns.ts';
import type { DraftLists, DraftNumbers, DraftTexts } from './draftColumns.ts';
import { SegmentDraft } from './segmentDraft.ts';
import { type LocalSegment, removeLocal, rowGroupRows, writeSegment } from './segmentWriter.ts';

/** The segment without the rows of some object versions, in `file`; the old files are removed. Undefined when none is left. */
export async function withoutVersions(
  segment: LocalSegment,
  versions: readonly string[],
  file: string,
  signal?: AbortSignal,
): Promise<LocalSegment | undefined> {
  const kept = await mergeSegments([segment], versions, file, signal);
  await removeLocal(segment);
  return kept;
}

/**
 * One segment of several, in `file`. Undefined when no row of them counts any more.
 * @param inputs stay where they are. @param superseded object versions whose rows are left out.
 */
export async function mergeSegments(
  inputs: readonly Pick<LocalSegment, 'file' | 'records'>[],
  superseded: readonly string[],
  file: string,
  signal?: AbortSignal,
): Promise<LocalSegment | undefined> {
  const unwanted = new Set(superseded);
  const draft = new SegmentDraft();
  draft.reserve(inputs.reduce((sum, { records }) => sum + records, 1));
  for (const input of inputs) {
    for (let start = 0; start < input.records; start += rowGroupRows) {
      signal?.throwIfAborted();
      const ranges = [{ start, end: Math.min(input.records, start + rowGroupRows) }];
      const cells = await readParquetColumns(input.file, { columns: rowColumns, ranges }, signal);
      addCells(draft, new Map(rowColumns.map((name, at) => [name, cells[at] ?? []])), unwanted);
    }
  }
  return await writeSegment(draft, file, signal);
}

const rowColumns = [...segmentColumns.map(({ name }) => name), 'object_version'] as const;

/** Adds rows as they stand: what was computed of a record once, its field tokens too, is the same again. */
function addCells(
  draft: SegmentDraft,
  cells: ReadonlyMap<ColumnName, readonly Cell[]>,
  unwanted: ReadonlySet<string>,
): void {
  const kept: number[] = [];
  for (const [at, version] of (cells.get('object_version') ?? []).entries()) {
    if (!unwanted.has(String(version))) kept.push(at);
  }
  const first = draft.records;
  for (let count = kept.length; count > 0; count--) draft.addRow();
  for (const [name, column] of cells) {
    if (name === 'fields') addLists(draft.fields, first, kept, column);
    else if (isNumberColumn(name)) addNumbers(draft.numbers[name], first, kept, column);
    else addTexts(draft.texts[name], first, kept, column);
  }
}

function isNumberColumn(name: ColumnName): name is keyof SegmentDraft['numbers'] {
  return name === 'ts' || name === 'attempt' || name === 'bytes' || name === 'docs' || name === 'offset_bytes';
}

function addTexts(texts: DraftTexts, first: number, kept: readonly number[], cells: readonly Cell[]): void {
  let last: Cell = null;
  let lastCode = 0;
  for (let row = 0; row < kept.length; row++) {
    const cell = cells[kept[row] as number] ?? null;
    // Neighbours often are the same.
    if (cell !== last) {
      last = cell;
      lastCode = cell === null ? 0 : texts.dictionary.codeOf(String(cell));
    }
    texts.codes[first + row] = lastCode;
  }
}

function addNumbers(numbers: DraftNumbers, first: number, kept: readonly number[], cells: readonly Cell[]): void {
  for (let row = 0; row < kept.length; row++) {
    const cell = cells[kept[row] as number] ?? null;
    numbers.values[first + row] = cell === null ? Number.NaN : Number(cell);
  }
}

function addLists(lists: DraftLists, first: number, kept: readonly number[], cells: readonly Cell[]): void {
  for (let row = 0; row < kept.length; row++) {
    const cell = cells[kept[row] as number];
    lists.set(first + row, Array.isArray(cell) ? cell.map(String) : undefined);
  }
}

/** Removes the files of inputs that were merged. */
export async function removeFiles(files: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
}
