/** Writes the pages of one column chunk: header, levels and compressed values (data pages of version 1, which compress levels too). */

import { encodings } from '../encodings.ts';
import type { ByteWriter } from './byteWriter.ts';
import type { Chunk, ColumnEncoder } from './columnEncoder.ts';
import { compress } from './compress.ts';
import type { ValueEncoder } from './encodingChoice.ts';
import { ThriftWriter } from './thriftWriter.ts';

export interface PageLocation {
  readonly offset: number;
  readonly size: number;
  readonly firstRow: number;
}

const pageTypes = { data: 0, dictionary: 2 } as const;
/** The pages of one chunk. They go to the end of `out`; offsets count from its start. */
export class PageWriter {
  readonly #out: ByteWriter;
  readonly #thrift: ThriftWriter;
  readonly #encoder: ColumnEncoder;
  readonly #compressed: boolean;
  readonly locations: PageLocation[] = [];
  uncompressedBytes = 0;

  /** @param compressed `false` where there is so little that zstd's frame would only add to it. */
  constructor(out: ByteWriter, encoder: ColumnEncoder, compressed: boolean) {
    this.#out = out;
    this.#thrift = new ThriftWriter(out);
    this.#encoder = encoder;
    this.#compressed = compressed;
  }

  dictionary(entries: number): void {
    this.#encoder.clearBody();
    this.#encoder.putDictionary();
    this.#page(pageTypes.dictionary, (thrift) =>
      thrift.structField(7, () => {
        thrift.int32(1, entries);
        thrift.int32(2, encodings.plain);
      }),
    );
  }

  data(chunk: Chunk, values: ValueEncoder): void {
    let [firstRow, levelStart, valueStart] = [0, 0, 0];
    for (const { rows, levelEnd, valueEnd } of chunk.pages) {
      const offset = this.#out.length;
      const levels = levelEnd - levelStart;
      const count = valueEnd - valueStart;
      this.#encoder.clearBody();
      this.#encoder.putLevels(levelStart, levelEnd, count);
      if (count > 0) values.put(valueStart, valueEnd);
      // A page without a value has no encoding, and this one is known to every reader.
      const encoding = count > 0 ? values.encoding : encodings.plain;
      this.#page(pageTypes.data, (thrift) =>
        thrift.structField(5, () => {
          thrift.int32(1, levels);
          thrift.int32(2, encoding);
          thrift.int32(3, encodings.rle);
          thrift.int32(4, encodings.rle);
        }),
      );
      this.locations.push({ offset, size: this.#out.length - offset, firstRow });
      firstRow += rows;
      levelStart = levelEnd;
      valueStart = valueEnd;
    }
  }

  /** What the encoder has put, behind its header. */
  #page(type: number, rest: (thrift: ThriftWriter) => void): void {
    const { body } = this.#encoder;
    const stored = this.#compressed ? compress(body) : body;
    this.#header(type, body.length, stored.length, rest);
    this.#out.bytes(stored);
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
