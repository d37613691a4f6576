/** Columns of a segment in the making: rows come one at a time, texts as numbers of a dictionary. */

import { type CodedTexts, heldBytesOf, textAt } from '../texts.ts';
import { TextDictionary } from './textDictionary.ts';

/** Texts, each distinct one kept once. */
export class DraftTexts {
  /** In order of their first row; `codes` count from 1 in it. */
  readonly dictionary: CodedTexts;
  /** Of each row; 0 where it has none. As long as the capacity. */
  codes: Uint32Array;

  constructor(capacity: number, dictionary: CodedTexts = new TextDictionary()) {
    this.dictionary = dictionary;
    this.codes = new Uint32Array(capacity);
  }

  /** Of a row that has none, nothing need be set. */
  set(row: number, text: string | undefined): void {
    if (text !== undefined) this.codes[row] = this.dictionary.codeOf(text);
  }

  at(row: number): string | undefined {
    const code = this.codes[row] ?? 0;
    return code === 0 ? undefined : textAt(this.dictionary, code - 1);
  }

  grow(capacity: number): void {
    const codes = new Uint32Array(capacity);
    codes.set(this.codes);
    this.codes = codes;
  }

  clear(rows: number): void {
    this.codes.fill(0, 0, rows);
    this.dictionary.clear();
  }
}

/** Whole numbers; NaN where a row has none. */
export class DraftNumbers {
  values: Float64Array;

  constructor(capacity: number) {
    this.values = new Float64Array(capacity).fill(Number.NaN);
  }

  set(row: number, value: number | undefined): void {
    if (value !== undefined) this.values[row] = value;
  }

  grow(capacity: number): void {
    const values = new Float64Array(capacity).fill(Number.NaN);
    values.set(this.values);
    this.values = values;
  }

  clear(rows: number): void {
    this.values.fill(Number.NaN, 0, rows);
  }
}

/** Lists of texts. */
export class DraftLists {
  readonly dictionary: CodedTexts;
  /** Of all elements, row after row. */
  codes: Uint32Array;
  /** Of each row: where its elements end in `codes`. */
  ends: Uint32Array;
  #length = 0;

  constructor(capacity: number, dictionary: CodedTexts) {
    this.dictionary = dictionary;
    this.codes = new Uint32Array(capacity);
    this.ends = new Uint32Array(capacity);
  }

  /** Estimate of the memory that the elements take: codes in an array that has grown for more, and their texts. */
  get heldBytes(): number {
    return 1.5 * 4 * this.#length + heldBytesOf(this.dictionary);
  }

  /** Every row, in order. */
  set(row: number, texts: readonly string[] | undefined): void {
    for (const text of texts ?? []) this.push(this.dictionary.codeOf(text));
    this.end(row);
  }

  /** One more element of the row that is not ended yet. */
  push(code: number): void {
    if (this.#length === this.codes.length) this.#growCodes(this.#length + 1);
    this.codes[this.#length++] = code;
  }

  /** Several rows. @param codes of their elements, row after row. @param ends in these, of each row. */
  add(first: number, codes: Uint32Array, ends: Uint32Array): void {
    const start = this.#length;
    this.#length += codes.length;
    if (this.#length > this.codes.length) this.#growCodes(this.#length);
    this.codes.set(codes, start);
    for (let row = 0; row < ends.length; row++) this.ends[first + row] = start + (ends[row] as number);
  }

  #growCodes(wanted: number): void {
    const codes = new Uint32Array(Math.max(wanted, this.codes.length * 2));
    codes.set(this.codes);
    this.codes = codes;
  }

  end(row: number): void {
    this.ends[row] = this.#length;
  }

  grow(capacity: number): void {
    const ends = new Uint32Array(capacity);
    ends.set(this.ends);
    this.ends = ends;
  }

  clear(): void {
    this.#length = 0;
    this.dictionary.clear();
  }
}
