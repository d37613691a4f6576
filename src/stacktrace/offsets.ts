/** Where the characters of a decoded text stand in the text that it was decoded from: one entry a stretch, not a character. */

/** Says where the characters of a text stand in the text that it was made from. */
export interface Places {
  at(index: number): number;
}

export class Offsets implements Places {
  /** From which index of the decoded text each stretch goes on, ascending, and where that is in the source. */
  readonly #from: number[] = [0];
  readonly #to: number[];
  /** The stretch that was asked for last: questions about one line are close together. */
  #last = 0;

  /** @param start where the decoded text starts */
  constructor(start: number) {
    this.#to = [start];
  }

  /** From `index` of the decoded text on (not before the last one added), characters stand from `offset` on. */
  add(index: number, offset: number): void {
    const end = this.#from.length - 1;
    if (this.#from[end] === index) this.#to[end] = offset;
    else {
      this.#from.push(index);
      this.#to.push(offset);
    }
  }

  at(index: number): number {
    if ((this.#from[this.#last] ?? 0) > index || (this.#from[this.#last + 1] ?? Number.POSITIVE_INFINITY) <= index) {
      this.#last = this.#stretchOf(index);
    }
    return (this.#to[this.#last] ?? 0) + index - (this.#from[this.#last] ?? 0);
  }

  /** The last stretch that starts at or before `index`. */
  #stretchOf(index: number): number {
    let low = 0;
    let high = this.#from.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#from[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Places that lead into a text that was itself decoded, led on to where that one was decoded from. */
export function placesWithin(inner: Places, outer: Places): Places {
  return { at: (index) => outer.at(inner.at(index)) };
}
