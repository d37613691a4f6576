/** Deletes what no manifest names any more, once it is old enough that no indexer can be about to name it. */

import type { ObjectInfo, ObjectStore } from '../store/objectStore.ts';
import { type Manifest, manifestKey, manifestNumber, manifestPrefix } from './manifest.ts';

export interface GracePeriods {
  /** For segments, ledger parts and rejected lines: longer than any commit takes and any reader holds a manifest. */
  readonly objectsMs: number;
  /** For manifests before the newest. */
  readonly manifestsMs: number;
}

const defaultGrace: GracePeriods = { objectsMs: 24 * 3_600_000, manifestsMs: 3_600_000 };

/**
 * Call it right after a commit of one's own, with the manifest committed: a commit that was under way before it is then refused,
 * looks anew, and writes what it needs again if that has grown old (`commitBatch`). Ages are counted by the store's clock, up to
 * that manifest: this machine's may be wrong.
 * @returns how many objects were deleted.
 */
export async function collectGarbage(
  store: ObjectStore,
  manifest: Manifest,
  grace: GracePeriods = defaultGrace,
  signal?: AbortSignal,
): Promise<number> {
  const options = signal ? { signal } : {};
  const manifests: ObjectInfo[] = [];
  for await (const info of store.list({ prefix: manifestPrefix, ...options })) manifests.push(info);
  const own = manifests.find(({ key }) => key === manifestKey(manifest.number));
  // Someone has deleted the index.
  if (!own) return 0;
  const ageMs = (info: ObjectInfo) => own.lastModifiedMs - info.lastModifiedMs;
  const sides = manifest.segments.map(({ side }) => side);
  const parts = [...manifest.segments, ...sides, ...manifest.ledger, ...manifest.rejected];
  const named = new Set(parts.map((entry) => entry.key));
  const unwanted: string[] = [];
  for (const prefix of ['segments/', 'sides/', 'ledger/', 'rejected/']) {
    for await (const info of store.list({ prefix, ...options })) {
      if (!named.has(info.key) && ageMs(info) > grace.objectsMs) unwanted.push(info.key);
    }
  }
  for (const info of manifests) {
    const number = manifestNumber(info.key);
    if (number === undefined || number >= manifest.number) continue;
    if (ageMs(info) > grace.manifestsMs) unwanted.push(info.key);
  }
  for (const key of unwanted) {
    signal?.throwIfAborted();
    await store.delete(key, signal);
  }
  return unwanted.length;
}
