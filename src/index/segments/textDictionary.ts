/** Distinct texts by number: as UTF-8 in one buffer, found by a hash of their bytes. A thousand of them are not a thousand objects. */

import { randomInt } from 'node:crypto';
import { type CodedTexts, copyBytes } from '../texts.ts';

/** Where a hash starts. Log content is hostile: whoever does not know this cannot write texts that all have one hash. */
const hashSeed = randomInt(2 ** 32) | 0;
/** FNV-1a: `hash = Math.imul(hash ^ byte, hashFactor)`, byte after byte, and then `finishHash`. */
const hashFactor = 0x01000193;

const firstBytes = 256;
const firstTexts = 16;
/** Of a text's UTF-8 in the making; what was grown for a large one is given back. */
const usualScratchBytes = 1 << 16;

let scratch = new Uint8Array(usualScratchBytes);

/** FNV-1a leaves the low bits, by which a place is found, to the last bytes. */
function finishHash(hash: number): number {
  return (hash ^ (hash >>> 15)) >>> 0;
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = hashSeed;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), hashFactor);
  return finishHash(hash);
}

export class TextDictionary implements CodedTexts {
  #count = 0;
  #bytes = new Uint8Array(firstBytes);
  #starts = new Uint32Array(firstTexts + 1);
  /** A code and its hash each, found by the hash; code 0 where there is none. At most half are taken. */
  #slots = new Uint32Array(firstTexts * 4);

  get count(): number {
    return this.#count;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get starts(): Uint32Array {
    return this.#starts;
  }

  clear(): void {
    this.#count = 0;
    this.#slots.fill(0);
  }

  codeOf(text: string): number {
    const { length } = text;
    if (scratch.length < length * 3) scratch = new Uint8Array(length * 3);
    let hash = hashSeed;
    let size = 0;
    for (; size < length; size++) {
      const unit = text.charCodeAt(size);
      if (unit >= 0x80) break;
      scratch[size] = unit;
      hash = Math.imul(hash ^ unit, hashFactor);
    }
    if (size === length) return this.#codeOf(scratch, 0, length, finishHash(hash));
    const { written } = encoder.encodeInto(text, scratch);
    const code = this.codeOfBytes(scratch, 0, written);
    if (scratch.length > 16 * usualScratchBytes) scratch = new Uint8Array(usualScratchBytes);
    return code;
  }

  /** As `codeOf`, for `source[start .. end]`, which is UTF-8. */
  codeOfBytes(source: Uint8Array, start: number, end: number): number {
    return this.#codeOf(source, start, end, hashOf(source, start, end));
  }

  #codeOf(source: Uint8Array, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 2;
    for (let slot = (hash << 1) & mask; ; slot = (slot + 2) & mask) {
      const code = slots[slot] as number;
      if (code === 0) return this.#add(source, start, end, hash, slot);
      if (slots[slot + 1] === hash && this.#isSame(code - 1, source, start, end)) return code;
    }
  }

  #isSame(index: number, source: Uint8Array, start: number, end: number): boolean {
    const bytes = this.#bytes;
    let at = this.#starts[index] as number;
    if ((this.#starts[index + 1] as number) - at !== end - start) return false;
    for (let from = start; from < end; from++, at++) if (bytes[at] !== source[from]) return false;
    return true;
  }

  #add(source: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const index = this.#count++;
    if (index + 2 > this.#starts.length) this.#growStarts();
    const at = this.#starts[index] as number;
    const length = end - start;
    if (at + length > this.#bytes.length) this.#growBytes(at + length);
    this.#starts[index + 1] = copyBytes(this.#bytes, at, source, start, end);
    this.#slots[slot] = index + 1;
    this.#slots[slot + 1] = hash;
    if (this.#count * 4 > this.#slots.length) this.#growSlots();
    return index + 1;
  }

  #growStarts(): void {
    const starts = new Uint32Array(this.#starts.length * 2);
    starts.set(this.#starts);
    this.#starts = starts;
  }

  #growBytes(wanted: number): void {
    const bytes = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }

  #growSlots(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    const mask = slots.length - 2;
    for (let from = 0; from < old.length; from += 2) {
      const code = old[from] as number;
      if (code === 0) continue;
      const hash = old[from + 1] as number;
      let slot = (hash << 1) & mask;
      while (slots[slot] !== 0) slot = (slot + 2) & mask;
      slots[slot] = code;
      slots[slot + 1] = hash;
    }
    this.#slots = slots;
  }
}

const encoder = new TextEncoder();

/** Some texts as they are held together, in their order; equal ones are one. */
export function dictionaryOf(texts: Iterable<string>): TextDictionary {
  const dictionary = new TextDictionary();
  for (const text of texts) dictionary.codeOf(text);
  return dictionary;
}
