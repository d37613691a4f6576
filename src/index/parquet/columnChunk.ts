/** Writes one column of one row group, and tells what a reader needs to leave it alone. */

import { ByteWriter } from './byteWriter.ts';
import { ChunkGatherer, type ChunkLevels } from './chunkValues.ts';
import { numberEncoder, textEncoder, type ValueEncoder } from './chooseEncoding.ts';
import { type Encoding, encodings, type PageLocation, PageWriter } from './pageWriter.ts';
import type { NumberColumn, ParquetColumn, TextColumn, TextListColumn } from './parquetColumns.ts';
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
  readonly min: Buffer;
  readonly max: Buffer;
}

/** Longer texts are not worth their place in the footer. */
const maxBoundBytes = 128;

/** Writes chunks one at a time, in buffers that the next one uses again. */
export class ColumnChunkWriter {
  readonly #gatherer: ChunkGatherer;
  readonly #body = new ByteWriter();

  constructor(order: Uint32Array, rowGroupRows: number) {
    this.#gatherer = new ChunkGatherer(order, rowGroupRows);
  }

  /** Appends rows `[from .. to]` of a column to `out`. */
  write(out: ByteWriter, column: ParquetColumn, from: number, to: number): ColumnChunk {
    return column.kind === 'text' || column.kind === 'texts'
      ? this.#writeTexts(out, column, from, to)
      : this.#writeNumbers(out, column, from, to);
  }

  #writeTexts(out: ByteWriter, column: TextColumn | TextListColumn, from: number, to: number): ColumnChunk {
    const chunk =
      column.kind === 'text' ? this.#gatherer.texts(column, from, to) : this.#gatherer.textLists(column, from, to);
    const pool = textPool(chunk.distinct);
    const encoder = textEncoder(chunk, pool, this.#body);
    return this.#writeValues(out, chunk, encoder, pool.count, textBoundsOf(pool));
  }

  #writeNumbers(out: ByteWriter, column: NumberColumn, from: number, to: number): ColumnChunk {
    const chunk = this.#gatherer.numbers(column, from, to);
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < chunk.values; index++) {
      const number = chunk.numbers[index] as number;
      if (number < min) min = number;
      if (number > max) max = number;
    }
    const encoder = numberEncoder(chunk, max - min, this.#body);
    const bounds = chunk.values > 0 ? { min: int64(min), max: int64(max) } : undefined;
    return this.#writeValues(out, chunk, encoder, min === max ? 1 : chunk.values, bounds);
  }

  #writeValues(
    out: ByteWriter,
    chunk: ChunkLevels,
    encoder: ValueEncoder,
    distinct: number,
    bounds: Bounds | undefined,
  ): ColumnChunk {
    const offset = out.length;
    // Pages of nothing but nulls, or but one value, are a few bytes each: a frame of zstd would only add to them.
    const compressed = chunk.values > 0 && (distinct > 1 || chunk.values < chunk.levels);
    const pages = new PageWriter(out, this.#body, compressed);
    if (encoder.dictionary) pages.dictionary(encoder.dictionary);
    const dataOffset = out.length;
    pages.data(chunk, encoder);
    return {
      encodings: [encodings.plain, encodings.rle, encoder.encoding],
      compressed,
      values: chunk.levels,
      nulls: chunk.levels - chunk.values,
      bounds,
      dictionaryOffset: dataOffset > offset ? offset : undefined,
      pages: pages.locations,
      offset,
      storedBytes: out.length - offset,
      uncompressedBytes: pages.uncompressedBytes,
    };
  }
}

function textBoundsOf(pool: TextPool): Bounds | undefined {
  if (pool.count === 0) return undefined;
  const { min, max } = textBounds(pool);
  // Copies, for the footer is written long after the pool is gone.
  return Math.max(min.length, max.length) <= maxBoundBytes
    ? { min: Buffer.from(min), max: Buffer.from(max) }
    : undefined;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}
