/**
 * Merges small segments of like size into one, as an LSM tree does: a watcher commits a segment each time that logs land, and
 * a query's cost goes by their number. Rows of superseded object versions are left out on the way.
 */

import { join } from 'node:path';
import { fetchSegment } from './fetchSegment.ts';
import type { IndexState } from './indexState.ts';
import { type MergeLimits, planMerge } from './planMerge.ts';
import { cleanUpTo, manifestAfter } from './manifest.ts';
import { newName } from './names.ts';
import { mergeSegments, removeFiles } from './segments/rewriteSegments.ts';
import { deleteSegment, keptUnnamedMs, putSegment } from './segments/putSegment.ts';
import { type LocalSegment, removeLocal } from './segments/segmentWriter.ts';

export interface CompactOptions {
  readonly state: IndexState;
  /** A folder for files on their way. */
  readonly directory: string;
  readonly limits: MergeLimits;
  readonly clock: () => number;
  readonly signal?: AbortSignal;
}

/** One merge, where one is due; false when none is, or when another indexer has merged the same meanwhile. */
export async function compactSegments(options: CompactOptions): Promise<boolean> {
  const { state, directory, limits, clock, signal } = options;
  const inputs = planMerge(state.manifest.segments, limits);
  if (inputs.length === 0) return false;
  const files = await Promise.all(inputs.map((entry) => fetchSegment(entry, state.store, directory, signal)));
  const superseded = state.manifest.superseded;
  const clean = cleanUpTo(state.manifest);
  let merged: LocalSegment | undefined;
  try {
    const local = files.map((file, at) => ({ file, records: inputs[at]?.records ?? 0 }));
    merged = await mergeSegments(local, superseded, join(directory, newName()), signal);
  } finally {
    await removeFiles(files);
  }
  const putMs = clock();
  const added = merged ? [{ ...(await putSegment(state.store, merged, clock(), signal)), clean }] : [];
  if (merged) await removeLocal(merged);
  const keys = new Set(inputs.map((entry) => entry.key));
  for (;;) {
    const before = state.manifest;
    const kept = before.segments.filter((entry) => !keys.has(entry.key));
    const isThere = before.segments.length - kept.length === keys.size;
    // A machine that slept: what lay there unnamed may have been collected.
    if (!isThere || clock() - putMs > keptUnnamedMs) {
      for (const entry of added) await deleteSegment(state.store, entry);
      return false;
    }
    signal?.throwIfAborted();
    const next = manifestAfter(before, clock(), { segments: [...kept, ...added] });
    const outcome = await state.commit(next, undefined, signal);
    if (outcome === 'committed') return true;
    await state.refresh(signal);
    // The newest manifest tells whether it counted; if not, what was put is for the garbage collection.
    if (outcome === 'overtaken') return true;
  }
}
