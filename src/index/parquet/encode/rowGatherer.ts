/** Gathers columns of texts and of numbers in the file's order, in arrays that the next column uses again. */

import { type ColumnRows, type NumberChunk, type Page, pageRows, type TextChunk } from './chunk.ts';
import type { ChunkTexts } from './chunkTexts.ts';
import type { NumberColumn, TextColumn } from '../parquetColumns.ts';

export class RowGatherer {
  readonly #order: Uint32Array;
  readonly #rowGroupRows: number;
  readonly #texts: ChunkTexts;
  readonly #present: Uint8Array;
  /** Of each row of a page, and up to a multiple of 8. */
  readonly #isThere = new Uint8Array(pageRows + 7);
  readonly #codes: Uint32Array;
  readonly #indexes: Uint32Array;
  #numbers = new Float64Array(0);
  #values = new Float64Array(0);

  constructor(order: Uint32Array, rowGroupRows: number, texts: ChunkTexts) {
    this.#order = order;
    this.#rowGroupRows = Math.min(rowGroupRows, order.length);
    this.#texts = texts;
    this.#present = new Uint8Array(Math.ceil(this.#rowGroupRows / 8) + 1);
    this.#codes = new Uint32Array(order.length);
    // One more, for a null behind the last value; of numbers too.
    this.#indexes = new Uint32Array(this.#rowGroupRows + 1);
  }

  texts({ codes: ofSource, dictionary }: TextColumn): ColumnRows<TextChunk> {
    const [order, codes] = [this.#order, this.#codes];
    const source = narrow(ofSource, dictionary.count);
    const required = gatherCodes(source, order, codes) === 0;
    return {
      required,
      chunk: (from, to) => {
        const { pages, valueCount } = this.#textPages(from, to);
        const distinct = this.#texts.take(this.#indexes, valueCount, dictionary.count);
        return { ...this.#levels(required, from, to), pages, valueCount, indexes: this.#indexes, distinct };
      },
    };
  }

  /** Leaves the codes that are not 0 in `#indexes`. */
  #textPages(from: number, to: number): { pages: readonly Page[]; valueCount: number } {
    const pages: Page[] = [];
    let valueCount = 0;
    for (let start = from; start < to; start += pageRows) {
      const end = Math.min(start + pageRows, to);
      valueCount = takeCodes(this.#codes, start, end, this.#indexes, valueCount, this.#isThere);
      packPresent(this.#isThere, end - start, this.#present, (start - from) / 8);
      pages.push({ rows: end - start, levelEnd: end - from, valueEnd: valueCount });
    }
    return { pages, valueCount };
  }

  numbers({ values: source }: NumberColumn): ColumnRows<NumberChunk> {
    const order = this.#order;
    if (this.#numbers.length === 0) {
      this.#numbers = new Float64Array(order.length);
      this.#values = new Float64Array(this.#rowGroupRows + 1);
    }
    const required = gatherNumbers(source, order, this.#numbers) === 0;
    return { required, chunk: (from, to) => ({ ...this.#levels(required, from, to), ...this.#numberPages(from, to) }) };
  }

  #numberPages(from: number, to: number): Omit<NumberChunk, 'levels' | 'levelCount'> {
    const numbers = this.#values;
    const pages: Page[] = [];
    let valueCount = 0;
    for (let start = from; start < to; start += pageRows) {
      const end = Math.min(start + pageRows, to);
      valueCount = takeNumbers(this.#numbers, start, end, numbers, valueCount, this.#isThere);
      packPresent(this.#isThere, end - start, this.#present, (start - from) / 8);
      pages.push({ rows: end - start, levelEnd: end - from, valueEnd: valueCount });
    }
    const [min, max] = [leastOf(numbers, valueCount), greatestOf(numbers, valueCount)];
    return { pages, valueCount, numbers, min, max };
  }

  #levels(required: boolean, from: number, to: number): Pick<TextChunk, 'levels' | 'levelCount'> {
    return {
      levels: required ? { kind: 'required' } : { kind: 'optional', present: this.#present },
      levelCount: to - from,
    };
  }
}

// Loops over a page are functions of their own, as those of `ChunkTexts` are.

/** Of `codes[from .. to]` those that are not 0, and for each whether it is one. @returns where the taken ones end. */
function takeCodes(
  codes: Uint32Array,
  from: number,
  to: number,
  taken: Uint32Array,
  takenBefore: number,
  isThere: Uint8Array,
): number {
  let count = takenBefore;
  for (let row = from; row < to; row++) {
    const code = codes[row] as number;
    // No branch on what cannot be foretold.
    const here = code === 0 ? 0 : 1;
    isThere[row - from] = here;
    taken[count] = code;
    count += here;
  }
  return count;
}

/** As `takeCodes`, of numbers those that are some. */
function takeNumbers(
  numbers: Float64Array,
  from: number,
  to: number,
  taken: Float64Array,
  takenBefore: number,
  isThere: Uint8Array,
): number {
  let count = takenBefore;
  for (let row = from; row < to; row++) {
    const value = numbers[row] as number;
    const here = Number.isNaN(value) ? 0 : 1;
    isThere[row - from] = here;
    taken[count] = value;
    count += here;
  }
  return count;
}

/** A bit for each of so many, from byte `start` of `present` on. What is behind them up to a multiple of 8 is not there. */
function packPresent(isThere: Uint8Array, count: number, present: Uint8Array, start: number): void {
  isThere.fill(0, count, count + 7);
  let at = start;
  for (let row = 0; row < count; row += 8) {
    let bits = 0;
    for (let bit = 0; bit < 8; bit++) bits |= (isThere[row + bit] as number) << bit;
    present[at++] = bits;
  }
}

function leastOf(numbers: Float64Array, count: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < count; at++) if ((numbers[at] as number) < least) least = numbers[at] as number;
  return least;
}

function greatestOf(numbers: Float64Array, count: number): number {
  let greatest = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < count; at++) if ((numbers[at] as number) > greatest) greatest = numbers[at] as number;
  return greatest;
}

/**
 * By itself, as the processor then fetches many at once: each is somewhere else in memory.
 * @returns how many there are not.
 */
function gatherCodes(source: Uint8Array | Uint16Array | Uint32Array, order: Uint32Array, codes: Uint32Array): number {
  let nulls = 0;
  for (let row = 0; row < order.length; row++) {
    const code = source[order[row] as number] as number;
    codes[row] = code;
    nulls += code === 0 ? 1 : 0;
  }
  return nulls;
}

function gatherNumbers(source: Float64Array, order: Uint32Array, numbers: Float64Array): number {
  let nulls = 0;
  for (let row = 0; row < order.length; row++) {
    const value = source[order[row] as number] as number;
    numbers[row] = value;
    if (Number.isNaN(value)) nulls++;
  }
  return nulls;
}

/** In as few bytes as `greatest` allows, of which more stay in the processor's cache: their order takes them from all over. */
function narrow(codes: Uint32Array, greatest: number): Uint8Array | Uint16Array | Uint32Array {
  if (greatest < 2 ** 8) return new Uint8Array(codes);
  return greatest < 2 ** 16 ? new Uint16Array(codes) : codes;
}
