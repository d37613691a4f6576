/** Which keys every store accepts for writing: those that every other store can hold too. */

import { StoreError } from './storeError.ts';

/** Names that start so are a store's own unfinished files: never listed, never accepted as part of a key. */
export const reservedNamePrefix = '.~';

/** What S3 allows, in UTF-8 bytes. */
const maxKeyBytes = 1024;

/**
 * Throws `badKey` unless `key` is relative, has no empty, `.` or `..` part, no control character, no backslash and no
 * half of a surrogate pair, and no part that starts with `.~`.
 */
export function checkKey(key: string): void {
  const problem = keyProblem(key);
  if (problem !== undefined)
    throw new StoreError('badKey', `'${printable(key)}' cannot be the key of an object: ${problem}.`);
}

/** Why no object can have this key; `undefined` when one can. */
export function keyProblem(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (!key.isWellFormed()) return 'it is not valid Unicode';
  if (key.length > maxKeyBytes || Buffer.byteLength(key) > maxKeyBytes) return `it is longer than ${maxKeyBytes} bytes`;
  for (const part of key.split('/')) {
    if (part === '') return 'it starts or ends with a slash, or has two in a row';
    if (part === '.' || part === '..') return `it has the part '${part}'`;
    if (part.startsWith(reservedNamePrefix)) return `parts that start with '${reservedNamePrefix}' are reserved`;
    if (part.includes('\\')) return 'it has a backslash';
    if (hasControlCharacter(part)) return 'it has a control character';
  }
  return undefined;
}

/** A key as a message may show it: on one line, and not longer than a line. */
export function printable(key: string): string {
  let shown = '';
  for (const character of key) {
    if (shown.length > 200) return `${shown}…`;
    shown += hasControlCharacter(character) ? '?' : character;
  }
  return shown;
}

function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return true;
  }
  return false;
}
