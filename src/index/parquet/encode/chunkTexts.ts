/** The distinct texts of a chunk, found by the codes that its column's dictionary has for them. */

/** Of a dictionary of no more, every entry is looked at for each chunk: quicker than a branch for each value. */
const fewEntries = 4096;

export class ChunkTexts {
  /** Of each code: its text's place in the chunk. All 0 between chunks, so that columns can share it. */
  #places = new Uint32Array(0);

  /**
   * Replaces the first `count` codes, none of them 0, by the places of their texts among those that it returns.
   */
  take(codes: Uint32Array, count: number, dictionary: readonly string[]): readonly string[] {
    if (this.#places.length <= dictionary.length) this.#places = new Uint32Array(dictionary.length + 1);
    return dictionary.length <= fewEntries
      ? this.#takeOfFew(codes, count, dictionary)
      : this.#takeOfMany(codes, count, dictionary);
  }

  #takeOfFew(codes: Uint32Array, count: number, dictionary: readonly string[]): readonly string[] {
    const places = this.#places;
    for (let index = 0; index < count; index++) places[codes[index] as number] = 1;
    const distinct: string[] = [];
    for (let code = 1; code <= dictionary.length; code++) {
      if (places[code] === 1) places[code] = distinct.push(dictionary[code - 1] as string) - 1;
    }
    for (let index = 0; index < count; index++) codes[index] = places[codes[index] as number] as number;
    places.fill(0, 0, dictionary.length + 1);
    return distinct;
  }

  #takeOfMany(codes: Uint32Array, count: number, dictionary: readonly string[]): readonly string[] {
    // Places from 1, as 0 tells that a code has none yet.
    const places = this.#places;
    const used: number[] = [];
    let [lastCode, lastPlace] = [0, 0];
    for (let index = 0; index < count; index++) {
      const code = codes[index] as number;
      // Neighbours often are the same.
      if (code !== lastCode) {
        lastCode = code;
        lastPlace = places[code] as number;
        if (lastPlace === 0) {
          lastPlace = used.push(code);
          places[code] = lastPlace;
        }
      }
      codes[index] = lastPlace - 1;
    }
    for (const code of used) places[code] = 0;
    return used.map((code) => dictionary[code - 1] as string);
  }
}
