/** Folds the tasks of a segment anew where records of some log object versions do not count any more. */

import { bytesInMemory } from '../blocks/blockBytes.ts';
import { BlockFile } from '../blocks/blockFile.ts';
import { readParquetRows } from '../parquet/readParquetRows.ts';
import { recordColumns, recordOfRow } from '../segmentColumns.ts';
import { tasksAlone } from '../segments/segmentSide.ts';
import type { LoadedSegment, Refolded } from './loadedSegment.ts';
import { SegmentTasks } from './segmentTasks.ts';
import type { TaskCells } from './taskCells.ts';
import { TaskPart } from './taskPart.ts';

/** So many records at a time. */
const batchRows = 20_000;

/** @param file of the segment's rows. */
export async function refoldSegment(
  segment: LoadedSegment,
  file: string,
  without: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Refolded> {
  const { written, entry } = segment;
  const parts: (TaskPart | undefined)[] = [];
  const deadRows = new Set<number>();
  for (let start = 0; start < entry.records; start += batchRows) {
    const end = Math.min(entry.records, start + batchRows);
    const rows = await readParquetRows(file, { columns: recordColumns, ranges: [{ start, end }] }, signal);
    for (const [offset, row] of rows.entries()) {
      if (without.has(String(row['object_version']))) {
        deadRows.add(start + offset);
        continue;
      }
      const at = written.taskOfRow(start + offset);
      if (at === undefined) continue;
      (parts[at] ??= new TaskPart(written.ids.at(at) ?? '')).add(recordOfRow(row));
    }
  }
  const gone = new Set<number>();
  const cells: TaskCells[] = [];
  for (let at = 0; at < written.count; at++) {
    const part = parts[at];
    if (!part) gone.add(at);
    cells.push(part?.cells() ?? written.cells(at));
  }
  const rowsOfTask = Float64Array.from(cells, (_, at) => (written.starts[at + 1] ?? 0) - (written.starts[at] ?? 0));
  const tasks = new SegmentTasks(new BlockFile(bytesInMemory(tasksAlone(cells, rowsOfTask))));
  return { without: [...without], tasks, gone, deadRows };
}
