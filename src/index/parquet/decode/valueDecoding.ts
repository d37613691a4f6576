/** Reads some of a page's values, in each of the encodings that an index's files have. */

import { ByteReader, cutOff } from './byteReader.ts';
import { decodeDeltas } from './deltaDecoding.ts';
import { encodings } from '../encodings.ts';
import { ParquetError } from '../parquetError.ts';
import type { ColumnLayout } from './parquetLayout.ts';
import { RunReader } from './runDecoding.ts';

type ValueType = ColumnLayout['values'];

/** Values `[from .. to]` of a page. */
export type Values = readonly (string | number)[];

/** The entries of a chunk's dictionary; each is decoded when it is asked for. */
export class DictionaryReader {
  readonly #page: ByteReader;
  readonly #type: ValueType;
  /** Where the entries start that were passed so far. */
  readonly #starts: number[] = [];
  readonly #texts: (string | undefined)[] = [];

  constructor(page: Buffer, type: ValueType) {
    this.#page = new ByteReader(page);
    this.#type = type;
  }

  at(index: number): string | number {
    const { bytes } = this.#page;
    if (this.#type !== 'text') return int64(bytes, index * 8, this.#type);
    while (this.#starts.length <= index) {
      this.#starts.push(this.#page.at);
      this.#page.take(this.#page.uint32());
    }
    const start = (this.#starts[index] as number) + 4;
    return (this.#texts[index] ??= bytes.toString('utf8', start, start + bytes.readUInt32LE(start - 4)));
  }
}

export function decodeValues(
  page: ByteReader,
  encoding: number,
  type: ValueType,
  dictionary: DictionaryReader | undefined,
  from: number,
  to: number,
): Values {
  switch (encoding) {
    case encodings.plain:
      return type === 'text' ? plainTexts(page, from, to) : plainNumbers(page, type, from, to);
    case encodings.plainDictionary:
    case encodings.rleDictionary:
      return dictionaryValues(page, dictionary, from, to);
    case encodings.deltaBinaryPacked: {
      const numbers = decodeDeltas(page, to).subarray(from);
      return Array.from(type === 'micros' ? numbers.map((micros) => Math.floor(micros / 1000)) : numbers);
    }
    case encodings.deltaLengthByteArray:
      return textsOfLengths(page, from, to);
    case encodings.deltaByteArray:
      return sharedTexts(page, from, to);
    default:
      throw new ParquetError(`values in the encoding ${encoding}, which no file of an index has`);
  }
}

function int64(bytes: Buffer, at: number, type: ValueType): number {
  if (at + 8 > bytes.length) throw cutOff();
  const value = bytes.readBigInt64LE(at);
  return Number(type === 'micros' ? value / 1000n : value);
}

function plainNumbers(page: ByteReader, type: ValueType, from: number, to: number): Values {
  const start = page.at;
  return Array.from({ length: to - from }, (_, index) => int64(page.bytes, start + (from + index) * 8, type));
}

function plainTexts(page: ByteReader, from: number, to: number): Values {
  const texts: string[] = [];
  for (let index = 0; index < to; index++) {
    const text = page.take(page.uint32());
    if (index >= from) texts.push(text.toString());
  }
  return texts;
}

function dictionaryValues(
  page: ByteReader,
  dictionary: DictionaryReader | undefined,
  from: number,
  to: number,
): Values {
  if (!dictionary) throw new ParquetError('a dictionary is missing');
  const runs = new RunReader(page, page.byte());
  const indexes: number[] = [];
  runs.skip(from);
  runs.read(to - from, indexes);
  return indexes.map((index) => dictionary.at(index));
}

function textsOfLengths(page: ByteReader, from: number, to: number): Values {
  // The texts lie behind the lengths of all, of which those of the first tell where.
  const lengths = decodeDeltas(page, to);
  let skipped = 0;
  for (let index = 0; index < from; index++) skipped += lengths[index] as number;
  page.take(skipped);
  return Array.from(lengths.subarray(from), (length) => page.take(length).toString());
}

function sharedTexts(page: ByteReader, from: number, to: number): Values {
  const prefixes = decodeDeltas(page, to);
  const lengths = decodeDeltas(page, to);
  const starts = new Float64Array(to);
  for (let index = 0; index < to; index++) {
    starts[index] = page.at;
    page.take(lengths[index] as number);
  }
  return Array.from({ length: to - from }, (_, index) => {
    const text = Buffer.alloc((prefixes[from + index] as number) + (lengths[from + index] as number));
    let missing = text.length;
    // What a text shares with the one before, that one may share with the one before it.
    for (let at = from + index; missing > 0; at--) {
      const prefix = prefixes[at];
      if (prefix === undefined) throw new ParquetError('a text begins as none before it does');
      if (prefix >= missing) continue;
      const start = starts[at] as number;
      page.bytes.copy(text, prefix, start, start + missing - prefix);
      missing = prefix;
    }
    return text.toString();
  });
}
