/** Bytes being read from front to back; what lies behind their end is an error, never a value. */

import { ParquetError } from '../parquetError.ts';

export class ByteReader {
  readonly bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  byte(): number {
    const value = this.bytes[this.#at++];
    if (value === undefined) throw cutOff();
    return value;
  }

  /** The next `size` bytes, not copied. */
  take(size: number): Buffer {
    const start = this.#at;
    this.#at += size;
    if (size < 0 || this.#at > this.bytes.length) throw cutOff();
    return this.bytes.subarray(start, this.#at);
  }

  /** Exact up to 2⁵³. */
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > 2 ** 63) throw new ParquetError('a number has too many bytes');
    }
  }

  /** Exact within ±2⁵³, as `ByteWriter.zigzag` writes it. */
  zigzag(): number {
    const low = this.byte();
    const rest = low < 0x80 ? 0 : this.varint();
    const magnitude = rest * 0x40 + ((low & 0x7f) >>> 1);
    return low & 1 ? -magnitude - 1 : magnitude;
  }

  uint32(): number {
    const at = this.#at;
    this.take(4);
    return this.bytes.readUInt32LE(at);
  }
}

export function cutOff(): ParquetError {
  return new ParquetError('it ends too early');
}
