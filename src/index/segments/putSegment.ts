/** Brings a finished segment, with its side, into the store, where no manifest names it yet. */

import { readFile } from 'node:fs/promises';
import type { ObjectStore } from '../../store/objectStore.ts';
import type { SegmentEntry } from '../manifest.ts';
import { newName, segmentKey, sideKey } from '../names.ts';
import type { LocalSegment } from './segmentWriter.ts';

/** What was put so long ago must not be named by a commit any more: far less than the grace period of the garbage collection. */
export const keptUnnamedMs = 3_600_000;

/** Puts rows and side. If this fails, what was put is an orphan and does no harm. */
export async function putSegment(
  store: ObjectStore,
  { file, side: { file: sideFile, ...side }, ...described }: LocalSegment,
  nowMs: number,
  signal?: AbortSignal,
): Promise<SegmentEntry> {
  const options = signal ? { signal } : {};
  const name = newName();
  const key = segmentKey(nowMs, name);
  const keyOfSide = sideKey(nowMs, name);
  const [rows, ofSide] = await Promise.all([readFile(file), readFile(sideFile)]);
  await Promise.all([store.put(key, rows, options), store.put(keyOfSide, ofSide, options)]);
  return { key, ...described, side: { key: keyOfSide, ...side } };
}

/** Takes back what no manifest names. */
export async function deleteSegment(store: ObjectStore, entry: SegmentEntry): Promise<void> {
  await store.delete(entry.key);
  await store.delete(entry.side.key);
}
