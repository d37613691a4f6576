/**
 * Text as the lines that people meant: physical lines, and the lines inside JSON strings whose newlines are escaped;
 * without colours, each knowing where its characters stand in the text.
 */

import { Offsets } from './offsets.ts';
import { isDigit } from './parse/digits.ts';
import { anyClue, cluesOn } from './parse/clues.ts';

/** One line without its end. Characters past `maxLineLength` are left out. */
export class TextLine {
  readonly text: string;
  /** True when what stands before belongs to something else: the first line of the text or of a JSON string. */
  readonly opens: boolean;
  readonly #start: number;
  /** Absent when the text stands in the source as it is. */
  readonly #offsets: Offsets | undefined;
  readonly #source: string;

  constructor(source: string, text: string, start: number, opens: boolean, offsets?: Offsets) {
    this.#source = source;
    this.text = text;
    this.opens = opens;
    this.#start = start;
    this.#offsets = offsets;
  }

  /** True when the text stands in the source as it is. */
  get isPlain(): boolean {
    return this.#offsets === undefined;
  }

  /** Where the character at `index` of `text` starts in the source. */
  startOf(index: number): number {
    return this.#offsets ? this.#offsets.at(index) : this.#start + index;
  }

  /** Where the character before `index` of `text` ends in the source: codes that follow it are not part of it. */
  endOf(index: number): number {
    if (!this.#offsets || index === 0) return this.startOf(index);
    const last = this.#offsets.at(index - 1);
    return this.#source[last] === '\\' ? this.#offsets.at(index) : last + 1;
  }
}

/** How Docker's json-file driver writes a line. */
const containerRecord = '{"log":"';

/** Longer lines are no frames: what follows is not looked at. */
const maxLineLength = 4096;

/** JSON inside JSON inside JSON: container logs around structured logs around a quoted answer. */
const maxNesting = 3;

/** Reads lines one after the other and forgets those that were let go of, so that any text takes bounded memory. */
export class TextLines {
  readonly source: string;
  readonly #lines: TextLine[] = [];
  /** Index of `#lines[0]`. */
  #base = 0;
  #position = 0;
  /** Up to here the text is one physical line with escaped newlines; before `#position` when it is not. */
  #escapedEnd = -1;
  #escapedOpens = true;
  /** The next place at or after `#position` with an escaped newline, an escape character; the length when there is none. */
  #nextEscape = -1;
  #nextColour = -1;
  /** Where the next thing that looks like a clue ends; at or before what was read when it was not looked for. */
  #nextClueEnd = -1;

  constructor(source: string) {
    this.source = source;
  }

  /** @returns `undefined` past the last line, and for lines that were released */
  at(index: number): TextLine | undefined {
    while (index >= this.#base + this.#lines.length) if (!this.#readMore()) return undefined;
    return this.#lines[index - this.#base];
  }

  /** The clues (`parse/clues.ts`) on a line; asked for in ascending order this costs next to nothing on most lines. */
  cluesOn(line: TextLine): number {
    if (!line.isPlain) return cluesOn(line.text);
    const start = line.startOf(0);
    if (this.#nextClueEnd <= start) {
      anyClue.lastIndex = start;
      this.#nextClueEnd = anyClue.test(this.source) ? anyClue.lastIndex : Number.POSITIVE_INFINITY;
    }
    return this.#nextClueEnd > start + line.text.length ? 0 : cluesOn(line.text);
  }

  /** Lines before `index` are not asked for again. */
  release(index: number): void {
    const count = index - this.#base;
    if (count < 1024) return;
    this.#lines.splice(0, count);
    this.#base = index;
  }

  #readMore(): boolean {
    const { source } = this;
    const start = this.#position;
    if (start < this.#escapedEnd) {
      this.#readEscaped();
      return true;
    }
    if (start >= source.length) return false;
    const newline = source.indexOf('\n', start);
    const next = newline === -1 ? source.length : newline + 1;
    let end = newline === -1 ? source.length : newline;
    while (end > start && source.charCodeAt(end - 1) === 13) end--;
    if (source.startsWith(containerRecord, start)) {
      // Each line of the program is a record of the container's log: together they are its text again.
      const piece = readPiece(source, start + containerRecord.length, end);
      this.#position = next;
      this.#push(piece, start === 0, 1);
      return true;
    }
    if (this.#nextEscape < start) this.#nextEscape = indexOrEnd(source, '\\n', start);
    if (this.#nextEscape < end && holdsEscapedTrace(source, this.#nextEscape, end)) {
      this.#escapedEnd = next;
      this.#escapedOpens = true;
      this.#readEscaped();
      return true;
    }
    this.#position = next;
    if (this.#nextColour < start) this.#nextColour = indexOrEnd(source, escapeCharacter, start);
    const text = source.slice(start, Math.min(end, start + maxLineLength));
    // A line after one with escaped newlines is another record.
    const opens = start === 0 || this.#escapedEnd === start;
    if (this.#nextColour < end) this.#lines.push(withoutColours(source, text, start, undefined, opens));
    else this.#lines.push(new TextLine(source, text, start, opens));
    return true;
  }

  /** Reads one line of a physical line with escaped newlines. */
  #readEscaped(): void {
    const piece = readPiece(this.source, this.#position, this.#escapedEnd);
    this.#push(piece, this.#escapedOpens, 1);
    this.#position = piece.next;
    this.#escapedOpens = piece.closes;
  }

  #push(piece: Piece, opens: boolean, nesting: number): void {
    const { text, offsets } = piece;
    const escape = nesting < maxNesting ? text.indexOf('\\n') : -1;
    if (escape !== -1 && holdsEscapedTrace(text, escape, text.length)) {
      let innerOpens = true;
      for (let at = 0; at < text.length; ) {
        const inner = readPiece(text, at, text.length);
        const own = inner.offsets ?? new Offsets(inner.start);
        const offsets = own.within(piece.offsets ?? new Offsets(piece.start), inner.text.length);
        this.#push({ ...inner, start: offsets.at(0), offsets }, innerOpens, nesting + 1);
        at = inner.next;
        innerOpens = inner.closes;
      }
      return;
    }
    this.#lines.push(withoutColours(this.source, text.slice(0, maxLineLength), piece.start, offsets, opens));
  }
}

/** A stretch of escaped text up to an escaped newline or an unescaped quote, decoded. */
interface Piece {
  readonly text: string;
  readonly start: number;
  /** As in TextLine. */
  readonly offsets: Offsets | undefined;
  readonly next: number;
  /** True when a quote ended it: what follows is another string. */
  readonly closes: boolean;
}

/** More of one escaped line is read as another line, so that a piece takes bounded memory. */
const maxPieceLength = 1 << 20;

const simpleEscapes: Readonly<Record<string, string>> = { t: '\t', '"': '"', '/': '/', b: '\b', f: '\f', r: '' };

function readPiece(source: string, start: number, end: number): Piece {
  const limit = Math.min(end, start + maxPieceLength);
  // Most lines hold no escape but the one that ends them: their text is the source's own.
  let offsets: Offsets | undefined;
  let text = '';
  let at = start;
  let plainFrom = start;
  while (at < limit) {
    const unit = source.charCodeAt(at);
    if (unit === 34 && !isPythonQuote(source, at)) {
      return { text: text + source.slice(plainFrom, at), start, offsets, next: at + 1, closes: true };
    }
    if (unit !== 92) {
      at++;
      continue;
    }
    const escaped = source[at + 1] ?? '';
    if (escaped === 'n') {
      return { text: text + source.slice(plainFrom, at), start, offsets, next: at + 2, closes: false };
    }
    const code = escaped === 'u' ? hexCode(source, at + 2) : -1;
    const decoded =
      code !== -1 ? String.fromCharCode(code) : escaped === '\\' ? '\\' : (simpleEscapes[escaped] ?? undefined);
    if (decoded === undefined) {
      at++;
      continue;
    }
    offsets ??= new Offsets(start);
    text += source.slice(plainFrom, at);
    if (decoded !== '') offsets.add(text.length, at);
    text += decoded;
    at += code !== -1 ? 6 : 2;
    offsets.add(text.length, at);
    plainFrom = at;
  }
  const next = Math.max(at, limit);
  // At the end of the physical line; its line end is no part of it.
  while (at > plainFrom && (source.charCodeAt(at - 1) === 10 || source.charCodeAt(at - 1) === 13)) at--;
  return { text: text + source.slice(plainFrom, at), start, offsets, next, closes: next >= end };
}

/** The number of the four hex digits at `at`; -1 when there are none. */
function hexCode(source: string, at: number): number {
  const digits = source.slice(at, at + 4);
  return /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
}

/** `File "a.py", line 1` in a single-quoted representation: these quotes are not JSON's. */
function isPythonQuote(source: string, at: number): boolean {
  return source.startsWith('File ', at - 5) || source.startsWith('", line ', at);
}

/** Tells escaped newlines of a trace from a Windows path: what follows one must look like a frame. */
function holdsEscapedTrace(text: string, firstEscape: number, end: number): boolean {
  for (let at = firstEscape; at !== -1 && at < end; at = text.indexOf('\\n', at + 2)) {
    // `panicked at src/main.rs:3:5:`
    if (text.charCodeAt(at - 1) === 58 && isDigit(text.charCodeAt(at - 2))) return true;
    let after = at + 2;
    let tabs = 0;
    const limit = Math.min(end, after + 64);
    while (after < limit) {
      const unit = text.charCodeAt(after);
      // Exception groups draw a bar before each line.
      if (unit === 32 || unit === 9 || unit === 124) after++;
      else if (unit === 92 && isEscapedTab(text, after)) {
        while (text.charCodeAt(after) === 92) after++;
        after++;
        tabs++;
      } else break;
    }
    openings.lastIndex = after;
    if (openings.test(text)) return true;
    if (tabs > 0 && text.startsWith('/', after)) return true;
  }
  return false;
}

/** How lines of traces start, behind their indentation. */
const openings =
  /at |File |goroutine |(?:\* )?frame #|note: run with|WARNING: |(?:Syntax|Indentation|Tab)Error: |#\d|\d{1,4}(?:#|: )|@ |from |(?:Caused by|Stack trace|stack backtrace|Stack backtrace|Next)\b|\(\w|in (?:function|call)|\[?\{\w+,|[\w./@<>-]*(?:\.(?:rb|exs?|erl):\d|\(\+0x|@http)/y;

function isEscapedTab(text: string, at: number): boolean {
  for (let backslashes = 1; backslashes <= 4; backslashes *= 2) {
    if (text[at + backslashes] === 't') return true;
  }
  return false;
}

const escapeCharacter = String.fromCharCode(27);
/** Control sequences (colours, cursor) and operating system commands (links), each one class repeated up to its end. */
const controlSequence = new RegExp(
  `${escapeCharacter}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${escapeCharacter}\\u0007]*(?:\\u0007|${escapeCharacter}\\\\))`,
  'g',
);

function withoutColours(
  source: string,
  text: string,
  start: number,
  offsets: Offsets | undefined,
  opens: boolean,
): TextLine {
  if (!text.includes(escapeCharacter)) return new TextLine(source, text, start, opens, offsets);
  let plain = '';
  let from = 0;
  const kept = new Offsets(0);
  for (const match of text.matchAll(controlSequence)) {
    plain += text.slice(from, match.index);
    from = match.index + match[0].length;
    kept.add(plain.length, from);
  }
  plain += text.slice(from);
  return new TextLine(source, plain, start, opens, kept.within(offsets ?? new Offsets(start), plain.length));
}

function indexOrEnd(text: string, part: string, from: number): number {
  const index = text.indexOf(part, from);
  return index === -1 ? text.length : index;
}
