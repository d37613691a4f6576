/** Reads a block file: each column when it is asked for. */

import { zstdDecompressSync } from 'node:zlib';
import { type BlockInfo, blockMagic, bytesOfType, parseDirectory } from './blockFormat.ts';

/** Texts of a column: UTF-8, made to strings one at a time. */
export class TextColumn {
  readonly bytes: Buffer;
  /** Where each text starts in `bytes`; one more for the end of the last. */
  readonly starts: Uint32Array;
  readonly #isAbsent: (index: number) => boolean;

  constructor(bytes: Buffer, starts: Uint32Array, isAbsent: (index: number) => boolean) {
    this.bytes = bytes;
    this.starts = starts;
    this.#isAbsent = isAbsent;
  }

  get length(): number {
    return this.starts.length - 1;
  }

  /** `undefined` where there is none. */
  at(index: number): string | undefined {
    return this.#isAbsent(index) ? undefined : this.bytes.toString('utf8', this.starts[index], this.starts[index + 1]);
  }

  toArray(): (string | undefined)[] {
    return Array.from({ length: this.length }, (_, index) => this.at(index));
  }
}

export class DamagedBlockFile extends Error {
  override readonly name = 'DamagedBlockFile';
}

export class BlockFile {
  readonly #bytes: Buffer;
  readonly #blocks = new Map<string, BlockInfo>();

  /** @throws DamagedBlockFile */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const tail = bytes.length - blockMagic.length - 4;
    if (tail < blockMagic.length || bytes.toString('latin1', tail + 4) !== blockMagic) {
      throw new DamagedBlockFile('its end is missing');
    }
    const start = tail - bytes.readUInt32LE(tail);
    const directory = start < 0 ? undefined : decompressed(bytes.subarray(start, tail));
    const blocks = directory && parseDirectory(directory.toString('utf8'));
    if (!blocks) throw new DamagedBlockFile('its directory cannot be read');
    for (const block of blocks) this.#blocks.set(block.name, block);
  }

  has(name: string): boolean {
    return this.#blocks.has(name);
  }

  /** A column of numbers, NaN for none. @throws DamagedBlockFile */
  numbers(name: string): Float64Array {
    const { block, raw } = this.#read(name);
    if (block.type === 'f64') return new Float64Array(aligned(raw, 8));
    const values = new Float64Array(block.count);
    const source = typed(block, raw);
    const base = block.base ?? 0;
    if (block.hasNone) {
      for (let at = 0; at < values.length; at++) values[at] = source[at] === 0 ? Number.NaN : (source[at] ?? 0) + base;
    } else {
      for (let at = 0; at < values.length; at++) values[at] = (source[at] ?? 0) + base;
    }
    return values;
  }

  /** A column of whole numbers from 0 below 2^32, none of them absent. @throws DamagedBlockFile */
  counts(name: string): Uint32Array {
    const { block, raw } = this.#read(name);
    if (block.type === 'f64' || block.hasNone) throw new DamagedBlockFile(`its column ${name} has other numbers`);
    const values = Uint32Array.from(typed(block, raw));
    const base = block.base ?? 0;
    if (base !== 0) for (let at = 0; at < values.length; at++) values[at] = (values[at] ?? 0) + base;
    return values;
  }

  /** @throws DamagedBlockFile */
  bytes(name: string): Buffer {
    return this.#read(name).raw;
  }

  /** @throws DamagedBlockFile */
  texts(name: string): TextColumn {
    const lengths = this.numbers(`${name}.length`);
    const bytes = this.bytes(name);
    const starts = new Uint32Array(lengths.length + 1);
    let end = 0;
    for (let at = 0; at < lengths.length; at++) {
      const length = lengths[at] ?? Number.NaN;
      if (!Number.isNaN(length)) end += length;
      starts[at + 1] = end;
    }
    if (end !== bytes.length) throw new DamagedBlockFile(`its column ${name} has texts of other lengths`);
    return new TextColumn(bytes, starts, (index) => Number.isNaN(lengths[index] ?? Number.NaN));
  }

  #read(name: string): { readonly block: BlockInfo; readonly raw: Buffer } {
    const block = this.#blocks.get(name);
    if (!block) throw new DamagedBlockFile(`it has no column ${name}`);
    const stored = this.#bytes.subarray(block.offset, block.offset + block.storedBytes);
    const raw = block.isCompressed ? decompressed(stored) : stored;
    if (raw?.length !== block.count * bytesOfType[block.type]) {
      throw new DamagedBlockFile(`its column ${name} cannot be read`);
    }
    return { block, raw };
  }
}

function decompressed(bytes: Buffer): Buffer | undefined {
  try {
    return zstdDecompressSync(bytes);
  } catch {
    // The caller says what could not be read.
    return undefined;
  }
}

function typed({ type }: BlockInfo, raw: Buffer): Uint8Array | Uint16Array | Uint32Array {
  if (type === 'u8') return raw;
  return type === 'u16' ? new Uint16Array(aligned(raw, 2)) : new Uint32Array(aligned(raw, 4));
}

/** The bytes in memory that a typed array may start in. */
function aligned(bytes: Buffer, size: number): ArrayBuffer {
  const isAligned = bytes.byteOffset % size === 0 && bytes.buffer instanceof ArrayBuffer;
  const { buffer, byteOffset, byteLength } = isAligned ? bytes : Uint8Array.from(bytes);
  // A fresh copy, or checked just now, is never shared memory.
  return byteOffset === 0 && byteLength === buffer.byteLength
    ? (buffer as ArrayBuffer)
    : (buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}
