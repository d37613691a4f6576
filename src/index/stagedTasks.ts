/** What statements over records join of what the task table knows. */

import { inheritedFields } from '../model/query/fields.ts';
import type { IndexReading } from './indexReader.ts';
import type { SegmentEntry } from './manifest.ts';
import type { Staged } from './stagedTable.ts';
import { matchedTable, ownersTable } from './statements.ts';
import { bringNames, columnOf, type FoldedColumns } from './tasks/foldedColumns.ts';
import type { TaskMatcher } from './tasks/taskMatcher.ts';
import type { NameColumn } from './tasks/segmentTasks.ts';
import type { PartPlace, TableSegment } from './tasks/tableSegment.ts';

/** The tasks that match, as `matchedTable`. */
export function matchedOf({ taskSegments }: IndexReading, matcher: TaskMatcher): Staged {
  return { table: matchedTable, columns: ['task'], rows: () => matchedRows(taskSegments, matcher) };
}

function* matchedRows(segments: readonly TableSegment[], matcher: TaskMatcher) {
  for (const segment of segments) {
    const mask = matcher.match(segment);
    for (let at = 0; at < mask.length; at++) if (mask[at] === 1) yield [segment.tasks.ids.at(at)];
  }
}

/** The tasks of some segments, as `ownersTable`. Rejects with `signal.reason`. */
export async function ownersOf(
  { tasks, taskSegments, records, signal }: IndexReading,
  entries: readonly SegmentEntry[],
): Promise<Staged> {
  const names: FoldedColumns<NameColumn>[] = [];
  for (const field of inheritedFields) names.push(await bringNames(taskSegments, field, records, signal));
  const segments = entries.flatMap(({ key }) => tasks.table.segment(key) ?? []);
  const places = segments.flatMap((segment) =>
    Array.from({ length: segment.tasks.count }, (_, at) => segment.firstOf(at)),
  );
  return { table: ownersTable, columns: ['task', ...inheritedFields], rows: () => ownerRows(places, names) };
}

function* ownerRows(places: readonly PartPlace[], names: readonly FoldedColumns<NameColumn>[]) {
  const seen = new Set<string>();
  for (const { segment, at } of places) {
    const task = segment.tasks.ids.at(at) ?? '';
    if (seen.has(task)) continue;
    seen.add(task);
    yield [
      task,
      ...names.map((columns) => {
        const { codes, values } = columnOf(columns, segment);
        return values[(codes[at] ?? 0) - 1];
      }),
    ];
  }
}
