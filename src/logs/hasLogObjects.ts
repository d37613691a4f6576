/** Whether a log root has anything at all: one without is mostly a URL that is wrong. */

import type { ObjectStore } from '../store/objectStore.ts';
import { listLogObjects } from './listLogObjects.ts';

/** Rejects as the store does, and with the reason of an aborted `signal`. */
export async function hasLogObjects(logs: ObjectStore, signal?: AbortSignal): Promise<boolean> {
  for await (const _object of listLogObjects(logs, signal ? { signal } : {})) return true;
  return false;
}
