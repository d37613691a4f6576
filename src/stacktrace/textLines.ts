/**
 * Text as the lines that people meant: physical lines, and the lines inside JSON strings whose newlines are escaped;
 * without colours, each knowing where its characters stand in the text.
 */

import { EscapedText, holdsEscapedTrace, opensStackArray, punctuationEnd } from './escapedText.ts';
import { beyondAnyText, Offsets, type Places, placesWithin } from './offsets.ts';

/** One line without its end. Characters past `maxLineLength` are left out. */
export class TextLine {
  /**
   * The text that the line is a range of, and where it starts there: the source, or what was decoded of it. Walking over
   * that text takes less than half of the time that walking over `text` does.
   */
  readonly chars: string;
  readonly from: number;
  readonly text: string;
  /** True when what stands before belongs to something else: the first line of the text or of a JSON string. */
  readonly opens: boolean;
  /** Absent when the line stands in the source as it is. */
  readonly #places: Places | undefined;
  readonly #source: string;

  /** @param places where the characters of `chars` stand in the source; absent when `chars` is the source */
  constructor(source: string, chars: string, from: number, to: number, opens: boolean, places?: Places) {
    this.chars = chars;
    this.from = from;
    this.text = to > from ? chars.slice(from, to) : '';
    this.opens = opens;
    this.#places = places;
    this.#source = source;
  }

  /** Where the character at `index` of `text` starts in the source. */
  startOf(index: number): number {
    return this.#places ? this.#places.at(this.from + index) : this.from + index;
  }

  /** Where the character before `index` of `text` ends in the source: codes that follow it are not part of it. */
  endOf(index: number): number {
    if (!this.#places || index === 0) return this.startOf(index);
    const last = this.startOf(index - 1);
    return this.#source[last] === '\\' ? this.startOf(index) : last + 1;
  }
}

/** How Docker's json-file driver writes a line. */
const containerRecord = '{"log":"';

/** Longer lines are no frames: what follows is not looked at. */
export const maxLineLength = 4096;

/** JSON inside JSON inside JSON: container logs around structured logs around a quoted answer. */
const maxNesting = 3;

const linesAhead = 32;

/** Reads lines one after the other and forgets those that were let go of, so that any text takes bounded memory. */
export class TextLines {
  readonly source: string;
  readonly #lines: TextLine[] = [];
  /** Index of `#lines[0]`. */
  #base = 0;
  #position = 0;
  /** The physical line with escaped newlines that is being read, and where the last one ended. */
  #escaped: EscapedText | undefined;
  #escapedEnd = -1;
  #escapedOpens = true;
  /** The next place at or after `#position` with an escaped newline, an escape character; the length when there is none. */
  #nextEscape = -1;
  #nextColour = -1;
  /** Likewise of an array with the lines of a stack. */
  #nextArray = -1;
  /** Lines from here on are kept back for now. */
  #limit = beyondAnyText;

  constructor(source: string) {
    this.source = source;
  }

  /** @returns `undefined` past the last line, and for lines that were released */
  at(index: number): TextLine | undefined {
    // Asking an array for a place below 0, once, makes every later question to it slow.
    if (index < this.#base || index >= this.#limit) return undefined;
    while (index >= this.#base + this.#lines.length) if (!this.#readAhead()) return undefined;
    return this.#lines[index - this.#base];
  }

  /** What `read` finds when the text ends before the line at `end`. */
  endingAt<Found>(end: number, read: () => Found): Found {
    const outer = this.#limit;
    this.#limit = Math.min(outer, end);
    try {
      return read();
    } finally {
      this.#limit = outer;
    }
  }

  /** Lines before `index` are not asked for again. */
  release(index: number): void {
    const count = index - this.#base;
    if (count < 1024) return;
    this.#lines.splice(0, count);
    this.#base = index;
  }

  /** A few lines in a row: one at a time, between all that is done with each, is slower by up to a tenth. */
  #readAhead(): boolean {
    let hasRead = false;
    for (let count = 0; count < linesAhead && this.#readMore(); count++) hasRead = true;
    return hasRead;
  }

  #readMore(): boolean {
    const { source } = this;
    const start = this.#position;
    if (this.#escaped) {
      this.#readEscaped(this.#escaped);
      return true;
    }
    if (start >= source.length) return false;
    // Blank lines, of which there may be very many, are not looked for.
    const newline = source.charCodeAt(start) === 10 ? start : source.indexOf('\n', start);
    const next = newline === -1 ? source.length : newline + 1;
    let end = newline === -1 ? source.length : newline;
    while (end > start && source.charCodeAt(end - 1) === 13) end--;
    this.#position = next;
    if (source.charCodeAt(start) === 123 && source.startsWith(containerRecord, start)) {
      this.#readRecord(start, end);
      return true;
    }
    if (this.#nextEscape < start) this.#nextEscape = indexOrEnd(source, '\\n', start);
    if (this.#nextArray < start) this.#nextArray = stackArrayIn(source, start);
    if (this.#nextArray < end || (this.#nextEscape < end && holdsEscapedTrace(source, this.#nextEscape, end))) {
      this.#escaped = new EscapedText(source, start, next);
      this.#escapedEnd = next;
      this.#escapedOpens = true;
      return this.#readMore();
    }
    // A line after one with escaped newlines is another record.
    this.#add(source, start, end, start === 0 || this.#escapedEnd === start);
    return true;
  }

  /** Each line of the program is a record of the container's log: together they are its text again. */
  #readRecord(start: number, end: number): void {
    const record = new EscapedText(this.source, start + containerRecord.length, end);
    record.read();
    this.#push(record, start === 0, 1);
  }

  /** Reads one line of a physical line with escaped newlines. */
  #readEscaped(piece: EscapedText): void {
    if (this.#escapedOpens) piece.skipBetween();
    piece.read();
    if (piece.isAtEnd) this.#escaped = undefined;
    // What stands between the strings of an object is no line, and starts none that another string goes on with.
    if (!(this.#escapedOpens && piece.closes && isPunctuation(piece)))
      this.#push(piece, this.#escapedOpens && !piece.isNextElement, 1);
    this.#escapedOpens = piece.closes;
  }

  /** @param outer where the characters of the text stand that the piece was read from; absent for the source */
  #push(piece: EscapedText, opens: boolean, nesting: number, outer?: Places): void {
    const { chars, from, to } = piece;
    const places = piece.placesWithin(outer);
    // Only what was decoded can hold more of it.
    const escape = piece.isDecoded && nesting < maxNesting ? chars.indexOf('\\n') : -1;
    const isArray = piece.isDecoded && nesting < maxNesting && stackArrayIn(chars, 0) < to;
    if (!isArray && (escape === -1 || !holdsEscapedTrace(chars, escape, to))) {
      this.#add(chars, from, to, opens, places);
      return;
    }
    let innerOpens = true;
    for (const inner = new EscapedText(chars, 0, to); !inner.isAtEnd; ) {
      if (innerOpens) inner.skipBetween();
      inner.read();
      this.#push(inner, innerOpens && !inner.isNextElement, nesting + 1, places);
      innerOpens = inner.closes;
    }
  }

  #add(chars: string, from: number, to: number, opens: boolean, places?: Places): void {
    const line = new TextLine(this.source, chars, from, Math.min(to, from + maxLineLength), opens, places);
    const isColoured = places ? line.text.includes(escapeCharacter) : this.#hasColour(from, to);
    this.#lines[this.#lines.length] = isColoured ? withoutColours(this.source, line, places) : line;
  }

  /** Asked of stretches of the source in their order. */
  #hasColour(from: number, to: number): boolean {
    if (this.#nextColour < from) this.#nextColour = indexOrEnd(this.source, escapeCharacter, from);
    return this.#nextColour < to;
  }
}

function isPunctuation({ chars, from, to }: EscapedText): boolean {
  return to - from <= 2 && punctuationEnd(chars, from, to) === to;
}

const escapeCharacter = String.fromCharCode(27);
/** Control sequences (colours, cursor) and operating system commands (links), each one class repeated up to its end. */
const controlSequence = new RegExp(
  `${escapeCharacter}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${escapeCharacter}\\u0007]*(?:\\u0007|${escapeCharacter}\\\\))`,
  'y',
);

function withoutColours(source: string, line: TextLine, places: Places | undefined): TextLine {
  const { text, from } = line;
  let plain = '';
  let at = 0;
  const kept = new Offsets(from);
  for (let escape = text.indexOf(escapeCharacter); escape !== -1; ) {
    controlSequence.lastIndex = escape;
    if (controlSequence.test(text)) {
      plain += text.slice(at, escape);
      at = controlSequence.lastIndex;
      kept.add(plain.length, from + at);
      escape = text.indexOf(escapeCharacter, at);
    } else escape = text.indexOf(escapeCharacter, escape + 1);
  }
  plain += text.slice(at);
  return new TextLine(source, plain, 0, plain.length, line.opens, places ? placesWithin(kept, places) : kept);
}

/** Where the next array opens that is told by its name to hold the lines of a stack; the text's length. */
function stackArrayIn(text: string, from: number): number {
  let bracket = indexOrEnd(text, '["', from);
  while (bracket < text.length && !opensStackArray(text, bracket)) bracket = indexOrEnd(text, '["', bracket + 2);
  return bracket;
}

function indexOrEnd(text: string, part: string, from: number): number {
  const index = text.indexOf(part, from);
  return index === -1 ? text.length : index;
}
