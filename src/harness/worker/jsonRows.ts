/** Reads a JSON object as one row, or a JSON array as many: element by element, as they arrive. */

import { MalformedObjectError, TruncatedObjectError } from './ingestError.ts';
import { rowOf } from './jsonRow.ts';
import type { Row } from './row.ts';

const code = {
  quote: 0x22,
  backslash: 0x5c,
  comma: 0x2c,
  openArray: 0x5b,
  closeArray: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;
const blanks = new Set([0x20, 0x09, 0x0a, 0x0d]);

interface Element {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

/** @throws IngestError when the object ends too early, or is neither array nor object */
export async function* jsonRows(chunks: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Row, void> {
  const splitter = new ElementSplitter(key);
  let row = 0;
  for await (const chunk of chunks) {
    for (const element of splitter.push(chunk)) {
      const parsed = rowOf(element.bytes, row, element.offsetBytes);
      yield parsed ?? { kind: 'rejected', row, offsetBytes: element.offsetBytes, reason: 'no value', raw: '' };
      row++;
    }
  }
  splitter.end();
}

/**
 * Finds the elements of the top-level array, or the one top-level object, by counting brackets outside strings. What is
 * between them is not checked: `JSON.parse` of each element does that.
 */
class ElementSplitter {
  readonly #key: string;
  #state: 'start' | 'elements' | 'object' | 'end' = 'start';
  #parts: Uint8Array[] = [];
  #elementOffset = 0;
  #readBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #hasContent = false;
  #count = 0;

  constructor(key: string) {
    this.#key = key;
  }

  *push(chunk: Uint8Array): Generator<Element, void> {
    let start = 0;
    for (let index = 0; index < chunk.byteLength; index++) {
      const byte = chunk[index] ?? 0;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === code.backslash) this.#escaped = true;
        else if (byte === code.quote) this.#inString = false;
        continue;
      }
      if (blanks.has(byte)) continue;
      if (this.#state === 'start') {
        start = this.#begin(byte, index);
        continue;
      }
      if (this.#state === 'end') this.#refuse(`something follows its end`, index);
      if (this.#depth === 0 && (byte === code.comma || byte === code.closeArray)) {
        if (this.#hasContent || byte === code.comma || this.#count > 0) yield this.#take(chunk.subarray(start, index));
        start = index + 1;
        this.#elementOffset = this.#readBytes + start;
        if (byte === code.closeArray) this.#state = 'end';
        continue;
      }
      this.#hasContent = true;
      if (byte === code.quote) this.#inString = true;
      else if (byte === code.openArray || byte === code.openObject) this.#depth++;
      else if (byte === code.closeArray || byte === code.closeObject) {
        this.#depth--;
        if (this.#depth < 0) this.#refuse('a bracket closes what was never opened', index);
        if (this.#depth > 0 || this.#state === 'elements') continue;
        yield this.#take(chunk.subarray(start, index + 1));
        start = index + 1;
        this.#state = 'end';
      }
    }
    if (this.#state !== 'end' && start < chunk.byteLength) this.#parts.push(chunk.subarray(start));
    this.#readBytes += chunk.byteLength;
  }

  /** @throws IngestError when something is missing */
  end(): void {
    if (this.#state === 'end') return;
    if (this.#state === 'start') throw new TruncatedObjectError(`${this.#key} is empty: no JSON in it`);
    const what = this.#inString
      ? 'inside a text'
      : this.#depth > 0
        ? 'inside an element'
        : 'before its array is closed';
    throw new TruncatedObjectError(`${this.#key} ends ${what}, after ${this.#count} whole elements`);
  }

  /** Where the first element starts in the chunk. */
  #begin(byte: number, index: number): number {
    if (byte === code.openArray) {
      this.#state = 'elements';
      this.#parts = [];
      this.#elementOffset = this.#readBytes + index + 1;
      return index + 1;
    }
    // A byte order mark is no JSON, but common.
    if (byte === 0xef || byte === 0xbb || byte === 0xbf) return index + 1;
    if (byte !== code.openObject) this.#refuse('it starts with neither [ nor {', index);
    this.#state = 'object';
    this.#depth = 1;
    this.#parts = [];
    this.#elementOffset = this.#readBytes + index;
    return index;
  }

  #take(last: Uint8Array): Element {
    const element = { offsetBytes: this.#elementOffset, bytes: Buffer.concat([...this.#parts, last]) };
    this.#parts = [];
    this.#hasContent = false;
    this.#count++;
    return element;
  }

  #refuse(why: string, index: number): never {
    throw new MalformedObjectError(`${this.#key} is no JSON: ${why}, at byte ${this.#readBytes + index}`);
  }
}
