/** Decodes the inside of JSON strings line by line, and tells those that hold a trace from Windows paths. */

import { Offsets, type Places, placesWithin } from './offsets.ts';
import { isDigit, isHexDigit } from './parse/characters.ts';

/** A stretch of escaped text up to an escaped newline or an unescaped quote, decoded. */
export interface Piece {
  /** The text that it stands in as it is, or what it was decoded to, and where it starts and ends there. */
  readonly chars: string;
  readonly from: number;
  readonly to: number;
  readonly isDecoded: boolean;
  /** What it was read from, and where it started there. */
  readonly source: string;
  readonly start: number;
  readonly next: number;
  /** True when a quote ended it: what follows is another string. */
  readonly closes: boolean;
}

/** More of one escaped line is read as another line, so that a piece takes bounded memory. */
const maxPieceLength = 1 << 20;

export function readPiece(source: string, start: number, end: number): Piece {
  const limit = Math.min(end, start + maxPieceLength);
  let text = '';
  let plainFrom = start;
  let at = start;
  for (; at < limit; at++) {
    const unit = source.charCodeAt(at);
    if (unit === 34) {
      if (isPythonQuote(source, at)) continue;
      return pieceOf(source, start, text, plainFrom, at, at + 1, true);
    }
    if (unit !== 92) continue;
    const length = escapeLength(source, at);
    if (length === 0) continue;
    if (length === newline) return pieceOf(source, start, text, plainFrom, at, at + 2, false);
    text += source.slice(plainFrom, at) + decoded(source, at);
    plainFrom = at + length;
    at = plainFrom - 1;
  }
  const next = Math.max(at, limit);
  // At the end of the physical line; its line end is no part of it.
  while (at > plainFrom && (source.charCodeAt(at - 1) === 10 || source.charCodeAt(at - 1) === 13)) at--;
  return pieceOf(source, start, text, plainFrom, at, next, next >= end);
}

/** @param text what stands before `plainFrom`, decoded */
function pieceOf(
  source: string,
  start: number,
  text: string,
  plainFrom: number,
  end: number,
  next: number,
  closes: boolean,
): Piece {
  if (plainFrom === start)
    return { chars: source, from: start, to: end, isDecoded: false, source, start, next, closes };
  const chars = text + source.slice(plainFrom, end);
  return { chars, from: 0, to: chars.length, isDecoded: true, source, start, next, closes };
}

/**
 * Where the characters of a piece's `chars` stand; absent when they do so as they are.
 * @param outer where those of its source stand
 */
export function placesOf(piece: Piece, outer: Places | undefined): Places | undefined {
  if (!piece.isDecoded) return outer;
  const own = new PiecePlaces(piece);
  return outer ? placesWithin(own, outer) : own;
}

/** Of most lines nobody asks, so a piece is decoded again for those that have a frame. */
class PiecePlaces implements Places {
  readonly #piece: Piece;
  #offsets: Offsets | undefined;

  constructor(piece: Piece) {
    this.#piece = piece;
  }

  at(index: number): number {
    return (this.#offsets ??= offsetsIn(this.#piece)).at(index);
  }
}

function offsetsIn({ source, start, next }: Piece): Offsets {
  const offsets = new Offsets(start);
  let length = 0;
  let plainFrom = start;
  for (let at = source.indexOf('\\', plainFrom); at !== -1 && at < next; at = source.indexOf('\\', at)) {
    const escape = escapeLength(source, at);
    if (escape === newline) break;
    if (escape === 0) {
      at++;
      continue;
    }
    length += at - plainFrom;
    if (source.charCodeAt(at + 1) !== carriageReturn) offsets.add(length++, at);
    at += escape;
    offsets.add(length, at);
    plainFrom = at;
  }
  return offsets;
}

/** What `escapeLength` says of `\n`, which ends a piece. */
const newline = -1;

/** How many characters the escape at `at` takes; 0 when there is none. */
function escapeLength(source: string, at: number): number {
  switch (source.charCodeAt(at + 1)) {
    case 110: // n
      return newline;
    case 116: // t
    case 34: // "
    case 92: // \
    case 47: // /
    case 98: // b
    case 102: // f
    case 114: // r
      return 2;
    case 117: // u
      return isHexCode(source, at + 2) ? 6 : 0;
    default:
      return 0;
  }
}

/** The `r` of `\r`, which stands for nothing. */
const carriageReturn = 114;

/** The character that the escape at `at` stands for. */
function decoded(source: string, at: number): string {
  switch (source.charCodeAt(at + 1)) {
    case 116:
      return '\t';
    case 34:
      return '"';
    case 92:
      return '\\';
    case 47:
      return '/';
    case 98:
      return '\b';
    case 102:
      return '\f';
    case carriageReturn:
      return '';
    default:
      return String.fromCharCode(Number.parseInt(source.slice(at + 2, at + 6), 16));
  }
}

function isHexCode(source: string, at: number): boolean {
  for (let digit = at; digit < at + 4; digit++) {
    if (!isHexDigit(source.charCodeAt(digit))) return false;
  }
  return true;
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
    // Most lines start with a backslash or a word that is no opening.
    if (text.charCodeAt(after) === 92) continue;
    if (after === at + 5) {
      dotnetCall.lastIndex = after;
      if (dotnetCall.test(text)) return true;
    }
    openings.lastIndex = after;
    if (openings.test(text)) return true;
    if (tabs > 0 && text.charCodeAt(after) === 47) return true;
  }
  return false;
}

/** .NET indents by three and starts with a word of the system's language: `bei Acme.Program.Main(`. */
const dotnetCall = /[^\s\\"]{1,8} [\w.<>`$+\p{L}]{3,200}\(/uy;

/** How lines of traces start, behind their indentation. */
const openings =
  /at |File |goroutine |(?:\* )?frame #|note: run with|WARNING: |(?:Syntax|Indentation|Tab)Error: |#\d|\d{1,4}(?:#|: )|@ |from |(?:Caused by|Stack trace|stack backtrace|Stack backtrace|Next)\b|\(\w|in (?:function|call)|(?:supervisor|crasher|offender):|\[?\{(?:\w+|'[^'\\\n]{1,80}'),|(?:# )?[\w./@<>-]*(?:\.(?:rb|exs?|erl):\d|\(\+0x|@http)/y;

function isEscapedTab(text: string, at: number): boolean {
  for (let backslashes = 1; backslashes <= 4; backslashes *= 2) {
    if (text.charCodeAt(at + backslashes) === 116) return true;
  }
  return false;
}
