/** Reads a few rows out of a large Parquet file: of each column only the pages that hold them, where the file tells where its pages lie. */

import { type FileHandle, open } from 'node:fs/promises';
import { constants, zstdDecompressSync } from 'node:zlib';
import { type AsyncBuffer, type FileMetaData, parquetMetadata, parquetReadObjects } from 'hyparquet';

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
  readonly footers?: ParquetFooters;
}

/** What a file's end holds: its metadata, and often where its pages lie. */
interface Footer {
  readonly metadata: FileMetaData;
  readonly tail: Buffer;
  readonly tailOffset: number;
  readonly rowGroups: readonly Extent[];
}

/** Bytes `[start .. end]` of a file. */
interface Extent {
  readonly start: number;
  readonly end: number;
}

/** Footers of the files that were read last. */
export class ParquetFooters {
  readonly #footers = new Map<string, Footer>();
  readonly #limit: number;

  constructor(limit = 16) {
    this.#limit = limit;
  }

  /** @param identity of the file with its content: path, size, time of change. */
  get(identity: string): Footer | undefined {
    const footer = this.#footers.get(identity);
    if (footer) this.#put(identity, footer);
    return footer;
  }

  set(identity: string, footer: Footer): void {
    this.#put(identity, footer);
    const oldest = this.#footers.keys().next();
    if (this.#footers.size > this.#limit && !oldest.done) this.#footers.delete(oldest.value);
  }

  #put(identity: string, footer: Footer): void {
    this.#footers.delete(identity);
    this.#footers.set(identity, footer);
  }
}

/** Texts stay bytes and numbers big ones until a row is wanted: most of a page's are not. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array) => bytes,
  timestampFromMilliseconds: (millis: bigint) => millis,
  timestampFromMicroseconds: (micros: bigint) => micros / 1000n,
};
const compressors = {
  ZSTD: (bytes: Uint8Array, size: number) =>
    zstdDecompressSync(bytes, { chunkSize: Math.max(size, constants.Z_MIN_CHUNK), maxOutputLength: Math.max(size, 1) }),
};

/** Bytes from a file's end that are read at first; most often the footer is among them. */
const firstTailBytes = 1 << 16;
/** A row group of no more is read at once. */
const atOnceBytes = 1 << 21;
/** Ranges closer than this share pages, which are then read once. */
const sharedRows = 1024;

/** A file that is no Parquet file, is cut off or damaged, or has no such column. */
export class ParquetError extends Error {
  override readonly name = 'ParquetError';
}

/**
 * The rows as objects: texts as strings, whole numbers as numbers, times as epoch ms, lists as arrays; null is null.
 * @throws ParquetError; the system's error where the file cannot be read; `signal.reason`.
 */
export async function readParquetRows(
  file: string,
  wanted: RowsWanted,
  signal?: AbortSignal,
): Promise<Record<string, unknown>[]> {
  signal?.throwIfAborted();
  const handle = await open(file);
  try {
    const rows = await readRows(handle, file, wanted, signal);
    signal?.throwIfAborted();
    return rows;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Error && 'syscall' in error) throw error;
    throw new ParquetError(`cannot read ${file}: ${String(error)}`, { cause: error });
  } finally {
    await handle.close();
  }
}

async function readRows(
  handle: FileHandle,
  file: string,
  { columns, ranges, footers }: RowsWanted,
  signal: AbortSignal | undefined,
): Promise<Record<string, unknown>[]> {
  const { size, mtimeMs } = await handle.stat();
  const identity = `${file}\0${size}\0${mtimeMs}`;
  let footer = footers?.get(identity);
  if (!footer) {
    footer = await readFooter(handle, size);
    footers?.set(identity, footer);
  }
  const source = sourceOf(handle, size, footer, signal);
  const rows: Record<string, unknown>[] = [];
  for (const { start, end, within } of spansOf(ranges)) {
    const found = await parquetReadObjects({
      file: source,
      metadata: footer.metadata,
      columns: [...columns],
      rowStart: start,
      rowEnd: end,
      useOffsetIndex: true,
      parsers,
      compressors,
    });
    for (const range of within) {
      for (const row of found.slice(range.start - start, range.end - start)) rows.push(plainRow(row, columns));
    }
  }
  return rows;
}

interface Span extends RowRange {
  readonly within: readonly RowRange[];
}

/** Joins ranges that follow each other closely. */
function spansOf(ranges: readonly RowRange[]): readonly Span[] {
  const spans: Span[] = [];
  for (const range of ranges) {
    if (range.start >= range.end) continue;
    const last = spans.at(-1);
    if (last && range.start >= last.end && range.start - last.end < sharedRows) {
      spans[spans.length - 1] = { start: last.start, end: range.end, within: [...last.within, range] };
    } else {
      spans.push({ ...range, within: [range] });
    }
  }
  return spans;
}

/** Reads a row group at once, unless it is large: dozens of small reads take longer. */
function sourceOf(handle: FileHandle, size: number, footer: Footer, signal: AbortSignal | undefined): AsyncBuffer {
  const { tail, tailOffset, rowGroups } = footer;
  const read = new Map<Extent, Promise<Buffer>>();
  return {
    byteLength: size,
    async slice(start, end = size) {
      if (start >= tailOffset) return arrayOf(tail.subarray(start - tailOffset, end - tailOffset));
      signal?.throwIfAborted();
      const group = rowGroups.find((extent) => start >= extent.start && end <= extent.end);
      if (!group || group.end - group.start > atOnceBytes) return arrayOf(await readBytes(handle, start, end));
      const bytes = read.get(group) ?? readBytes(handle, group.start, group.end);
      read.set(group, bytes);
      return arrayOf((await bytes).subarray(start - group.start, end - group.start));
    },
  };
}

async function readFooter(handle: FileHandle, size: number): Promise<Footer> {
  let tailOffset = Math.max(0, size - firstTailBytes);
  let tail = await readBytes(handle, tailOffset, size);
  const start = size >= 8 ? size - 8 - tail.readUInt32LE(tail.length - 8) : 0;
  if (start >= 0 && start < tailOffset) {
    tailOffset = start;
    tail = await readBytes(handle, tailOffset, size);
  }
  const metadata = parquetMetadata(tail, { parsers });
  const indexed = firstPageIndex(metadata);
  if (indexed !== undefined && indexed < tailOffset) {
    tailOffset = indexed;
    tail = await readBytes(handle, tailOffset, size);
  }
  return { metadata, tail, tailOffset, rowGroups: metadata.row_groups.map(extentOf) };
}

function firstPageIndex(metadata: FileMetaData): number | undefined {
  const offset = metadata.row_groups[0]?.columns[0]?.offset_index_offset;
  return offset === undefined ? undefined : Number(offset);
}

function extentOf({ columns }: FileMetaData['row_groups'][number]): Extent {
  let [start, end] = [Number.POSITIVE_INFINITY, 0];
  for (const { meta_data: chunk } of columns) {
    if (!chunk) continue;
    const offset = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
    start = Math.min(start, offset);
    end = Math.max(end, offset + Number(chunk.total_compressed_size));
  }
  return { start, end };
}

async function readBytes(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, end - start));
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
  if (bytesRead < bytes.length) throw new Error(`the Parquet file ends at ${start + bytesRead}, before ${end}`);
  return bytes;
}

function arrayOf(bytes: Buffer): ArrayBuffer {
  if (bytes.byteLength === bytes.buffer.byteLength) return bytes.buffer as ArrayBuffer;
  return new Uint8Array(bytes).buffer;
}

function plainRow(row: Record<string, unknown>, columns: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(columns.map((name) => [name, plainValue(row[name])]));
}

function plainValue(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString();
  return Array.isArray(value) ? value.map(plainValue) : value;
}
