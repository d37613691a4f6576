/**
 * Which runs of three characters some texts hold, as a bitmap: a word that has one which is not there is in none of the texts, and
 * they need not be read. One for the texts of each row group of a segment.
 */

import { foldCase } from '../../model/query/matchComparison.ts';
import { isAscii, textAt, type Texts } from '../texts.ts';

const gatheredBits = 2 ** 16;
/** Below this a bitmap tells so much that half of it tells enough. */
const fillToHalve = 1 / 8;
const fewestBits = 2 ** 9;
const gramLength = 3;
/** Seven bits for each character. */
const gramMask = 2 ** (7 * gramLength) - 1;
const firstForeign = 0x80;

export class TextFilter {
  readonly #bits: Uint8Array;

  private constructor(bits: Uint8Array) {
    this.#bits = bits;
  }

  static empty(): TextFilter {
    return new TextFilter(new Uint8Array(gatheredBits / 8));
  }

  /** `undefined` for bytes that are no filter. */
  static parse(bits: Uint8Array): TextFilter | undefined {
    const count = bits.length * 8;
    const isWhole = count >= fewestBits && count <= gatheredBits && Math.log2(count) % 1 === 0;
    return isWhole ? new TextFilter(bits) : undefined;
  }

  add(text: string): void {
    const bits = this.#bits;
    const mask = bits.length * 8 - 1;
    const folded = foldCase(text);
    let gram = 0;
    let length = 0;
    for (let at = 0; at < folded.length; at++) {
      const unit = folded.charCodeAt(at);
      gram = ((gram << 7) | unit) & gramMask;
      length = unit < firstForeign ? length + 1 : 0;
      if (length < gramLength) continue;
      const bit = hashOf(gram) & mask;
      bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }

  /** As `add`, for those of the texts with these codes, which count from 1. */
  addTexts(texts: Texts, codes: Uint32Array): void {
    for (let at = 0; at < codes.length; at++) this.#addTextOf(texts, (codes[at] as number) - 1);
  }

  #addTextOf(texts: Texts, index: number): void {
    const { bytes, starts } = texts;
    const [start, end] = [starts[index] as number, starts[index + 1] as number];
    // What other characters fold to may be ASCII.
    if (!isAscii(bytes, start, end)) return this.add(textAt(texts, index));
    const bits = this.#bits;
    const mask = bits.length * 8 - 1;
    let gram = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      gram = ((gram << 7) | lowerCase(byte)) & gramMask;
      if (at - start < gramLength - 1) continue;
      const bit = hashOf(gram) & mask;
      bits[bit >> 3] = (bits[bit >> 3] as number) | (1 << (bit & 7));
    }
  }

  /**
   * False only when none of the texts contains this one, however either is capitalised. The same walk as `add`, written out: with a
   * call for each run it takes several times as long, and indexing walks all texts.
   */
  mayContain(text: string): boolean {
    const bits = this.#bits;
    const mask = bits.length * 8 - 1;
    const folded = foldCase(text);
    let gram = 0;
    let length = 0;
    for (let at = 0; at < folded.length; at++) {
      const unit = folded.charCodeAt(at);
      gram = ((gram << 7) | unit) & gramMask;
      length = unit < firstForeign ? length + 1 : 0;
      if (length < gramLength) continue;
      const bit = hashOf(gram) & mask;
      if (((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  /** The bitmap, halved as long as it stays sparse. */
  serialize(): Uint8Array {
    let bits = this.#bits;
    while (bits.length * 8 > fewestBits && fillOf(bits) < fillToHalve) {
      const half = bits.length / 2;
      const halved = new Uint8Array(half);
      for (let at = 0; at < half; at++) halved[at] = (bits[at] ?? 0) | (bits[at + half] ?? 0);
      bits = halved;
    }
    return bits;
  }
}

/** Of a character in ASCII. */
function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

/**
 * Of runs in ASCII only: what the engine makes of other characters (halves of pairs, special cases) need not be known here.
 */
function hashOf(gram: number): number {
  return Math.imul(gram, 0x9e3779b1) >>> 12;
}

function fillOf(bits: Uint8Array): number {
  let set = 0;
  for (const byte of bits) for (let rest = byte; rest > 0; rest &= rest - 1) set += 1;
  return set / (bits.length * 8);
}
