/** The further parts of all tasks that have several, as lists that are linked within one array: an object for each would cost more than what it says. */
export class PartChains {
  /** Two words to an entry: the number of a part, and one more than the number of the task's next entry; 0 for none. */
  #words = new Uint32Array(2 * 1024);
  #entries = 0;

  /**
   * Puts a part before a task's others.
   * @param head one more than the number of the task's first entry; 0 for none.
   * @returns the new `head`.
   */
  add(part: number, head: number): number {
    const at = 2 * this.#entries;
    if (at === this.#words.length) {
      const larger = new Uint32Array(2 * at);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[at] = part;
    this.#words[at + 1] = head;
    return ++this.#entries;
  }

  partAt(head: number): number {
    return this.#words[2 * head - 2] as number;
  }

  /** The `head` of what comes after the part at `head`. */
  after(head: number): number {
    return this.#words[2 * head - 1] as number;
  }
}
