/** One JSON text as a row. */

import { isJsonObject, type Json } from '../../model/json.ts';
import type { Row } from './row.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** `undefined` when there is nothing but blanks. */
export function rowOf(bytes: Uint8Array, row: number, offsetBytes: number): Row | undefined {
  let text: string;
  try {
    text = strictUtf8.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { kind: 'rejected', row, offsetBytes, reason: 'not UTF-8', raw: Buffer.from(bytes).toString('utf8') };
  }
  if (text.trim() === '') return undefined;
  let value: Json;
  try {
    // JSON.parse returns nothing but JSON values.
    value = JSON.parse(text) as Json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: 'rejected', row, offsetBytes, reason: `not JSON: ${error.message}`, raw: text };
  }
  if (!isJsonObject(value)) return { kind: 'rejected', row, offsetBytes, reason: 'not a JSON object', raw: text };
  return { kind: 'document', row, document: value };
}
