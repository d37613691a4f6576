/** Reads an input object: the version that was listed, no faster than its source allows, decompressed. */

import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ObjectStore } from '../../store/objectStore.ts';
import type { Lease } from '../wire.ts';
import { DamagedGzipError, MissingObjectError, ObjectChangedError, ObjectTooLargeError } from './ingestError.ts';

const decompress = promisify(gunzip);

/** An object's documents are held in memory until they are written. */
const maxDecodedBytes = 256 << 20;

export interface ReadMeter {
  /** Bytes of the object, as stored, that have been read. */
  bytes: number;
}

/**
 * The decoded bytes of a lease's object. Of a gzip no byte is passed on before its checksum holds: rows of a damaged one
 * would look like malformed data.
 * @throws IngestError when it is gone, another version, no sound gzip or too large; StoreError when the transfer breaks
 */
export async function* readDecoded(
  store: ObjectStore,
  lease: Lease,
  meter: ReadMeter,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const object = await store.get(lease.objectKey, { signal });
  if (!object) throw new MissingObjectError(`${lease.key} was listed but is not there any more`);
  if (object.info.etag !== lease.etag) {
    throw new ObjectChangedError(`${lease.key} was replaced after it was listed: its new version is another task`);
  }
  const stored = readStored(object.body, lease, meter, signal);
  if (/\.gz$/i.test(lease.objectKey)) yield await gunzipWhole(stored, lease.key);
  else yield* stored;
}

async function* readStored(
  body: AsyncIterable<Uint8Array>,
  lease: Lease,
  meter: ReadMeter,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { readBytesPerSecond } = lease.source;
  const startedMs = performance.now();
  for await (const chunk of body) {
    for (const part of readBytesPerSecond === undefined
      ? [chunk]
      : partsOf(chunk, Math.ceil(readBytesPerSecond / 10))) {
      signal.throwIfAborted();
      meter.bytes += part.byteLength;
      if (meter.bytes > maxDecodedBytes) throw tooLarge(lease.key);
      yield part;
      if (readBytesPerSecond === undefined) continue;
      const aheadMs = (meter.bytes / readBytesPerSecond) * 1_000 - (performance.now() - startedMs);
      if (aheadMs > 0) await sleep(aheadMs, undefined, { signal });
    }
  }
}

function* partsOf(chunk: Uint8Array, sizeBytes: number): Generator<Uint8Array, void> {
  for (let start = 0; start < chunk.byteLength; start += sizeBytes) yield chunk.subarray(start, start + sizeBytes);
}

async function gunzipWhole(stored: AsyncIterable<Uint8Array>, key: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stored) chunks.push(chunk);
  const compressed = Buffer.concat(chunks);
  try {
    return await decompress(compressed, { maxOutputLength: maxDecodedBytes });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(key);
    throw new DamagedGzipError(`${key}, ${compressed.byteLength} bytes, is no sound gzip`, { cause: error });
  }
}

function tooLarge(key: string): ObjectTooLargeError {
  return new ObjectTooLargeError(`${key} holds more than ${maxDecodedBytes} decoded bytes`);
}
