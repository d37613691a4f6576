/** Brings a finished segment, with its task side, into the store, where no manifest names it yet. */

import { readFile, rm } from 'node:fs/promises';
import type { ObjectStore } from '../store/objectStore.ts';
import type { SegmentEntry } from './manifest.ts';
import { newName, segmentKey, taskSideKey } from './names.ts';
import type { LocalSegment } from './segmentWriter.ts';

/** What was put so long ago must not be named by a commit any more: far less than the grace period of the garbage collection. */
export const keptUnnamedMs = 3_600_000;

/** Puts both sides. If this fails, what was put is an orphan and does no harm. */
export async function putSegment(
  store: ObjectStore,
  segment: LocalSegment,
  nowMs: number,
  signal?: AbortSignal,
): Promise<SegmentEntry> {
  const { file, tasks, ...described } = segment;
  const options = signal ? { signal } : {};
  const name = newName();
  const key = segmentKey(nowMs, name);
  await store.put(key, await readFile(file), options);
  if (!tasks) return { key, ...described };
  const { file: taskFile, ...side } = tasks;
  const taskKey = taskSideKey(nowMs, name);
  await store.put(taskKey, await readFile(taskFile), options);
  return { key, ...described, tasks: { key: taskKey, ...side } };
}

/** Takes back what no manifest names. */
export async function deleteSegment(store: ObjectStore, entry: SegmentEntry): Promise<void> {
  await store.delete(entry.key);
  if (entry.tasks) await store.delete(entry.tasks.key);
}

/** Removes the local files of a segment that is in the store. */
export async function removeLocal(segment: LocalSegment): Promise<void> {
  await rm(segment.file, { force: true });
  if (segment.tasks) await rm(segment.tasks.file, { force: true });
}
