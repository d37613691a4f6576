/** Gathers a column of lists in the file's order. */

import { type ColumnRows, type Page, pageRows, type TextChunk } from './chunk.ts';
import type { ChunkTexts } from './chunkTexts.ts';
import type { TextListColumn } from '../parquetColumns.ts';

/** Levels of an element and of a null list, in a list of elements that could be null as well. */
const [absent, element] = [0, 3];
/** Levels of a row's first element, and of each further one. */
const [first, further] = [0, 1];

export class ListRows implements ColumnRows<TextChunk> {
  readonly required = false;
  readonly #column: TextListColumn;
  readonly #order: Uint32Array;
  readonly #texts: ChunkTexts;
  #definitions = new Uint32Array(0);
  #repetitions = new Uint32Array(0);
  #indexes = new Uint32Array(0);

  constructor(column: TextListColumn, order: Uint32Array, texts: ChunkTexts) {
    this.#column = column;
    this.#order = order;
    this.#texts = texts;
  }

  chunk(from: number, to: number): TextChunk {
    const { codes, dictionary, ends } = this.#column;
    const levelCount = this.#makeRoom(from, to);
    const order = this.#order;
    const [definitions, repetitions, indexes] = [this.#definitions, this.#repetitions, this.#indexes];
    const pages: Page[] = [];
    let [level, valueCount] = [0, 0];
    for (let start = from; start < to; start += pageRows) {
      const end = Math.min(start + pageRows, to);
      for (let row = start; row < end; row++) {
        const source = order[row] as number;
        const listStart = source > 0 ? (ends[source - 1] as number) : 0;
        const listEnd = ends[source] as number;
        if (listStart === listEnd) {
          repetitions[level] = first;
          definitions[level++] = absent;
        }
        for (let at = listStart; at < listEnd; at++) {
          repetitions[level] = at === listStart ? first : further;
          definitions[level++] = element;
          indexes[valueCount++] = codes[at] as number;
        }
      }
      pages.push({ rows: end - start, levelEnd: level, valueEnd: valueCount });
    }
    const levels = { kind: 'list', definitions, repetitions } as const;
    const distinct = this.#texts.take(indexes, valueCount, dictionary.count);
    return { levels, pages, levelCount, valueCount, indexes, distinct };
  }

  /** @returns how many levels the rows take. */
  #makeRoom(from: number, to: number): number {
    const order = this.#order;
    const { ends } = this.#column;
    let count = 0;
    for (let row = from; row < to; row++) {
      const source = order[row] as number;
      const elements = (ends[source] as number) - (source > 0 ? (ends[source - 1] as number) : 0);
      count += elements > 0 ? elements : 1;
    }
    if (this.#indexes.length < count) {
      this.#definitions = new Uint32Array(count);
      this.#repetitions = new Uint32Array(count);
      this.#indexes = new Uint32Array(count);
    }
    return count;
  }
}
