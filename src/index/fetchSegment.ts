/** Brings a segment out of the store, for an indexer to work on. */

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectStore } from '../store/objectStore.ts';
import { damagedIndex } from './indexError.ts';
import type { SegmentEntry } from './manifest.ts';
import { newName } from './names.ts';
import { readObject } from './readObject.ts';

/**
 * The file, in `directory`; the caller removes it.
 * @throws IndexError `damaged` when the segment is gone or is not what was written.
 */
export async function fetchSegment(
  entry: SegmentEntry,
  store: ObjectStore,
  directory: string,
  signal?: AbortSignal,
): Promise<string> {
  const object = await readObject(store, entry.key, signal);
  if (!object) throw damagedIndex(store.url, `${entry.key} is gone`);
  if (createHash('sha256').update(object.bytes).digest('hex') !== entry.sha256) {
    throw damagedIndex(store.url, `${entry.key} is not what was written`);
  }
  const file = join(directory, `${newName()}.parquet`);
  await writeFile(file, object.bytes);
  return file;
}
