/**
 * What is meant by keys in a list that VS Code's window draws a while after it is told to, a quarter of a second where
 * it is remote: until then the user moves in the lists that were there before.
 */

import { isDeepStrictEqual } from 'node:util';

interface TextItems<Item> {
  /** What the user had typed: an item of another text must not be taken in its place. */
  readonly text: string;
  readonly items: readonly Item[];
}

/**
 * The window tells in one order what becomes active and what is accepted. Each list that it draws begins, whatever was
 * active before, with its first item active (some versions clear the old one first): by that it is told which list the
 * user moves in. Typing makes the first item active, too; so while several texts are on their way, a list may be taken
 * for drawn too early.
 */
export class LateList<Item> {
  readonly #isSame: (a: Item, b: Item) => boolean;
  /** From the one that is drawn to the one that was told last. */
  #lists: TextItems<Item>[] = [];
  #isLastSent = true;
  #isCleared = false;
  /** Place in the last list. */
  #chosen = 0;
  /** Places that the window makes active until it comes to the chosen one, as it was told; undefined once it has. */
  #passing: Set<number> | undefined;

  /** @param isSame whether two items of different lists mean the same to the user */
  constructor(isSame: (a: Item, b: Item) => boolean) {
    this.#isSame = isSame;
  }

  /** Of the list that was told last. */
  get items(): readonly Item[] {
    return this.#lists.at(-1)?.items ?? [];
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
    const last = this.#lists.at(-1);
    const next = { text, items };
    if (last !== undefined && isDeepStrictEqual(last, next)) return false;
    const kept = last?.text === text ? last.items[this.#chosen] : undefined;
    if (!this.#isLastSent) this.#lists.pop();
    this.#lists.push(next);
    this.#isLastSent = false;
    this.#chosen = Math.max(kept === undefined ? 0 : this.#placeOf(kept), 0);
    this.#passing = new Set([0, this.#chosen]);
    return true;
  }

  /** The last list is on its way: no other will be drawn in its place. */
  sent(): void {
    this.#isLastSent = true;
  }

  /** The last list is drawn, whatever the window told. */
  drawn(): void {
    this.#lists.splice(0, this.#lists.length - 1);
  }

  /**
   * The window has made the item at this place active, -1 for none. Says whether it has to be told to make the one at
   * `chosenAt` active instead: the user had moved in a list before the one that is drawn now.
   */
  moved(at: number): boolean {
    const begins = at < 0 || (at === 0 && !this.#isCleared);
    this.#isCleared = at < 0;
    if (begins && this.#lists.length > 1) {
      this.#lists.shift();
      if (this.#lists.length > 1 || this.#passing?.has(this.#chosen) !== false) return false;
      this.#passing.add(this.#chosen);
      return true;
    }
    const [drawn, ...later] = this.#lists;
    if (drawn === undefined || at < 0) return false;
    if (later.length > 0) {
      const meant = drawn.text === later.at(-1)?.text && at > 0 ? drawn.items[at] : undefined;
      const place = meant === undefined ? -1 : this.#placeOf(meant);
      if (place >= 0) this.#chosen = place;
      return false;
    }
    if (at !== this.#chosen && this.#passing?.has(at) === true) return false;
    this.#chosen = at;
    this.#passing = undefined;
    return false;
  }

  #placeOf(item: Item): number {
    return this.items.findIndex((other) => this.#isSame(other, item));
  }
}
