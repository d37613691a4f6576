/**
 * Which field tokens some records hold, as a Bloom filter (Bloom 1970, with two hashes for all of them: Kirsch and Mitzenmacher
 * 2006): what is not in it is in none of the records. Ten bits and six probes for each token leave one false yes in a hundred.
 */

import { isAscii, textAt, type Texts } from '../texts.ts';

const bitsPerToken = 10;
const probes = 6;

export class TokenFilter {
  readonly #bits: Uint8Array;

  private constructor(bits: Uint8Array) {
    this.#bits = bits;
  }

  /** @param count of the tokens that it is for. */
  static for(count: number): TokenFilter {
    return new TokenFilter(new Uint8Array(Math.ceil((Math.max(1, count) * bitsPerToken) / 8)));
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

  /** The tokens with these codes, which count from 1. */
  addAll({ first, second }: TokenHashes, codes: Uint32Array): void {
    for (let at = 0; at < codes.length; at++) {
      const index = (codes[at] as number) - 1;
      this.#add(first[index] as number, second[index] as number);
    }
  }

  #add(first: number, second: number): void {
    const bits = this.#bits;
    const count = bits.length * 8;
    for (let probe = 0; probe < probes; probe++) {
      const bit = (first + Math.imul(probe, second)) >>> 0;
      const at = bit % count;
      bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7));
    }
  }
}

export interface TokenHash {
  readonly first: number;
  readonly second: number;
}

/** FNV-1a over the UTF-16 code units, and what a finalizer of MurmurHash3 makes of it. */
export function tokenHash(token: string): TokenHash {
  const first = hashUnits(firstHash, token);
  return { first: first >>> 0, second: secondHash(first, token.length) };
}

/** Hashes of all tokens that are a prefix and one of the texts each, in their order. */
export interface TokenHashes {
  readonly count: number;
  readonly first: Uint32Array;
  readonly second: Uint32Array;
}

export function tokenHashes(texts: Texts, prefix: string): TokenHashes {
  const { count, bytes, starts } = texts;
  const [first, second] = [new Uint32Array(count), new Uint32Array(count)];
  const ofPrefix = hashUnits(firstHash, prefix);
  for (let at = 0; at < count; at++) {
    const [start, end] = [starts[at] as number, starts[at + 1] as number];
    let hash = ofPrefix;
    let units = end - start;
    if (isAscii(bytes, start, end)) {
      for (let from = start; from < end; from++) hash = Math.imul(hash ^ (bytes[from] as number), hashFactor);
    } else {
      const text = textAt(texts, at);
      hash = hashUnits(hash, text);
      units = text.length;
    }
    first[at] = hash;
    second[at] = secondHash(hash, prefix.length + units);
  }
  return { count, first, second };
}

const firstHash = 0x811c9dc5;
const hashFactor = 0x01000193;

function hashUnits(hash: number, text: string): number {
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), hashFactor);
  return hash;
}

function secondHash(first: number, units: number): number {
  let second = first ^ (first >>> 16);
  second = Math.imul(second, 0x85ebca6b);
  second ^= second >>> 13;
  second = Math.imul(second, 0xc2b2ae35) ^ units;
  return (second ^ (second >>> 16)) >>> 0 || 1;
}
