/**
 * The scanner of log lines, compiled to WebAssembly (AssemblyScript): the host hands it text, and it gives rows and the dictionaries of
 * their texts. All threads share its compiled code; each draft has an instance, and its memory, to itself.
 */

import { slack } from '../bytes';
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

let lines: usize = 0;
let linesRoom: u32 = 0;

/** Room for lines of that size, the last of which the host ends with a line feed. What was there is gone. */
export function roomForLines(size: u32): usize {
  if (size > linesRoom) {
    if (lines != 0) heap.free(lines);
    // Where that much is refused, there is none.
    lines = 0;
    linesRoom = 0;
    // Keys and words are looked for a few bytes beyond, and what is behind must not be one.
    lines = heap.alloc(size + 2 * slack);
    linesRoom = size;
    memory.fill(lines, lineFeed, size + 2 * slack);
  }
  return lines;
}

let text: usize = 0;
let textRoom: u32 = 0;

/** Room for a text, until the next is asked for. */
export function roomForText(size: u32): usize {
  if (size > textRoom || textRoom > usualText) {
    if (text != 0) heap.free(text);
    text = 0;
    textRoom = 0;
    const room = max(size, usualText);
    text = heap.alloc(room + slack);
    textRoom = room;
  }
  return text;
}

/** What was larger, for a large text, is given back. */
const usualText: u32 = 1 << 16;

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
