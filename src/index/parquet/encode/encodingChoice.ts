/** How a chunk's values are encoded: as is smallest when it is tried on one page, for what zstd makes of each is hard to foretell. */

import { bitWidth } from './bitPacking.ts';
import type { ByteWriter } from './byteWriter.ts';
import type { Chunk, NumberChunk, TextChunk } from './chunk.ts';
import { compress } from './compress.ts';
import { encodeDeltas } from './deltaEncoding.ts';
import { type Encoding, encodings } from '../encodings.ts';
import { encodeRuns } from './runEncoding.ts';
import { encodeSharedTexts, encodeTextLengths } from './textEncoding.ts';
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

/**
 * With so many values for each distinct one, a dictionary it is: where it is not the smallest, it hardly is larger, and the engine compares and
 * groups texts of a dictionary twice as fast.
 */
const clearlyRepeated = 3;
/** With next to no repetitions among many values it does not pay. Among few it may, by putting more before zstd at a time than a page does. */
const clearlyDistinct = { share: 0.8, values: 4096 };
/** Indexes of more would not fit into what is packed at a time. */
const maxDictionaryEntries = 2 ** 24;
/** Numbers further apart are written as they are: their deltas could exceed what a double holds. */
const maxDeltaSpan = 2 ** 51;

/** Chooses for one column: tries on its first row group with values, and keeps to that as long as it can. */
export class EncodingChoice {
  readonly #body: ByteWriter;
  #chosen: Encoding | undefined;

  /** @param body for trials. */
  constructor(body: ByteWriter) {
    this.#body = body;
  }

  texts(chunk: TextChunk, pool: TextPool): ValueEncoder {
    const { indexes, valueCount } = chunk;
    const dictionary = dictionaryEncoder(indexes, pool);
    const fits = pool.count <= maxDictionaryEntries;
    if (fits && pool.count <= valueCount / clearlyRepeated) return dictionary;
    const lengths: ValueEncoder = {
      encoding: encodings.deltaLengthByteArray,
      encode: (to, start, end) => encodeTextLengths(to, pool, indexes, start, end),
    };
    const shared: ValueEncoder = {
      encoding: encodings.deltaByteArray,
      encode: (to, start, end) => encodeSharedTexts(to, pool, indexes, start, end),
    };
    const distinct = pool.count > valueCount * clearlyDistinct.share && valueCount > clearlyDistinct.values;
    return this.#smallest(chunk, fits && !distinct ? [lengths, shared, dictionary] : [lengths, shared]);
  }

  numbers(chunk: NumberChunk): ValueEncoder {
    const { numbers, min, max, valueCount } = chunk;
    const plain: ValueEncoder = {
      encoding: encodings.plain,
      encode: (to, start, end) => to.int64s(numbers, start, end),
    };
    if (valueCount === 0 || max - min >= maxDeltaSpan) return plain;
    const deltas: ValueEncoder = {
      encoding: encodings.deltaBinaryPacked,
      encode: (to, start, end) => encodeDeltas(to, numbers, start, end),
    };
    return this.#smallest(chunk, [deltas, plain]);
  }

  #smallest(chunk: Chunk, encoders: readonly [ValueEncoder, ...ValueEncoder[]]): ValueEncoder {
    const chosen = encoders.find(({ encoding }) => encoding === this.#chosen);
    if (chosen) return chosen;
    const [from, to] = fullestPage(chunk);
    let [best] = encoders;
    let least = Number.POSITIVE_INFINITY;
    for (const encoder of encoders) {
      let bytes = (this.#compressedBytes((trial) => encoder.encode(trial, from, to)) * chunk.valueCount) / (to - from);
      if (encoder.dictionary && bytes < least) bytes += this.#compressedBytes(encoder.dictionary.encode);
      if (bytes < least) [best, least] = [encoder, bytes];
    }
    this.#chosen = best.encoding;
    return best;
  }

  #compressedBytes(encode: (body: ByteWriter) => void): number {
    this.#body.clear();
    encode(this.#body);
    return compress(this.#body.written).length;
  }
}

/** Where its values lie. */
function fullestPage(chunk: Chunk): readonly [from: number, to: number] {
  let [from, to, start] = [0, 0, 0];
  for (const { valueEnd } of chunk.pages) {
    if (valueEnd - start > to - from) [from, to] = [start, valueEnd];
    start = valueEnd;
  }
  return [from, to];
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
    ...(pool.count > 0 ? { dictionary: { entries: pool.count, encode: (body) => body.bytes(pool.plain) } } : {}),
  };
}
