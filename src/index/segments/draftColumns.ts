/** Columns of a segment in the making: rows come one at a time, texts as numbers of a dictionary. */

/** Texts, each distinct one kept once. */
export class DraftTexts {
  /** In order of their first row; `codes` count from 1 in it. */
  readonly dictionary: string[] = [];
  /** Of each row; 0 where it has none. As long as the capacity. */
  codes: Uint32Array;
  readonly #codes = new Map<string, number>();
  #last: string | undefined;
  #lastCode = 0;

  constructor(capacity: number) {
    this.codes = new Uint32Array(capacity);
  }

  /**
   * Of a row that has none, nothing need be set. Returns how many characters this adds to the dictionary.
   * @param likeRow a row that probably has the same: comparing is faster than hashing.
   */
  set(row: number, text: string | undefined, likeRow = -1): number {
    if (text === undefined) return 0;
    if (text === this.#last) {
      this.codes[row] = this.#lastCode;
      return 0;
    }
    const likeCode = likeRow < 0 ? 0 : (this.codes[likeRow] ?? 0);
    if (likeCode > 0 && this.dictionary[likeCode - 1] === text) {
      this.codes[row] = likeCode;
      return 0;
    }
    const known = this.#codes.get(text);
    const code = known ?? this.#addText(text);
    this.#last = text;
    this.#lastCode = code;
    this.codes[row] = code;
    return known === undefined ? text.length : 0;
  }

  at(row: number): string | undefined {
    const code = this.codes[row] ?? 0;
    return code === 0 ? undefined : this.dictionary[code - 1];
  }

  grow(capacity: number): void {
    const codes = new Uint32Array(capacity);
    codes.set(this.codes);
    this.codes = codes;
  }

  #addText(text: string): number {
    const code = this.dictionary.push(text);
    this.#codes.set(text, code);
    return code;
  }
}

/** Whole numbers; NaN where a row has none. */
export class DraftNumbers {
  values: Float64Array;

  constructor(capacity: number) {
    this.values = new Float64Array(capacity).fill(Number.NaN);
  }

  set(row: number, value: number | undefined): void {
    if (value !== undefined) this.values[row] = value;
  }

  grow(capacity: number): void {
    const values = new Float64Array(capacity).fill(Number.NaN);
    values.set(this.values);
    this.values = values;
  }
}

/** Lists of texts. */
export class DraftLists {
  readonly dictionary: string[] = [];
  /** Of all elements, row after row. */
  codes: Uint32Array;
  /** Of each row: where its elements end in `codes`. */
  ends: Uint32Array;
  readonly #codes = new Map<string, number>();
  #length = 0;

  constructor(capacity: number) {
    this.codes = new Uint32Array(capacity);
    this.ends = new Uint32Array(capacity);
  }

  /** Every row, in order. Returns how many characters this adds to the dictionary. */
  set(row: number, texts: readonly string[] | undefined): number {
    let added = 0;
    for (const text of texts ?? []) {
      let code = this.#codes.get(text);
      if (code === undefined) {
        code = this.dictionary.push(text);
        this.#codes.set(text, code);
        added += text.length;
      }
      if (this.#length === this.codes.length) {
        const codes = new Uint32Array(this.codes.length * 2);
        codes.set(this.codes);
        this.codes = codes;
      }
      this.codes[this.#length++] = code;
    }
    this.ends[row] = this.#length;
    return added;
  }

  grow(capacity: number): void {
    const ends = new Uint32Array(capacity);
    ends.set(this.ends);
    this.ends = ends;
  }
}
