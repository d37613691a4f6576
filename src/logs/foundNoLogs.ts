/** Whether a log root has anything at all: one without is mostly a URL that is wrong. */

import type { IndexPassSummary } from '../model/indexPass.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { listLogObjects } from './listLogObjects.ts';

/** Whether a pass found nothing to do because there is not one log object. Rejects as the store does, and with the reason of an aborted `signal`. */
export async function foundNoLogs(
  { objects, unread }: IndexPassSummary,
  logs: ObjectStore,
  signal?: AbortSignal,
): Promise<boolean> {
  return objects + unread === 0 && !(await hasLogObjects(logs, signal));
}

async function hasLogObjects(logs: ObjectStore, signal?: AbortSignal): Promise<boolean> {
  for await (const _object of listLogObjects(logs, signal ? { signal } : {})) return true;
  return false;
}
