/** Reads Parquet's delta encodings; see `../../assembly/parquet/deltas.ts`. */

import type { ByteReader } from './byteReader.ts';
import { ParquetError } from '../parquetError.ts';

/** The first `wanted` numbers of DELTA_BINARY_PACKED, exact within ±2⁵³; leaves `from` behind all of them. */
export function decodeDeltas(from: ByteReader, wanted: number): Float64Array {
  const blockValues = from.varint();
  const miniblocks = from.varint();
  const total = from.varint();
  const miniblockValues = blockValues / miniblocks;
  if (!(miniblockValues > 0) || miniblockValues % 8 !== 0)
    throw new ParquetError('its blocks of numbers are misshapen');
  if (wanted > total) throw new ParquetError('it has fewer numbers than it should');
  const values = new Float64Array(wanted);
  let last = from.zigzag();
  if (wanted > 0) values[0] = last;
  for (let index = 1; index < total; ) {
    const least = from.zigzag();
    const widths = from.take(miniblocks);
    for (let miniblock = 0; miniblock < miniblocks && index < total; miniblock++) {
      const width = widths[miniblock] as number;
      if (width > 53) throw new ParquetError(`a difference of ${width} bits`);
      const packed = from.take((miniblockValues * width) / 8);
      const end = Math.min(index + miniblockValues, wanted);
      let bit = 0;
      for (let at = index; at < end; at++) {
        last += least + unpack(packed, bit, width);
        values[at] = last;
        bit += width;
      }
      index += miniblockValues;
    }
  }
  return values;
}

function unpack(packed: Buffer, from: number, width: number): number {
  let value = 0;
  let scale = 1;
  let bit = from;
  for (const end = from + width; bit < end; ) {
    const inByte = bit & 7;
    const taken = Math.min(8 - inByte, end - bit);
    value += (((packed[bit >>> 3] as number) >>> inByte) & ((1 << taken) - 1)) * scale;
    scale *= 1 << taken;
    bit += taken;
  }
  return value;
}
