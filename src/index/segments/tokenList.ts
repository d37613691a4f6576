/** Field tokens in the making, as bytes one behind the other. */

import { pathSeparator } from '../../model/overview/recordFields.ts';
import { ByteWriter } from '../parquet/encode/byteWriter.ts';
import type { DraftLists } from './draftColumns.ts';

const separator = pathSeparator.charCodeAt(0);

export class TokenList {
  readonly #bytes = new ByteWriter(1024);
  readonly #ends: number[] = [];
  readonly #codes: number[] = [];

  get count(): number {
    return this.#ends.length;
  }

  clear(): void {
    this.#bytes.clear();
    this.#ends.length = 0;
  }

  /** @param start of the token: its path and what follows that. The value is `bytes[from .. to]`. */
  add(start: Uint8Array, type: Uint8Array, bytes: Uint8Array, from: number, to: number): void {
    this.#bytes.copy(start, 0, start.length);
    this.#bytes.copy(type, 0, type.length);
    this.#bytes.byte(separator);
    this.#bytes.copy(bytes, from, to);
    this.#ends.push(this.#bytes.length);
  }

  /** Each token once, as the row's list. */
  addTo(fields: DraftLists, row: number): void {
    const codes = this.#codes;
    codes.length = 0;
    let start = 0;
    for (const end of this.#ends) {
      const code = fields.dictionary.codeOfBytes(this.#bytes.buffer, start, end);
      start = end;
      if (codes.includes(code)) continue;
      codes.push(code);
      fields.push(code);
    }
    fields.end(row);
  }
}
