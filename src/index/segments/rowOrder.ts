/**
 * The order of a segment's rows: tasks by account, collection and id, the records of one task together and by time; then what
 * names no task, by its own account, collection and time.
 */

import { consecutive } from '../consecutive.ts';
import { compareTextsAt, type Texts } from '../texts.ts';
import { type CompareRows, type DraftRows, timeComparer } from './draftRows.ts';
import type { FoldedTasks } from './foldedTasks.ts';
import type { SegmentDraft } from './segmentDraft.ts';

export interface RowOrder {
  /** Rows of the draft, in the segment's order. */
  readonly rows: Uint32Array;
  /** Tasks of the draft (codes less one), in the segment's order. */
  readonly tasks: Uint32Array;
  /** How many rows each of these has. */
  readonly rowsOfTask: Float64Array;
}

export function rowOrder(draft: SegmentDraft, ofTasks: DraftRows, folded: FoldedTasks): RowOrder {
  const { account, collection, task } = draft.texts;
  const accounts = ranksOf(account.dictionary);
  const collections = ranksOf(collection.dictionary);
  const [ofAccount, ofCollection] = folded.names;
  const owners = ownersOf(accounts, collections, ofAccount, ofCollection, folded.count);
  const tasks = taskOrder(denseRanks(owners), task.dictionary);
  const rows = new Uint32Array(draft.records);
  const rowsOfTask = new Float64Array(tasks.length);
  const end = placeRows(tasks, ofTasks, rows, rowsOfTask);
  rows.set(ofTasks.rows.subarray(end), end);
  const byTime = timeComparer(draft);
  const ofRow = ownersOf(accounts, collections, account.codes, collection.codes, end < rows.length ? rows.length : 0);
  rows.subarray(end).sort((a, b) => (ofRow[a] as number) - (ofRow[b] as number) || byTime(a, b));
  return { rows, tasks, rowsOfTask };
}

/** A number for each account and collection, in their order. */
function ownersOf(
  accounts: Uint32Array,
  collections: Uint32Array,
  accountCodes: Uint32Array,
  collectionCodes: Uint32Array,
  count: number,
): Float64Array {
  const owners = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const account = accounts[accountCodes[at] as number] as number;
    owners[at] = account * collections.length + (collections[collectionCodes[at] as number] as number);
  }
  return owners;
}

interface Ranks {
  readonly ranks: Float64Array;
  readonly count: number;
}

/** The same order in numbers as small as can be. */
function denseRanks(values: Float64Array): Ranks {
  const distinct = new Set(values.slice().sort());
  const rankOf = new Map<number, number>();
  for (const value of distinct) rankOf.set(value, rankOf.size);
  const ranks = new Float64Array(values.length);
  for (let at = 0; at < values.length; at++) ranks[at] = rankOf.get(values[at] as number) as number;
  return { ranks, count: rankOf.size };
}

/** @returns how many rows the tasks have. */
function placeRows(tasks: Uint32Array, ofTasks: DraftRows, rows: Uint32Array, rowsOfTask: Float64Array): number {
  const { starts, rows: source } = ofTasks;
  let end = 0;
  for (let rank = 0; rank < tasks.length; rank++) {
    const task = tasks[rank] as number;
    const [start, next] = [starts[task] as number, starts[task + 1] as number];
    for (let from = start; from < next; from++) rows[end++] = source[from] as number;
    rowsOfTask[rank] = next - start;
  }
  return end;
}

/** By code, its place among the texts in order; 0 for none. */
function ranksOf(texts: Texts): Uint32Array {
  const order = consecutive(0, texts.count);
  order.sort((a, b) => compareTextsAt(texts, a, b));
  const ranks = new Uint32Array(texts.count + 1);
  for (let rank = 0; rank < order.length; rank++) ranks[(order[rank] as number) + 1] = rank + 1;
  return ranks;
}

/**
 * Tasks by owner, then id. As numbers that say owner, the first bits of what the ids do not all begin with, and the task: sorted without a
 * call for each comparison, which takes a tenth of the time. Only tasks that tie in these are then compared as texts.
 */
function taskOrder({ ranks: owners, count: ownerCount }: Ranks, ids: Texts): Uint32Array {
  const count = owners.length;
  const prefixBytes = Math.max(0, Math.min(3, Math.floor((53 - bitsOf(ownerCount) - bitsOf(count)) / 8)));
  const keys = keysOf(owners, ids, prefixBytes).sort();
  const tasks = new Uint32Array(count);
  for (let rank = 0; rank < count; rank++) tasks[rank] = (keys[rank] as number) % count;
  sortTies(keys, tasks, (a, b) => (owners[a] as number) - (owners[b] as number) || compareTextsAt(ids, a, b));
  return tasks;
}

function keysOf(owners: Float64Array, ids: Texts, prefixBytes: number): Float64Array {
  const count = owners.length;
  const start = sharedBytes(ids);
  const keys = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const key = (owners[at] as number) * 256 ** prefixBytes + prefixOf(ids, at, start, prefixBytes);
    keys[at] = key * count + at;
  }
  return keys;
}

function sortTies(keys: Float64Array, tasks: Uint32Array, compare: CompareRows): void {
  const count = tasks.length;
  for (let from = 0, to = 1; from < count; from = to, to++) {
    const key = Math.floor((keys[from] as number) / count);
    while (to < count && Math.floor((keys[to] as number) / count) === key) to++;
    if (to - from > 1) tasks.subarray(from, to).sort(compare);
  }
}

function bitsOf(count: number): number {
  return Math.ceil(Math.log2(count + 1));
}

/** How many bytes all of the texts begin with. */
function sharedBytes({ count, bytes, starts }: Texts): number {
  let shared = count > 0 ? (starts[1] as number) - (starts[0] as number) : 0;
  const first = starts[0] as number;
  for (let at = 1; at < count; at++) {
    const start = starts[at] as number;
    shared = Math.min(shared, (starts[at + 1] as number) - start);
    let same = 0;
    while (same < shared && bytes[start + same] === bytes[first + same]) same++;
    shared = same;
  }
  return shared;
}

/** So many bytes as a number; behind the text's end there are zeros. */
function prefixOf({ bytes, starts }: Texts, index: number, skip: number, length: number): number {
  const start = (starts[index] as number) + skip;
  const end = starts[index + 1] as number;
  let prefix = 0;
  for (let at = start; at < start + length; at++) prefix = prefix * 256 + (at < end ? (bytes[at] as number) : 0);
  return prefix;
}
