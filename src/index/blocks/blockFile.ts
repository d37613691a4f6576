/** Reads a block file: each column when it is asked for. */

import { promisify } from 'node:util';
import { crc32, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import type { BlockBytes } from './blockBytes.ts';
import { type BlockInfo, blockMagic, bytesOfType, parseDirectory } from './blockFormat.ts';

/** Whole numbers as narrow as they are stored. */
export type Counts = Uint8Array | Uint16Array | Uint32Array;

/** A column of numbers in the width that it is stored in: a fourth of the memory, mostly, of what `numbers` takes. */
export class NumberColumn {
  readonly #values: Counts | Float64Array;
  readonly #base: number;
  readonly #hasNone: boolean;

  constructor(values: Counts | Float64Array, { base = 0, hasNone = false }: Pick<BlockInfo, 'base' | 'hasNone'>) {
    this.#values = values;
    this.#base = base;
    this.#hasNone = hasNone;
  }

  get length(): number {
    return this.#values.length;
  }

  /** NaN where there is none. */
  at(index: number): number {
    const value = this.#values[index] ?? Number.NaN;
    return this.#hasNone && value === 0 ? Number.NaN : value + this.#base;
  }

  /** Of those before each number, and of all: one more than there are numbers. One that is none counts as 0. */
  sums(): Uint32Array {
    const [values, base, none] = [this.#values, this.#base, this.#hasNone ? 0 : -1];
    const sums = new Uint32Array(values.length + 1);
    let sum = 0;
    for (let at = 0; at < values.length; at++) {
      const value = values[at] as number;
      if (value !== none) sum += value + base;
      sums[at + 1] = sum;
    }
    return sums;
  }

  toArray(): Float64Array {
    const [values, base] = [this.#values, this.#base];
    const numbers = new Float64Array(values.length);
    for (let at = 0; at < numbers.length; at++) numbers[at] = (values[at] ?? Number.NaN) + base;
    if (!this.#hasNone) return numbers;
    for (let at = 0; at < numbers.length; at++) if (values[at] === 0) numbers[at] = Number.NaN;
    return numbers;
  }
}

/** Texts of a column: UTF-8, made to strings one at a time. */
export class TextColumn {
  readonly bytes: Buffer;
  /** Where each text starts in `bytes`; one more for the end of the last. */
  readonly starts: Uint32Array;
  readonly #lengths: NumberColumn;

  /** @param lengths in bytes, NaN for a text that is none. @throws DamagedBlockFile where they are not those of `bytes`. */
  constructor(bytes: Buffer, lengths: NumberColumn) {
    this.bytes = bytes;
    this.starts = lengths.sums();
    this.#lengths = lengths;
    if (this.starts.at(-1) !== bytes.length) throw new DamagedBlockFile('the lengths of its texts are not theirs');
  }

  get length(): number {
    return this.starts.length - 1;
  }

  /** `undefined` where there is none. */
  at(index: number): string | undefined {
    if (Number.isNaN(this.#lengths.at(index))) return undefined;
    return this.bytes.toString('utf8', this.starts[index], this.starts[index + 1]);
  }

  toArray(): (string | undefined)[] {
    return Array.from({ length: this.length }, (_, index) => this.at(index));
  }
}

export class DamagedBlockFile extends Error {
  override readonly name = 'DamagedBlockFile';
}

export class BlockFile {
  readonly #bytes: BlockBytes;
  readonly #blocks = new Map<string, BlockInfo>();
  readonly #brought = new Map<string, Buffer>();

  /** @throws DamagedBlockFile */
  constructor(bytes: BlockBytes) {
    this.#bytes = bytes;
    const directory = directoryOf(bytes);
    const blocks = directory && parseDirectory(directory.toString('utf8'));
    if (!blocks) throw new DamagedBlockFile('its directory cannot be read');
    for (const block of blocks) this.#blocks.set(block.name, block);
  }

  has(name: string): boolean {
    return this.#blocks.has(name);
  }

  /** Reads and decompresses a block in other threads, for whoever asks for it next. What is wrong with it is told then. */
  async bring(name: string): Promise<void> {
    const block = this.#blocks.get(name);
    if (!block) return;
    const { offset, storedBytes, isCompressed } = block;
    if (offset + storedBytes > this.#bytes.size) return;
    const stored = await this.#bytes.fetch(offset, offset + storedBytes).catch(() => undefined);
    if (!stored || !isAsStored(stored, block)) return;
    const raw = isCompressed
      ? await promisify(zstdDecompress)(stored, limitsOf(rawBytes(block))).catch(() => undefined)
      : stored;
    if (raw) this.#brought.set(name, raw);
  }

  /** Nothing is to be asked for afterwards. */
  close(): void {
    this.#bytes.close();
  }

  /** A column of numbers, NaN for none. @throws DamagedBlockFile */
  numbers(name: string): Float64Array {
    return this.column(name).toArray();
  }

  /** @throws DamagedBlockFile */
  column(name: string): NumberColumn {
    const { block, raw } = this.#read(name);
    return new NumberColumn(typed(block, raw), block);
  }

  /** A column of whole numbers from 0 below 2^32, none of them absent. @throws DamagedBlockFile */
  counts(name: string): Counts {
    const { block, raw } = this.#read(name);
    const values = typed(block, raw);
    if (values instanceof Float64Array || block.hasNone)
      throw new DamagedBlockFile(`its column ${name} has other numbers`);
    const base = block.base ?? 0;
    if (base === 0) return values;
    let most = 0;
    for (const value of values) most = Math.max(most, value);
    const counts = new (countsFor(most + base))(values.length);
    for (let at = 0; at < counts.length; at++) counts[at] = (values[at] ?? 0) + base;
    return counts;
  }

  /** @throws DamagedBlockFile */
  bytes(name: string): Buffer {
    return this.#read(name).raw;
  }

  /** @throws DamagedBlockFile */
  texts(name: string): TextColumn {
    return new TextColumn(this.bytes(name), this.column(`${name}.length`));
  }

  #read(name: string): { readonly block: BlockInfo; readonly raw: Buffer } {
    const block = this.#blocks.get(name);
    if (!block) throw new DamagedBlockFile(`it has no column ${name}`);
    const brought = this.#brought.get(name);
    if (brought) this.#brought.delete(name);
    const raw = brought ?? this.#rawOf(block);
    if (raw?.length !== rawBytes(block)) throw new DamagedBlockFile(`its column ${name} cannot be read`);
    return { block, raw };
  }

  #rawOf(block: BlockInfo): Buffer | undefined {
    const { offset, storedBytes, isCompressed } = block;
    if (offset + storedBytes > this.#bytes.size) return undefined;
    const stored = this.#bytes.read(offset, offset + storedBytes);
    if (!isAsStored(stored, block)) return undefined;
    return isCompressed ? decompressed(stored, rawBytes(block)) : stored;
  }
}

/** So many bytes at the end hold the directory, mostly. */
const tailBytes = 4096;

/** `undefined` where it cannot be read. @throws DamagedBlockFile */
function directoryOf(bytes: BlockBytes): Buffer | undefined {
  const end = bytes.size - blockMagic.length - 4;
  const from = Math.max(0, bytes.size - tailBytes);
  const tail = bytes.read(from, bytes.size);
  if (end < blockMagic.length || tail.toString('latin1', end + 4 - from) !== blockMagic) {
    throw new DamagedBlockFile('its end is missing');
  }
  const start = end - tail.readUInt32LE(end - from);
  if (start < 0) return undefined;
  return decompressed(start < from ? bytes.read(start, end) : tail.subarray(start - from, end - from));
}

function isAsStored(stored: Buffer, block: BlockInfo): boolean {
  return stored.length === block.storedBytes && (block.isCompressed || crc32(stored) === block.crc32);
}

function rawBytes({ count, type }: BlockInfo): number {
  return count * bytesOfType[type];
}

/** @param length that is expected: a buffer of just that size is made. */
function decompressed(bytes: Buffer, length?: number): Buffer | undefined {
  try {
    return zstdDecompressSync(bytes, length === undefined ? {} : limitsOf(length));
  } catch {
    // The caller says what could not be read.
    return undefined;
  }
}

/** With room left in its first piece, the decoder does not ask for a second. */
function limitsOf(length: number) {
  const size = length + smallestChunk;
  return { chunkSize: size, maxOutputLength: size };
}

const smallestChunk = 64;

const arraysOfType = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f64: Float64Array } as const;

/** In place where the bytes lie as the type wants them. */
function typed({ type, count }: BlockInfo, raw: Buffer): Counts | Float64Array {
  const size = bytesOfType[type];
  const { buffer, byteOffset } = raw.byteOffset % size === 0 ? raw : Uint8Array.from(raw);
  // A buffer that was read or decompressed is never shared memory.
  return new arraysOfType[type](buffer as ArrayBuffer, byteOffset, count);
}

function countsFor(most: number) {
  if (most < 2 ** 8) return Uint8Array;
  return most < 2 ** 16 ? Uint16Array : Uint32Array;
}
