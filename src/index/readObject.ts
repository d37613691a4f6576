/** Reads a whole small object: manifests, ledger parts and segments on their way into the cache. */

import type { ObjectStore } from '../store/objectStore.ts';

export interface ReadObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
  text(): string;
}

/** `undefined` when there is no such object. */
export async function readObject(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
): Promise<ReadObject | undefined> {
  const object = await store.get(key, signal ? { signal } : {});
  if (!object) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of object.body) parts.push(part);
  const bytes = Buffer.concat(parts);
  return { bytes, etag: object.info.etag, text: () => bytes.toString('utf8') };
}
