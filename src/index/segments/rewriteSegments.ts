/** Segments of other segments' records: without some object versions, or several in one. */

import { rm } from 'node:fs/promises';
import { readParquetRows } from '../parquet/readParquetRows.ts';
import { recordColumns, recordOfRow } from '../segmentColumns.ts';
import { SegmentDraft } from './segmentDraft.ts';
import { type LocalSegment, removeLocal, writeSegment } from './segmentWriter.ts';

/** So many records at a time. */
const batchRows = 20_000;

/** The segment without the rows of some object versions, in `file`; the old files are removed. Undefined when none is left. */
export async function withoutVersions(
  segment: LocalSegment,
  versions: readonly string[],
  file: string,
  signal?: AbortSignal,
): Promise<LocalSegment | undefined> {
  const kept = await mergeSegments([segment], versions, file, signal);
  await removeLocal(segment);
  return kept;
}

/**
 * One segment of several, in `file`. Undefined when no row of them counts any more.
 * @param inputs stay where they are. @param superseded object versions whose rows are left out.
 */
export async function mergeSegments(
  inputs: readonly Pick<LocalSegment, 'file' | 'records'>[],
  superseded: readonly string[],
  file: string,
  signal?: AbortSignal,
): Promise<LocalSegment | undefined> {
  const unwanted = new Set(superseded);
  const draft = new SegmentDraft();
  for (const input of inputs) {
    for (let start = 0; start < input.records; start += batchRows) {
      signal?.throwIfAborted();
      const end = Math.min(input.records, start + batchRows);
      for (const row of await readParquetRows(
        input.file,
        { columns: recordColumns, ranges: [{ start, end }] },
        signal,
      )) {
        const version = String(row['object_version']);
        if (!unwanted.has(version)) draft.add(recordOfRow(row), version);
      }
    }
  }
  return await writeSegment(draft, file, signal);
}

/** Removes the files of inputs that were merged. */
export async function removeFiles(files: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
}
