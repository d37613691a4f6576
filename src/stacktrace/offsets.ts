/** Where the characters of a decoded text stand in the text that it was decoded from: one entry a stretch, not a character. */

/** More than any text's length, and an integer: engines keep it in a field as it is, and compare it faster than infinity. */
export const beyondAnyText = 0x3fff_ffff;

/** Says where the characters of a text stand in the text that it was made from. */
export interface Places {
  at(index: number): number;
}

export class Offsets implements Places {
  /** Of each stretch from which index of the decoded text it goes on, ascending, and behind it where that is in the source. */
  readonly #stretches: number[];
  /** The stretch that was asked for last, as its place in `#stretches`: questions about one line are close together. */
  #last = 0;

  /** @param start where the decoded text starts */
  constructor(start: number) {
    this.#stretches = [0, start];
  }

  /** From `index` of the decoded text on (not before the last one added), characters stand from `offset` on. */
  add(index: number, offset: number): void {
    const stretches = this.#stretches;
    const end = stretches.length - 2;
    if (stretches[end] === index) stretches[end + 1] = offset;
    else stretches.push(index, offset);
  }

  at(index: number): number {
    const stretches = this.#stretches;
    const last = this.#last;
    if ((stretches[last] ?? 0) > index || (last + 2 < stretches.length && (stretches[last + 2] ?? 0) <= index)) {
      this.#last = this.#stretchOf(index);
    }
    return (stretches[this.#last + 1] ?? 0) + index - (stretches[this.#last] ?? 0);
  }

  /** The last stretch that starts at or before `index`. */
  #stretchOf(index: number): number {
    let low = 0;
    let high = this.#stretches.length / 2 - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#stretches[2 * middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return 2 * low;
  }
}

/** Places that lead into a text that was itself decoded, led on to where that one was decoded from. */
export function placesWithin(inner: Places, outer: Places): Places {
  return { at: (index) => outer.at(inner.at(index)) };
}
