/** What stands behind a Parquet file's row groups: the pages' offsets, and the file's metadata. */

import type { ByteWriter } from './byteWriter.ts';
import type { ColumnChunk } from './columnWriter.ts';
import type { ParquetColumn } from '../parquetColumns.ts';
import { ThriftWriter } from './thriftWriter.ts';

/** Chunks' offsets count from `offset`. */
export interface RowGroup {
  readonly offset: number;
  readonly rows: number;
  readonly chunks: readonly ColumnChunk[];
}

/** `required` tells that no row is null. */
export interface FooterColumn extends Pick<ParquetColumn, 'kind' | 'name'> {
  readonly required: boolean;
}

export interface ParquetFile {
  readonly columns: readonly FooterColumn[];
  readonly rows: number;
  readonly rowGroups: readonly RowGroup[];
  readonly metadata: Readonly<Record<string, string>>;
}

export const magic = Buffer.from('PAR1');

const physicalTypes = { int64: 2, byteArray: 6 } as const;
const repetitionTypes = { required: 0, optional: 1, repeated: 2 } as const;
const convertedTypes = { utf8: 0, list: 3, timestampMillis: 9, int64: 18 } as const;
const [textType, listType, timestampType] = [1, 3, 8];
const codecs = { none: 0, zstd: 6 } as const;

/** @param offset of `out`'s start within the file. */
export function writeFooter(out: ByteWriter, offset: number, file: ParquetFile): void {
  const thrift = new ThriftWriter(out);
  const indexes = file.rowGroups.map((group) =>
    group.chunks.map((chunk) => {
      const start = out.length;
      thrift.struct(() =>
        thrift.structs(1, chunk.pages, (page) => {
          thrift.int64(1, group.offset + page.offset);
          thrift.int32(2, page.size);
          thrift.int64(3, page.firstRow);
        }),
      );
      return { offset: offset + start, size: out.length - start };
    }),
  );
  const start = out.length;
  thrift.struct(() => {
    thrift.int32(1, 2);
    thrift.structs(2, schemaOf(file.columns), (element) => writeSchemaElement(thrift, element));
    thrift.int64(3, file.rows);
    thrift.structs(4, file.rowGroups, (group) => {
      const ofGroup = indexes[file.rowGroups.indexOf(group)];
      const chunks = group.chunks.map((chunk, index) => ({
        chunk,
        column: file.columns[index],
        index: ofGroup?.[index],
      }));
      thrift.structs(1, chunks, ({ chunk, column, index }) => {
        thrift.int64(2, 0);
        thrift.structField(3, () => writeChunk(thrift, group.offset, chunk, column as FooterColumn));
        thrift.int64(4, index?.offset ?? 0);
        thrift.int32(5, index?.size ?? 0);
      });
      thrift.int64(
        2,
        group.chunks.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0),
      );
      thrift.int64(3, group.rows);
      thrift.int64(5, group.offset);
      thrift.int64(
        6,
        group.chunks.reduce((sum, chunk) => sum + chunk.storedBytes, 0),
      );
    });
    const metadata = Object.entries(file.metadata);
    if (metadata.length > 0) {
      thrift.structs(5, metadata, ([key, value]) => {
        thrift.text(1, key);
        thrift.text(2, value);
      });
    }
    thrift.text(6, 'ingest-trace');
    // Bounds are ordered as their types are: texts by their bytes.
    thrift.structs(7, file.columns, () => thrift.structField(1, () => {}));
  });
  out.uint32(out.length - start);
  out.bytes(magic);
}

interface SchemaElement {
  readonly name: string;
  readonly kind: 'root' | 'list' | 'elements' | 'text' | 'integer' | 'time';
  readonly repetition?: keyof typeof repetitionTypes;
  readonly children?: number;
}

function schemaOf(columns: readonly FooterColumn[]): readonly SchemaElement[] {
  const elements: SchemaElement[] = [{ name: 'schema', kind: 'root', children: columns.length }];
  for (const { kind, name, required } of columns) {
    const repetition = required ? 'required' : 'optional';
    if (kind !== 'texts') elements.push({ name, kind, repetition });
    else {
      elements.push({ name, kind: 'list', repetition, children: 1 });
      elements.push({ name: 'list', kind: 'elements', repetition: 'repeated', children: 1 });
      elements.push({ name: 'element', kind: 'text', repetition: 'optional' });
    }
  }
  return elements;
}

function writeSchemaElement(thrift: ThriftWriter, { name, kind, repetition, children }: SchemaElement): void {
  if (children === undefined) thrift.int32(1, kind === 'text' ? physicalTypes.byteArray : physicalTypes.int64);
  if (repetition) thrift.int32(3, repetitionTypes[repetition]);
  thrift.text(4, name);
  if (children !== undefined) thrift.int32(5, children);
  switch (kind) {
    case 'text':
      thrift.int32(6, convertedTypes.utf8);
      thrift.structField(10, () => thrift.structField(textType, () => {}));
      break;
    case 'list':
      thrift.int32(6, convertedTypes.list);
      thrift.structField(10, () => thrift.structField(listType, () => {}));
      break;
    case 'integer':
      thrift.int32(6, convertedTypes.int64);
      break;
    case 'time':
      thrift.int32(6, convertedTypes.timestampMillis);
      thrift.structField(10, () =>
        thrift.structField(timestampType, () => {
          thrift.bool(1, true);
          thrift.structField(2, () => thrift.structField(1, () => {}));
        }),
      );
      break;
    default:
  }
}

function writeChunk(thrift: ThriftWriter, groupOffset: number, chunk: ColumnChunk, column: FooterColumn): void {
  const { bounds, dictionaryOffset } = chunk;
  thrift.int32(1, column.kind === 'text' || column.kind === 'texts' ? physicalTypes.byteArray : physicalTypes.int64);
  thrift.int32s(2, chunk.encodings);
  thrift.texts(3, column.kind === 'texts' ? [column.name, 'list', 'element'] : [column.name]);
  thrift.int32(4, chunk.compressed ? codecs.zstd : codecs.none);
  thrift.int64(5, chunk.values);
  thrift.int64(6, chunk.uncompressedBytes);
  thrift.int64(7, chunk.storedBytes);
  thrift.int64(9, groupOffset + (chunk.pages[0]?.offset ?? chunk.offset));
  if (dictionaryOffset !== undefined) thrift.int64(11, groupOffset + dictionaryOffset);
  thrift.structField(12, () => {
    thrift.int64(3, chunk.nulls);
    if (!bounds) return;
    thrift.binary(5, bounds.max);
    thrift.binary(6, bounds.min);
    thrift.bool(7, true);
    thrift.bool(8, true);
  });
}
