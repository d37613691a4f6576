/** Hashes in ascending order, and where each of them was. */

export interface HashOrder {
  readonly sorted: Uint32Array;
  /** Places of the sorted hashes among the given ones; equal hashes keep their order. As narrow as they can be. */
  readonly places: Uint16Array | Uint32Array;
}

const digitBits = 8;
const digits = 2 ** digitBits;

/** Radix sort from the last digit on: as fast as the engine's own sort of bare numbers, which cannot bring places along. */
export function orderHashes(hashes: Uint32Array): HashOrder {
  let [sorted, places] = [Uint32Array.from(hashes), Uint32Array.from(hashes, (_, at) => at)];
  let [nextSorted, nextPlaces] = [new Uint32Array(hashes.length), new Uint32Array(hashes.length)];
  for (let shift = 0; shift < 32; shift += digitBits) {
    const ends = new Uint32Array(digits + 1);
    for (const hash of sorted) (ends[((hash >>> shift) & (digits - 1)) + 1] as number) += 1;
    for (let digit = 0; digit < digits; digit++) (ends[digit + 1] as number) += ends[digit] as number;
    for (let at = 0; at < sorted.length; at++) {
      const hash = sorted[at] as number;
      const to = (ends[(hash >>> shift) & (digits - 1)] as number)++;
      nextSorted[to] = hash;
      nextPlaces[to] = places[at] as number;
    }
    [sorted, nextSorted] = [nextSorted, sorted];
    [places, nextPlaces] = [nextPlaces, places];
  }
  return { sorted, places: hashes.length <= 2 ** 16 ? Uint16Array.from(places) : places };
}
