/** Writes the pages of one column chunk: header, levels and compressed values (data pages of version 1, which compress levels too). */

import { constants, zstdCompressSync } from 'node:zlib';
import { ByteWriter } from './byteWriter.ts';
import type { ChunkLevels } from './chunkValues.ts';
import { encodeRuns } from './runEncoding.ts';
import { ThriftWriter } from './thriftWriter.ts';

export const encodings = {
  plain: 0,
  rle: 3,
  deltaBinaryPacked: 5,
  deltaByteArray: 7,
  rleDictionary: 8,
} as const;
export type Encoding = (typeof encodings)[keyof typeof encodings];

export interface PageLocation {
  readonly offset: number;
  readonly size: number;
  readonly firstRow: number;
}

const pageTypes = { data: 0, dictionary: 2 } as const;
/** Each level more costs more time than it saves bytes: 5 takes a tenth longer for 1 % less. */
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** Pages go to the end of `out`; offsets count from its start. */
export class PageWriter {
  readonly #out: ByteWriter;
  readonly #thrift: ThriftWriter;
  readonly #body = new ByteWriter();
  #compressed = true;
  uncompressedBytes = 0;
  locations: PageLocation[] = [];

  constructor(out: ByteWriter) {
    this.#out = out;
    this.#thrift = new ThriftWriter(out);
  }

  /** @param compressed `false` where there is so little that zstd's frame would only add to it. */
  beginChunk(compressed: boolean): void {
    this.#compressed = compressed;
    this.uncompressedBytes = 0;
    this.locations = [];
  }

  /** @param encode writes the entries in PLAIN encoding. */
  dictionary(entries: number, encode: (body: ByteWriter) => void): void {
    const body = this.#body;
    body.clear();
    encode(body);
    const stored = this.#compressed ? zstdCompressSync(body.written, zstdOptions) : body.written;
    this.#header(pageTypes.dictionary, body.length, stored.length, (thrift) =>
      thrift.structField(7, () => {
        thrift.int32(1, entries);
        thrift.int32(2, encodings.plain);
      }),
    );
    this.#out.bytes(stored);
  }

  /**
   * All data pages of a chunk.
   * @param encode writes the values `[from .. to]`, at least one, and tells how.
   */
  data(
    chunk: ChunkLevels,
    maxDefinition: number,
    encode: (body: ByteWriter, from: number, to: number) => Encoding,
  ): void {
    let [firstRow, levelStart, valueStart] = [0, 0, 0];
    for (const { rows, levelEnd, valueEnd } of chunk.pages) {
      const offset = this.#out.length;
      const body = this.#body;
      body.clear();
      if (maxDefinition > 1) encodeLevels(body, chunk.repetitions, levelStart, levelEnd, 1);
      encodeLevels(body, chunk.definitions, levelStart, levelEnd, maxDefinition > 1 ? 2 : 1);
      const encoding = valueEnd > valueStart ? encode(body, valueStart, valueEnd) : encodings.plain;
      const stored = this.#compressed ? zstdCompressSync(body.written, zstdOptions) : body.written;
      this.#header(pageTypes.data, body.length, stored.length, (thrift) =>
        thrift.structField(5, () => {
          thrift.int32(1, levelEnd - levelStart);
          thrift.int32(2, encoding);
          thrift.int32(3, encodings.rle);
          thrift.int32(4, encodings.rle);
        }),
      );
      this.#out.bytes(stored);
      this.locations.push({ offset, size: this.#out.length - offset, firstRow });
      firstRow += rows;
      levelStart = levelEnd;
      valueStart = valueEnd;
    }
  }

  #header(type: number, rawBytes: number, storedBytes: number, rest: (thrift: ThriftWriter) => void): void {
    const start = this.#out.length;
    const thrift = this.#thrift;
    thrift.struct(() => {
      thrift.int32(1, type);
      thrift.int32(2, rawBytes);
      thrift.int32(3, storedBytes);
      rest(thrift);
    });
    this.uncompressedBytes += this.#out.length - start + rawBytes;
  }
}

function encodeLevels(out: ByteWriter, levels: Uint8Array, from: number, to: number, width: number): void {
  const start = out.length;
  out.uint32(0);
  encodeRuns(out, levels, from, to, width);
  out.written.writeUInt32LE(out.length - start - 4, start);
}
