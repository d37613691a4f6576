/**
 * Cursors of task answers: the place of the last row in the query's order, as opaque text. All backends share the
 * format (the index's is src/index/cursor.ts), so that an answer begun by one can be continued by another.
 */

import { isJsonObject, parseJson } from '../model/json.ts';
import type { SortPosition } from '../model/query/compareTasks.ts';
import { BackendError } from './backendError.ts';

export function encodeCursor(position: SortPosition): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws BackendError `badCursor` for a text that is none. */
export function decodeCursor(cursor: string): SortPosition {
  const content = parseJson(Buffer.from(cursor, 'base64url').toString());
  if (isJsonObject(content)) {
    const { task, value } = content;
    if (typeof task === 'string' && value === undefined) return { task };
    if (typeof task === 'string' && typeof value === 'number') return { task, value };
  }
  throw new BackendError('badCursor', 'The answer cannot be continued: its cursor belongs to another. Search again.');
}
