/** Finds what a structured log says was raised, before the array of its frames. */

import type { TextLine, TextLines } from '../textLines.ts';
import { type Header, isConventional, maxMessageLength } from './header.ts';

export interface Raised {
  readonly header: Header;
  /** True of structlog's names. */
  readonly isOfChain: boolean;
}

/** How much of what stands before the array is looked at. */
const maxBefore = 4000;
const maxLinesBefore = 12;

const typeMember = /"(exc_type|type|errorType|exceptionType|class|className|name)": ?"([^"\\]{1,300})"/g;
const shortestMember = '"type":"Exit"'.length;
const messageMember = /"(?:exc_value|value|message|errorMessage|msg)": ?"((?:[^"\\]|\\.)*)"/g;

/**
 * The type is the last one before the array that is a name of an exception, in an object that is still open.
 * @param behind where what stands before the array starts
 */
export function raisedBefore(
  lines: TextLines,
  line: TextLine,
  index: number,
  bracket: number,
  floor: number,
  behind: number,
): Raised | undefined {
  const from = Math.max(behind, bracket - maxBefore);
  const own = line.chars.slice(from, bracket);
  const onLine = raisedIn(own, line, index, from - line.from);
  if (onLine || behind > line.from || !/^[^{}]*$/.test(own)) return onLine;
  // Broken over lines: a member each.
  for (let above = index - 1; above >= Math.max(floor, index - maxLinesBefore); above--) {
    const other = lines.at(above);
    if (!other || lines.at(above + 1)?.opens || /[}\]],?\s*$/.test(other.text)) return undefined;
    const found = raisedIn(other.text, other, above, 0);
    if (!found) continue;
    const next = lines.at(above + 1);
    const message = next && !next.opens ? messageIn(next.text) : undefined;
    return message === undefined ? found : { ...found, header: { ...found.header, message } };
  }
  return undefined;
}

function raisedIn(text: string, line: TextLine, index: number, offset: number): Raised | undefined {
  if (text.length < shortestMember) return undefined;
  const match = text
    .matchAll(typeMember)
    .toArray()
    .findLast(([, name = '', type = '']) => name === 'exc_type' || isType(type));
  if (!match) return undefined;
  const [whole, name, type = ''] = match;
  const rest = text.slice(match.index + whole.length);
  if (!isOpen(rest)) return undefined;
  const before = text.slice(0, match.index);
  const message = messageIn(rest) ?? messageIn(before.slice(before.lastIndexOf('{') + 1));
  const start = line.startOf(offset + match.index);
  const header = message === undefined ? { type, start, index } : { type, message, start, index };
  return { header, isOfChain: name === 'exc_type' };
}

function isType(type: string): boolean {
  return isConventional(type) && /^[\w.$\\:*]+$/.test(type);
}

/** Whether the object that the text stands in goes on at its end: no more are closed than opened. */
function isOpen(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 123) depth++;
    else if (unit === 125 && --depth < 0) return false;
  }
  return true;
}

function messageIn(text: string): string | undefined {
  const [, raw] = text.matchAll(messageMember).next().value ?? [];
  if (raw === undefined) return undefined;
  const said = raw
    .replace(/\\(["\\/])/g, '$1')
    .replaceAll('\\n', '\n')
    .slice(0, maxMessageLength)
    .trim();
  return said === '' ? undefined : said;
}
