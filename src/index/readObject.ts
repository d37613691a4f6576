/** Reads a whole small object: manifests, ledger parts and segments on their way into the cache. */

import type { ByteRange, ObjectStore } from '../store/objectStore.ts';

export interface ReadObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
  text(): string;
}

/** `undefined` when there is no such object. @param range only these bytes of it. */
export async function readObject(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
  range?: ByteRange,
): Promise<ReadObject | undefined> {
  const object = await store.get(key, { ...(signal ? { signal } : {}), ...(range ? { range } : {}) });
  if (!object) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of object.body) parts.push(part);
  const bytes = Buffer.concat(parts);
  return { bytes, etag: object.info.etag, text: () => bytes.toString('utf8') };
}
