/** Gathers columns of texts and of numbers in the file's order, in arrays that the next column uses again. */

import { type ColumnRows, type NumberChunk, type Page, pageRows, type TextChunk } from './chunk.ts';
import type { ChunkTexts } from './chunkTexts.ts';
import type { NumberColumn, TextColumn } from './parquetColumns.ts';

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
    this.#present = new Uint8Array(Math.ceil(this.#rowGroupRows / 8));
    this.#codes = new Uint32Array(order.length);
    this.#indexes = new Uint32Array(this.#rowGroupRows);
  }

  texts({ codes: source, dictionary }: TextColumn): ColumnRows<TextChunk> {
    const [order, codes] = [this.#order, this.#codes];
    let nulls = 0;
    // By itself, as the processor then fetches many at once: each is somewhere else in memory.
    for (let row = 0; row < order.length; row++) {
      const code = source[order[row] as number] as number;
      codes[row] = code;
      if (code === 0) nulls++;
    }
    const required = nulls === 0;
    return {
      required,
      chunk: (from, to) => {
        this.#texts.begin(dictionary);
        const { pages, valueCount } = this.#textPages(from, to);
        return {
          ...this.#levels(required, from, to),
          pages,
          valueCount,
          indexes: this.#indexes,
          distinct: this.#texts.take(),
        };
      },
    };
  }

  #textPages(from: number, to: number): { pages: readonly Page[]; valueCount: number } {
    const [codes, indexes, present, texts] = [this.#codes, this.#indexes, this.#present, this.#texts];
    const pages: Page[] = [];
    let valueCount = 0;
    let [lastCode, lastPlace] = [0, 0];
    let [bits, bit, at] = [0, 1, 0];
    for (let start = from; start < to; start += pageRows) {
      const end = Math.min(start + pageRows, to);
      for (let row = start; row < end; row++) {
        const code = codes[row] as number;
        if (code > 0) {
          bits |= bit;
          // Neighbours often are the same.
          if (code !== lastCode) {
            lastCode = code;
            lastPlace = texts.place(code);
          }
          indexes[valueCount++] = lastPlace;
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
    return { pages, valueCount };
  }

  numbers({ values: source }: NumberColumn): ColumnRows<NumberChunk> {
    const order = this.#order;
    if (this.#numbers.length === 0) {
      this.#numbers = new Float64Array(order.length);
      this.#values = new Float64Array(this.#rowGroupRows);
    }
    const numbers = this.#numbers;
    let nulls = 0;
    for (let row = 0; row < order.length; row++) {
      const value = source[order[row] as number] as number;
      numbers[row] = value;
      if (Number.isNaN(value)) nulls++;
    }
    const required = nulls === 0;
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
