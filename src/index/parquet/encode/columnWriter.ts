/** Writes a column, one row group of it after the other, and tells what a reader needs to leave it alone. */

import type { Texts } from '../../texts.ts';
import { ByteWriter } from './byteWriter.ts';
import type { Chunk, ColumnRows, NumberChunk, TextChunk } from './chunk.ts';
import { ChunkTexts } from './chunkTexts.ts';
import { EncodingChoice, type ValueEncoder } from './encodingChoice.ts';
import { ListRows } from './listRows.ts';
import { RowGatherer } from './rowGatherer.ts';
import { type Encoding, encodings } from '../encodings.ts';
import { type PageLocation, PageWriter } from './pageWriter.ts';
import type { ParquetColumn } from '../parquetColumns.ts';
import { textBounds, type TextPool, textPool } from './textPool.ts';

/** Offsets count from the row group's start. */
export interface ColumnChunk {
  readonly encodings: readonly Encoding[];
  readonly compressed: boolean;
  /** Of lists, their elements, and those without any. */
  readonly values: number;
  readonly nulls: number;
  readonly bounds: Bounds | undefined;
  readonly dictionaryOffset: number | undefined;
  readonly pages: readonly PageLocation[];
  readonly offset: number;
  readonly storedBytes: number;
  readonly uncompressedBytes: number;
}

/** Least and greatest value. Absent without a value, and where they would be long. */
interface Bounds {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
}

/** Longer texts are not worth their place in the footer. */
const maxBoundBytes = 128;

/** Writes columns one after the other, in buffers that the next one uses again. */
export class ColumnWriter {
  readonly #gatherer: RowGatherer;
  readonly #order: Uint32Array;
  readonly #texts = new ChunkTexts();
  readonly #body = new ByteWriter();
  readonly #pool = new ByteWriter();

  constructor(order: Uint32Array, rowGroupRows: number) {
    this.#order = order;
    this.#gatherer = new RowGatherer(order, rowGroupRows, this.#texts);
  }

  /** @returns what writes the column's chunks, until the next column begins. */
  begin(column: ParquetColumn): ColumnInMaking {
    switch (column.kind) {
      case 'text':
        return this.#textColumn(this.#gatherer.texts(column), column.dictionary);
      case 'texts':
        return this.#textColumn(new ListRows(column, this.#order, this.#texts), column.dictionary);
      default:
        return this.#numberColumn(this.#gatherer.numbers(column));
    }
  }

  #textColumn(rows: ColumnRows<TextChunk>, dictionary: Texts): ColumnInMaking {
    const choice = new EncodingChoice(this.#body);
    return {
      required: rows.required,
      write: (out, from, to) => {
        const chunk = rows.chunk(from, to);
        const pool = textPool(dictionary, chunk.distinct, this.#pool);
        return writeChunk(out, this.#body, chunk, choice.texts(chunk, pool), pool.count, textBoundsOf(pool));
      },
    };
  }

  #numberColumn(rows: ColumnRows<NumberChunk>): ColumnInMaking {
    const choice = new EncodingChoice(this.#body);
    return {
      required: rows.required,
      write: (out, from, to) => {
        const chunk = rows.chunk(from, to);
        const { min, max, valueCount } = chunk;
        const bounds = valueCount > 0 ? { min: int64(min), max: int64(max) } : undefined;
        return writeChunk(out, this.#body, chunk, choice.numbers(chunk), min === max ? 1 : valueCount, bounds);
      },
    };
  }
}

export interface ColumnInMaking {
  /** Whether no row is null. */
  readonly required: boolean;
  /** Appends rows `[from .. to]` to `out`. */
  write(out: ByteWriter, from: number, to: number): ColumnChunk;
}

function writeChunk(
  out: ByteWriter,
  body: ByteWriter,
  chunk: Chunk,
  encoder: ValueEncoder,
  distinct: number,
  bounds: Bounds | undefined,
): ColumnChunk {
  const { valueCount, levelCount } = chunk;
  const offset = out.length;
  // Pages of nothing but nulls, or but one value, are a few bytes each: a frame of zstd would only add to them.
  const compressed = valueCount > 0 && (distinct > 1 || valueCount < levelCount);
  const pages = new PageWriter(out, body, compressed);
  if (encoder.dictionary) pages.dictionary(encoder.dictionary);
  const dataOffset = out.length;
  pages.data(chunk, encoder);
  return {
    encodings: [encodings.plain, encodings.rle, encoder.encoding],
    compressed,
    values: levelCount,
    nulls: levelCount - valueCount,
    bounds,
    dictionaryOffset: dataOffset > offset ? offset : undefined,
    pages: pages.locations,
    offset,
    storedBytes: out.length - offset,
    uncompressedBytes: pages.uncompressedBytes,
  };
}

function textBoundsOf(pool: TextPool): Bounds | undefined {
  if (pool.count === 0) return undefined;
  const { min, max } = textBounds(pool);
  // Copies, for the footer is written long after the pool is gone.
  return Math.max(min.length, max.length) <= maxBoundBytes ? { min: min.slice(), max: max.slice() } : undefined;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}
