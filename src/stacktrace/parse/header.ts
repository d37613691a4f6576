/** Finds the line that names a failure: `TypeError: message`, whatever a log wrote before it. */

import type { TextLine, TextLines } from '../textLines.ts';
import { isBlank, isDigit, isUpperCase, tableOf, wordCharacters } from './characters.ts';
import { indentOf } from './linePrefix.ts';

/** How long a name is at least that ends in Error, Exception or Throwable. */
export const shortestErrorName = 'Error'.length;

export interface Header {
  readonly type: string;
  readonly message?: string;
  /** UTF-16 offset in the searched text where the type starts. */
  readonly start: number;
  /** Index of its line. */
  readonly index: number;
}

/** Messages of several lines are rarely longer; diffs of assertions are the longest. */
const maxMessageLines = 64;
/** Of any language's message: what is longer is cut. */
export const maxMessageLength = 4000;

/** What the names of exceptions end with, told from their last character on: most words end otherwise. */
export function isConventional(name: string): boolean {
  switch (name.charCodeAt(name.length - 1)) {
    case 114: // r
      return name.endsWith('Error');
    case 110: // n
      return name.endsWith('Exception');
    case 101: // e
      return name.endsWith('Throwable') || name.endsWith('Failure') || name.endsWith('Trace');
    case 116: // t
      return name.endsWith('Fault') || name.endsWith('Interrupt') || name.endsWith('Exit') || name.endsWith('Timeout');
    case 103: // g
      return name.endsWith('Warning');
    default:
      return false;
  }
}

/** Says how an error came, not which one. */
const announcing = 'UnhandledPromiseRejectionWarning';
const timestamp = /^\W{0,2}\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}|^\[?\d{2}:\d{2}:\d{2}/;

function startsWithTime(text: string): boolean {
  if (text.length < minTime) return false;
  const hasDigit = isDigit(text.charCodeAt(0)) || isDigit(text.charCodeAt(1)) || isDigit(text.charCodeAt(2));
  return hasDigit && timestamp.test(text);
}

const minTime = '10:00:00'.length;

/**
 * Looks for a header above the first frame of a trace.
 * @param first index of the first frame
 * @param margin how many characters of each line are a log's prefix
 * @param isFrame tells lines that belong to another trace
 */
export function headerAbove(
  lines: TextLines,
  first: number,
  floor: number,
  margin: number,
  isFrame: (line: TextLine) => boolean,
): Header | undefined {
  let generic: Header | undefined;
  let below = lines.at(first);
  for (let index = first - 1; index >= Math.max(floor, first - maxMessageLines); index--) {
    if (below?.opens) break;
    const line = lines.at(index);
    if (!line || isFrame(line)) break;
    // Right above the first frame any name will do.
    const isNext = index === first - 1;
    const name = isNext && !mayTell(line) ? undefined : nameOn(line.text, 0, isNext);
    if (name && isConventional(name.type)) return withMessage(lines, headerOf(line, index, name), first, margin);
    if (name && isTelling(name.type)) generic = headerOf(line, index, name);
    // Each prefixed line is a record of its own, unless the frames have that prefix too.
    if (margin === 0 && startsWithTime(line.text)) break;
    below = line;
  }
  return generic && withMessage(lines, generic, first, margin);
}

/**
 * The header on one line, from `column` on: the leftmost conventional name, else the leftmost name. A name is dotted and
 * followed by a colon or the line's end, perhaps with a code in brackets between: `TypeError [ERR_X]: …`.
 * @param anyName false to have conventional names only
 */
export function headerOn(line: TextLine, index: number, column: number, anyName = true): Header | undefined {
  const name = nameOn(line.text, column, anyName);
  return name && headerOf(line, index, name);
}

/** A word in lower case may be anything. */
function isTelling(name: string): boolean {
  return isUpperCase(name.charCodeAt(0)) || name.includes('.');
}

/** Names that tell something have a capital letter or a dot. */
function mayTell(line: TextLine): boolean {
  return hasCapital(line.text) || line.text.includes('.');
}

/**
 * True where the name of a failure, which has a capital letter, may stand before a place of the searched text or start at
 * that place.
 */
export function mayNameBefore(line: TextLine, start: number): boolean {
  const { text } = line;
  const first = indentOf(text);
  const gap = start - line.startOf(first);
  if (gap !== 0) return gap >= shortestErrorName || (gap > 0 && hasCapital(text));
  for (let at = first; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (isUpperCase(unit)) return true;
    if (!isNamePart(unit)) return false;
  }
  return false;
}

function hasCapital(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (isUpperCase(text.charCodeAt(at))) return true;
  }
  return false;
}

function nameOn(text: string, column: number, anyName: boolean): Name | undefined {
  if (column >= text.length || (!anyName && !hasCapital(text))) return undefined;
  let found: Name | undefined;
  let colon = text.indexOf(':', column);
  // Names are read backwards from what follows them: lines have few colons and many words.
  for (;;) {
    const isEnd = colon === -1;
    const after = isEnd ? endOfLastName(text) : colon;
    if (isEnd || isSpaceOrEnd(text, colon + 1)) {
      const name = nameBefore(text, column, after, isEnd, anyName && !found);
      if (name && name.type !== announcing) {
        if (isConventional(name.type)) return name;
        found ??= name;
      }
    }
    if (isEnd) return found;
    colon = text.indexOf(':', colon + 1);
  }
}

interface Name {
  readonly type: string;
  readonly start: number;
  /** Where the message starts; past the line's end where there is none. */
  readonly after: number;
}

function headerOf(line: TextLine, index: number, name: Name): Header {
  const message = name.after < line.text.length ? line.text.slice(name.after).trim() : '';
  const start = line.startOf(name.start);
  return message === '' ? { type: name.type, start, index } : { type: name.type, message, start, index };
}

/** The name that ends before `after`, and where the line goes on behind it. */
function nameBefore(text: string, column: number, after: number, isEnd: boolean, anyName: boolean): Name | undefined {
  if (after <= column) return undefined;
  let end = after;
  let code: string | undefined;
  if (text.charCodeAt(end - 1) === 93) {
    const before = text.slice(Math.max(column, end - maxCodeLength), end - 1);
    const bracket = before.lastIndexOf(' [');
    code = before.slice(bracket + 2);
    if (bracket === -1 || !/^[A-Za-z]\w*$/.test(code)) return undefined;
    end -= before.length + 1 - bracket;
  }
  if (text.charCodeAt(end - 1) === 41) {
    end = errorNumberStart(text, column, end);
    if (end === -1) return undefined;
  }
  // Of a name that would not be taken only the end is looked at.
  if (!anyName && code === undefined && !mayEndConventional(text.charCodeAt(end - 1))) return undefined;
  let start = end;
  while (start > column && isNamePart(text.charCodeAt(start - 1))) start--;
  if (start === end) return undefined;
  const first = text.charCodeAt(start);
  if (isDigit(first) || first === 46) return undefined;
  // Part of a longer word that started before the column.
  if (start > 0 && isNamePart(text.charCodeAt(start - 1))) return undefined;
  const name = text.slice(start, end);
  // `DOMException [AbortError]` says more in brackets, `TypeError [ERR_X]` less.
  const type = name === 'DOMException' && code !== undefined ? code : name;
  if (!anyName && !isConventional(type)) return undefined;
  return { type, start, after: isEnd ? text.length : after + 1 };
}

function mayEndConventional(unit: number): boolean {
  return unit === 114 || unit === 110 || unit === 101 || unit === 116 || unit === 103;
}

/** .NET: `SocketException (111): Connection refused`. */
const errorNumber = /^\((?:0x[0-9A-Fa-f]{8}|-?\d{1,10}(?:, 0x[0-9A-Fa-f]{8})?)\)$/;
const errorNumberParts = tableOf('0123456789abcdefABCDEFx, -');
const maxCodeLength = 80;

/** Where the blank before an error's number stands that ends at `end`; -1 where none does. */
function errorNumberStart(text: string, column: number, end: number): number {
  const limit = Math.max(column, end - maxCodeLength);
  let open = end - 2;
  while (open > limit && isErrorNumberPart(text.charCodeAt(open))) open--;
  if (open <= column || text.charCodeAt(open) !== 40 || text.charCodeAt(open - 1) !== 32) return -1;
  return errorNumber.test(text.slice(open, end)) ? open - 1 : -1;
}

function isErrorNumberPart(unit: number): boolean {
  return unit < 128 && errorNumberParts[unit] === 1;
}

/** Where a name at the end of the line ends: before a quote or a comma. */
function endOfLastName(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  return last === 34 || last === 39 || last === 44 ? text.length - 1 : text.length;
}

function isSpaceOrEnd(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const unit = text.charCodeAt(at);
  return isBlank(unit) || (unit > 127 && /\s/.test(text[at] ?? ''));
}

/** 1 for letters, digits, `_`, `$` and the dots between them. */
const nameParts = tableOf(`${wordCharacters}$.`);

function isNamePart(unit: number): boolean {
  return unit < 128 && nameParts[unit] === 1;
}

/** Adds the lines between the header and `end` to the message. */
export function withMessage(lines: TextLines, header: Header, end: number, margin: number): Header {
  let message = header.message ?? '';
  if (end === header.index + 1 && (header.message?.length ?? 0) <= maxMessageLength) return header;
  for (let index = header.index + 1; index < end && message.length < maxMessageLength; index++) {
    message += `\n${lines.at(index)?.text.slice(margin) ?? ''}`;
  }
  message = message.trimEnd().slice(0, maxMessageLength);
  return message === '' ? header : { ...header, message };
}
