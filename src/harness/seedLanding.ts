/** Lays the sample data under `landing/`, where there is nothing of anybody else's. */

import type { ObjectStore } from '../store/objectStore.ts';
import { landingKey, landingObjects, readSample } from './sampleObjects.ts';
import { samples } from './samples.ts';

/**
 * Writes each sample object that is missing, unless `landing/` holds anything that is no sample: then the data is the
 * user's own and stays as it is. Resolves to the number of objects written.
 */
export async function seedLanding(store: ObjectStore, samplesDirectory: string, signal?: AbortSignal): Promise<number> {
  const planned = new Set<string>();
  for (const sample of samples) {
    for (let index = 0; index < sample.objects; index++) planned.add(landingKey(sample, index));
  }
  const there = new Set<string>();
  for await (const { key } of store.list({ prefix: 'landing/', ...(signal ? { signal } : {}) })) {
    if (!planned.has(key)) return 0;
    there.add(key);
  }
  let written = 0;
  for (const sample of samples) {
    signal?.throwIfAborted();
    const objects = await landingObjects(await readSample(samplesDirectory, sample));
    for (const { key, body } of objects) {
      if (there.has(key)) continue;
      await store.put(key, body, { onlyIf: 'absent', ...(signal ? { signal } : {}) });
      written++;
    }
  }
  return written;
}
