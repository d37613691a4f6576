/** Writes the pages of one column chunk: header, levels and compressed values (data pages of version 1, which compress levels too). */

import { assertNever } from '../../../model/assertNever.ts';
import type { ByteWriter } from './byteWriter.ts';
import type { Dictionary, ValueEncoder } from './encodingChoice.ts';
import type { Chunk, Levels } from './chunk.ts';
import { compress } from './compress.ts';
import { encodings } from '../encodings.ts';
import { encodeBits, encodeRun, encodeRuns } from './runEncoding.ts';
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
  readonly #body: ByteWriter;
  readonly #compressed: boolean;
  readonly locations: PageLocation[] = [];
  uncompressedBytes = 0;

  /**
   * @param body is used for each page in the making, and for the next chunk's.
   * @param compressed `false` where there is so little that zstd's frame would only add to it.
   */
  constructor(out: ByteWriter, body: ByteWriter, compressed: boolean) {
    this.#out = out;
    this.#thrift = new ThriftWriter(out);
    this.#body = body;
    this.#compressed = compressed;
  }

  dictionary({ entries, encode }: Dictionary): void {
    const body = this.#body;
    body.clear();
    encode(body);
    const stored = this.#compressed ? compress(body.written) : body.written;
    this.#header(pageTypes.dictionary, body.length, stored.length, (thrift) =>
      thrift.structField(7, () => {
        thrift.int32(1, entries);
        thrift.int32(2, encodings.plain);
      }),
    );
    this.#out.bytes(stored);
  }

  data(chunk: Chunk, encoder: ValueEncoder): void {
    let [firstRow, levelStart, valueStart] = [0, 0, 0];
    for (const { rows, levelEnd, valueEnd } of chunk.pages) {
      const offset = this.#out.length;
      const body = this.#body;
      body.clear();
      const values = valueEnd - valueStart;
      encodeLevels(body, chunk.levels, levelStart, levelEnd, values);
      // A page without a value has no encoding, and this one is known to every reader.
      const encoding = values > 0 ? encoder.encoding : encodings.plain;
      if (values > 0) encoder.encode(body, valueStart, valueEnd);
      const stored = this.#compressed ? compress(body.written) : body.written;
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

/** Most often all values of a page are there, or none: one run. */
function encodeLevels(out: ByteWriter, levels: Levels, from: number, to: number, values: number): void {
  const uniform = values === 0 || values === to - from;
  switch (levels.kind) {
    case 'required':
      return;
    case 'optional':
      return sized(out, () => {
        if (uniform) encodeRun(out, Math.sign(values), to - from, 1);
        else encodeBits(out, levels.present, from, to);
      });
    case 'list':
      sized(out, () => encodeRuns(out, levels.repetitions, from, to, 1));
      return sized(out, () => encodeRuns(out, levels.definitions, from, to, 2));
    default:
      assertNever(levels);
  }
}

/** What `write` writes, after its size. */
function sized(out: ByteWriter, write: () => void): void {
  const start = out.length;
  out.uint32(0);
  write();
  out.uint32At(start, out.length - start - 4);
}
