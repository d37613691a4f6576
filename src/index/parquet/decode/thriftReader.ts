/** Thrift's compact protocol, read into structs whose fields are looked up by id; see `ThriftWriter`. */

import type { ByteReader } from './byteReader.ts';
import { ParquetError } from '../parquetError.ts';

type ThriftValue = number | boolean | Buffer | readonly ThriftValue[] | ThriftStruct;

const maxDepth = 20;

/** Fields of other types than asked for are an error; what is not there is `undefined`. */
export class ThriftStruct {
  readonly #fields: ReadonlyMap<number, ThriftValue>;

  private constructor(fields: ReadonlyMap<number, ThriftValue>) {
    this.#fields = fields;
  }

  static read(from: ByteReader, depth = 0): ThriftStruct {
    const fields = new Map<number, ThriftValue>();
    let id = 0;
    for (let header = from.byte(); header !== 0; header = from.byte()) {
      const skipped = header >>> 4;
      id = skipped > 0 ? id + skipped : from.zigzag();
      fields.set(id, readField(from, header & 15, depth + 1));
    }
    return new ThriftStruct(fields);
  }

  number(id: number): number | undefined {
    const value = this.#fields.get(id);
    return value === undefined || typeof value === 'number' ? value : mistyped(id);
  }

  text(id: number): string | undefined {
    const value = this.#fields.get(id);
    return value === undefined ? undefined : Buffer.isBuffer(value) ? value.toString() : mistyped(id);
  }

  struct(id: number): ThriftStruct | undefined {
    const value = this.#fields.get(id);
    return value === undefined || value instanceof ThriftStruct ? value : mistyped(id);
  }

  structs(id: number): readonly ThriftStruct[] {
    return this.#list(id).map((item) => (item instanceof ThriftStruct ? item : mistyped(id)));
  }

  texts(id: number): readonly string[] {
    return this.#list(id).map((item) => (Buffer.isBuffer(item) ? item.toString() : mistyped(id)));
  }

  #list(id: number): readonly ThriftValue[] {
    const value = this.#fields.get(id);
    return Array.isArray(value) ? (value as readonly ThriftValue[]) : mistyped(id);
  }
}

function mistyped(id: number): never {
  throw new ParquetError(`field ${id} of its metadata is of another type`);
}

function readField(from: ByteReader, type: number, depth: number): ThriftValue {
  // In a field the type itself is the boolean; in a list it is a byte.
  return type === 1 || type === 2 ? type === 1 : readValue(from, type, depth);
}

function readValue(from: ByteReader, type: number, depth: number): ThriftValue {
  if (depth > maxDepth) throw new ParquetError('its metadata is nested too deeply');
  switch (type) {
    case 1:
    case 2:
      return from.byte() === 1;
    case 3:
      return from.byte();
    case 4:
    case 5:
    case 6:
      return from.zigzag();
    case 7:
      return from.take(8).readDoubleLE();
    case 8:
      return from.take(from.varint());
    case 9:
    case 10:
      return readList(from, depth);
    case 12:
      return ThriftStruct.read(from, depth);
    default:
      throw new ParquetError(`its metadata has a value of the unknown type ${type}`);
  }
}

function readList(from: ByteReader, depth: number): readonly ThriftValue[] {
  const header = from.byte();
  const size = header >>> 4 === 15 ? from.varint() : header >>> 4;
  const items: ThriftValue[] = [];
  for (let index = 0; index < size; index++) items.push(readValue(from, header & 15, depth + 1));
  return items;
}
