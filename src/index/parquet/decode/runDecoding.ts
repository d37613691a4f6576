/** Reads Parquet's RLE/bit-packed hybrid; see `../../assembly/parquet/runs.ts`. */

import { type ByteReader, cutOff } from './byteReader.ts';
import { ParquetError } from '../parquetError.ts';

const onesOfByte = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/** Reads runs in order, so that what is not wanted is passed over without being unpacked. */
export class RunReader {
  readonly #from: ByteReader;
  readonly #width: number;
  readonly #valueBytes: number;
  /** What is left of the run under way: a value, or packed ones and the next one's bit. */
  #left = 0;
  #value = 0;
  #packed: Buffer | undefined;
  #bit = 0;

  /** @param width 0 to 32. */
  constructor(from: ByteReader, width: number) {
    if (width > 32) throw new ParquetError(`a number of ${width} bits`);
    this.#from = from;
    this.#width = width;
    this.#valueBytes = Math.ceil(width / 8);
  }

  /** Passes `count` values over. */
  skip(count: number): void {
    for (let left = count; left > 0; ) {
      const taken = this.#run(left);
      this.#bit += taken * this.#width;
      left -= taken;
    }
  }

  /** Appends the next `count` values to `values`. */
  read(count: number, values: number[]): void {
    for (let left = count; left > 0; ) {
      const taken = this.#run(left);
      for (let index = 0; index < taken; index++) values.push(this.#packed ? this.#unpack(this.#packed) : this.#value);
      left -= taken;
    }
  }

  /** The next `count` values of at most 8 bits. */
  levels(count: number): Uint8Array {
    const levels = new Uint8Array(count);
    const mask = (1 << this.#width) - 1;
    for (let at = 0; at < count; ) {
      const end = at + this.#run(count - at);
      const packed = this.#packed;
      if (!packed) levels.fill(this.#value, at, end);
      else if (8 % this.#width === 0) {
        const bit = this.#advance(packed, (end - at) * this.#width);
        for (let index = at; index < end; index++) {
          const from = bit + (index - at) * this.#width;
          levels[index] = ((packed[from >>> 3] as number) >>> (from & 7)) & mask;
        }
      } else for (let index = at; index < end; index++) levels[index] = this.#unpack(packed);
      at = end;
    }
    return levels;
  }

  /** How many of the next `count` values are `value`. */
  count(count: number, value: number): number {
    let found = 0;
    for (let left = count; left > 0; ) {
      const taken = this.#run(left);
      if (!this.#packed) found += this.#value === value ? taken : 0;
      else if (this.#width === 1)
        found += value === 1 ? this.#ones(this.#packed, taken) : taken - this.#ones(this.#packed, taken);
      else for (let index = 0; index < taken; index++) if (this.#unpack(this.#packed) === value) found++;
      left -= taken;
    }
    return found;
  }

  /** Takes up to `wanted` values from the run under way, or from the next. */
  #run(wanted: number): number {
    while (this.#left === 0) this.#begin();
    const taken = Math.min(wanted, this.#left);
    this.#left -= taken;
    return taken;
  }

  #begin(): void {
    const header = this.#from.varint();
    if (header % 2 === 1) {
      const groups = (header - 1) / 2;
      // The last run may be cut off behind the last value.
      const rest = this.#from.bytes.length - this.#from.at;
      this.#packed = this.#from.take(Math.min(groups * this.#width, rest));
      this.#bit = 0;
      this.#left = groups * 8;
      return;
    }
    this.#packed = undefined;
    this.#left = header / 2;
    this.#value = 0;
    for (let index = 0; index < this.#valueBytes; index++) this.#value += this.#from.byte() * 2 ** (8 * index);
  }

  /** How many of the next `count` bits are set; most often of many whole bytes. */
  #ones(packed: Buffer, count: number): number {
    let bit = this.#advance(packed, count);
    let ones = 0;
    for (const end = bit + count; bit < end; ) {
      const byte = packed[bit >>> 3] as number;
      if ((bit & 7) === 0 && end - bit >= 8) {
        ones += onesOfByte[byte] as number;
        bit += 8;
      } else ones += (byte >>> (bit++ & 7)) & 1;
    }
    return ones;
  }

  /** Passes bits over. @returns where they began. */
  #advance(packed: Buffer, bits: number): number {
    const start = this.#bit;
    this.#bit += bits;
    if (this.#bit > packed.length * 8) throw cutOff();
    return start;
  }

  #unpack(packed: Buffer): number {
    let bit = this.#advance(packed, this.#width);
    let value = 0;
    for (let scale = 1; bit < this.#bit; ) {
      const inByte = bit & 7;
      const taken = Math.min(8 - inByte, this.#bit - bit);
      value += (((packed[bit >>> 3] as number) >>> inByte) & ((1 << taken) - 1)) * scale;
      scale *= 1 << taken;
      bit += taken;
    }
    return value;
  }
}
