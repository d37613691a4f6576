/** Deletes what no manifest names any more, once it is old enough that no indexer can be about to name it. */

import type { ObjectStore } from '../store/objectStore.ts';
import { type Manifest, manifestNumber, manifestPrefix } from './manifest.ts';

export interface GracePeriods {
  /** For segments, ledger parts and rejected lines: longer than any commit takes and any reader holds a manifest. */
  readonly objectsMs: number;
  /** For manifests before the newest. */
  readonly manifestsMs: number;
}

const defaultGrace: GracePeriods = { objectsMs: 24 * 3_600_000, manifestsMs: 3_600_000 };

/**
 * Call it right after a commit of one's own, with the manifest committed: a commit that was under way before it is then refused,
 * looks anew, and writes what it needs again if that has grown old (`commitBatch`).
 */
export async function collectGarbage(
  store: ObjectStore,
  manifest: Manifest,
  nowMs: number,
  grace: GracePeriods = defaultGrace,
  signal?: AbortSignal,
): Promise<number> {
  const taskSides = manifest.segments.flatMap(({ tasks }) => tasks ?? []);
  const parts = [...manifest.segments, ...taskSides, ...manifest.ledger, ...manifest.rejected];
  const named = new Set(parts.map((entry) => entry.key));
  const unwanted: string[] = [];
  const options = signal ? { signal } : {};
  for (const prefix of ['segments/', 'tasks/', 'ledger/', 'rejected/']) {
    for await (const info of store.list({ prefix, ...options })) {
      if (!named.has(info.key) && nowMs - info.lastModifiedMs > grace.objectsMs) unwanted.push(info.key);
    }
  }
  for await (const info of store.list({ prefix: manifestPrefix, ...options })) {
    const number = manifestNumber(info.key);
    if (number === undefined || number >= manifest.number) continue;
    if (nowMs - info.lastModifiedMs > grace.manifestsMs) unwanted.push(info.key);
  }
  for (const key of unwanted) {
    signal?.throwIfAborted();
    await store.delete(key, signal);
  }
  return unwanted.length;
}
