/**
 * The scanner of log lines, compiled to WebAssembly (AssemblyScript): the host hands it text, and it gives rows and the dictionaries of
 * their texts. All threads share its compiled code; each draft has an instance, and its memory, to itself.
 */

import { slack } from '../bytes';
import { freeRoom, newRoom, roomFor } from '../room';
import { lineFeed } from './json';
import { scanLine } from './record';
import { clearRows, maxRows, rows } from './rows';

export { clearDictionary, codeOf, newDictionary } from './dictionary';
export { hashKeys } from './hash';
export { forgetKeys } from './keys';
export {
  dictionaries,
  maxRows,
  numbers,
  offsets,
  restField,
  rows,
  textCodes,
  times,
  tokenCodes,
  tokenCount,
  tokenEnds,
  tokensField,
} from './rows';

const lines = newRoom();
const text = newRoom();
/** What was larger, for a large text, is given back. */
const usualText: u32 = 1 << 16;

/** Room for lines of that size, the last of which the host ends with a line feed. What was there is gone. */
export function roomForLines(size: u32): usize {
  // Keys and words are looked for a few bytes beyond, and what is behind must not be one.
  const isNew = size + slack > lines.size;
  const start = roomFor(lines, size + slack);
  if (isNew) memory.fill(start, lineFeed, size + 2 * slack);
  return start;
}

/** Room for a text, until the next is asked for. */
export function roomForText(size: u32): usize {
  if (text.size > usualText) freeRoom(text);
  return roomFor(text, max(size, usualText));
}

/** Makes rows of lines, as many as there is room for. @returns where the first line starts that was not taken. */
export function scan(start: usize, end: usize, offset: f64): usize {
  clearRows();
  let at = start;
  while (at < end && rows < maxRows) {
    const next = scanLine(at, offset + <f64>(at - start));
    if (next == 0) break;
    at = next;
  }
  return at;
}
