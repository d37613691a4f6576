/** What one column is within one row group: levels, values without nulls, and where its pages end. */

/**
 * Rows of a page: a third of a row group of the index. Each page costs a reader that wants all of them some 25 µs, so 3,072 doubled what the
 * engine takes to read a file (and made it 5 % larger); and a reader of a few rows decodes all of a page.
 * A multiple of 8, so that the bits of each page's nulls begin with a byte.
 */
export const pageRows = 10_240;

export interface Page {
  readonly rows: number;
  /** Where the page's levels and values end, counted from the chunk's start. */
  readonly levelEnd: number;
  readonly valueEnd: number;
}

/** How a chunk tells of nulls and lists. */
export type Levels =
  | { readonly kind: 'required' }
  /** A bit for each row, 1 where it has a value, from the lowest of the first byte. */
  | { readonly kind: 'optional'; readonly present: Uint8Array }
  /** Of each element, and of each row without any. */
  | { readonly kind: 'list'; readonly definitions: Uint32Array; readonly repetitions: Uint32Array };

/** Valid until the next chunk is gathered, which uses its arrays again. */
export interface Chunk {
  readonly levels: Levels;
  readonly pages: readonly Page[];
  readonly levelCount: number;
  readonly valueCount: number;
}

export interface TextChunk extends Chunk {
  /** Of each value: its place among `distinct`. */
  readonly indexes: Uint32Array;
  /** Places of the chunk's texts in its column's dictionary. */
  readonly distinct: Uint32Array;
}

export interface NumberChunk extends Chunk {
  readonly numbers: Float64Array;
  /** Infinite without a value. */
  readonly min: number;
  readonly max: number;
}

/** A column's rows in the file's order, of which each row group gathers its own. */
export interface ColumnRows<ChunkOfKind extends Chunk> {
  /** Whether no row is null. */
  readonly required: boolean;
  /** Rows `[from .. to]`. */
  chunk(from: number, to: number): ChunkOfKind;
}
