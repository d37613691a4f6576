/** How a chunk's values are encoded: as is smallest when it is tried on one page, for what zstd makes of each is hard to foretell. */

import { type Encoding, encodings } from '../encodings.ts';
import type { Chunk, ColumnEncoder, NumberChunk, TextChunk } from './columnEncoder.ts';
import { compress } from './compress.ts';

export interface ValueEncoder {
  readonly encoding: Encoding;
  /** Puts the values `[from .. to]`, at least one. */
  readonly put: (from: number, to: number) => void;
  /** Of the dictionary that it needs. */
  readonly entries?: number;
}

/**
 * With so many values for each distinct one, a dictionary it is: where it is not the smallest, it hardly is larger, and the engine compares and
 * groups texts of a dictionary twice as fast.
 */
const clearlyRepeated = 3;
/** With next to no repetitions among many values it does not pay. Among few it may, by putting more before zstd at a time than a page does. */
const clearlyDistinct = { share: 0.8, values: 4096 };
/** Of more, an index takes longer than most texts are. */
const maxDictionaryEntries = 2 ** 24;
/**
 * A text of megabytes may stand in thousands of rows. In a dictionary it is once; anywhere else, its page would be larger than a page may be, and
 * than what there is to make it in.
 */
const maxPageBytes = 2 ** 26;
/** Numbers further apart are written as they are: what their deltas differ by could exceed what a double, and so a reader here, holds. */
const maxDeltaSpan = 2 ** 51;

/** Chooses for one column: tries on its first row group with values, and keeps to that as long as it can. */
export class EncodingChoice {
  readonly #encoder: ColumnEncoder;
  #chosen: Encoding | undefined;

  constructor(encoder: ColumnEncoder) {
    this.#encoder = encoder;
  }

  texts(chunk: TextChunk): ValueEncoder {
    const encoder = this.#encoder;
    const { distinct, valueCount } = chunk;
    const dictionary: ValueEncoder = {
      encoding: encodings.rleDictionary,
      put: (from, to) => encoder.putIndexes(from, to),
      ...(distinct > 0 ? { entries: distinct } : {}),
    };
    const fits = distinct <= maxDictionaryEntries;
    if (fits && (distinct <= valueCount / clearlyRepeated || this.#largestPage(chunk) > maxPageBytes))
      return dictionary;
    const lengths: ValueEncoder = {
      encoding: encodings.deltaLengthByteArray,
      put: (from, to) => encoder.putTextLengths(from, to),
    };
    const shared: ValueEncoder = {
      encoding: encodings.deltaByteArray,
      put: (from, to) => encoder.putSharedTexts(from, to),
    };
    const areDistinct = distinct > valueCount * clearlyDistinct.share && valueCount > clearlyDistinct.values;
    return this.#smallest(chunk, fits && !areDistinct ? [lengths, shared, dictionary] : [lengths, shared]);
  }

  /** What the texts of a page take, in bytes, each as often as it is there. */
  #largestPage({ pages }: TextChunk): number {
    let [largest, start] = [0, 0];
    for (const { valueEnd } of pages) {
      largest = Math.max(largest, this.#encoder.sizeOfTexts(start, valueEnd));
      start = valueEnd;
    }
    return largest;
  }

  numbers(chunk: NumberChunk): ValueEncoder {
    const encoder = this.#encoder;
    const { min, max, valueCount } = chunk;
    const plain: ValueEncoder = { encoding: encodings.plain, put: (from, to) => encoder.putNumbers(from, to) };
    if (valueCount === 0 || max - min >= maxDeltaSpan) return plain;
    const deltas: ValueEncoder = {
      encoding: encodings.deltaBinaryPacked,
      put: (from, to) => encoder.putDeltas(from, to),
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
      let bytes = (this.#compressedBytes(() => encoder.put(from, to)) * chunk.valueCount) / (to - from);
      if (encoder.entries !== undefined && bytes < least) {
        bytes += this.#compressedBytes(() => this.#encoder.putDictionary());
      }
      if (bytes < least) [best, least] = [encoder, bytes];
    }
    this.#chosen = best.encoding;
    return best;
  }

  #compressedBytes(put: () => void): number {
    this.#encoder.clearBody();
    put();
    return compress(this.#encoder.body).length;
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
