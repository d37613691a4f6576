/** Which rows of a draft each task has, in order of their time. */

import { compareTextsAt } from '../texts.ts';
import type { SegmentDraft } from './segmentDraft.ts';

export interface DraftRows {
  /** Rows of the draft, task after task; those that name no task are the last. */
  readonly rows: Uint32Array;
  /** Task `i`, of the code `i + 1`, has `rows[starts[i] .. starts[i + 1]]`; what follows the last task's names none. */
  readonly starts: Uint32Array;
}

export type CompareRows = (a: number, b: number) => number;

/** Up to this many, moving neighbours is faster than a general sort. */
const fewRows = 24;

export function draftRows(draft: SegmentDraft): DraftRows {
  const { codes, dictionary } = draft.texts.task;
  const tasks = dictionary.count;
  const starts = startsOf(codes, draft.records, tasks);
  const rows = new Uint32Array(draft.records);
  placeRows(rows, codes, starts.slice());
  sortEach(rows, starts, tasks, timeComparer(draft));
  return { rows, starts };
}

/** Where the rows of each task start. What names no task counts as one more, behind them. */
function startsOf(codes: Uint32Array, records: number, tasks: number): Uint32Array {
  const starts = new Uint32Array(tasks + 2);
  for (let row = 0; row < records; row++) {
    const code = codes[row] as number;
    const bucket = code === 0 ? tasks + 1 : code;
    starts[bucket] = (starts[bucket] as number) + 1;
  }
  for (let bucket = 1; bucket <= tasks + 1; bucket++) {
    starts[bucket] = (starts[bucket] as number) + (starts[bucket - 1] as number);
  }
  return starts;
}

/** @param next where the next row of each task goes. */
function placeRows(rows: Uint32Array, codes: Uint32Array, next: Uint32Array): void {
  for (let row = 0; row < rows.length; row++) {
    const code = codes[row] as number;
    const bucket = code === 0 ? next.length - 2 : code - 1;
    const at = next[bucket] as number;
    next[bucket] = at + 1;
    rows[at] = row;
  }
}

function sortEach(rows: Uint32Array, starts: Uint32Array, tasks: number, compare: CompareRows): void {
  for (let task = 0; task < tasks; task++) {
    sortRange(rows, starts[task] as number, starts[task + 1] as number, compare);
  }
}

/** By time; of the same moment by where they were read. */
export function timeComparer({ numbers, texts }: SegmentDraft): CompareRows {
  const [ts, offsets] = [numbers.ts.values, numbers.offset_bytes.values];
  const { codes, dictionary } = texts.object;
  return (a, b) => {
    const byTs = (ts[a] as number) - (ts[b] as number);
    if (byTs !== 0) return byTs;
    const [codeA, codeB] = [codes[a] as number, codes[b] as number];
    if (codeA === codeB) return (offsets[a] as number) - (offsets[b] as number);
    return codeA === 0 || codeB === 0 ? codeA - codeB : compareTextsAt(dictionary, codeA - 1, codeB - 1);
  };
}

function sortRange(rows: Uint32Array, start: number, end: number, compare: CompareRows): void {
  if (end - start > fewRows) {
    rows.subarray(start, end).sort(compare);
    return;
  }
  for (let at = start + 1; at < end; at++) {
    const row = rows[at] as number;
    let to = at;
    for (; to > start && compare(rows[to - 1] as number, row) > 0; to--) rows[to] = rows[to - 1] as number;
    rows[to] = row;
  }
}
