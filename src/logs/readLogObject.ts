/** Reads one log object: every line of it is a record, or is rejected with the reason. */

import { isUtf8 } from 'node:buffer';
import type { FieldMapping } from '../model/fieldMapping/fieldMapping.ts';
import { parseJson } from '../model/json.ts';
import { type LogRecord, type ParsedRecord, parseRecord } from '../model/record.ts';
import { failureGroup } from '../stacktrace/failureGroup.ts';
import type { ByteRange, ObjectStore } from '../store/objectStore.ts';
import { StoreError } from '../store/storeError.ts';
import { DamagedObject, decodeObject } from './decodeObject.ts';
import { isNestedDeeperThan } from './nesting.ts';
import { type Line, LineSplitter } from './splitLines.ts';
import { splitExport } from './splitExport.ts';

export type LogLine =
  /** `raw` is the line as it was written, without its line end; of one that holds many records, a line of this one. */
  | { readonly kind: 'record'; readonly record: LogRecord; readonly raw: string }
  | {
      readonly kind: 'rejected';
      readonly object: string;
      /** Where the line, or the damage, starts in the decoded text. */
      readonly offsetBytes: number;
      readonly reason: string;
      /** The line, or its beginning; bytes that are no text are replaced. */
      readonly raw: string;
    };

export interface ReadLogOptions {
  /** The version that was listed. When the object has another by now, reading throws `changed`. */
  readonly etag?: string;
  /** What the log calls the canonical fields, where it has other names for them. */
  readonly fields?: FieldMapping;
  readonly signal?: AbortSignal;
}

const maxLineBytes = 16 * 1024 * 1024;
const maxNesting = 500;
/** So much of a rejected line is kept: enough to recognise it. */
const maxRejectedBytes = 4096;
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
  const splitter = new LineSplitter(maxLineBytes);
  let batch: LogLine[] = [];
  let heldBytes = 0;
  try {
    for await (const chunk of decodeObject(key, opener(store, key, options))) {
      options.signal?.throwIfAborted();
      for (const line of splitter.push(chunk)) {
        if (isBlank(line.bytes)) continue;
        readLine(key, line, options.fields, batch);
        heldBytes += line.bytes.length;
        if (batch.length < batchLines && heldBytes < batchBytes) continue;
        yield batch;
        batch = [];
        heldBytes = 0;
        options.signal?.throwIfAborted();
      }
    }
    const rest = splitter.rest();
    if (rest && !isBlank(rest.bytes)) readLine(key, rest, options.fields, batch);
  } catch (error) {
    if (error instanceof DamagedObject) {
      const offsetBytes = splitter.offsetBytes;
      batch.push(reject(key, offsetBytes, error.message, splitter.rest()?.bytes ?? Buffer.alloc(0)));
    } else if (error instanceof MissingObject) {
      batch.push(reject(key, 0, 'no such object', Buffer.alloc(0)));
    } else {
      throw error;
    }
  }
  options.signal?.throwIfAborted();
  if (batch.length > 0) yield batch;
}

class MissingObject extends Error {
  override readonly name = 'MissingObject';
}

/** Opens the object in the version of the first opening, or in the one that was asked for. */
function opener(store: ObjectStore, key: string, { etag: expected, signal }: ReadLogOptions) {
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

/** Adds what the line holds to `batch`: one record or reject, or those of an export. */
function readLine(key: string, line: Line, fields: FieldMapping | undefined, batch: LogLine[]): void {
  const { bytes, offsetBytes, isTooLong } = line;
  if (isTooLong) return void batch.push(reject(key, offsetBytes, `longer than ${maxLineBytes} bytes`, bytes));
  if (!isUtf8(bytes)) return void batch.push(reject(key, offsetBytes, 'not UTF-8', bytes));
  const raw = bytes.toString('utf8');
  // Some writers start a file with a byte order mark.
  const json = offsetBytes === 0 && raw.startsWith('\ufeff') ? raw.slice(1) : raw;
  const value = parseJson(json);
  if (value === undefined) return void batch.push(reject(key, offsetBytes, 'not JSON', bytes));
  if (isNestedDeeperThan(maxNesting, json)) {
    return void batch.push(reject(key, offsetBytes, `nested deeper than ${maxNesting}`, bytes));
  }
  const parts = fields?.hasExports === true ? splitExport(value, json) : undefined;
  if (!fields || !parts) {
    batch.push(toLine(fields ? fields.parse(value) : parseRecord(value), key, offsetBytes, raw));
    return;
  }
  // Each record has the place of its own text for its origin, so that no two share one.
  let startBytes = offsetBytes + bytes.length - Buffer.byteLength(json);
  let counted = 0;
  for (const part of parts) {
    startBytes += Buffer.byteLength(json.slice(counted, part.start));
    counted = part.start;
    const parsed = part.kind === 'record' ? fields.parse(part.value) : part;
    batch.push(toLine(parsed, key, startBytes, part.raw));
  }
}

function toLine(parsed: ParsedRecord, key: string, offsetBytes: number, raw: string): LogLine {
  if (parsed.kind === 'rejected')
    return reject(key, offsetBytes, parsed.reason, Buffer.from(raw.slice(0, maxRejectedBytes)));
  const group = parsed.record.error && failureGroup(parsed.record.error);
  // Parsed just now, and nobody else's yet: a copy of each record would cost as much as parsing it.
  const record: { -readonly [K in keyof LogRecord]: LogRecord[K] } = parsed.record;
  if (group !== undefined) record.group = group;
  record.origin = { object: key, offsetBytes };
  return { kind: 'record', record, raw };
}

function reject(object: string, offsetBytes: number, reason: string, bytes: Buffer): LogLine {
  return { kind: 'rejected', object, offsetBytes, reason, raw: bytes.toString('utf8', 0, maxRejectedBytes) };
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  return true;
}
