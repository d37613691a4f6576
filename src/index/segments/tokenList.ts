/** Field tokens in the making, as bytes one behind the other. */

import { pathSeparator } from '../../model/overview/recordFields.ts';
import { ByteWriter } from '../parquet/encode/byteWriter.ts';
import type { DraftLists } from './draftColumns.ts';

const separator = pathSeparator.charCodeAt(0);

export class TokenList {
  readonly #bytes = new ByteWriter(1024);
  readonly #ends: Uint32Array;
  readonly #codes: Uint32Array;
  #count = 0;

  /** @param most that it holds: each is compared with all before it. */
  constructor(most: number) {
    this.#ends = new Uint32Array(most);
    this.#codes = new Uint32Array(most);
  }

  clear(): void {
    this.#bytes.clear();
    this.#count = 0;
  }

  /** @param start of the token: its path and what follows that. The value is `bytes[from .. to]`. @returns false when it is full. */
  add(start: Uint8Array, type: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#count === this.#ends.length) return false;
    const own = this.#bytes;
    own.copy(start, 0, start.length);
    own.byte(type);
    own.byte(separator);
    own.copy(bytes, from, to);
    this.#ends[this.#count++] = own.length;
    return true;
  }

  /** Each token once, as the row's list. */
  addTo(fields: DraftLists, row: number): void {
    const [ends, codes] = [this.#ends, this.#codes];
    let [start, distinct] = [0, 0];
    for (let at = 0; at < this.#count; at++) {
      const end = ends[at] as number;
      const code = fields.dictionary.codeOfBytes(this.#bytes.buffer, start, end);
      start = end;
      let same = 0;
      while (same < distinct && codes[same] !== code) same++;
      if (same < distinct) continue;
      codes[distinct++] = code;
      fields.push(code);
    }
    fields.end(row);
  }
}
