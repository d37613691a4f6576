/** Segments as statements read them. */

import { pathText } from '../model/overview/recordFields.ts';
import type { SegmentEntry } from './manifest.ts';
import type { RowRange } from './parquet/readParquetRows.ts';

/** Segments and where their files lie. */
export interface SegmentSet {
  readonly entries: readonly SegmentEntry[];
  readonly fileOf: (entry: SegmentEntry) => string;
  /** Object versions whose rows do not count. */
  readonly superseded: readonly string[];
}

/** Turns a list into what stands for it in a statement. */
export interface ListWriter {
  add(texts: readonly string[]): string;
}

/** The records of some segments under the alias `r`. */
export function recordsSql(entries: readonly SegmentEntry[], segments: SegmentSet, lists: ListWriter): string {
  const files = lists.add(entries.map((entry) => segments.fileOf(entry)));
  return counting(`read_parquet(${files}, hive_partitioning = false)`, segments, lists);
}

/** Some rows of some segments under the alias `r`, with `segment`, the place of the segment in `parts`, and `file_row_number`. */
export function rowsSql(
  parts: readonly { readonly entry: SegmentEntry; readonly ranges: readonly RowRange[] }[],
  segments: SegmentSet,
  lists: ListWriter,
): string {
  const selects = parts.flatMap(({ entry, ranges }, at) => {
    const file = lists.add([segments.fileOf(entry)]);
    const rows = `SELECT *, ${at} AS segment FROM read_parquet(${file}, hive_partitioning = false, file_row_number = true)`;
    return ranges.map(({ start, end }) =>
      start === 0 && end >= entry.records
        ? rows
        : `${rows} WHERE file_row_number BETWEEN ${BigInt(start)} AND ${BigInt(end - 1)}`,
    );
  });
  return counting(`(${selects.join(' UNION ALL ')})`, segments, lists);
}

function counting(all: string, { superseded }: SegmentSet, lists: ListWriter): string {
  if (superseded.length === 0) return `${all} r`;
  return `(SELECT * FROM ${all} WHERE object_version NOT IN (SELECT unnest(${lists.add(superseded)}))) r`;
}

/** Whether some record of the segment may have the path outside the canonical columns. */
export function mayHavePath(entry: SegmentEntry, path: string): boolean {
  return entry.paths === undefined || Object.hasOwn(entry.paths, pathText(path));
}
