/**
 * The order of a segment's rows: tasks by account, collection and id, the records of one task together and by time; then what
 * names no task, by its own account, collection and time. Rows of one task are found by their number.
 */

import type { TaskCells } from '../tasks/taskCells.ts';
import type { SegmentDraft } from './segmentDraft.ts';

export interface RowOrder {
  /** Rows of the draft, in the segment's order. */
  readonly rows: Uint32Array;
  /** Tasks of the draft (codes less one), in the segment's order. */
  readonly tasks: Uint32Array;
  /** How many rows each of these has. */
  readonly rowsOfTask: Float64Array;
}

/** Up to this many, moving neighbours is faster than a general sort. */
const fewRows = 24;

/** @param cells of each task of the draft. */
export function rowOrder(draft: SegmentDraft, cells: readonly TaskCells[]): RowOrder {
  const tasks = taskOrder(cells);
  const rankOfTask = new Uint32Array(tasks.length);
  for (let rank = 0; rank < tasks.length; rank++) rankOfTask[tasks[rank] ?? 0] = rank;
  const codes = draft.texts.task.codes;
  // Each task's rows get a range of their own, those without a task the last.
  const starts = new Uint32Array(tasks.length + 2);
  const bucketOf = (row: number): number => {
    const code = codes[row] ?? 0;
    return code === 0 ? tasks.length : (rankOfTask[code - 1] ?? 0);
  };
  for (let row = 0; row < draft.records; row++) {
    const bucket = bucketOf(row) + 1;
    starts[bucket] = (starts[bucket] ?? 0) + 1;
  }
  const rowsOfTask = Float64Array.from(starts.subarray(1, tasks.length + 1));
  for (let bucket = 1; bucket < starts.length; bucket++) {
    starts[bucket] = (starts[bucket] ?? 0) + (starts[bucket - 1] ?? 0);
  }
  const rows = new Uint32Array(draft.records);
  const next = starts.slice();
  for (let row = 0; row < draft.records; row++) {
    const bucket = bucketOf(row);
    const at = next[bucket] ?? 0;
    next[bucket] = at + 1;
    rows[at] = row;
  }
  const byTime = timeComparer(draft);
  for (let bucket = 0; bucket < tasks.length; bucket++)
    sortRange(rows, starts[bucket] ?? 0, starts[bucket + 1] ?? 0, byTime);
  rows.subarray(starts[tasks.length] ?? 0).sort(ownerComparer(draft, byTime));
  return { rows, tasks, rowsOfTask };
}

function taskOrder(cells: readonly TaskCells[]): Uint32Array {
  const owners = cells.map((each) => `${each.account ?? ''}\u0000${each.collection ?? ''}`);
  const ranks = rankTexts(owners);
  return Uint32Array.from(cells.keys()).sort(
    (a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0) || compareTexts(cells[a]?.task ?? '', cells[b]?.task ?? ''),
  );
}

/** Of each text its place among the distinct ones in order. */
function rankTexts(texts: readonly string[]): Uint32Array {
  const ranks = new Map([...new Set(texts)].sort(compareTexts).map((text, rank) => [text, rank]));
  return Uint32Array.from(texts, (text) => ranks.get(text) ?? 0);
}

function timeComparer({ numbers, texts }: SegmentDraft): (a: number, b: number) => number {
  const [ts, offsets, objects] = [numbers.ts.values, numbers.offset_bytes.values, texts.object];
  return (a, b) => {
    const byTs = (ts[a] ?? 0) - (ts[b] ?? 0);
    if (byTs !== 0) return byTs;
    const byObject = compareTexts(objects.at(a) ?? '', objects.at(b) ?? '');
    return byObject === 0 ? (offsets[a] ?? 0) - (offsets[b] ?? 0) : byObject;
  };
}

function ownerComparer(
  { texts: { account, collection } }: SegmentDraft,
  byTime: (a: number, b: number) => number,
): (a: number, b: number) => number {
  return (a, b) =>
    compareTexts(account.at(a) ?? '', account.at(b) ?? '') ||
    compareTexts(collection.at(a) ?? '', collection.at(b) ?? '') ||
    byTime(a, b);
}

function sortRange(rows: Uint32Array, start: number, end: number, compare: (a: number, b: number) => number): void {
  if (end - start > fewRows) {
    rows.subarray(start, end).sort(compare);
    return;
  }
  for (let at = start + 1; at < end; at++) {
    const row = rows[at] ?? 0;
    let to = at;
    for (; to > start && compare(rows[to - 1] ?? 0, row) > 0; to--) rows[to] = rows[to - 1] ?? 0;
    rows[to] = row;
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
