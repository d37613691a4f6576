/** Lines that could not be read as records: written beside the segments, so that each can be looked up with its reason. */

import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { isJsonObject, parseJson } from '../model/json.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { damagedIndex } from './indexError.ts';
import type { RejectedPartEntry } from './manifest.ts';
import { newName } from './names.ts';
import { readObject } from './readObject.ts';

export interface RejectedLine {
  /** Key of the log object. */
  readonly object: string;
  /** Where the line starts in the decoded object. */
  readonly offsetBytes: number;
  readonly reason: string;
  /** The start of the line. */
  readonly raw: string;
}

/** A rejected line, and the indexing of the object in which it was met. */
export interface RejectedRow extends RejectedLine {
  readonly version: string;
}

/** So much of a rejected line is kept, in UTF-16 code units. */
export const keptRawLength = 256;

/** Puts a part, where no manifest names it yet. */
export async function putRejectedRows(
  store: ObjectStore,
  rows: readonly RejectedRow[],
  signal?: AbortSignal,
): Promise<RejectedPartEntry> {
  const key = `rejected/${newName()}.ndjson.gz`;
  const body = await promisify(gzip)(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await store.put(key, body, signal ? { signal } : {});
  return { key, lines: rows.length };
}

export async function readRejectedRows(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
): Promise<readonly RejectedRow[]> {
  const object = await readObject(store, key, signal);
  if (!object) throw damagedIndex(store.url, `${key} is gone`);
  let text: string;
  try {
    text = (await promisify(gunzip)(object.bytes)).toString('utf8');
  } catch (cause) {
    throw damagedIndex(store.url, `${key} cannot be decoded`, cause);
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const row = parseJson(line);
      if (!isRejectedRow(row)) throw damagedIndex(store.url, `${key} holds a line that is no rejected line`);
      return row;
    });
}

function isRejectedRow(row: unknown): row is RejectedRow {
  return (
    isJsonObject(row) &&
    typeof row['object'] === 'string' &&
    typeof row['version'] === 'string' &&
    typeof row['offsetBytes'] === 'number' &&
    typeof row['reason'] === 'string' &&
    typeof row['raw'] === 'string'
  );
}
