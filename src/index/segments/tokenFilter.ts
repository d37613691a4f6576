/**
 * Which field tokens some records hold, as a Bloom filter (Bloom 1970, with two hashes for all of them: Kirsch and Mitzenmacher
 * 2006): what is not in it is in none of the records. Ten bits and six probes for each token leave one false yes in a hundred.
 */

const bitsPerToken = 10;
const probes = 6;

export class TokenFilter {
  readonly #bits: Uint8Array;

  private constructor(bits: Uint8Array) {
    this.#bits = bits;
  }

  static of(hashes: Iterable<TokenHash>, count: number): TokenFilter {
    const bits = new Uint8Array(Math.ceil((Math.max(1, count) * bitsPerToken) / 8));
    const filter = new TokenFilter(bits);
    for (const hash of hashes) filter.#add(hash);
    return filter;
  }

  /** `undefined` for bytes that are no filter. */
  static parse(bits: Uint8Array): TokenFilter | undefined {
    return bits.length > 0 ? new TokenFilter(bits) : undefined;
  }

  get bytes(): Uint8Array {
    return this.#bits;
  }

  mayHold({ first, second }: TokenHash): boolean {
    const count = this.#bits.length * 8;
    for (let probe = 0; probe < probes; probe++) {
      const bit = (first + Math.imul(probe, second)) >>> 0;
      const at = bit % count;
      if (((this.#bits[at >> 3] ?? 0) & (1 << (at & 7))) === 0) return false;
    }
    return true;
  }

  #add({ first, second }: TokenHash): void {
    const count = this.#bits.length * 8;
    for (let probe = 0; probe < probes; probe++) {
      const bit = (first + Math.imul(probe, second)) >>> 0;
      const at = bit % count;
      this.#bits[at >> 3] = (this.#bits[at >> 3] ?? 0) | (1 << (at & 7));
    }
  }
}

export interface TokenHash {
  readonly first: number;
  readonly second: number;
}

/** FNV-1a over the UTF-16 code units, and what a finalizer of MurmurHash3 makes of it. */
export function tokenHash(token: string): TokenHash {
  let first = 0x811c9dc5;
  for (let at = 0; at < token.length; at++) first = Math.imul(first ^ token.charCodeAt(at), 0x01000193);
  let second = first ^ (first >>> 16);
  second = Math.imul(second, 0x85ebca6b);
  second ^= second >>> 13;
  second = Math.imul(second, 0xc2b2ae35) ^ token.length;
  return { first: first >>> 0, second: (second ^ (second >>> 16)) >>> 0 || 1 };
}
