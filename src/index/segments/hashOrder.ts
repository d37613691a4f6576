/** Hashes in ascending order, and where each of them was. */

import { consecutive } from '../consecutive.ts';

export interface HashOrder {
  readonly sorted: Uint32Array;
  /** Places of the sorted hashes among the given ones; equal hashes keep their order. As narrow as they can be. */
  readonly places: Uint16Array | Uint32Array;
}

const digitBits = 8;
const digits = 2 ** digitBits;

/** Radix sort from the last digit on: as fast as the engine's own sort of bare numbers, which cannot bring places along. */
export function orderHashes(hashes: Uint32Array): HashOrder {
  let from: Hand = { sorted: new Uint32Array(hashes), places: consecutive(0, hashes.length) };
  let to: Hand = { sorted: new Uint32Array(hashes.length), places: new Uint32Array(hashes.length) };
  for (let shift = 0; shift < 32; shift += digitBits) {
    deal(from, to, shift, startsOf(from.sorted, shift));
    [from, to] = [to, from];
  }
  const { sorted, places } = from;
  return { sorted, places: hashes.length <= 2 ** 16 ? new Uint16Array(places) : places };
}

interface Hand {
  readonly sorted: Uint32Array;
  readonly places: Uint32Array;
}

/** Where the hashes with each digit start. */
function startsOf(hashes: Uint32Array, shift: number): Uint32Array {
  const starts = new Uint32Array(digits + 1);
  for (let at = 0; at < hashes.length; at++) {
    const next = (((hashes[at] as number) >>> shift) & (digits - 1)) + 1;
    starts[next] = (starts[next] as number) + 1;
  }
  for (let digit = 0; digit < digits; digit++)
    starts[digit + 1] = (starts[digit + 1] as number) + (starts[digit] as number);
  return starts;
}

function deal({ sorted, places }: Hand, to: Hand, shift: number, starts: Uint32Array): void {
  const [toSorted, toPlaces] = [to.sorted, to.places];
  for (let at = 0; at < sorted.length; at++) {
    const hash = sorted[at] as number;
    const digit = (hash >>> shift) & (digits - 1);
    const place = starts[digit] as number;
    starts[digit] = place + 1;
    toSorted[place] = hash;
    toPlaces[place] = places[at] as number;
  }
}
