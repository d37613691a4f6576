/** What a Parquet file is made of, as it lies in memory: texts as codes of a dictionary, numbers in typed arrays. */

import type { Texts } from '../texts.ts';

/** The arrays may be longer than there are rows. */
export type ParquetColumn = TextColumn | TextListColumn | NumberColumn;

/** VARCHAR; `codes[row]` 0 is null, else the text is number `code - 1` of the dictionary. Not every entry need be used; entries are distinct. */
export interface TextColumn {
  readonly kind: 'text';
  readonly name: string;
  readonly dictionary: Texts;
  readonly codes: Uint32Array;
}

/** VARCHAR[]; a row's elements, none of them null, are `codes[ends[row - 1] ?? 0 .. ends[row]]`. A row without any is null. */
export interface TextListColumn {
  readonly kind: 'texts';
  readonly name: string;
  readonly dictionary: Texts;
  readonly codes: Uint32Array;
  readonly ends: Uint32Array;
}

/**
 * Whole numbers within ±2⁵³. `integer` is BIGINT, NaN is null. `time` is TIMESTAMP WITH TIME ZONE as epoch ms within the range of
 * a `Date`, never null.
 */
export interface NumberColumn {
  readonly kind: 'integer' | 'time';
  readonly name: string;
  readonly values: Float64Array;
}
