/**
 * Bytes in the making, in one array that grows and is used again. No `Buffer`: loops that meet both kinds are compiled anew for the second,
 * and are slower for both.
 */

import { copyBytes } from '../../texts.ts';

export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 1 << 16) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written, valid until the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The whole buffer, valid until the next write: what was written, and room. */
  get buffer(): Uint8Array {
    return this.#bytes;
  }

  clear(): void {
    this.#length = 0;
  }

  /**
   * Makes room for `size` more bytes and counts them as written, for a caller that fills them itself, from where `length` was.
   * @returns the whole buffer.
   */
  extend(size: number): Uint8Array {
    const end = this.#length + size;
    if (end > this.#bytes.length) this.#grow(end);
    this.#length = end;
    return this.#bytes;
  }

  #grow(wanted: number): void {
    const larger = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
    larger.set(this.written);
    this.#bytes = larger;
  }

  byte(value: number): void {
    const at = this.#length;
    this.extend(1)[at] = value;
  }

  bytes(value: Uint8Array): void {
    const at = this.#length;
    this.extend(value.length).set(value, at);
  }

  /** Short pieces: a loop, as calls into native code cost more. */
  copy(source: Uint8Array, start: number, end: number): void {
    const at = this.#length;
    copyBytes(this.extend(end - start), at, source, start, end);
  }

  /** @param value whole, from 0 to 2⁵³. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 2 ** 31) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  /** @param value whole, within ±2⁵³: its sign as the lowest bit, without ever leaving the numbers that a double holds. */
  zigzag(value: number): void {
    const sign = value < 0 ? 1 : 0;
    const magnitude = sign ? -(value + 1) : value;
    const low = (magnitude % 0x40) * 2 + sign;
    const rest = Math.floor(magnitude / 0x40);
    if (rest === 0) return this.byte(low);
    this.byte(low | 0x80);
    this.varint(rest);
  }

  uint32(value: number): void {
    const at = this.#length;
    const bytes = this.extend(4);
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }
}
