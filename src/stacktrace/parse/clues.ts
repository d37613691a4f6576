/**
 * Tells in one walk over a line which languages may have a frame or an opening on it, so that a line without costs the
 * same however many languages there are.
 */

import { digitsEnd, isDigit } from './characters.ts';

/** One bit for each thing that tells a trace. */
export const clue = {
  /** `at `: JavaScript, the JVM, .NET. */
  at: 1 << 0,
  /** `File "`, `Traceback`. */
  python: 1 << 1,
  /** `.go:12`, `goroutine 1`. */
  go: 1 << 2,
  /** `#0 0x…`, ` 0# …`, `@ 0x…`, `(+0x12) [0x…]`, `runtime error:`. */
  native: 1 << 3,
  /** `panicked at`, `stack backtrace:`. */
  rust: 1 << 4,
  /** `.cs:`, `.vb:`, `.fs:`, where the word before a frame may be any language's. */
  dotnet: 1 << 5,
  /** `.rb:12:in`, `<internal:`, `(eval):`. */
  ruby: 1 << 6,
  /** `#0 …`, `.php:12`. */
  php: 1 << 7,
  /** `.ex:12`, `.exs:12`, `.erl:12`. */
  beam: 1 << 8,
  /** `run@https://host/a.js:1:2`, `eval code@`. */
  gecko: 1 << 9,
} as const;

/**
 * Any of the clues, or what looks like one: the regular expression engine passes over text without ten times faster. A
 * match ends as early as it can: in a JSON string the next line follows without a line break.
 */
export const anyClue =
  /at (?:\S*?[^\s\w]|\w+ [([]|(?:async|new|get|set|static) |native\b)|File ["\\]|Traceback|goroutine |[#@]|\[0x|\d#|panicked|[sS]tack backtrace:|runtime error:|<internal:|\(eval|:in |\.(?:go|s|rs|cs|vb|fs|exs?|php|erl)\b/g;

/** The clues of a line, as a sum of bits. */
export function cluesOn(text: string): number {
  let found = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 127 || starts[unit] === 0) continue;
    found |= clueAt(text, at, unit);
  }
  return found;
}

/** 1 for the characters that `clueAt` looks at; all are rare but `a` and `.`. */
const starts = new Uint8Array(128);
for (const character of 'aFTg.#@[psSe<(:') starts[character.charCodeAt(0)] = 1;

function clueAt(text: string, at: number, unit: number): number {
  switch (unit) {
    case 97: // a
      return text.charCodeAt(at + 1) === 116 && text.charCodeAt(at + 2) === 32 && isCode(text, at) ? clue.at : 0;
    case 46: // .
      return extensionClue(text, at + 1);
    case 70: // F: before a quote, escaped or not
      return text.startsWith('File ', at) && isQuote(text.charCodeAt(at + 5)) ? clue.python : 0;
    case 84: // T
      return text.startsWith('Traceback (most', at) ? clue.python : 0;
    case 103: // g
      return text.startsWith('goroutine ', at) ? clue.go : 0;
    case 35: // #
      return numberClue(text, at);
    case 64: // @
      return atSignClue(text, at);
    case 91: // [
      return text.startsWith('[0x', at) ? clue.native : 0;
    case 112: // p
      return text.startsWith('panicked at ', at) ? clue.rust : 0;
    case 83: // S
      return text.startsWith('Stack backtrace:', at) ? clue.rust : 0;
    case 115: // s
      return text.startsWith('stack backtrace:', at) ? clue.rust : 0;
    case 101: // e
      return text.startsWith('error: ', at) && text.startsWith('runtime ', at - 8) ? clue.native : 0;
    case 60: // <
      return text.startsWith('<internal:', at) ? clue.ruby : 0;
    case 40: // (
      return text.startsWith('(eval', at) ? clue.ruby : 0;
    default: // :
      return text.startsWith(':in ', at) ? clue.ruby : 0;
  }
}

/** Prose that goes on in words is no frame. */
const codeAfterAt = /at (?:\S*?[^\s\w]|\w+ [([]|(?:async|new|get|set|static) |native\b)/y;

function isCode(text: string, at: number): boolean {
  codeAfterAt.lastIndex = at;
  return codeAfterAt.test(text);
}

function isQuote(unit: number): boolean {
  return unit === 34 || unit === 92;
}

/** `#0 run`, `#0:`, `0# run`: a number, and something behind it. */
function numberClue(text: string, hash: number): number {
  if (isDigit(text.charCodeAt(hash + 1))) {
    const end = digitsEnd(text, hash + 1);
    const unit = text.charCodeAt(end);
    if (unit === 58) return clue.native;
    return unit === 32 && end + 1 < text.length ? clue.native | clue.php : 0;
  }
  const isNumbered = isDigit(text.charCodeAt(hash - 1)) && text.charCodeAt(hash + 1) === 32;
  return isNumbered && hash + 2 < text.length ? clue.native : 0;
}

/** What follows a dot: an ending of source files, and a line number. */
function extensionClue(text: string, from: number): number {
  switch (text.charCodeAt(from)) {
    case 103: // g
      return text.startsWith('go:', from) ? clue.go : 0;
    case 115: // s
      return text.startsWith('s:', from) ? clue.go : 0;
    case 112: // p
      return text.startsWith('php:', from) || text.startsWith('php(', from) ? clue.php : 0;
    case 99: // c
      return text.startsWith('cs:', from) ? clue.dotnet : 0;
    case 118: // v
      return text.startsWith('vb:', from) ? clue.dotnet : 0;
    case 102: // f
      return text.startsWith('fs:', from) ? clue.dotnet : 0;
    case 101: // e
      return text.startsWith('ex:', from) || text.startsWith('exs:', from) || text.startsWith('erl', from)
        ? clue.beam
        : 0;
    case 114: // r
      return text.startsWith('rs:', from) ? clue.rust : 0;
    default:
      return 0;
  }
}

function atSignClue(text: string, at: number): number {
  const next = text.charCodeAt(at + 1);
  if (next === 32) return clue.native;
  // `run@https://…`, `@file:///…`, `run@[native code]`, `run@/srv/a.js`
  if (next === 104 || next === 102 || next === 91 || next === 47) return clue.gecko;
  if (next === 115) return text.startsWith('self-hosted:', at + 1) ? clue.gecko : 0;
  // Safari: `eval code@` and nothing else.
  if (at + 1 === text.length) return text.endsWith('eval code@') ? clue.gecko : 0;
  return text.startsWith('webpack', at + 1) || text.startsWith('resource:', at + 1) || text.startsWith('moz-', at + 1)
    ? clue.gecko
    : 0;
}
