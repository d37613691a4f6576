/**
 * Tells in one walk over a line which languages may have a frame or an opening on it, so that a line without costs the
 * same however many languages there are.
 */

import { opensStackArray } from '../escapedText.ts';
import type { TextLine } from '../textLines.ts';
import { indentOf } from './linePrefix.ts';
import { digitsEnd, isDigit, isWordPart, tableOf, trimmedLength } from './characters.ts';

/** One bit for each thing that tells a trace. */
export const clue = {
  /** `at `. */
  at: 1 << 0,
  /** `File "`, `Traceback`. */
  python: 1 << 1,
  /** `.go:12`, `goroutine 1`. */
  go: 1 << 2,
  /** `#0 0x…`, ` 0# …`, `@ 0x…`, `(+0x12) [0x…]`. */
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
  /** `at 0x…`: valgrind. */
  address: 1 << 10,
  /** `at ` on a line with a parenthesis: the JVM, .NET. */
  call: 1 << 11,
  /** `runtime error:` */
  runtimeError: 1 << 12,
  /** `at ` on a line with ` (` or `1:2`, `at native` and the like: JavaScript. */
  javascript: 1 << 13,
  /** What runners of tests report: `.py:12: ` of pytest, `❯ ` on a line with a number at the end of Vitest. */
  report: 1 << 14,
  /** `"stack":[{`, `"frames": [` at the end of a line. */
  frames: 1 << 15,
} as const;

/** How many different sums of these there may be. */
export const clueSets = 1 << Object.keys(clue).length;

/**
 * Which two characters each clue starts with, or has within: a bit for each pair of sets. Looking at every character costs
 * more than anything else of a line without traces, so that is two tables and no decision; what they pass is looked at.
 */
const pairs: readonly (readonly [first: string, second: string])[] = [
  ['a', 't'],
  ['.', 'gsrcvfep'],
  ['F<:', 'i'],
  ['T', 'r'],
  ['g', 'o'],
  ['#', '0123456789 '],
  ['@', ' hf[/swrm'],
  ['[', '0{'],
  ['c', 'k'],
  ['k', 't'],
  ['r', 'u'],
  ['(', 'e'],
];
const firsts = new Uint16Array(128);
const seconds = new Uint16Array(128);
for (const [bit, [first, second]] of pairs.entries()) {
  addTo(firsts, first, 1 << bit);
  addTo(seconds, second, 1 << bit);
}

function addTo(table: Uint16Array, characters: string, bit: number): void {
  for (const character of characters) {
    const unit = character.charCodeAt(0);
    table[unit] = (table[unit] ?? 0) | bit;
  }
}

/** The clues of a line, as a sum of bits. */
export function cluesOn(line: TextLine): number {
  const { chars, from } = line;
  const to = from + line.text.length;
  let found = 0;
  let before = 0;
  for (let at = from; at < to; at++) {
    // Characters past ASCII are taken for others here, and told from them below.
    const unit = chars.charCodeAt(at) & 127;
    const isPair = before & (seconds[unit] ?? 0);
    before = firsts[unit] ?? 0;
    if (isPair !== 0) found |= clueAt(line, at - 1 - from);
  }
  // Once for the line, whatever stands in it how often.
  if ((found & clue.at) !== 0) found |= callClues(line.text);
  if ((found & (clue.php | clue.native)) === clue.php && mayBeNative(line.text)) found |= clue.native;
  const last = to > from ? chars.charCodeAt(to - 1) : 0;
  return last < 128 && lastMarks[last] === 1 ? found | lastClue(line, last, found) : found;
}

const lastMarks = tableOf('0123456789[@');

/** What the last character of a line tells, beside what was found before. */
function lastClue({ text }: TextLine, unit: number, found: number): number {
  if (isDigit(unit)) return isMarked(text, found) ? clue.report : 0;
  // `"stack": [`
  if (unit === 91) return opensStackArray(text, text.length - 1) ? clue.frames : 0;
  // Safari: `eval code@` and nothing else.
  return unit === 64 && text.endsWith('eval code@') ? clue.gecko : 0;
}

/** ` ❯ src/load.ts:12:18`; on lines that look like another's, not looked for behind a log's prefix. */
function isMarked(text: string, found: number): boolean {
  return found === 0 ? text.includes('❯ ') : text.charCodeAt(indentOf(text)) === mark;
}

const mark = '❯'.charCodeAt(0);

function clueAt({ text }: TextLine, at: number): number {
  switch (text.charCodeAt(at)) {
    case 97: // a
      return text.charCodeAt(at + 1) === 116 && text.charCodeAt(at + 2) === 32 && isCode(text, at)
        ? codeClue(text, at + 3)
        : 0;
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
      if (text.charCodeAt(at + 1) === 123) return opensStackArray(text, at) ? clue.frames : 0;
      return text.startsWith('[0x', at) ? clue.native : 0;
    case 99: // c
      return text.startsWith('panicked at ', at - 4) ? clue.rust : 0;
    case 107: // k
      return text.startsWith('tack backtrace:', at - 8) && (text.charCodeAt(at - 9) | 32) === 115 ? clue.rust : 0;
    case 114: // r
      return text.startsWith('runtime error: ', at) ? clue.runtimeError : 0;
    case 60: // <
      return text.startsWith('<internal:', at) ? clue.ruby : 0;
    case 40: // (
      return text.startsWith('(eval', at) ? clue.ruby : 0;
    case 58: // :
      return text.startsWith(':in ', at) ? clue.ruby : 0;
    default:
      return 0;
  }
}

function codeClue(text: string, from: number): number {
  switch (from < text.length ? text.charCodeAt(from) : 0) {
    case 48: // 0
      return text.startsWith('0x', from) ? clue.at | clue.address : clue.at;
    case 60: // <anonymous>
    case 110: // native
    case 119: // wasm://
      return clue.at | clue.javascript;
    default:
      return clue.at;
  }
}

/** What a line with `at ` has besides. */
function callClues(text: string): number {
  const first = text.indexOf('(');
  for (let open = first; open !== -1; open = text.indexOf('(', open + 1)) {
    if (open > 0 && text.charCodeAt(open - 1) === 32) return clue.call | clue.javascript;
  }
  return (first === -1 ? 0 : clue.call) | placeClue(text);
}

function placeClue(text: string): number {
  for (let colon = text.indexOf(':'); colon !== -1; colon = text.indexOf(':', colon + 1)) {
    const isPlace = colon > 0 && colon + 1 < text.length && isDigit(text.charCodeAt(colon - 1));
    if (isPlace && isDigit(text.charCodeAt(colon + 1))) return clue.javascript;
  }
  return 0;
}

/** Prose that goes on in words is no frame: behind `at ` stands code, a call, or one of a few words and more. */
function isCode(text: string, at: number): boolean {
  const from = at + 3;
  let end = from;
  while (end < text.length && isWordPart(text.charCodeAt(end))) end++;
  const unit = end < text.length ? text.charCodeAt(end) : 0;
  if (unit > 32) return unit < 128 || !/\s/.test(text[end] ?? '');
  if (end === from) return false;
  const next = unit === 32 ? text.charCodeAt(end + 1) : -1;
  if (next === 40 || next === 91) return true;
  const word = text.slice(from, end);
  return word === 'native' || (unit === 32 && beforeCode.has(word));
}

const beforeCode = new Set(['async', 'new', 'get', 'set', 'static']);

function isQuote(unit: number): boolean {
  return unit === 34 || unit === 92;
}

/** `#0 run`, `#0:`, `0# run`: a number, and something behind it. */
function numberClue(text: string, hash: number): number {
  if (isDigit(text.charCodeAt(hash + 1))) {
    const end = digitsEnd(text, hash + 1);
    if (end === text.length) return 0;
    const unit = text.charCodeAt(end);
    if (unit === 58) return clue.native;
    return unit === 32 && end + 1 < text.length ? clue.php : 0;
  }
  const isNumbered = hash > 0 && isDigit(text.charCodeAt(hash - 1)) && text.charCodeAt(hash + 1) === 32;
  return isNumbered && hash + 2 < text.length ? clue.native : 0;
}

/**
 * Whether the first `#0 ` of a line may start a frame of C or C++: behind it stands an address or a signal's handler; else
 * arguments behind a blank, or a line's number at the end.
 */
function mayBeNative(text: string): boolean {
  const hash = text.indexOf('#');
  if (hash === -1) return false;
  let first = digitsEnd(text, hash + 1);
  while (first < text.length && text.charCodeAt(first) === 32) first++;
  if (first === text.length) return false;
  const unit = text.charCodeAt(first);
  if (unit === 48 || unit === 60) return true;
  return isDigit(text.charCodeAt(trimmedLength(text) - 1)) || text.includes(' (', first);
}

/** What follows a dot: an ending of source files, and a line number. */
function extensionClue(text: string, from: number): number {
  switch (text.charCodeAt(from)) {
    case 103: // g
      return text.startsWith('go:', from) ? clue.go : 0;
    case 115: // s
      return text.startsWith('s:', from) ? clue.go : 0;
    case 112: // p
      if (text.charCodeAt(from + 1) === 121) return isPytestPlace(text, from) ? clue.report : 0;
      return text.startsWith('php', from) && opensPlace(text, from + 3) ? clue.php : 0;
    case 99: // c
      return text.startsWith('cs:', from) ? clue.dotnet : 0;
    case 118: // v
      return text.startsWith('vb:', from) ? clue.dotnet : 0;
    case 102: // f
      return text.startsWith('fs:', from) ? clue.dotnet : 0;
    case 101: // e
      return text.startsWith('ex:', from) || text.startsWith('exs:', from) || isErlang(text, from) ? clue.beam : 0;
    case 114: // r
      return text.startsWith('rs:', from) ? clue.rust : 0;
    default:
      return 0;
  }
}

/** `:12` or `(12)`. */
function opensPlace(text: string, at: number): boolean {
  if (at === text.length) return false;
  const unit = text.charCodeAt(at);
  return unit === 58 || unit === 40;
}

function isPytestPlace(text: string, from: number): boolean {
  if (!text.startsWith('py:', from)) return false;
  const end = digitsEnd(text, from + 3);
  return text.charCodeAt(end) === 58 && (end + 1 === text.length || text.charCodeAt(end + 1) === 32);
}

function isErlang(text: string, from: number): boolean {
  return text.startsWith('erl', from) && !isWordPart(text.charCodeAt(from + 3));
}

function atSignClue(text: string, at: number): number {
  const next = text.charCodeAt(at + 1);
  if (next === 32) return clue.native;
  // `run@https://…`, `@file:///…`, `run@[native code]`, `run@/srv/a.js`
  if (next === 104 || next === 102 || next === 91 || next === 47) return clue.gecko;
  if (next === 115) return text.startsWith('self-hosted:', at + 1) ? clue.gecko : 0;
  return text.startsWith('webpack', at + 1) || text.startsWith('resource:', at + 1) || text.startsWith('moz-', at + 1)
    ? clue.gecko
    : 0;
}
