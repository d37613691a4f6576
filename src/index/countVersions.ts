/** Which object versions a segment has rows of, and how many. */

import { readParquetRows } from './parquet/readParquetRows.ts';

/** So many rows are looked at at a time. */
const batchRows = 50_000;

export interface VersionCount {
  readonly object: string;
  readonly version: string;
  readonly records: number;
}

/** @param file the segment, of so many `records`. */
export async function countVersions(
  file: string,
  records: number,
  signal?: AbortSignal,
): Promise<readonly VersionCount[]> {
  const counts = new Map<string, { readonly object: string; readonly version: string; records: number }>();
  for (let start = 0; start < records; start += batchRows) {
    const ranges = [{ start, end: Math.min(records, start + batchRows) }];
    for (const row of await readParquetRows(file, { columns: ['object', 'object_version'], ranges }, signal)) {
      const version = String(row['object_version']);
      const known = counts.get(version);
      if (known) known.records += 1;
      else counts.set(version, { object: String(row['object']), version, records: 1 });
    }
  }
  return [...counts.values()];
}
