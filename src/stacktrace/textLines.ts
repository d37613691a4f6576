/**
 * Text as the lines that people meant: physical lines, and the lines inside JSON strings whose newlines are escaped;
 * without colours, each knowing where its characters stand in the text.
 */

import { holdsEscapedTrace, type Piece, PiecePlaces, readPiece } from './escapedText.ts';
import { Offsets, type Places, placesFrom, placesWithin } from './offsets.ts';
import { anyClue, cluesOn } from './parse/clues.ts';

/** One line without its end. Characters past `maxLineLength` are left out. */
export class TextLine {
  readonly text: string;
  /** True when what stands before belongs to something else: the first line of the text or of a JSON string. */
  readonly opens: boolean;
  readonly #start: number;
  /** Absent when the text stands in the source as it is. */
  readonly #places: Places | undefined;
  readonly #source: string;

  constructor(source: string, text: string, start: number, opens: boolean, places?: Places) {
    this.#source = source;
    this.text = text;
    this.opens = opens;
    this.#start = start;
    this.#places = places;
  }

  /** True when the text stands in the source as it is. */
  get isPlain(): boolean {
    return this.#places === undefined;
  }

  /** Where the character at `index` of `text` starts in the source. */
  startOf(index: number): number {
    return this.#places ? this.#places.at(index) : this.#start + index;
  }

  /** Where the character before `index` of `text` ends in the source: codes that follow it are not part of it. */
  endOf(index: number): number {
    if (!this.#places || index === 0) return this.startOf(index);
    const last = this.#places.at(index - 1);
    return this.#source[last] === '\\' ? this.#places.at(index) : last + 1;
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
    if (source.charCodeAt(start) === 123 && source.startsWith(containerRecord, start)) {
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
    // What stands between the strings of an object is no line, and starts none that another string goes on with.
    if (!(this.#escapedOpens && piece.closes && isPunctuation(piece.text))) this.#push(piece, this.#escapedOpens, 1);
    this.#position = piece.next;
    this.#escapedOpens = piece.closes;
  }

  #push(piece: Piece, opens: boolean, nesting: number, outer?: Places): void {
    const { text, start } = piece;
    const own = outer ? outer : piece.isDecoded ? new PiecePlaces(this.source, start, piece.next) : undefined;
    const escape = nesting < maxNesting ? text.indexOf('\\n') : -1;
    if (escape !== -1 && holdsEscapedTrace(text, escape, text.length)) {
      let innerOpens = true;
      for (let at = 0; at < text.length; ) {
        const inner = readPiece(text, at, text.length);
        at = inner.next;
        // The last one tells that what follows in the outer text is something else.
        if (innerOpens && inner.closes && at < text.length && isPunctuation(inner.text)) continue;
        const innerPlaces = inner.isDecoded ? new PiecePlaces(text, inner.start, inner.next) : placesFrom(inner.start);
        this.#push(inner, innerOpens, nesting + 1, placesWithin(innerPlaces, own ?? placesFrom(start)));
        innerOpens = inner.closes;
      }
      return;
    }
    const line = text.length > maxLineLength ? text.slice(0, maxLineLength) : text;
    this.#lines.push(
      line.includes(escapeCharacter)
        ? withoutColours(this.source, line, start, own, opens)
        : new TextLine(this.source, line, start, opens, own),
    );
  }
}

/** `{`, `:`, `,` and the like. */
function isPunctuation(text: string): boolean {
  return text.length === 0 || (text.length <= 2 && !/[^\s:,{}[\]]/.test(text));
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
  places: Places | undefined,
  opens: boolean,
): TextLine {
  let plain = '';
  let from = 0;
  const kept = new Offsets(places ? 0 : start);
  const base = places ? 0 : start;
  for (const match of text.matchAll(controlSequence)) {
    plain += text.slice(from, match.index);
    from = match.index + match[0].length;
    kept.add(plain.length, base + from);
  }
  plain += text.slice(from);
  return new TextLine(source, plain, start, opens, places ? placesWithin(kept, places) : kept);
}

function indexOrEnd(text: string, part: string, from: number): number {
  const index = text.indexOf(part, from);
  return index === -1 ? text.length : index;
}
