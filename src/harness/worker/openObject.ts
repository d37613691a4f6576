/** Reads an input object: the version that was listed, no faster than its source allows, decompressed. */

import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import type { ObjectStore } from '../../store/objectStore.ts';
import type { Lease } from '../wire.ts';
import { IngestError } from './ingestError.ts';

export interface ReadMeter {
  /** Bytes of the object, as stored, that have been read. */
  bytes: number;
}

/**
 * The decoded bytes of a lease's object.
 * @throws IngestError when it is gone, another version, or no sound gzip; StoreError when the transfer breaks
 */
export async function* readDecoded(
  store: ObjectStore,
  lease: Lease,
  meter: ReadMeter,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const object = await store.get(lease.objectKey, { signal });
  if (!object) throw new IngestError('missingObject', `${lease.key} was listed but is not there any more`);
  if (object.info.etag !== lease.etag) {
    throw new IngestError(
      'objectChanged',
      `${lease.key} was replaced after it was listed: its new version is another task`,
    );
  }
  const stored = meteredChunks(object.body, meter, lease.source.readBytesPerSecond, signal);
  yield* isGzip(lease.objectKey) ? gunzipChunks(stored, lease.key) : stored;
}

export function isGzip(key: string): boolean {
  return /\.gz$/i.test(key);
}

async function* meteredChunks(
  body: AsyncIterable<Uint8Array>,
  meter: ReadMeter,
  bytesPerSecond: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const startedMs = performance.now();
  for await (const chunk of body) {
    for (const part of bytesPerSecond === undefined ? [chunk] : partsOf(chunk, Math.ceil(bytesPerSecond / 10))) {
      signal.throwIfAborted();
      meter.bytes += part.byteLength;
      yield part;
      if (bytesPerSecond === undefined) continue;
      const aheadMs = (meter.bytes / bytesPerSecond) * 1_000 - (performance.now() - startedMs);
      if (aheadMs > 0) await sleep(aheadMs, undefined, { signal });
    }
  }
}

function* partsOf(chunk: Uint8Array, sizeBytes: number): Generator<Uint8Array, void> {
  for (let start = 0; start < chunk.byteLength; start += sizeBytes) yield chunk.subarray(start, start + sizeBytes);
}

async function* gunzipChunks(stored: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array, void> {
  const source = Readable.from(stored);
  const gunzip = createGunzip();
  source.once('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  let bytes = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      yield chunk;
    }
  } catch (error) {
    throw describeGzipError(error, key, bytes);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** zlib's codes are all that tells a damaged object from a failed transfer. */
function describeGzipError(error: unknown, key: string, decodedBytes: number): unknown {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return error;
  if (!/^Z_(?:DATA|BUF|STREAM|NEED_DICT)/.test(error.code)) return error;
  const message = `${key} is no sound gzip: it breaks after ${decodedBytes} decoded bytes`;
  return new IngestError('damagedGzip', message, { cause: error });
}
