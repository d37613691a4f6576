/** What a Parquet file's footer tells of where its columns lie, as far as files of an index need it. */

import type { FileHandle } from 'node:fs/promises';
import { ByteReader, cutOff } from './byteReader.ts';
import { ParquetError } from '../parquetError.ts';
import { ThriftStruct } from './thriftReader.ts';

export interface ParquetLayout {
  readonly columns: ReadonlyMap<string, ColumnLayout>;
  readonly rowGroups: readonly RowGroupLayout[];
}

export interface ColumnLayout {
  readonly values: 'text' | 'integer' | 'millis' | 'micros';
  /** Levels as Parquet counts them; a repetition is a list. */
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

export interface RowGroupLayout {
  readonly firstRow: number;
  readonly rows: number;
  /** By the column's name. */
  readonly chunks: ReadonlyMap<string, ChunkLayout>;
}

/** Bytes `[start .. end]` of the file: pages, a dictionary first if there is one. */
interface ChunkLayout {
  readonly start: number;
  readonly end: number;
  readonly compressed: boolean;
}

/** Bytes from a file's end that are read at first; most often the whole footer is among them. */
const firstTailBytes = 1 << 16;
const trailerBytes = 8;

export async function readLayout(handle: FileHandle, size: number): Promise<ParquetLayout> {
  if (size < trailerBytes) throw cutOff();
  let tail = await readBytes(handle, Math.max(0, size - firstTailBytes), size);
  if (tail.toString('latin1', tail.length - 4) !== 'PAR1')
    throw new ParquetError('it does not end as a Parquet file does');
  const footerBytes = tail.readUInt32LE(tail.length - trailerBytes) + trailerBytes;
  if (footerBytes > size) throw cutOff();
  if (footerBytes > tail.length) tail = await readBytes(handle, size - footerBytes, size);
  return layoutOf(ThriftStruct.read(new ByteReader(tail, tail.length - footerBytes)));
}

export async function readBytes(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(end - start);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
  if (bytesRead < bytes.length) throw cutOff();
  return bytes;
}

function layoutOf(footer: ThriftStruct): ParquetLayout {
  let firstRow = 0;
  const rowGroups = footer.structs(4).map((group) => {
    const rows = group.number(3) ?? 0;
    const chunks = new Map(group.structs(1).map(chunkOf));
    firstRow += rows;
    return { firstRow: firstRow - rows, rows, chunks };
  });
  return { columns: columnsOf(footer.structs(2)), rowGroups };
}

function chunkOf(chunk: ThriftStruct): readonly [name: string, ChunkLayout] {
  const metadata = chunk.struct(3);
  const [name] = metadata?.texts(3) ?? [];
  const dataOffset = metadata?.number(9);
  const bytes = metadata?.number(7);
  if (!metadata || name === undefined || dataOffset === undefined || bytes === undefined) {
    throw new ParquetError('it does not tell where a column lies');
  }
  const codec = metadata.number(4);
  if (codec !== 0 && codec !== 6)
    throw new ParquetError(`column ${name} is compressed with the codec ${codec}, not zstd`);
  const start = metadata.number(11) || dataOffset;
  return [name, { start, end: start + bytes, compressed: codec === 6 }];
}

/** The columns that an index may have: plain ones, and lists of such. */
function columnsOf(schema: readonly ThriftStruct[]): ReadonlyMap<string, ColumnLayout> {
  const columns = new Map<string, ColumnLayout>();
  const elements = schema.values().drop(1);
  for (const top of elements) {
    let [maxDefinition, maxRepetition] = [0, 0];
    let isSingle = true;
    const leafOf = (element: ThriftStruct): ThriftStruct => {
      const repetition = element.number(3) ?? 0;
      if (repetition > 0) maxDefinition++;
      if (repetition === 2) maxRepetition++;
      let leaf = element;
      const children = element.number(5) ?? 0;
      if (children > 1) isSingle = false;
      for (let child = 0; child < children; child++) {
        const next = elements.next();
        if (next.done) throw cutOff();
        leaf = leafOf(next.value);
      }
      return leaf;
    };
    const values = valuesOf(leafOf(top));
    if (values && isSingle) columns.set(top.text(4) ?? '', { values, maxDefinition, maxRepetition });
  }
  return columns;
}

const physicalTypes = { int64: 2, byteArray: 6 } as const;
const convertedTypes = { millis: 9, micros: 10 } as const;

function valuesOf(leaf: ThriftStruct): ColumnLayout['values'] | undefined {
  const type = leaf.number(1);
  if (type === physicalTypes.byteArray) return 'text';
  if (type !== physicalTypes.int64) return undefined;
  const converted = leaf.number(6);
  const unit = leaf.struct(10)?.struct(8)?.struct(2);
  if (unit?.struct(1) || converted === convertedTypes.millis) return 'millis';
  if (unit?.struct(2) || converted === convertedTypes.micros) return 'micros';
  return unit ? undefined : 'integer';
}
