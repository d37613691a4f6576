/** Finds the line that names a failure: `TypeError: message`, whatever a log wrote before it. */

import type { TextLine, TextLines } from '../textLines.ts';

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
const maxMessageLength = 4000;

const conventional = /(?:Error|Exception|Throwable|Failure|Fault|Warning|Trace|Interrupt|Exit|Timeout)$/;
/** Says how an error came, not which one. */
const announcing = /^(?:UnhandledPromiseRejectionWarning)$/;
const timestamp = /^\W{0,2}\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}|^\[?\d{2}:\d{2}:\d{2}/;

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
  isFrame: (text: string) => boolean,
): Header | undefined {
  let generic: Header | undefined;
  for (let index = first - 1; index >= Math.max(floor, first - maxMessageLines); index--) {
    if (lines.at(index + 1)?.opens) break;
    const line = lines.at(index);
    if (!line || isFrame(line.text)) break;
    const header = headerOn(line, index, 0);
    const isConventional = header && conventional.test(header.type);
    if (header && isConventional) return withMessage(lines, header, first, margin);
    if (index === first - 1 && header && /^[A-Z]|\./.test(header.type)) generic = header;
    // Each prefixed line is a record of its own, unless the frames have that prefix too.
    if (margin === 0 && timestamp.test(line.text)) break;
  }
  return generic && withMessage(lines, generic, first, margin);
}

/**
 * The header on one line, from `column` on: the leftmost conventional name, else the leftmost name. A name is dotted and
 * followed by a colon or the line's end, perhaps with a code in brackets between: `TypeError [ERR_X]: …`.
 */
export function headerOn(line: TextLine, index: number, column: number): Header | undefined {
  const text = line.text;
  let found: Header | undefined;
  let colon = text.indexOf(':', column);
  // Names are read backwards from what follows them: lines have few colons and many words.
  for (;;) {
    const isEnd = colon === -1;
    const after = isEnd ? endOfLastName(text) : colon;
    if (isEnd || isSpaceOrEnd(text, colon + 1)) {
      const header = nameBefore(line, index, column, after, isEnd);
      if (header && !announcing.test(header.type)) {
        if (conventional.test(header.type)) return header;
        found ??= header;
      }
    }
    if (isEnd) return found;
    colon = text.indexOf(':', colon + 1);
  }
}

/** The name that ends before `after`, and what the line says behind it. */
function nameBefore(line: TextLine, index: number, column: number, after: number, isEnd: boolean): Header | undefined {
  const text = line.text;
  let end = after;
  let code: string | undefined;
  if (text.charCodeAt(end - 1) === 93) {
    const before = text.slice(Math.max(column, end - maxCodeLength), end - 1);
    const bracket = before.lastIndexOf(' [');
    code = before.slice(bracket + 2);
    if (bracket === -1 || !/^[A-Za-z]\w*$/.test(code)) return undefined;
    end -= before.length + 1 - bracket;
  }
  let start = end;
  while (start > column && isNamePart(text.charCodeAt(start - 1))) start--;
  const first = text.charCodeAt(start);
  if (start === end || (first >= 48 && first <= 57) || first === 46) return undefined;
  // Part of a longer word that started before the column.
  if (start > 0 && isNamePart(text.charCodeAt(start - 1))) return undefined;
  const name = text.slice(start, end);
  const message = isEnd ? '' : text.slice(after + 1).trim();
  return {
    // `DOMException [AbortError]` says more in brackets, `TypeError [ERR_X]` less.
    type: name === 'DOMException' && code !== undefined ? code : name,
    ...(message === '' ? {} : { message }),
    start: line.startOf(start),
    index,
  };
}

const maxCodeLength = 80;

/** Where a name at the end of the line ends: before a quote or a comma. */
function endOfLastName(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  return last === 34 || last === 39 || last === 44 ? text.length - 1 : text.length;
}

function isSpaceOrEnd(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const unit = text.charCodeAt(at);
  return unit === 32 || unit === 9 || (unit > 127 && /\s/.test(text[at] ?? ''));
}

/** Letters, digits, `_`, `$` and the dots between them. */
function isNamePart(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) ||
    (unit >= 65 && unit <= 90) ||
    (unit >= 48 && unit <= 57) ||
    unit === 95 ||
    unit === 36 ||
    unit === 46
  );
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

/** Column of the first character past a line's margin that is neither a space nor a tab. */
export function indentOf(text: string, margin: number): number {
  let column = Math.min(margin, text.length);
  while (text.charCodeAt(column) === 32 || text.charCodeAt(column) === 9) column++;
  return column;
}
