/** What one column is within one row group: levels, values without nulls, and where its pages end. Valid until the next is gathered. */

import { newRoom, roomFor } from '../room';

/**
 * Rows of a page: a third of a row group of the index. Each page costs a reader that wants all of them some 25 µs, so 3,072 doubled what the
 * engine takes to read a file (and made it 5 % larger); and a reader of a few rows decodes all of a page.
 * A multiple of 8, so that the bits of each page's nulls begin with a byte.
 */
export const pageRows: u32 = 10_240;

/** How a chunk tells of nulls and lists. */
export const enum Levels {
  required,
  /** A bit for each row, 1 where it has a value, from the lowest of the first byte. */
  optional,
  /** Of each element, and of each row without any. */
  list,
}

export let levels: Levels = Levels.required;
export let levelCount: u32 = 0;
export let valueCount: u32 = 0;
export let pageCount: u32 = 0;

/** Of each page: its rows, and where its levels and values end, counted from the chunk's start. */
const pageRoom = newRoom();
export let pages: usize = 0;
const pageBytes: u32 = 12;

/** @param most pages that there will be. */
export function beginChunk(kind: Levels, levelsOfAll: u32, most: u32): void {
  levels = kind;
  levelCount = levelsOfAll;
  valueCount = 0;
  pageCount = 0;
  pages = roomFor(pageRoom, most * pageBytes);
}

export function addPage(rows: u32, levelEnd: u32, valueEnd: u32): void {
  const page = pages + pageCount * pageBytes;
  store<u32>(page, rows);
  store<u32>(page, levelEnd, 4);
  store<u32>(page, valueEnd, 8);
  valueCount = valueEnd;
  pageCount += 1;
}
