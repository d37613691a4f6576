/** Text of logs as it may be printed on a terminal: nothing in it can move the cursor, change colours or reorder. */

import { stripVTControlCharacters } from 'node:util';

// C0 and C1 controls but tab and newline, and the marks that reorder text on the screen.
// oxlint-disable-next-line no-control-regex -- the control characters are what is looked for
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Several lines: only `\n` ends one. */
export function plainBlock(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r\n?|\u2028|\u2029/g, '\n')
    .replace(unseen, '');
}

/** One line. */
export function plainLine(text: string): string {
  return plainBlock(text).replace(/\s+/g, ' ').trim();
}
