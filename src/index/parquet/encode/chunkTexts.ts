/** The distinct texts of a chunk, found by the codes that its column's dictionary has for them. */

/** Of a dictionary of no more, every entry is looked at for each chunk: quicker than a branch for each value. */
const fewEntries = 4096;

export class ChunkTexts {
  /** Of each code: its text's place in the chunk. All 0 between chunks, so that columns can share it. */
  #places = new Uint32Array(0);
  #distinct = new Uint32Array(0);

  /**
   * Replaces the first `count` codes, none of them 0, by the places of their texts among those that it returns.
   * @param entries of the dictionary. @returns places of the texts in it, valid until the next call.
   */
  take(codes: Uint32Array, count: number, entries: number): Uint32Array {
    if (this.#places.length <= entries) this.#places = new Uint32Array(entries + 1);
    const most = Math.min(count, entries);
    if (this.#distinct.length < most) this.#distinct = new Uint32Array(most);
    return entries <= fewEntries ? this.#takeOfFew(codes, count, entries) : this.#takeOfMany(codes, count);
  }

  #takeOfFew(codes: Uint32Array, count: number, entries: number): Uint32Array {
    const [places, distinct] = [this.#places, this.#distinct];
    markUsed(codes, count, places);
    const found = numberUsed(places, entries, distinct);
    replace(codes, count, places);
    places.fill(0, 0, entries + 1);
    return distinct.subarray(0, found);
  }

  #takeOfMany(codes: Uint32Array, count: number): Uint32Array {
    const [places, distinct] = [this.#places, this.#distinct];
    const found = numberInTurn(codes, count, places, distinct);
    forget(distinct, found, places);
    return distinct.subarray(0, found);
  }
}

// Each loop is a function of its own: one that is optimised while it runs is left for the interpreter where it ends, and what comes next in
// the same function would be optimised anew, each time.

function markUsed(codes: Uint32Array, count: number, places: Uint32Array): void {
  for (let index = 0; index < count; index++) places[codes[index] as number] = 1;
}

function numberUsed(places: Uint32Array, entries: number, distinct: Uint32Array): number {
  let found = 0;
  for (let code = 1; code <= entries; code++) {
    if (places[code] !== 1) continue;
    distinct[found] = code - 1;
    places[code] = found++;
  }
  return found;
}

function replace(codes: Uint32Array, count: number, places: Uint32Array): void {
  for (let index = 0; index < count; index++) codes[index] = places[codes[index] as number] as number;
}

/** In order of their first; places from 1, as 0 tells that a code has none yet. @returns how many there are. */
function numberInTurn(codes: Uint32Array, count: number, places: Uint32Array, distinct: Uint32Array): number {
  let found = 0;
  let [lastCode, lastPlace] = [0, 0];
  for (let index = 0; index < count; index++) {
    const code = codes[index] as number;
    // Neighbours often are the same.
    if (code !== lastCode) {
      lastCode = code;
      lastPlace = places[code] as number;
      if (lastPlace === 0) {
        distinct[found] = code - 1;
        lastPlace = ++found;
        places[code] = lastPlace;
      }
    }
    codes[index] = lastPlace - 1;
  }
  return found;
}

function forget(distinct: Uint32Array, count: number, places: Uint32Array): void {
  for (let at = 0; at < count; at++) places[(distinct[at] as number) + 1] = 0;
}
