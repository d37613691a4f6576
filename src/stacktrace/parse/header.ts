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

/** A dotted name that a colon or the line's end follows, perhaps with a code in brackets: `TypeError [ERR_X]: …`. */
const name = /(?<![\w$.])([A-Za-z_$][\w$.]*)(?: \[([A-Za-z]\w*)\])?(?::(?=\s|$)|(?=["',]?$))/g;
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

/** The header on one line, from `column` on: the leftmost conventional name, else the leftmost name. */
export function headerOn(line: TextLine, index: number, column: number): Header | undefined {
  let found: Header | undefined;
  // The cap keeps a line that is all names from costing more than its length.
  const text = line.text;
  name.lastIndex = column;
  for (let match = name.exec(text); match; match = name.exec(text)) {
    const [whole, type = '', code] = match;
    if (announcing.test(type)) continue;
    const isConventional = conventional.test(type);
    if (found && !isConventional) continue;
    const rest = text.slice(match.index + whole.length).trim();
    found = {
      // `DOMException [AbortError]` says more in brackets, `TypeError [ERR_X]` less.
      type: type === 'DOMException' && code ? code : type,
      ...(rest === '' ? {} : { message: rest }),
      start: line.startOf(match.index),
      index,
    };
    if (isConventional) break;
  }
  return found;
}

/** Adds the lines between the header and `end` to the message. */
export function withMessage(lines: TextLines, header: Header, end: number, margin: number): Header {
  let message = header.message ?? '';
  for (let index = header.index + 1; index < end && message.length < maxMessageLength; index++) {
    message += `\n${lines.at(index)?.text.slice(margin) ?? ''}`;
  }
  message = message.trimEnd().slice(0, maxMessageLength);
  return message === '' ? header : { ...header, message };
}
