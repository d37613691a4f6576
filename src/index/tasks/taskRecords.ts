/** Reads the records of some tasks: their rows lie together in each segment, and are found by number. */

import type { LogRecord } from '../../model/record.ts';
import { type ParquetLayouts, readParquetRows } from '../parquet/readParquetRows.ts';
import { recordColumns, recordOfRow } from '../segmentColumns.ts';
import type { PartPlace } from './tableSegment.ts';

export interface RecordSources {
  /** Brings the rows of some segments to where `fileOf` says, run after run, each as long as `work` takes. */
  readonly inRuns: (keys: readonly string[], work: (keys: readonly string[]) => Promise<void>) => Promise<void>;
  /** Where the rows of a segment lie, by its key. */
  readonly fileOf: (key: string) => string;
  /** Footers that were read before. */
  readonly layouts: ParquetLayouts;
  /** Object versions whose records do not count. */
  readonly superseded: ReadonlySet<string>;
}

/**
 * The records of each task, in the order of `tasks`; those of one by time within each of its segments.
 * @param tasks all parts of each.
 */
export async function recordsOfTasks(
  tasks: readonly (readonly PartPlace[])[],
  { inRuns, fileOf, layouts, superseded }: RecordSources,
  signal?: AbortSignal,
): Promise<LogRecord[][]> {
  const records: LogRecord[][] = tasks.map(() => []);
  const wanted = tasks.flatMap((parts, task) => parts.map(({ segment, at }) => ({ segment, at, task })));
  const ofSegment = new Map([...Map.groupBy(wanted, ({ segment }) => segment)].map((own) => [own[0].key, own]));
  await inRuns([...ofSegment.keys()], async (keys) => {
    for (const key of keys) {
      const own = ofSegment.get(key);
      if (!own) continue;
      signal?.throwIfAborted();
      const [
        {
          tasks: { starts },
        },
        parts,
      ] = own;
      const ordered = parts.toSorted((a, b) => a.at - b.at);
      const ranges = ordered.map(({ at }) => ({ start: starts[at] ?? 0, end: starts[at + 1] ?? 0 }));
      const rows = await readParquetRows(fileOf(key), { columns: recordColumns, ranges, layouts }, signal);
      let next = 0;
      for (const { at, task } of ordered) {
        const count = (starts[at + 1] ?? 0) - (starts[at] ?? 0);
        for (const row of rows.slice(next, next + count)) {
          if (!superseded.has(String(row['object_version']))) records[task]?.push(recordOfRow(row));
        }
        next += count;
      }
    }
  });
  return records;
}
