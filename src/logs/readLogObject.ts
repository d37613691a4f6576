/** Reads one log object: every line of it is a record, or is rejected with the reason. */

import type { FieldMapping } from '../model/fieldMapping/fieldMapping.ts';
import type { ByteRange, ObjectStore } from '../store/objectStore.ts';
import { StoreError } from '../store/storeError.ts';
import { DamagedObject, decodeObject, decodeStored } from './decodeObject.ts';
import { type LogLine, LogLines } from './logLines.ts';

export interface ReadChunksOptions {
  /** The version that was listed. When the object has another by now, reading throws `changed`. */
  readonly etag?: string;
  readonly signal?: AbortSignal;
}

export interface ReadLogOptions extends ReadChunksOptions {
  /** What the log calls the canonical fields, where it has other names for them. */
  readonly fields?: FieldMapping;
}

const batchLines = 1000;
const batchBytes = 1024 * 1024;

/**
 * The lines in order, in batches of bounded size; blank ones are left out. A damaged object gives what comes before the
 * damage and one reject for the rest; one that does not exist gives one reject. Throws StoreError when the store fails,
 * which is no fault of the object, and `signal.reason` when cancelled. Leaving the loop early ends the transfer.
 */
export async function* readLogObject(
  store: ObjectStore,
  key: string,
  options: ReadLogOptions = {},
): AsyncGenerator<readonly LogLine[], void> {
  const lines = new LogLines(key, options.fields);
  let batch: LogLine[] = [];
  let heldBytes = 0;
  const chunks = readLogChunks(store, key, options);
  let next = await chunks.next();
  try {
    for (; !next.done; next = await chunks.next()) {
      for (const read of lines.push(next.value)) {
        for (const line of read.lines) batch.push(line);
        heldBytes += read.bytes;
        if (batch.length < batchLines && heldBytes < batchBytes) continue;
        yield batch;
        batch = [];
        heldBytes = 0;
        options.signal?.throwIfAborted();
      }
    }
  } finally {
    await chunks.return(undefined);
  }
  for (const line of lines.end(next.value ?? undefined)) batch.push(line);
  options.signal?.throwIfAborted();
  if (batch.length > 0) yield batch;
}

/**
 * The decoded text in chunks. Returns why it ends before its end, where the object is damaged or is not there. Throws as
 * `readLogObject`; leaving the loop early ends the transfer.
 */
export async function* readLogChunks(
  store: ObjectStore,
  key: string,
  options: ReadChunksOptions = {},
): AsyncGenerator<Uint8Array, string | undefined> {
  return yield* soundChunks(decodeObject(key, opener(store, key, options)), options.signal);
}

/** As `readLogChunks`, of an object that was read whole; see `readStoredLog`. @param stored `undefined` when there is none. */
export async function* readStoredChunks(
  key: string,
  stored: Uint8Array | undefined,
): AsyncGenerator<Uint8Array, string | undefined> {
  return stored ? yield* soundChunks(decodeStored(key, stored)) : noObject;
}

/** The object as it is stored; `undefined` when there is none. Throws as `readLogObject`. */
export async function readStoredLog(
  store: ObjectStore,
  key: string,
  options: ReadChunksOptions = {},
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of await opener(store, key, options)()) {
      options.signal?.throwIfAborted();
      parts.push(part);
      size += part.length;
    }
  } catch (error) {
    if (error instanceof MissingObject) return undefined;
    throw error;
  }
  // In memory of its own, which can be handed to a thread.
  const [whole] = parts;
  if (parts.length === 1 && whole?.byteLength === whole?.buffer.byteLength) return whole;
  const stored = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    stored.set(part, at);
    at += part.length;
  }
  return stored;
}

const noObject = 'no such object';

async function* soundChunks(
  chunks: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, string | undefined> {
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      yield chunk;
    }
    return undefined;
  } catch (error) {
    if (error instanceof DamagedObject) return error.message;
    if (error instanceof MissingObject) return noObject;
    throw error;
  }
}

class MissingObject extends Error {
  override readonly name = 'MissingObject';
}

/** Opens the object in the version of the first opening, or in the one that was asked for. */
function opener(store: ObjectStore, key: string, { etag: expected, signal }: ReadChunksOptions) {
  let etag = expected;
  return async (range?: ByteRange) => {
    const stored = await store.get(key, { ...(range ? { range } : {}), ...(signal ? { signal } : {}) });
    if (stored === undefined) throw new MissingObject(key);
    if (etag !== undefined && stored.info.etag !== etag) {
      stored.body.destroy?.();
      throw new StoreError('changed', `'${key}' in ${store.url} was replaced while it was read. Read it again.`);
    }
    etag = stored.info.etag;
    return stored.body;
  };
}
