/** What the writer and the reader of block files agree on. */

import { isJsonObject, type Json, parseJson } from '../../model/json.ts';

/** At the start and at the end of a block file. */
export const blockMagic = 'ITBLOCK1';

/** Little-endian, unsigned; `f64` as IEEE 754 has it, NaN for none. */
export type NumberType = 'u8' | 'u16' | 'u32' | 'f64';

export interface BlockInfo {
  readonly name: string;
  readonly type: NumberType;
  /** How many numbers it holds. */
  readonly count: number;
  /** Added to each number; not of `f64`. */
  readonly base?: number;
  /** 0 stands for no number. */
  readonly hasNone?: boolean;
  /** Within the file. */
  readonly offset: number;
  readonly storedBytes: number;
  /** By zstd, with its checksum. */
  readonly isCompressed: boolean;
  /** Of the stored bytes where they are not compressed. */
  readonly crc32?: number;
}

export const bytesOfType: Readonly<Record<NumberType, number>> = { u8: 1, u16: 2, u32: 4, f64: 8 };

/** `undefined` for text that is no directory. */
export function parseDirectory(text: string): BlockInfo[] | undefined {
  const json = parseJson(text);
  return Array.isArray(json) && json.every(isBlockInfo) ? json : undefined;
}

function isBlockInfo(entry: unknown): entry is BlockInfo {
  return (
    isJsonObject(entry) &&
    typeof entry['name'] === 'string' &&
    typeof entry['type'] === 'string' &&
    Object.hasOwn(bytesOfType, entry['type']) &&
    isCount(entry['count']) &&
    isCount(entry['offset']) &&
    isCount(entry['storedBytes']) &&
    (entry['isCompressed'] === true || (entry['isCompressed'] === false && isCount(entry['crc32']))) &&
    (entry['base'] === undefined || Number.isSafeInteger(entry['base']))
  );
}

function isCount(value: Json | undefined): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
