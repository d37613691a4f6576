/** Writes one column of one row group: chooses its encoding, and tells what a reader needs to leave it alone. */

import { bitWidth } from './bitPacking.ts';
import type { ByteWriter } from './byteWriter.ts';
import type { ChunkGatherer, ChunkLevels, NumberValues, TextValues } from './chunkValues.ts';
import { encodeDeltas } from './deltaEncoding.ts';
import { type Encoding, encodings, type PageLocation, type PageWriter } from './pageWriter.ts';
import type { ParquetColumn } from './parquetColumns.ts';
import { encodeRuns } from './runEncoding.ts';
import { encodePlainTexts, encodeSharedTexts } from './textEncoding.ts';
import { textBounds, type TextPool, textPool } from './textPool.ts';

/** Offsets count from the row group's start. */
export interface ColumnChunk {
  readonly encodings: readonly Encoding[];
  readonly compressed: boolean;
  readonly values: number;
  readonly nulls: number;
  /** Absent without a value, and where they would be long. */
  readonly bounds?: { readonly min: Buffer; readonly max: Buffer };
  readonly dictionaryOffset?: number;
  readonly pages: readonly PageLocation[];
  readonly offset: number;
  readonly storedBytes: number;
  readonly uncompressedBytes: number;
}

/** Longer texts are not worth their place in the footer. */
const maxBoundBytes = 128;
/** Numbers further apart are written as they are: their deltas could exceed what a double holds. */
const maxDeltaSpan = 2 ** 51;
/** A dictionary with more entries for each value than this is larger than what it saves. */
const maxDistinctShare = 0.5;

export function writeColumnChunk(
  out: ByteWriter,
  pages: PageWriter,
  gatherer: ChunkGatherer,
  column: ParquetColumn,
  from: number,
  to: number,
): ColumnChunk {
  const offset = out.length;
  const described = describe(pages, gatherer, column, from, to);
  return {
    ...described,
    pages: pages.locations,
    offset,
    storedBytes: out.length - offset,
    uncompressedBytes: pages.uncompressedBytes,
    ...((pages.locations[0]?.offset ?? offset) > offset ? { dictionaryOffset: offset } : {}),
  };
}

type Described = Pick<ColumnChunk, 'encodings' | 'compressed' | 'values' | 'nulls' | 'bounds'>;

function describe(
  pages: PageWriter,
  gatherer: ChunkGatherer,
  column: ParquetColumn,
  from: number,
  to: number,
): Described {
  switch (column.kind) {
    case 'text':
      return writeTexts(pages, gatherer.texts(column, from, to), 1);
    case 'texts':
      return writeTexts(pages, gatherer.textLists(column, from, to), 3);
    default:
      return writeNumbers(pages, gatherer.numbers(column, from, to));
  }
}

function writeTexts(pages: PageWriter, chunk: TextValues, maxDefinition: number): Described {
  const pool = textPool(chunk.distinct);
  const compressed = !isUniform(chunk, pool.count);
  pages.beginChunk(compressed);
  const dictionary = pool.count <= chunk.values * maxDistinctShare;
  const encoding = dictionary ? encodings.rleDictionary : encodings.deltaByteArray;
  if (dictionary && pool.count > 0) pages.dictionary(pool.count, (body) => encodePlainTexts(body, pool));
  const width = Math.max(bitWidth(pool.count - 1), 1);
  pages.data(chunk, maxDefinition, (body, from, to) => {
    if (dictionary) {
      body.byte(width);
      encodeRuns(body, chunk.indexes, from, to, width);
    } else {
      encodeSharedTexts(body, pool, chunk.indexes, from, to);
    }
    return encoding;
  });
  const bounds = boundsOf(pool);
  return {
    encodings: [encodings.plain, encodings.rle, encoding],
    compressed,
    values: chunk.levels,
    nulls: chunk.levels - chunk.values,
    ...(bounds ? { bounds } : {}),
  };
}

/** Whether all pages are but a few bytes. */
function isUniform(chunk: ChunkLevels, distinct: number): boolean {
  return chunk.values === 0 || (distinct === 1 && chunk.values === chunk.levels);
}

function boundsOf(pool: TextPool): ColumnChunk['bounds'] {
  if (pool.count === 0) return undefined;
  const { min, max } = textBounds(pool);
  // Copies, for the footer is written long after the pool is gone.
  return Math.max(min.length, max.length) <= maxBoundBytes
    ? { min: Buffer.from(min), max: Buffer.from(max) }
    : undefined;
}

function writeNumbers(pages: PageWriter, chunk: NumberValues): Described {
  const { numbers, values } = chunk;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values; index++) {
    const number = numbers[index] as number;
    if (number < min) min = number;
    if (number > max) max = number;
  }
  const encoding = max - min < maxDeltaSpan ? encodings.deltaBinaryPacked : encodings.plain;
  const compressed = !isUniform(chunk, min === max ? 1 : 2);
  pages.beginChunk(compressed);
  pages.data(chunk, 1, (body, from, to) => {
    if (encoding === encodings.plain) for (let index = from; index < to; index++) body.int64(numbers[index] as number);
    else encodeDeltas(body, numbers, from, to);
    return encoding;
  });
  return {
    encodings: [encodings.plain, encodings.rle, encoding],
    compressed,
    values: chunk.levels,
    nulls: chunk.levels - values,
    ...(values > 0 ? { bounds: { min: int64(min), max: int64(max) } } : {}),
  };
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}
