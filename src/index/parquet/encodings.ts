/** Parquet's numbers for the encodings that files of an index have. */

export const encodings = {
  plain: 0,
  /** What older writers call `rleDictionary`. */
  plainDictionary: 2,
  rle: 3,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  deltaByteArray: 7,
  rleDictionary: 8,
} as const;

export type Encoding = (typeof encodings)[keyof typeof encodings];
