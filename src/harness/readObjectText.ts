/** Reads a small object, such as a checkpoint, whole. */

import type { StoredObject } from '../store/objectStore.ts';

/** @throws StoreError when the transfer breaks */
export async function readObjectText(object: StoredObject): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of object.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
