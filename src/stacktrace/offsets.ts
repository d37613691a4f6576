/** Where the characters of a decoded text stand in the text that it was decoded from: one entry a stretch, not a character. */

export class Offsets {
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

  /** These offsets, which lead into a text that was itself decoded, led on to where that one was decoded from. */
  within(outer: Offsets, length: number): Offsets {
    const composed = new Offsets(outer.at(this.#to[0] ?? 0));
    for (const [stretch, from] of this.#from.entries()) {
      const to = this.#to[stretch] ?? 0;
      composed.add(from, outer.at(to));
      const end = to + (this.#from[stretch + 1] ?? length) - from;
      // `at` left the cursor on the outer stretch of `to`; both go forward only, so that all of it is one walk.
      for (let next = outer.#last + 1; (outer.#from[next] ?? Number.POSITIVE_INFINITY) <= end; next++) {
        composed.add(from + (outer.#from[next] ?? 0) - to, outer.#to[next] ?? 0);
      }
    }
    return composed;
  }
}
