/** Writes a column, one row group of it after the other, and tells what a reader needs to leave it alone. */

import { type Encoding, encodings } from '../encodings.ts';
import type { ParquetColumn } from '../parquetColumns.ts';
import type { ByteWriter } from './byteWriter.ts';
import type { Chunk, ColumnEncoder, TextChunk } from './columnEncoder.ts';
import { EncodingChoice, type ValueEncoder } from './encodingChoice.ts';
import { type PageLocation, PageWriter } from './pageWriter.ts';

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

/** Writes columns one after the other. */
export class ColumnWriter {
  readonly #encoder: ColumnEncoder;

  constructor(encoder: ColumnEncoder, order: Uint32Array) {
    this.#encoder = encoder;
    encoder.begin(order);
  }

  /** @returns what writes the column's chunks, until the next column begins. */
  begin(column: ParquetColumn): ColumnInMaking {
    const encoder = this.#encoder;
    switch (column.kind) {
      case 'text':
        return this.#textColumn(encoder.beginTexts(column), (from, to) => encoder.takeTexts(from, to));
      case 'texts':
        return this.#textColumn(encoder.beginLists(column), (from, to) => encoder.takeLists(from, to));
      default:
        return this.#numberColumn(encoder.beginNumbers(column));
    }
  }

  #textColumn(required: boolean, take: (from: number, to: number) => TextChunk): ColumnInMaking {
    const encoder = this.#encoder;
    const choice = new EncodingChoice(encoder);
    return {
      required,
      write: (out, from, to) => {
        const chunk = take(from, to);
        // Before anything else is asked of the encoder.
        const bounds = chunk.distinct > 0 ? shortBounds(encoder.textBounds) : undefined;
        return writeChunk(out, encoder, chunk, choice.texts(chunk), chunk.distinct, bounds);
      },
    };
  }

  #numberColumn(required: boolean): ColumnInMaking {
    const encoder = this.#encoder;
    const choice = new EncodingChoice(encoder);
    return {
      required,
      write: (out, from, to) => {
        const chunk = encoder.takeNumbers(from, to);
        const { min, max, valueCount } = chunk;
        const bounds = valueCount > 0 ? { min: int64(min), max: int64(max) } : undefined;
        return writeChunk(out, encoder, chunk, choice.numbers(chunk), min === max ? 1 : valueCount, bounds);
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
  columns: ColumnEncoder,
  chunk: Chunk,
  encoder: ValueEncoder,
  distinct: number,
  bounds: Bounds | undefined,
): ColumnChunk {
  const { valueCount, levelCount } = chunk;
  const offset = out.length;
  // Pages of nothing but nulls, or but one value, are a few bytes each: a frame of zstd would only add to them.
  const compressed = valueCount > 0 && (distinct > 1 || valueCount < levelCount);
  const pages = new PageWriter(out, columns, compressed);
  if (encoder.entries !== undefined) pages.dictionary(encoder.entries);
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

/** Copies: the footer is written long after the texts are gone. */
function shortBounds({ min, max }: Bounds): Bounds | undefined {
  return Math.max(min.length, max.length) <= maxBoundBytes ? { min: min.slice(), max: max.slice() } : undefined;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}
