/** Distinct texts by number, in the memory of a scanner. */

import type { CodedTexts } from '../texts.ts';
import type { Scanner } from './scanner.ts';

/** Words of `Dictionary` in `../assembly/scanner/dictionary.ts`. */
const [countWord, bytesWord, bytesRoomWord, startsWord, startsRoomWord] = [0, 1, 2, 3, 4];
/** From so many UTF-16 units on, a text is measured before room is made for it: it may take three times as many bytes. */
const longText = 1 << 14;

export class ScannedTexts implements CodedTexts {
  readonly #scanner: Scanner;
  readonly #dictionary: number;
  readonly #word: number;
  /** Views of the memory, made anew when it has grown, or the texts have other places. */
  #bytes = new Uint8Array(0);
  #bytesIn: Uint8Array | undefined;
  #starts = new Uint32Array(0);
  #startsIn: Uint32Array | undefined;

  /** @param dictionary its place in the memory. */
  constructor(scanner: Scanner, dictionary: number) {
    this.#scanner = scanner;
    this.#dictionary = dictionary;
    this.#word = dictionary / 4;
  }

  get count(): number {
    return this.#scanner.memory.words[this.#word + countWord] as number;
  }

  get bytes(): Uint8Array {
    const { bytes, words } = this.#scanner.memory;
    const place = words[this.#word + bytesWord] as number;
    const room = words[this.#word + bytesRoomWord] as number;
    if (this.#bytesIn !== bytes || this.#bytes.byteOffset !== place || this.#bytes.length !== room) {
      this.#bytes = bytes.subarray(place, place + room);
      this.#bytesIn = bytes;
    }
    return this.#bytes;
  }

  get starts(): Uint32Array {
    const { words } = this.#scanner.memory;
    const place = words[this.#word + startsWord] as number;
    const room = words[this.#word + startsRoomWord] as number;
    if (this.#startsIn !== words || this.#starts.byteOffset !== place || this.#starts.length !== room) {
      this.#starts = words.subarray(place / 4, place / 4 + room);
      this.#startsIn = words;
    }
    return this.#starts;
  }

  clear(): void {
    this.#scanner.clearTexts(this.#dictionary);
  }

  codeOf(text: string): number {
    const { length } = text;
    const scanner = this.#scanner;
    const start = scanner.roomForText(length < longText ? length * 3 : Buffer.byteLength(text));
    const { bytes } = scanner.memory;
    let size = 0;
    for (; size < length; size++) {
      const unit = text.charCodeAt(size);
      if (unit >= 0x80) break;
      bytes[start + size] = unit;
    }
    if (size < length) size = encoder.encodeInto(text, bytes.subarray(start)).written;
    return scanner.codeOf(this.#dictionary, start, size);
  }
}

const encoder = new TextEncoder();
