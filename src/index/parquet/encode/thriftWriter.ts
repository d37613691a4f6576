/** Thrift's compact protocol, as far as Parquet's metadata need it (thrift/doc/specs/thrift-compact-protocol.md). */

import type { ByteWriter } from './byteWriter.ts';

const types = { true: 1, false: 2, int32: 5, int64: 6, binary: 8, list: 9, struct: 12 } as const;

type ElementType = 'int32' | 'binary' | 'struct';

/** Writes one struct after the other; fields of a struct go in ascending order of their ids. */
export class ThriftWriter {
  readonly #out: ByteWriter;
  #lastId = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  /** A struct by itself, or one as element of a list. */
  struct(fields: () => void): void {
    const outer = this.#lastId;
    this.#lastId = 0;
    fields();
    this.#out.byte(0);
    this.#lastId = outer;
  }

  bool(id: number, value: boolean): void {
    this.#field(id, value ? types.true : types.false);
  }

  int32(id: number, value: number): void {
    this.#field(id, types.int32);
    this.#out.zigzag(value);
  }

  int64(id: number, value: number): void {
    this.#field(id, types.int64);
    this.#out.zigzag(value);
  }

  text(id: number, value: string): void {
    this.binary(id, Buffer.from(value));
  }

  binary(id: number, value: Uint8Array): void {
    this.#field(id, types.binary);
    this.#binary(value);
  }

  structField(id: number, fields: () => void): void {
    this.#field(id, types.struct);
    this.struct(fields);
  }

  int32s(id: number, values: readonly number[]): void {
    this.#list(id, 'int32', values.length);
    for (const value of values) this.#out.zigzag(value);
  }

  texts(id: number, values: readonly string[]): void {
    this.#list(id, 'binary', values.length);
    for (const value of values) this.#binary(Buffer.from(value));
  }

  structs<Item>(id: number, items: readonly Item[], fields: (item: Item) => void): void {
    this.#list(id, 'struct', items.length);
    for (const item of items) this.struct(() => fields(item));
  }

  #field(id: number, type: number): void {
    // Ids of Parquet's structs lie less than 16 apart, so the short form always does.
    this.#out.byte(((id - this.#lastId) << 4) | type);
    this.#lastId = id;
  }

  #list(id: number, type: ElementType, size: number): void {
    this.#field(id, types.list);
    if (size < 15) return this.#out.byte((size << 4) | types[type]);
    this.#out.byte(0xf0 | types[type]);
    this.#out.varint(size);
  }

  #binary(value: Uint8Array): void {
    this.#out.varint(value.length);
    this.#out.bytes(value);
  }
}
