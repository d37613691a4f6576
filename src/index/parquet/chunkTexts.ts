/** The distinct texts of a chunk, found by the codes that its column's dictionary has for them. */

export class ChunkTexts {
  /** Of each code: its place among the chunk's texts plus 1. All 0 between chunks, so that columns can share it. */
  #places = new Uint32Array(0);
  #used: number[] = [];
  #dictionary: readonly string[] = [];

  begin(dictionary: readonly string[]): void {
    this.#dictionary = dictionary;
    if (this.#places.length <= dictionary.length) this.#places = new Uint32Array(dictionary.length + 1);
  }

  /** @returns where among the distinct texts the text of a code stands. */
  place(code: number): number {
    const known = this.#places[code] as number;
    if (known > 0) return known - 1;
    const place = this.#used.push(code);
    this.#places[code] = place;
    return place - 1;
  }

  /** Ends the chunk. */
  take(): readonly string[] {
    const distinct: string[] = [];
    for (const code of this.#used) {
      this.#places[code] = 0;
      distinct.push(this.#dictionary[code - 1] as string);
    }
    this.#used = [];
    return distinct;
  }
}
