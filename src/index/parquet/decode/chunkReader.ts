/** Reads rows out of one column chunk: of its pages only those that hold them, and of these only the values that are wanted. */

import { constants, zstdDecompressSync } from 'node:zlib';
import { ByteReader } from './byteReader.ts';
import { ParquetError } from '../parquetError.ts';
import type { ColumnLayout } from './parquetLayout.ts';
import { RunReader } from './runDecoding.ts';
import { ThriftStruct } from './thriftReader.ts';
import { decodeValues, DictionaryReader, type Values } from './valueDecoding.ts';

type Scalar = string | number | null;
export type Cell = Scalar | readonly Scalar[];

const pageTypes = { data: 0, dictionary: 2 } as const;

export class ChunkReader {
  readonly #column: ColumnLayout;
  readonly #dictionary: DictionaryReader | undefined;
  readonly #pages: PageReader[] = [];

  /** @param bytes of the whole chunk. */
  constructor(bytes: Buffer, compressed: boolean, column: ColumnLayout) {
    this.#column = column;
    const from = new ByteReader(bytes);
    while (from.at < bytes.length) {
      const header = ThriftStruct.read(from);
      const size = header.number(2) ?? 0;
      const stored = from.take(header.number(3) ?? 0);
      const body = () => (compressed ? decompressed(stored, size) : stored);
      switch (header.number(1)) {
        case pageTypes.dictionary:
          this.#dictionary = new DictionaryReader(body(), column.values);
          break;
        case pageTypes.data:
          this.#pages.push(new PageReader(column, header.struct(5), this.#dictionary, body));
          break;
        default:
          throw new ParquetError('a page of a kind that no file of an index has');
      }
    }
  }

  /** Rows `[from .. to]` of the row group. */
  rows(from: number, to: number): readonly Cell[] {
    const cells: Cell[] = [];
    let first = 0;
    for (const page of this.#pages) {
      if (first >= to) break;
      const end = first + page.rows;
      if (end > from) page.read(Math.max(from - first, 0), Math.min(to, end) - first, cells);
      first = end;
    }
    if (cells.length < to - from) throw new ParquetError(`a column of type ${this.#column.values} has too few rows`);
    return cells;
  }
}

function decompressed(bytes: Buffer, size: number): Buffer {
  // One piece of output rather than many; and never more than the page should have.
  const chunkSize = Math.max(size, constants.Z_MIN_CHUNK);
  const body = zstdDecompressSync(bytes, { chunkSize, maxOutputLength: chunkSize });
  if (body.length !== size) throw new ParquetError('a page is not as long as it should be');
  return body;
}

/** One data page (version 1). */
class PageReader {
  readonly #column: ColumnLayout;
  readonly #dictionary: DictionaryReader | undefined;
  readonly #levels: number;
  readonly #encoding: number;
  readonly #decompress: () => Buffer;
  #body: Buffer | undefined;
  #rows: number | undefined;

  constructor(
    column: ColumnLayout,
    header: ThriftStruct | undefined,
    dictionary: DictionaryReader | undefined,
    decompress: () => Buffer,
  ) {
    this.#column = column;
    this.#levels = header?.number(1) ?? 0;
    this.#encoding = header?.number(2) ?? 0;
    this.#dictionary = dictionary;
    this.#decompress = decompress;
  }

  get rows(): number {
    if (this.#column.maxRepetition === 0) return this.#levels;
    this.#rows ??= this.#runs(this.#open(), this.#column.maxRepetition).count(this.#levels, 0);
    return this.#rows;
  }

  /** Appends rows `[from .. to]` of the page. */
  read(from: number, to: number, cells: Cell[]): void {
    const page = this.#open();
    const { maxDefinition, maxRepetition } = this.#column;
    if (maxRepetition > 0) return this.#readLists(page, from, to, cells);
    if (maxDefinition === 0) {
      for (const value of this.#values(page, from, to)) cells.push(value);
      return;
    }
    const runs = this.#runs(page, maxDefinition);
    const before = runs.count(from, maxDefinition);
    const definitions = runs.levels(to - from);
    const present = definitions.filter((level) => level === maxDefinition).length;
    const values = this.#values(page, before, before + present);
    let next = 0;
    for (const level of definitions) cells.push(level === maxDefinition ? (values[next++] as Scalar) : null);
  }

  #readLists(page: ByteReader, from: number, to: number, cells: Cell[]): void {
    const { maxDefinition, maxRepetition } = this.#column;
    const repetitions = this.#runs(page, maxRepetition).levels(this.#levels);
    const definitions = this.#runs(page, maxDefinition).levels(this.#levels);
    let row = -1;
    let [before, present] = [0, 0];
    const wanted: number[] = [];
    for (let index = 0; index < repetitions.length && row < to; index++) {
      if (repetitions[index] === 0) row++;
      const isValue = definitions[index] === maxDefinition;
      if (row < from) before += isValue ? 1 : 0;
      else if (row < to) {
        wanted.push(index);
        present += isValue ? 1 : 0;
      }
    }
    const values = this.#values(page, before, before + present);
    let next = 0;
    let list: Scalar[] | undefined;
    for (const index of wanted) {
      const level = definitions[index] as number;
      if (repetitions[index] === 0) {
        list = level === 0 ? undefined : [];
        cells.push(list ?? null);
      }
      // Below its level there is no element, at the last but one it is null.
      if (level === maxDefinition) list?.push(values[next++] as Scalar);
      else if (level === maxDefinition - 1 && maxDefinition > 2) list?.push(null);
    }
  }

  #values(page: ByteReader, from: number, to: number): Values {
    if (from === to) return [];
    return decodeValues(page, this.#encoding, this.#column.values, this.#dictionary, from, to);
  }

  /** Levels, as many bytes as stand before them. */
  #runs(page: ByteReader, maxLevel: number): RunReader {
    return new RunReader(new ByteReader(page.take(page.uint32())), 32 - Math.clz32(maxLevel));
  }

  #open(): ByteReader {
    this.#body ??= this.#decompress();
    return new ByteReader(this.#body);
  }
}
