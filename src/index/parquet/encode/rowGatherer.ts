/** Gathers columns of texts and of numbers in the file's order, in arrays that the next column uses again. */

import { type ColumnRows, type NumberChunk, type Page, pageRows, type TextChunk } from './chunk.ts';
import type { ChunkTexts } from './chunkTexts.ts';
import type { NumberColumn, TextColumn } from '../parquetColumns.ts';

export class RowGatherer {
  readonly #order: Uint32Array;
  readonly #rowGroupRows: number;
  readonly #texts: ChunkTexts;
  readonly #present: Uint8Array;
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
    // One more, for a null behind the last value.
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
    const [codes, indexes, present] = [this.#codes, this.#indexes, this.#present];
    const pages: Page[] = [];
    let valueCount = 0;
    let [bits, at] = [0, 0];
    for (let start = from; start < to; start += pageRows) {
      const end = Math.min(start + pageRows, to);
      for (let row = start; row < end; row++) {
        const code = codes[row] as number;
        // No branch on what cannot be foretold.
        const here = code === 0 ? 0 : 1;
        const bit = (row - from) & 7;
        bits |= here << bit;
        indexes[valueCount] = code;
        valueCount += here;
        if (bit === 7) {
          present[at++] = bits;
          bits = 0;
        }
      }
      pages.push({ rows: end - start, levelEnd: end - from, valueEnd: valueCount });
    }
    present[at] = bits;
    return { pages, valueCount };
  }

  numbers({ values: source }: NumberColumn): ColumnRows<NumberChunk> {
    const order = this.#order;
    if (this.#numbers.length === 0) {
      this.#numbers = new Float64Array(order.length);
      this.#values = new Float64Array(this.#rowGroupRows);
    }
    const required = gatherNumbers(source, order, this.#numbers) === 0;
    return { required, chunk: (from, to) => ({ ...this.#levels(required, from, to), ...this.#numberPages(from, to) }) };
  }

  #numberPages(from: number, to: number): Omit<NumberChunk, 'levels' | 'levelCount'> {
    const [source, numbers, present] = [this.#numbers, this.#values, this.#present];
    const pages: Page[] = [];
    let valueCount = 0;
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let [bits, bit, at] = [0, 1, 0];
    for (let start = from; start < to; start += pageRows) {
      const end = Math.min(start + pageRows, to);
      for (let row = start; row < end; row++) {
        const value = source[row] as number;
        if (!Number.isNaN(value)) {
          bits |= bit;
          if (value < min) min = value;
          if (value > max) max = value;
          numbers[valueCount++] = value;
        }
        bit <<= 1;
        if (bit === 256) {
          present[at++] = bits;
          [bits, bit] = [0, 1];
        }
      }
      pages.push({ rows: end - start, levelEnd: end - from, valueEnd: valueCount });
    }
    present[at] = bits;
    return { pages, valueCount, numbers, min, max };
  }

  #levels(required: boolean, from: number, to: number): Pick<TextChunk, 'levels' | 'levelCount'> {
    return {
      levels: required ? { kind: 'required' } : { kind: 'optional', present: this.#present },
      levelCount: to - from,
    };
  }
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
