/**
 * How far an index is complete: the moment before which every log object that was listed is indexed, but for those that the ledger
 * says could not be read: they would hold an index for stale that is as fresh as it can be. Kept beside the
 * manifests, because a pass that finds nothing new commits nothing, yet makes the index fresher.
 */

import { isJsonObject, parseJson } from '../model/json.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { readObject } from './readObject.ts';

const key = 'freshness.json';

/** Epoch ms; `undefined` when no pass has ended yet. */
export async function readFreshness(store: ObjectStore, signal?: AbortSignal): Promise<number | undefined> {
  const object = await readObject(store, key, signal);
  const json = object && parseJson(object.text());
  const completeTs = isJsonObject(json) ? json['completeTs'] : undefined;
  return typeof completeTs === 'number' ? completeTs : undefined;
}

/** Several indexers write it; the last wins, and is at most a pass behind. */
export async function writeFreshness(store: ObjectStore, completeTs: number, signal?: AbortSignal): Promise<void> {
  const body = new TextEncoder().encode(`${JSON.stringify({ completeTs })}\n`);
  await store.put(key, body, { contentType: 'application/json', ...(signal ? { signal } : {}) });
}
