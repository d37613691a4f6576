/**
 * What is meant by keys in a list that VS Code's window draws a while after it is told to, a quarter of a second where
 * it is remote: until then the user moves in the list that was there before.
 */

import { isDeepStrictEqual } from 'node:util';

/**
 * The window tells in one order what becomes active and what is accepted. A list that it draws begins, whatever was active
 * before, with its first item active: that tells which list the user moves in. While lists of several texts are on their
 * way, which they are for a moment where one types, the first of them is taken for the last; and a key to the first item,
 * for a list that begins.
 */
export class LateList<Item> {
  readonly #isSame: (a: Item, b: Item) => boolean;
  /** What the user had typed: what was chosen for another text is chosen no more. */
  #text = '';
  /** Those of this text, from the one that is drawn, or will be, to the one that was told last. */
  #lists: (readonly Item[])[] = [];
  /** False until the first list of a text is drawn: keys before that are meant for another text. */
  #isFirstDrawn = true;
  #isLastSent = true;
  /** Place in the last list. */
  #chosen = 0;
  /** Places that the window makes active until it comes to the chosen one, as it was told; none once it has. */
  #passing = new Set<number>();

  /** @param isSame whether two items of different lists mean the same to the user */
  constructor(isSame: (a: Item, b: Item) => boolean) {
    this.#isSame = isSame;
  }

  /** Of the list that was told last. */
  get items(): readonly Item[] {
    return this.#lists.at(-1) ?? [];
  }

  /** What Enter takes, by its place in `items`. */
  get chosenAt(): number {
    return this.#chosen;
  }

  get chosen(): Item | undefined {
    return this.items[this.#chosen];
  }

  /** Says whether the window has to be told: then the item at `chosenAt` is to be active in it. */
  change(text: string, items: readonly Item[]): boolean {
    const isOfText = text === this.#text && this.#lists.length > 0;
    if (isOfText && isDeepStrictEqual(this.items, items)) return false;
    const kept = isOfText ? this.chosen : undefined;
    if (isOfText) {
      if (!this.#isLastSent) this.#lists.pop();
      this.#lists.push(items);
    } else {
      // Of the first of all nothing is told.
      this.#isFirstDrawn = this.#lists.length === 0;
      this.#lists = [items];
    }
    this.#text = text;
    this.#isLastSent = false;
    this.#chosen = Math.max(this.#placeOf(kept), 0);
    this.#passing = new Set([0, this.#chosen]);
    return true;
  }

  /** The last list is on its way: another one is drawn after it, not in its place. */
  sent(): void {
    this.#isLastSent = true;
  }

  /** The last list is drawn, whatever the window told. */
  drawn(): void {
    this.#isFirstDrawn = true;
    this.#lists.splice(0, this.#lists.length - 1);
    this.#passing.clear();
  }

  /**
   * The window has made the item at this place active, -1 for none. Says whether it has to be told to make the one at
   * `chosenAt` active instead: the user had moved in a list before the one that is drawn now.
   */
  moved(at: number): boolean {
    if (at < 0) return false;
    const isLate = !this.#isFirstDrawn || this.#lists.length > 1;
    if (at === 0 && isLate) return this.#begin();
    if (!this.#isFirstDrawn) return false;
    if (isLate) {
      const place = this.#placeOf(this.#lists[0]?.[at]);
      if (place >= 0) this.#chosen = place;
      return false;
    }
    if (at !== this.#chosen && this.#passing.has(at)) return false;
    this.#chosen = at;
    this.#passing.clear();
    return false;
  }

  /** The next list is drawn. */
  #begin(): boolean {
    if (this.#isFirstDrawn) this.#lists.shift();
    this.#isFirstDrawn = true;
    return this.#lists.length === 1 && !this.#passing.has(this.#chosen);
  }

  #placeOf(item: Item | undefined): number {
    return item === undefined ? -1 : this.items.findIndex((other) => this.#isSame(other, item));
  }
}
