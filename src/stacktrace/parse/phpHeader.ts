/** The header above the calls of a PHP exception: its type, its message and the place where it was thrown. */

import type { TextLine, TextLines } from '../textLines.ts';
import { isDigit, isUpperCase, isWordPart, lastOf, numberIn, trimmedLength } from './characters.ts';

interface PhpHeader {
  readonly type: string;
  readonly message?: string;
  /** Of the line with the type. */
  readonly index: number;
  /** The header's last line, and where the place is in it. */
  readonly line: TextLine;
  readonly start: number;
  readonly end: number;
  readonly file: string;
  readonly line1: number;
}

const maxMessageLines = 64;
const maxHeader = 8000;
/** Lines of a message may look like the start of a header, too. */
const maxStarts = 4;
const opening = /\bUncaught |\bNext |\(code: |^[A-Z][\w\\]*: /;

/** The message may take several lines; the place stands at the end of the last one, the type in the first. */
export function phpHeaderAbove(
  lines: TextLines,
  first: number,
  floor: number,
  isCall: (text: string) => boolean,
): PhpHeader | undefined {
  let last = first - 1;
  if (last >= floor && trimmedLength(lines.at(last)?.text ?? '') === 0) last--;
  if (last >= floor && saysStack(lines.at(last)?.text ?? '')) last--;
  const line = last < floor ? undefined : lines.at(last);
  if (!line) return undefined;
  const place = placeAtEnd(line.text);
  if (!place) return undefined;
  let text = line.text.slice(0, place.fileEnd);
  for (let index = last, starts = 0; index >= Math.max(floor, last - maxMessageLines); index--) {
    const above = lines.at(index);
    if (!above || (index < last && isCall(above.text))) return undefined;
    if (index < last) text = `${above.text}\n${text}`;
    if (opening.test(above.text)) {
      const thrown = thrownIn(text.slice(-maxHeader));
      if (thrown) {
        const { type, message, file } = thrown;
        return {
          type,
          ...(message === '' ? {} : { message }),
          index,
          line,
          start: place.fileEnd - file.length,
          end: place.end,
          file,
          line1: place.line1,
        };
      }
      if (++starts === maxStarts) return undefined;
    }
    if (above.opens) return undefined;
  }
  return undefined;
}

function saysStack(text: string): boolean {
  const end = trimmedLength(text);
  const last = end === 0 ? 0 : text.charCodeAt(end - 1);
  return (last === 58 && text.endsWith('Stack trace:', end)) || (last === 93 && text.endsWith('[stacktrace]', end));
}

/** `…:12` or `…:12)` at the end of a line. */
function placeAtEnd(text: string): { fileEnd: number; end: number; line1: number } | undefined {
  let end = trimmedLength(text);
  if (text.charCodeAt(end - 1) === 41) end--;
  let digits = end;
  while (digits > 0 && isDigit(text.charCodeAt(digits - 1))) digits--;
  const line1 = numberIn(text, digits, end);
  return line1 === -1 || text.charCodeAt(digits - 1) !== 58 ? undefined : { fileEnd: digits - 1, end, line1 };
}

interface Thrown {
  readonly type: string;
  readonly message: string;
  readonly file: string;
}

/** `Uncaught Type: message in /srv/a.php`, `Next Type: …`, Monolog's `(Type(code: 0): message at /srv/a.php`. */
function thrownIn(text: string): Thrown | undefined {
  const places = filePlaces(text);
  const firstLine = text.indexOf('\n');
  const limit = firstLine === -1 ? text.length : firstLine;
  for (let mark = 0; mark !== -1 && places.length > 0; mark = nextMark(text, mark, limit)) {
    let start = mark;
    while (isBlank(text.charCodeAt(start))) start++;
    const end = endOfType(text, start);
    if (end === -1) continue;
    const after = endOfCode(text, end);
    const last = places.at(-1) ?? -1;
    const hasMessage = text.startsWith(': ', after) && last >= after + 2;
    if (!hasMessage && !places.includes(after)) continue;
    const place = hasMessage ? last : after;
    // Loggers double the backslash of a namespace.
    const type = text.slice(start, end).replaceAll('\\\\', '\\');
    return { type, message: text.slice(after + 2, place), file: text.slice(place + 4) };
  }
  return undefined;
}

/** The index after the next thing that a type may follow; -1 when the line holds none. */
function nextMark(text: string, from: number, limit: number): number {
  for (let at = from; at < limit; at++) {
    switch (text.charCodeAt(at)) {
      case 40: // (
        return at + 1;
      case 58: // :
      case 93: // ]
        if (text.charCodeAt(at + 1) === 32) return at + 2;
        break;
      case 85: // U
        if (text.startsWith('Uncaught', at)) return at + 'Uncaught'.length;
        break;
      case 78: // N
        if (text.startsWith('Next', at)) return at + 'Next'.length;
        break;
      default:
    }
  }
  return -1;
}

/** Where ` in ` or ` at ` stands before what may be the file that the text ends with. */
function filePlaces(text: string): number[] {
  const slash = Math.max(lastOf(text, 47, 0, text.length), lastOf(text, 92, 0, text.length));
  const stop = Math.max(lastOf(text, 58, 0, text.length), lastOf(text, 10, 0, text.length));
  const places: number[] = [];
  for (let at = text.indexOf(' ', Math.max(0, stop - 9)); at !== -1; at = text.indexOf(' ', at + 1)) {
    if (!isPlaceWord(text, at)) continue;
    const file = at + 4;
    const path = stop < file ? file : stop === file + 1 || stop === file + 4 ? afterRoot(text, file) : -1;
    if (path !== -1 && path <= slash) places.push(at);
  }
  // One word with PHP's ending may hold colons: a drive, an address.
  if (text.endsWith('.php')) {
    let word = text.length;
    while (word > 0 && !isSpaceAt(text, word - 1)) word--;
    if (text.length - word > 4 && isPlaceWord(text, word - 4) && !places.includes(word - 4)) places.push(word - 4);
  }
  return places.sort((a, b) => a - b);
}

/** Behind `C:\\` or `phar://`; -1 when neither stands there. */
function afterRoot(text: string, from: number): number {
  if (text.startsWith('phar://', from)) return from + 'phar://'.length;
  return /^[A-Za-z]:[/\\]/.test(text.slice(from, from + 3)) ? from + 3 : -1;
}

function isPlaceWord(text: string, at: number): boolean {
  return text.startsWith(' in ', at) || text.startsWith(' at ', at);
}

/** `Acme\Loader`: names joined by a backslash or two, the last one with a capital; -1 when there is none. */
function endOfType(text: string, from: number): number {
  for (let at = from; ; ) {
    if (!isNameStart(text.charCodeAt(at))) return -1;
    const start = at;
    while (isWordPart(text.charCodeAt(at))) at++;
    let next = at;
    while (next < at + 2 && text.charCodeAt(next) === 92) next++;
    if (next === at || !isNameStart(text.charCodeAt(next))) {
      return isUpperCase(text.charCodeAt(start)) ? at : -1;
    }
    at = next;
  }
}

function isNameStart(unit: number): boolean {
  return isWordPart(unit) && !isDigit(unit);
}

/** Behind `(code: 0)`, where it stands. */
function endOfCode(text: string, from: number): number {
  if (!text.startsWith('(code: ', from)) return from;
  let at = from + '(code: '.length;
  if (text.charCodeAt(at) === 45) at++;
  const digits = at;
  while (isWordPart(text.charCodeAt(at))) at++;
  return at > digits && text.charCodeAt(at) === 41 ? at + 1 : from;
}

function isBlank(unit: number): boolean {
  return unit === 32 || (unit >= 9 && unit <= 13);
}

function isSpaceAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return isBlank(unit) || (unit > 127 && /\s/.test(text[at] ?? ''));
}
