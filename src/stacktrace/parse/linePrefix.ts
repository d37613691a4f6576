/** Tells a log's prefix (timestamp, level, container) before a line of a trace from prose that holds the same words. */

import { isBlank, isDigit, isWordPart, tableOf } from './characters.ts';

/** Prefixes are short; the cap bounds the work on each line. */
const maxPrefix = 300;
/** How much of its end tells a prefix. */
const maxEnd = 12;

/** True when `text` before `at` is blank, or ends as a log's prefix does, or is told apart by indentation. */
export function looksLikePrefix(text: string, at: number): boolean {
  if (at === 0) return true;
  if (at > maxPrefix) return false;
  const before = text.charCodeAt(at - 1);
  return before === 9 || (before === 32 && at >= 2 && isBlank(text.charCodeAt(at - 2))) || endsPrefix(text, at);
}

/** Where `at ` stands behind a few blanks and nothing else, as in most frames that have it; -1 when it does not. */
export function indentedAt(text: string): number {
  let start = 0;
  while (start < usualIndent && start < text.length && isBlank(text.charCodeAt(start))) start++;
  return text.startsWith('at ', start) ? start : -1;
}

const usualIndent = 8;

/** What loggers end their prefix with: a bracket, a bar, a dash, an ISO time, a level or a stream, and blanks. */
function endsPrefix(text: string, at: number): boolean {
  const from = Math.max(0, at - maxEnd);
  let end = at;
  while (end > from && isBlank(text.charCodeAt(end - 1))) end--;
  if (end === from) return true;
  const last = text.charCodeAt(end - 1);
  if (last > 127) return false;
  if (endMarks[last] === 1) return true;
  if ((last === 90 || last === 122) && end - 2 >= from && isDigit(text.charCodeAt(end - 2))) return true;
  let start = end;
  while (start > from && isWordPart(text.charCodeAt(start - 1))) start--;
  // Few words start as these do: to look one up takes longer than all of the above.
  if (end - start > maxWord || start === end || initials[text.charCodeAt(start)] !== 1) return false;
  if (end - start === 1) return letters[text.charCodeAt(start)] === 1;
  return words.has(text.slice(start, end).toLowerCase());
}

const endMarks = tableOf(`]|:>)}"'-0123456789`);
const maxWord = 7;
const words = new Set('trace debug info warn warning error fatal severe stderr stdout'.split(' '));
const letters = tableOf('FPEIWfpeiw');

const initials = tableOf('TDIWEFSPtdiwefsp');

/** How many characters before `at` are a log's prefix, not indentation. */
export function marginBefore(text: string, at: number): number {
  let trimmed = at;
  while (trimmed > 0 && text.charCodeAt(trimmed - 1) <= 32) trimmed--;
  if (trimmed > 0 && text.charCodeAt(trimmed - 1) > 127) trimmed = text.slice(0, at).trimEnd().length;
  // One space belongs to the prefix.
  return trimmed === 0 ? 0 : Math.min(at, trimmed + 1);
}

/** Column of the first character past a line's margin that is neither a space nor a tab. */
export function indentOf(text: string, margin = 0): number {
  let column = Math.min(margin, text.length);
  while (column < text.length && isBlank(text.charCodeAt(column))) column++;
  return column;
}
