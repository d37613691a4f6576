/**
 * Reads a few rows out of a large Parquet file as an index has it, our own or the engine's: without the engine, which for a statement
 * over many columns takes longer, and without decoding what is not wanted.
 */

import { type FileHandle, open } from 'node:fs/promises';
import { type Cell, ChunkReader } from './decode/chunkReader.ts';
import { ParquetError } from './parquetError.ts';
import { type ParquetLayout, readBytes, readLayout, type RowGroupLayout } from './decode/parquetLayout.ts';

/** Rows `[start .. end]`, counted from the file's first; what lies behind the last row is left out. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

export interface RowsWanted {
  readonly columns: readonly string[];
  /** The rows come in the order of their ranges. */
  readonly ranges: readonly RowRange[];
  /** Spares reading the footer again. */
  readonly layouts?: ParquetLayouts;
}

/** What the footers tell of the files that were read last. */
export class ParquetLayouts {
  readonly #layouts = new Map<string, ParquetLayout>();
  readonly #limit: number;

  constructor(limit = 16) {
    this.#limit = limit;
  }

  /** @param identity of the file with its content: path, size, time of change. */
  get(identity: string): ParquetLayout | undefined {
    const layout = this.#layouts.get(identity);
    if (layout) this.set(identity, layout);
    return layout;
  }

  set(identity: string, layout: ParquetLayout): void {
    this.#layouts.delete(identity);
    this.#layouts.set(identity, layout);
    const oldest = this.#layouts.keys().next();
    if (this.#layouts.size > this.#limit && !oldest.done) this.#layouts.delete(oldest.value);
  }
}

/** A row group whose wanted columns span no more is read at once: dozens of small reads take longer. */
const atOnceBytes = 1 << 21;

/**
 * The rows as objects: texts as strings, whole numbers as numbers, times as epoch ms, lists as arrays; null is null.
 * @throws ParquetError; the system's error where the file cannot be read; `signal.reason`.
 */
export async function readParquetRows(
  file: string,
  wanted: RowsWanted,
  signal?: AbortSignal,
): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  await readCells(file, wanted, (cells) => appendRows(rows, wanted.columns, cells), signal);
  return rows;
}

/** As `readParquetRows`, each column by itself, in the order in which they are wanted: without an object for each row. */
export async function readParquetColumns(
  file: string,
  wanted: RowsWanted,
  signal?: AbortSignal,
): Promise<readonly (readonly Cell[])[]> {
  const groups: (readonly (readonly Cell[])[])[] = [];
  await readCells(file, wanted, (cells) => groups.push(cells), signal);
  const [only] = groups;
  return only && groups.length === 1 ? only : wanted.columns.map((_, at) => groups.flatMap((cells) => cells[at] ?? []));
}

/** @param take is given the cells of each column, a row group after the other. */
async function readCells(
  file: string,
  wanted: RowsWanted,
  take: (cells: readonly (readonly Cell[])[]) => unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const handle = await open(file);
  try {
    await readGroups(handle, file, wanted, take, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Error && 'syscall' in error) throw error;
    throw new ParquetError(`cannot read ${file}: ${String(error)}`, { cause: error });
  } finally {
    await handle.close();
  }
}

async function readGroups(
  handle: FileHandle,
  file: string,
  { columns, ranges, layouts }: RowsWanted,
  take: (cells: readonly (readonly Cell[])[]) => unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { size, mtimeMs } = await handle.stat();
  const identity = `${file}\0${size}\0${mtimeMs}`;
  let layout = layouts?.get(identity);
  if (!layout) {
    layout = await readLayout(handle, size);
    layouts?.set(identity, layout);
  }
  const opened = new Map<RowGroupLayout, readonly ChunkReader[]>();
  for (const range of ranges) {
    for (const group of layout.rowGroups) {
      const from = Math.max(range.start - group.firstRow, 0);
      const to = Math.min(range.end - group.firstRow, group.rows);
      if (from >= to) continue;
      signal?.throwIfAborted();
      const chunks = opened.get(group) ?? (await openChunks(handle, layout, group, columns));
      opened.set(group, chunks);
      take(chunks.map((chunk) => chunk.rows(from, to)));
    }
  }
  signal?.throwIfAborted();
}

function appendRows(
  rows: Record<string, unknown>[],
  names: readonly string[],
  cells: readonly (readonly Cell[])[],
): void {
  const count = cells[0]?.length ?? 0;
  for (let row = 0; row < count; row++) {
    rows.push(Object.fromEntries(names.map((name, column) => [name, cells[column]?.[row]])));
  }
}

async function openChunks(
  handle: FileHandle,
  layout: ParquetLayout,
  group: RowGroupLayout,
  names: readonly string[],
): Promise<readonly ChunkReader[]> {
  const wanted = names.map((name) => {
    const [column, chunk] = [layout.columns.get(name), group.chunks.get(name)];
    if (!column || !chunk) throw new ParquetError(`it has no column ${name} of a type that an index has`);
    return { column, chunk };
  });
  const start = Math.min(...wanted.map(({ chunk }) => chunk.start));
  const end = Math.max(...wanted.map(({ chunk }) => chunk.end));
  const all = end - start <= atOnceBytes ? await readBytes(handle, start, end) : undefined;
  const readers: ChunkReader[] = [];
  for (const { column, chunk } of wanted) {
    const bytes =
      all?.subarray(chunk.start - start, chunk.end - start) ?? (await readBytes(handle, chunk.start, chunk.end));
    readers.push(new ChunkReader(bytes, chunk.compressed, column));
  }
  return readers;
}
