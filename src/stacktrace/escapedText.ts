/** Decodes the inside of JSON strings line by line, and tells those that hold a trace from Windows paths. */

import { Offsets, type Places, placesWithin } from './offsets.ts';
import { isDigit, isHexDigit, isWordPart, tableOf, wordCharacters } from './parse/characters.ts';

/** More of one escaped line is read as another line, so that a piece takes bounded memory. */
const maxPieceLength = 1 << 20;

/** Reads escaped text piece by piece: each goes up to an escaped newline or an unescaped quote. */
export class EscapedText {
  readonly #source: string;
  readonly #end: number;
  /** Where the piece that was read last starts, and the next one. */
  #start: number;
  #next: number;
  /** How much of its end is the line end of the physical line, which is no part of it. */
  #lineEnd = 0;
  /** The text that this piece stands in as it is, or what it was decoded to, and from where to where. */
  chars = '';
  from = 0;
  to = 0;
  isDecoded = false;
  #offsets: Offsets | undefined;
  /** True when a quote ended it: what follows is another string. */
  closes = false;
  /** True when the string that starts is the element of an array behind the one that was read last. */
  isNextElement = false;

  constructor(source: string, start: number, end: number) {
    this.#source = source;
    this.#end = end;
    this.#start = start;
    this.#next = start;
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#end;
  }

  /**
   * Passes over what stands between the strings of an object, and over its names, up to where another string starts. What
   * ends the text is left: it tells that what follows is something else.
   */
  skipBetween(): void {
    const from = this.#next;
    this.#skip();
    this.isNextElement = isBetweenElements(this.#source, from, this.#next) && !opensName(this.#source, this.#next);
  }

  #skip(): void {
    const source = this.#source;
    const last = this.#end - 1;
    for (let next = this.#next; next < last; this.#next = next) {
      let at = next;
      if (source.charCodeAt(at) !== 34) {
        at = nameEnd(source, punctuationEnd(source, next, Math.min(last, next + 2)), next, last);
        if (at >= last || source.charCodeAt(at) !== 34) return;
      }
      if (tokenAt(source, at, 34) !== quote) return;
      next = at + 1;
    }
  }

  /** Reads the next piece; there must be one. */
  read(): void {
    const source = this.#source;
    const start = this.#next;
    const limit = Math.min(this.#end, start + maxPieceLength);
    let at = start;
    let token = 0;
    for (; at < limit; at++) {
      const unit = source.charCodeAt(at);
      if ((unit === backslash || unit === 34) && (token = tokenAt(source, at, unit)) !== 0) break;
    }
    this.#start = start;
    this.isDecoded = token > 0;
    if (token > 0) {
      this.#decode(limit);
      return;
    }
    this.#endAt(at, token, start);
    this.chars = source;
    this.from = start;
    this.to = at - this.#lineEnd;
  }

  #decode(limit: number): void {
    const source = this.#source;
    let text = '';
    let length = 0;
    /** True when some character takes more than a byte. */
    let isWide = false;
    let at = this.#start;
    let token = 0;
    let plainFrom = at;
    const offsets = new Offsets(at);
    let flushed = 0;
    for (; at < limit; at++) {
      let unit = source.charCodeAt(at);
      if ((unit === backslash || unit === 34) && (token = tokenAt(source, at, unit)) !== 0) {
        if (token < 0) break;
        unit = escapedUnit(source, at);
        at += token - 1;
        plainFrom = at + 1;
        offsets.add(flushed + length + (unit === -1 ? 0 : 1), plainFrom);
        if (unit === -1) continue;
      }
      if (unit > 255 && !isWide) {
        widen(length);
        isWide = true;
      }
      if (isWide) units[length++] = unit;
      else bytes[length++] = unit;
      if (length < room) continue;
      text += decoded(length, isWide);
      flushed += length;
      length = 0;
      isWide = false;
    }
    if (at >= limit) token = 0;
    this.#endAt(at, token, plainFrom);
    this.#offsets = offsets;
    const rest = decoded(length, isWide);
    this.chars = text === '' ? rest : text + rest;
    this.from = 0;
    this.to = this.chars.length - this.#lineEnd;
  }

  /** @param token what ended the piece; not below 0 where it was cut */
  #endAt(at: number, token: number, plainFrom: number): void {
    this.#lineEnd = 0;
    if (token < 0) {
      this.#next = at + (token === quote ? 1 : 2);
      this.closes = token === quote;
      return;
    }
    this.#next = at;
    this.closes = at >= this.#end;
    while (at - this.#lineEnd > plainFrom && isLineEnd(this.#source.charCodeAt(at - this.#lineEnd - 1)))
      this.#lineEnd++;
  }

  /**
   * Where the characters of this piece's `chars` stand; absent when they do so as they are.
   * @param outer where those of the text stand that it was read from
   */
  placesWithin(outer: Places | undefined): Places | undefined {
    if (!this.isDecoded || !this.#offsets) return outer;
    return outer ? placesWithin(this.#offsets, outer) : this.#offsets;
  }
}

/** True for what stands between strings only: `{`, `:`, `,` and the like, blanks. */
function isPunctuation(source: string, at: number): boolean {
  const unit = source.charCodeAt(at);
  return unit < 128 ? punctuation[unit] === 1 : unit > 127 && /\s/.test(source[at] ?? '');
}

const punctuation = tableOf(' \t\n\v\f\r:,{}[]');

/** Where punctuation from `from` on ends, at `limit` at the latest. */
export function punctuationEnd(source: string, from: number, limit: number): number {
  let at = from;
  while (at < limit && isPunctuation(source, at)) at++;
  return at;
}

/** Names of members are no lines: those of letters and digits, up to the quote before a colon. */
function nameEnd(source: string, punctuationEnds: number, from: number, last: number): number {
  if (punctuationEnds > from) return punctuationEnds;
  const limit = Math.min(last, from + maxName);
  let at = from;
  while (at < limit && isWordPart(source.charCodeAt(at))) at++;
  return at < last && source.charCodeAt(at) === 34 && source.charCodeAt(at + 1) === 58 ? at : from;
}

const maxName = 40;

/** A comma, a blank and the quote that opens a string, perhaps empty ones before it. */
function isBetweenElements(source: string, from: number, to: number): boolean {
  if (from === to || source.charCodeAt(from) !== 44) return false;
  for (let at = from + 1; at < to; at++) {
    const unit = source.charCodeAt(at);
    if (unit !== 44 && unit !== 32 && unit !== 34) return false;
  }
  return true;
}

/** Whether the string that starts at `from` is a member's name, with dots or dashes in it: `"error.stack_trace":`. */
function opensName(source: string, from: number): boolean {
  const limit = Math.min(source.length, from + 2 * maxName);
  for (let at = from; at < limit; at++) {
    const unit = source.charCodeAt(at);
    if (unit === 34) return source.charCodeAt(at + 1) === 58;
    if (unit === backslash) return false;
  }
  return false;
}

/** Whether the array that opens at `bracket` is told by its name to hold a stack, line by line or frame by frame: `"stackTrace":[`. */
export function opensStackArray(text: string, bracket: number): boolean {
  if (bracket < shortestOpening) return false;
  let end = bracket - 1;
  if (text.charCodeAt(end) === 32) end--;
  if (text.charCodeAt(end) !== 58 || text.charCodeAt(end - 1) !== 34) return false;
  const last = text.charCodeAt(end - 2) | 32;
  return (last === 107 || last === 101 || last === 115) && stackName.test(text.slice(Math.max(0, end - 11), end - 1));
}

const shortestOpening = '"stack":'.length;
const stackName = /(?:stack|trace|traceback|frames)$/i;

/**
 * What is decoded, before it is a string. Strings that are joined of stretches cost several times as much where text was
 * escaped twice, and again when they are looked at.
 */
const room = 1 << 14;
const units = new Uint16Array(room);
const wideBytes = Buffer.from(units.buffer);
const bytes = Buffer.alloc(room);

/** Strings of bytes take half of the memory. */
function decoded(length: number, isWide: boolean): string {
  return isWide ? wideBytes.toString('utf16le', 0, length * 2) : bytes.toString('latin1', 0, length);
}

/** What was decoded up to a character that takes more than a byte. */
function widen(length: number): void {
  for (let at = 0; at < length; at++) units[at] = bytes[at] ?? 0;
}

/** What `tokenAt` says of what ends a piece. */
const newline = -1;
const quote = -2;
const backslash = 92;

/** How many characters an escape takes, told from the one behind the backslash; `newline`; 0 where it is none. */
const escapeLengths = new Int8Array(128);
for (const unit of 't"\\/bfr') escapeLengths[unit.charCodeAt(0)] = 2;
escapeLengths['u'.charCodeAt(0)] = 6;
escapeLengths['n'.charCodeAt(0)] = newline;

/** `newline`, `quote`, how many characters an escape takes, or 0: what stands at `at` is read as it is. */
function tokenAt(source: string, at: number, unit: number): number {
  if (unit === 34) return isPythonQuote(source, at) ? 0 : quote;
  if (unit !== backslash || at + 1 >= source.length) return 0;
  const length = escapeLengths[source.charCodeAt(at + 1)] ?? 0;
  return length === 6 && !isHexCode(source, at + 2) ? 0 : length;
}

/** The character that the escape at `at` stands for; -1 for `\r`, which is left out. */
function escapedUnit(source: string, at: number): number {
  const unit = source.charCodeAt(at + 1);
  switch (unit) {
    case 116:
      return 9;
    case 98:
      return 8;
    case 102:
      return 12;
    case 114:
      return -1;
    case 117:
      return Number.parseInt(source.slice(at + 2, at + 6), 16);
    default:
      return unit;
  }
}

function isHexCode(source: string, at: number): boolean {
  for (let digit = at; digit < at + 4; digit++) {
    if (!isHexDigit(source.charCodeAt(digit))) return false;
  }
  return true;
}

function isLineEnd(unit: number): boolean {
  return unit === 10 || unit === 13;
}

/** `File "a.py", line 1` in a single-quoted representation: these quotes are not JSON's. */
function isPythonQuote(source: string, at: number): boolean {
  return (
    (source.charCodeAt(at - 1) === 32 && source.startsWith('File ', at - 5)) ||
    (source.charCodeAt(at + 1) === 44 && source.startsWith('", line ', at))
  );
}

/** Tells escaped newlines of a trace from a Windows path: what follows one must look like a frame. */
export function holdsEscapedTrace(text: string, firstEscape: number, end: number): boolean {
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
    // Most lines start with a backslash, a word that is no opening, or the commonest of openings.
    const first = text.charCodeAt(after);
    if (first === 92) continue;
    if (first === 97 && text.charCodeAt(after + 1) === 116 && text.charCodeAt(after + 2) === 32) return true;
    if (after === at + 5) {
      dotnetCall.lastIndex = after;
      if (dotnetCall.test(text)) return true;
    }
    if (first < 128 && openingStarts[first] === 1) {
      openings.lastIndex = after;
      if (openings.test(text)) return true;
    }
    if (mayHaveFile(text, after, end)) {
      filePlaces.lastIndex = after;
      if (filePlaces.test(text)) return true;
    }
    if (tabs > 0 && first === 47) return true;
  }
  return false;
}

/** .NET indents by three and starts with a word of the system's language: `bei Acme.Program.Main(`. */
const dotnetCall = /[^\s\\"]{1,8} [\w.<>`$+\p{L}]{3,200}\(/uy;

/** How lines of traces start, behind their indentation. */
const openings =
  /at |==[\d:. ]{1,40}== +at 0x|File |goroutine |(?:\* )?frame #|note: run with|WARNING: |(?:Syntax|Indentation|Tab)Error: |#\d|\d{1,4}(?:#|: )|@ |from |(?:Caused by|Stack trace|Exception trace|stack backtrace|Stack backtrace|Next)\b|\(\w|in (?:function|call)|(?:supervisor|crasher|offender):|\[?\{(?:\w+|'[^'\\\n]{1,80}'),/y;
/** What the above start with. */
const openingStarts = tableOf('a=Fg*fnWSIT#0123456789@CENsi(co[{');

/** A file with its line, an address in one, or one that a name stands before: behind a word of its own. */
const filePlaces = /(?:# )?[\w./@<>-]*(?:\.(?:py|rb|exs?|erl):\d|\.go:\d{1,9} \(0x|\(\+0x|@http)/y;
const fileParts = tableOf(`${wordCharacters}./@<>-`);

/** Few words have what tells a place within or behind them. */
function mayHaveFile(text: string, from: number, end: number): boolean {
  for (let at = text.charCodeAt(from) === 35 ? from + 2 : from; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 46 || unit === 64 || unit === 40) return true;
    if (unit > 127 || fileParts[unit] === 0) return false;
  }
  return false;
}

function isEscapedTab(text: string, at: number): boolean {
  for (let backslashes = 1; backslashes <= 4; backslashes *= 2) {
    if (text.charCodeAt(at + backslashes) === 116) return true;
  }
  return false;
}
