/**
 * Which runs of three characters the texts of a segment hold, as a bitmap: a word that has one which is not there is in none of the
 * texts, and the segment need not be read. It rides in the metadata of the segment's Parquet file.
 */

import { foldCase } from '../model/query/matchComparison.ts';

const gatheredBits = 2 ** 16;
/** Below this a bitmap tells so much that half of it tells enough. */
const fillToHalve = 1 / 8;
const fewestBits = 2 ** 9;

export class TextFilter {
  readonly #bits: Uint8Array;

  private constructor(bits: Uint8Array) {
    this.#bits = bits;
  }

  static empty(): TextFilter {
    return new TextFilter(new Uint8Array(gatheredBits / 8));
  }

  /** `undefined` for text that is no filter. */
  static parse(text: string): TextFilter | undefined {
    const bits = Buffer.from(text, 'base64');
    const count = bits.length * 8;
    const isWhole = count >= fewestBits && count <= gatheredBits && Math.log2(count) % 1 === 0;
    return isWhole ? new TextFilter(bits) : undefined;
  }

  add(text: string | undefined): void {
    if (text === undefined) return;
    for (const hash of gramHashes(foldCase(text))) this.#set(hash);
  }

  /** Adds all that another filter holds. */
  merge(other: TextFilter): void {
    // A smaller one says of a bit only how it ends: all that end so may be meant.
    for (let bit = 0; bit < this.#count; bit++) if (other.#has(bit)) this.#set(bit);
  }

  /** False only when none of the texts contains this one, however either is capitalised. */
  mayContain(text: string): boolean {
    for (const hash of gramHashes(foldCase(text))) if (!this.#has(hash)) return false;
    return true;
  }

  /** Base64 of the bitmap, halved as long as it stays sparse. */
  serialize(): string {
    let bits = this.#bits;
    while (bits.length * 8 > fewestBits && fillOf(bits) < fillToHalve) {
      const half = bits.length / 2;
      const halved = new Uint8Array(half);
      for (let at = 0; at < half; at++) halved[at] = (bits[at] ?? 0) | (bits[at + half] ?? 0);
      bits = halved;
    }
    return Buffer.from(bits).toString('base64');
  }

  get #count(): number {
    return this.#bits.length * 8;
  }

  #set(hash: number): void {
    const bit = hash & (this.#count - 1);
    this.#bits[bit >> 3] = (this.#bits[bit >> 3] ?? 0) | (1 << (bit & 7));
  }

  #has(hash: number): boolean {
    const bit = hash & (this.#count - 1);
    return ((this.#bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }
}

/** Of runs in ASCII only: what the engine makes of other characters (halves of pairs, special cases) need not be known here. */
function* gramHashes(text: string): Generator<number, void> {
  let gram = 0;
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) {
      length = 0;
      continue;
    }
    gram = ((gram << 7) | unit) & 0x1fffff;
    if (++length >= 3) yield Math.imul(gram, 0x9e3779b1) >>> 12;
  }
}

function fillOf(bits: Uint8Array): number {
  let set = 0;
  for (const byte of bits) for (let rest = byte; rest > 0; rest &= rest - 1) set += 1;
  return set / (bits.length * 8);
}
