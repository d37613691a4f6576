/** Chooses how a chunk's values are encoded: what is smallest when it is tried on one page, as what zstd makes of it is hard to foretell. */

import { bitWidth } from './bitPacking.ts';
import type { ByteWriter } from './byteWriter.ts';
import type { ChunkLevels, NumberValues, TextValues } from './chunkValues.ts';
import { encodeDeltas } from './deltaEncoding.ts';
import { compress, type Encoding, encodings } from './pageWriter.ts';
import { encodeRuns } from './runEncoding.ts';
import { encodePlainTexts, encodeSharedTexts, encodeTextLengths } from './textEncoding.ts';
import type { TextPool } from './textPool.ts';

type Encode = (body: ByteWriter, from: number, to: number) => void;

export interface ValueEncoder {
  readonly encoding: Encoding;
  /** Writes the values `[from .. to]`, at least one. */
  readonly encode: Encode;
  readonly dictionary?: Dictionary;
}

export interface Dictionary {
  readonly entries: number;
  readonly encode: (body: ByteWriter) => void;
}

/** With so many values for each distinct one, a dictionary pays for certain. */
const clearlyRepeated = 16;
/** With fewer repetitions and many values it does not. Of few, it may by putting more before zstd at a time than a page does. */
const clearlyDistinct = { share: 0.8, values: 4096 };
/** Numbers further apart are written as they are: their deltas could exceed what a double holds. */
const maxDeltaSpan = 2 ** 51;

/** @param body for trials. */
export function textEncoder(chunk: TextValues, pool: TextPool, body: ByteWriter): ValueEncoder {
  const { indexes, values } = chunk;
  const dictionary = dictionaryEncoder(indexes, pool);
  if (pool.count <= values / clearlyRepeated) return dictionary;
  const lengths: ValueEncoder = {
    encoding: encodings.deltaLengthByteArray,
    encode: (to, start, end) => encodeTextLengths(to, pool, indexes, start, end),
  };
  const shared: ValueEncoder = {
    encoding: encodings.deltaByteArray,
    encode: (to, start, end) => encodeSharedTexts(to, pool, indexes, start, end),
  };
  const distinct = pool.count > values * clearlyDistinct.share && values > clearlyDistinct.values;
  return smallest(chunk, distinct ? [lengths, shared] : [lengths, shared, dictionary], body);
}

function dictionaryEncoder(indexes: Uint32Array, pool: TextPool): ValueEncoder {
  // Never 0 bits, which not every reader expects.
  const width = Math.max(bitWidth(pool.count - 1), 1);
  return {
    encoding: encodings.rleDictionary,
    encode: (body, from, to) => {
      body.byte(width);
      encodeRuns(body, indexes, from, to, width);
    },
    ...(pool.count > 0 ? { dictionary: { entries: pool.count, encode: (body) => encodePlainTexts(body, pool) } } : {}),
  };
}

/** @param span between the least and the greatest. */
export function numberEncoder(chunk: NumberValues, span: number, body: ByteWriter): ValueEncoder {
  const { numbers } = chunk;
  const plain: ValueEncoder = {
    encoding: encodings.plain,
    encode: (to, start, end) => {
      for (let index = start; index < end; index++) to.int64(numbers[index] as number);
    },
  };
  if (chunk.values === 0 || span >= maxDeltaSpan) return plain;
  const deltas: ValueEncoder = {
    encoding: encodings.deltaBinaryPacked,
    encode: (to, start, end) => encodeDeltas(to, numbers, start, end),
  };
  return smallest(chunk, [deltas, plain], body);
}

/** Tries each on the page with the most values. */
function smallest(
  chunk: ChunkLevels,
  encoders: readonly [ValueEncoder, ...ValueEncoder[]],
  body: ByteWriter,
): ValueEncoder {
  let [from, to, start] = [0, 0, 0];
  for (const { valueEnd } of chunk.pages) {
    if (valueEnd - start > to - from) [from, to] = [start, valueEnd];
    start = valueEnd;
  }
  let [best] = encoders;
  let least = Number.POSITIVE_INFINITY;
  for (const encoder of encoders) {
    let bytes = (compressedBytes(body, (trial) => encoder.encode(trial, from, to)) * chunk.values) / (to - from);
    if (encoder.dictionary && bytes < least) bytes += compressedBytes(body, encoder.dictionary.encode);
    if (bytes < least) [best, least] = [encoder, bytes];
  }
  return best;
}

function compressedBytes(body: ByteWriter, encode: (body: ByteWriter) => void): number {
  body.clear();
  encode(body);
  return compress(body.written).length;
}
