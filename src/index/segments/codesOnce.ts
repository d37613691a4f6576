/** Finds the distinct codes of some rows of a column. */

import type { DraftLists } from './draftColumns.ts';

export class CodesOnce {
  /** By code: in which call it was seen last. */
  readonly #seen: Uint32Array;
  readonly #found: Uint32Array;
  #call = 0;

  /** @param count of the column's dictionary. */
  constructor(count: number) {
    this.#seen = new Uint32Array(count + 1);
    this.#found = new Uint32Array(count);
  }

  /** Of all rows. As all answers valid until the next call. */
  all(): Uint32Array {
    const found = this.#found;
    for (let at = 0; at < found.length; at++) found[at] = at + 1;
    return found;
  }

  of(rows: Uint32Array, codes: Uint32Array): Uint32Array {
    return this.#found.subarray(0, this.#collect(rows, codes, ++this.#call));
  }

  ofLists(rows: Uint32Array, lists: DraftLists): Uint32Array {
    return this.#found.subarray(0, this.#collectLists(rows, lists, ++this.#call));
  }

  #collect(rows: Uint32Array, codes: Uint32Array, call: number): number {
    const [seen, found] = [this.#seen, this.#found];
    let count = 0;
    for (let at = 0; at < rows.length; at++) {
      const code = codes[rows[at] as number] as number;
      if (code === 0 || seen[code] === call) continue;
      seen[code] = call;
      found[count++] = code;
    }
    return count;
  }

  #collectLists(rows: Uint32Array, { codes, ends }: DraftLists, call: number): number {
    const [seen, found] = [this.#seen, this.#found];
    let count = 0;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] as number;
      const end = ends[row] as number;
      for (let element = row === 0 ? 0 : (ends[row - 1] as number); element < end; element++) {
        const code = codes[element] as number;
        if (seen[code] === call) continue;
        seen[code] = call;
        found[count++] = code;
      }
    }
    return count;
  }
}
