/**
 * Writes a block file (docs/index-format.md, "Block file"): named columns of numbers and texts, each compressed by itself, and a
 * directory at the end. It is what a segment's side is kept in: read column by column, straight into typed arrays.
 */

import { constants, crc32, zstdCompressSync } from 'node:zlib';
import { consecutive } from '../consecutive.ts';
import { copyBytes, type Texts } from '../texts.ts';
import { type BlockInfo, blockMagic, type NumberType } from './blockFormat.ts';

/** With a checksum, which reading looks at. */
const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

/** Below this, compressing costs more than it saves. */
const smallestCompressed = 64;

type UnstoredBlock = Omit<BlockInfo, 'offset' | 'storedBytes' | 'crc32' | 'isCompressed'>;

export class BlockWriter {
  readonly #parts: Uint8Array[] = [Buffer.from(blockMagic)];
  readonly #blocks: BlockInfo[] = [];
  #offset = blockMagic.length;

  /** Whole numbers within ±2^53; NaN stands for none. In the narrowest type that holds them all. */
  addNumbers(name: string, values: Float64Array): void {
    const { least, most, hasNone } = boundsOf(values);
    // 0 stands for none where there is any: the others start from 1.
    const base = hasNone ? least - 1 : least;
    const type = typeFor(most - base);
    if (type === 'f64' || !Number.isSafeInteger(base)) {
      this.#add({ name, type: 'f64', count: values.length }, bytesOf(values));
      return;
    }
    const narrow = new narrowTypes[type](values.length);
    putOffsets(narrow, values, base);
    const optional = hasNone ? { hasNone } : {};
    this.#add({ name, type, count: values.length, base, ...optional }, bytesOf(narrow));
  }

  /** As they are, never compressed. */
  addWords(name: string, words: Uint16Array | Uint32Array): void {
    const type = words instanceof Uint16Array ? 'u16' : 'u32';
    this.#store({ name, type, count: words.length, base: 0 }, bytesOf(words), false);
  }

  /** @param codes of the texts, in their order: from 1, 0 for none. All texts without them. */
  addTexts(name: string, texts: Texts, codes: Uint32Array = consecutive(1, texts.count)): void {
    const lengths = lengthsOf(texts, codes);
    this.addNumbers(`${name}.length`, lengths);
    this.addBytes(name, joined(texts, codes));
  }

  addBytes(name: string, bytes: Uint8Array): void {
    this.#add({ name, type: 'u8', count: bytes.length, base: 0 }, bytes);
  }

  /** The file's parts, in order; their bytes must not change. */
  finish(): Uint8Array[] {
    const directory = zstdCompressSync(JSON.stringify(this.#blocks), checked);
    const end = Buffer.alloc(4 + blockMagic.length);
    end.writeUInt32LE(directory.length);
    end.write(blockMagic, 4);
    return [...this.#parts, directory, end];
  }

  #add(info: UnstoredBlock, bytes: Uint8Array): void {
    const compressed = bytes.length < smallestCompressed ? bytes : zstdCompressSync(bytes, checked);
    const isCompressed = compressed.length < bytes.length;
    this.#store(info, isCompressed ? compressed : bytes, isCompressed);
  }

  #store(info: UnstoredBlock, stored: Uint8Array, isCompressed: boolean): void {
    const [offset, storedBytes] = [this.#offset, stored.length];
    // A frame brings its own.
    const check = isCompressed ? {} : { crc32: crc32(stored) };
    this.#blocks.push({ ...info, offset, storedBytes, isCompressed, ...check });
    this.#parts.push(stored);
    this.#offset += stored.length;
  }
}

/** Both 0 where there is no number. */
function boundsOf(values: Float64Array): { readonly least: number; readonly most: number; readonly hasNone: boolean } {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let hasNone = false;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    // None is neither.
    if (value < least) least = value;
    if (value > most) most = value;
    hasNone ||= Number.isNaN(value);
  }
  return most < least ? { least: 0, most: 0, hasNone } : { least, most, hasNone };
}

function putOffsets(target: Uint8Array | Uint16Array | Uint32Array, values: Float64Array, base: number): void {
  // Not a number becomes 0.
  for (let at = 0; at < values.length; at++) target[at] = (values[at] as number) - base;
}

/** NaN for none. */
function lengthsOf({ starts }: Texts, codes: Uint32Array): Float64Array {
  const lengths = new Float64Array(codes.length);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    lengths[at] = code === 0 ? Number.NaN : (starts[code] as number) - (starts[code - 1] as number);
  }
  return lengths;
}

function joined({ bytes, starts }: Texts, codes: Uint32Array): Uint8Array {
  const target = new Uint8Array(bytesOfAll(starts, codes));
  let end = 0;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    if (code > 0) end = copyBytes(target, end, bytes, starts[code - 1] as number, starts[code] as number);
  }
  return target;
}

function bytesOfAll(starts: Uint32Array, codes: Uint32Array): number {
  let size = 0;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    if (code > 0) size += (starts[code] as number) - (starts[code - 1] as number);
  }
  return size;
}

const narrowTypes = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array } as const;

function typeFor(range: number): NumberType {
  if (range < 2 ** 8) return 'u8';
  if (range < 2 ** 16) return 'u16';
  return range < 2 ** 32 ? 'u32' : 'f64';
}

function bytesOf(values: Float64Array | Uint32Array | Uint16Array | Uint8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
