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
    const { dictionary } = this.#column;
    const levelCount = this.#makeRoom(from, to);
    const [definitions, repetitions, indexes] = [this.#definitions, this.#repetitions, this.#indexes];
    const pages: Page[] = [];
    let [levelEnd, valueEnd] = [0, 0];
    for (let start = from; start < to; start += pageRows) {
      const end = Math.min(start + pageRows, to);
      levelEnd = this.#addLevels(levelEnd, start, end);
      valueEnd = this.#addElements(valueEnd, start, end);
      pages.push({ rows: end - start, levelEnd, valueEnd });
    }
    const levels = { kind: 'list', definitions, repetitions } as const;
    const distinct = this.#texts.take(indexes, valueEnd, dictionary.count);
    return { levels, pages, levelCount, valueCount: valueEnd, indexes, distinct };
  }

  /** Of rows `[start .. end]`, from level `at` on. @returns where they end. */
  #addLevels(at: number, start: number, end: number): number {
    const [order, definitions, repetitions] = [this.#order, this.#definitions, this.#repetitions];
    const { ends } = this.#column;
    let level = at;
    for (let row = start; row < end; row++) {
      const source = order[row] as number;
      const elements = (ends[source] as number) - (source > 0 ? (ends[source - 1] as number) : 0);
      repetitions[level] = first;
      definitions[level++] = elements === 0 ? absent : element;
      for (let count = 1; count < elements; count++) {
        repetitions[level] = further;
        definitions[level++] = element;
      }
    }
    return level;
  }

  #addElements(at: number, start: number, end: number): number {
    const [order, indexes] = [this.#order, this.#indexes];
    const { codes, ends } = this.#column;
    let value = at;
    for (let row = start; row < end; row++) {
      const source = order[row] as number;
      const listEnd = ends[source] as number;
      for (let from = source > 0 ? (ends[source - 1] as number) : 0; from < listEnd; from++)
        indexes[value++] = codes[from] as number;
    }
    return value;
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
