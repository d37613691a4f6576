/** Cursors of an index: the place after the last row of a page, as opaque text. They outlive later commits. */

import { isJsonObject, parseJson } from '../model/json.ts';
import type { SortPosition } from '../model/query/compareTasks.ts';

export function formatCursor(position: SortPosition): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** `undefined` for text that is none of ours. */
export function parseCursor(cursor: string): SortPosition | undefined {
  const json = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!isJsonObject(json) || typeof json['task'] !== 'string') return undefined;
  const { task, value } = json;
  if (value === undefined) return { task };
  return typeof value === 'number' ? { task, value } : undefined;
}
