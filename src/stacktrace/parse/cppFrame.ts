/** Reads one frame of C or C++ as sanitizers, debuggers and crash handlers print it; the place is read from the right. */

import { digitsEnd, isBlank, isDigit, isHexDigit, lastOf, numberIn, tableOf, trimmedLength } from './characters.ts';
import { looksLikePrefix } from './linePrefix.ts';
import type { TextLine } from '../textLines.ts';
import type { FoundFrame } from './newFrame.ts';
import { readableCppName } from './cppName.ts';

export interface CppFrame extends FoundFrame {
  /** The number that counts the frames of a stack; `undefined` where the format has none. */
  readonly number: number | undefined;
}

/** @returns `undefined` when the line holds no frame */
export function cppFrameOn(line: TextLine): CppFrame | undefined {
  if (line.text === '') return undefined;
  return numberedFrame(line) ?? atSignFrame(line) ?? symbolFrame(line);
}

/** `#0 0x4f in run /a.cc:1:2` (sanitizers), `#0  run (n=1) at a.c:1` (gdb), `0# run at a.cc:1` (boost), `frame #0:` (lldb). */
function numberedFrame(line: TextLine): CppFrame | undefined {
  const { text, chars, from } = line;
  const hash = text.indexOf('#');
  if (hash === -1 || hash > maxPrefix) return undefined;
  const at = from + hash;
  if (isDigit(chars.charCodeAt(at + 1))) {
    const isDebugger = hash >= 6 && chars.charCodeAt(at - 2) === 101 && chars.startsWith('frame ', at - 6);
    const start = isDebugger ? hash - 6 : hash;
    const end = digitsEnd(chars, at + 1);
    const number = numberIn(chars, at + 1, end);
    const isCurrent = start >= 2 && text.charCodeAt(start - 2) === 42 && text.charCodeAt(start - 1) === 32;
    if (number === -1 || !(isCurrent || looksLikePrefix(text, start))) return undefined;
    if (isDebugger) return chars.charCodeAt(end) === 58 ? lldbFrame(line, start, end + 1 - from, number) : undefined;
    if (chars.charCodeAt(end) !== 32) return undefined;
    return hashFrame(line, start, skipSpaces(chars, end) - from, number);
  }
  let digits = at;
  while (digits > from && isDigit(chars.charCodeAt(digits - 1))) digits--;
  const number = numberIn(chars, digits, at);
  if (number === -1 || chars.charCodeAt(at + 1) !== 32 || !looksLikePrefix(text, digits - from)) return undefined;
  return boostFrame(line, digits - from, hash + 2, number);
}

/** Where the `0x` and its 4 to 16 hex digits at `from` end; -1 when they are not there. */
function addressEnd(text: string, from: number): number {
  if (text.charCodeAt(from) !== 48 || (text.charCodeAt(from + 1) | 32) !== 120) return -1;
  const limit = from + 18;
  let at = from + 2;
  while (at < limit && isHexDigit(text.charCodeAt(at))) at++;
  return at >= from + 6 ? at : -1;
}

function hashFrame(line: TextLine, start: number, from: number, number: number): CppFrame | undefined {
  const { text, chars } = line;
  const afterAddress = addressEnd(chars, line.from + from) - line.from;
  const hasIn = afterAddress > 0 && text.startsWith(' in ', afterAddress);
  const end = trimmedLength(text);
  if (afterAddress > 0 && !hasIn) {
    // `#6 0x55 (/bin/prog+0x5270)`
    const binary = binaryAt(text, afterAddress, end);
    if (!binary && text.charCodeAt(end - 1) === 41) return dumpFrame(line, start, afterAddress + 1, end, number);
    return binary ? frameOf(line, start, end, number, end, end, undefined, binary) : undefined;
  }
  const nameStart = hasIn ? afterAddress + 4 : from;
  const open = text.indexOf(' (', nameStart);
  // Without a parenthesis there is a place at the end, or a signal's handler.
  if (nameStart >= end) return undefined;
  if (open === -1 && !isDigit(text.charCodeAt(end - 1)) && text.charCodeAt(nameStart) !== 60) return undefined;
  const own = { line, start, end, number, from: nameStart, open, hasAddress: hasIn };
  return debuggerFrame(own) ?? sanitizerFrame(own);
}

const dumped = /^(\S.{0,2000}?) \(([^\s()]{1,1000}) \+ 0x[0-9a-f]+\)$/;

/** `__pthread_kill_implementation (libc.so.6 + 0x8af4e)`, `n/a (load + 0x1200)`, as systemd has the stacks of core dumps. */
function dumpFrame(line: TextLine, start: number, from: number, end: number, number: number): CppFrame | undefined {
  const match = dumped.exec(line.text.slice(from, end));
  if (!match) return undefined;
  const [, name = '', binary = ''] = match;
  const nameEnd = name === 'n/a' ? from : from + name.length;
  return frameOf(line, start, end, number, from, nameEnd, undefined, binary);
}

/** A line that starts with the number of a frame. */
interface NumberedLine {
  readonly line: TextLine;
  readonly start: number;
  readonly end: number;
  readonly number: number;
  /** Behind the number and the address. */
  readonly from: number;
  /** The first blank before a parenthesis behind that; -1 when there is none. */
  readonly open: number;
  readonly hasAddress: boolean;
}

/** `run<int> (this=0x1, s="a (b)") at a.cc:3`, `?? () from /lib/x.so`, `<signal handler called>`. */
function debuggerFrame({
  line,
  start,
  end,
  number,
  from,
  open: plain,
  hasAddress,
}: NumberedLine): CppFrame | undefined {
  const { text } = line;
  if (text.charCodeAt(from) === 60 && text.startsWith(signalHandler, from)) {
    return frameOf(line, start, end, number, from, from + signalHandler.length, undefined, undefined, false);
  }
  const open = plain === -1 ? -1 : argumentsOpen(line, from, end, plain);
  if (open === -1) return undefined;
  if (text.includes(') ', open)) {
    const at = text.lastIndexOf(') at ', end);
    const place = at > open ? placeIn(line, at + 5, end) : undefined;
    if (place) return frameOf(line, start, end, number, from, open, place, undefined);
    const library = text.lastIndexOf(') from ', end);
    if (library > open) return frameOf(line, start, end, number, from, open, undefined, text.slice(library + 7, end));
  }
  // Of prose there is much that starts with `#1` and ends in a parenthesis.
  return text.charCodeAt(end - 1) === 41 && hasAddress && !binaryAt(text, open, end)
    ? frameOf(line, start, end, number, from, open, undefined, undefined)
    : undefined;
}

const signalHandler = '<signal handler called>';
const argumentsMarks = tableOf(' (){}<>"');

/** The space before a debugger's arguments: the first one outside of template arguments and parameter lists. */
function argumentsOpen({ text, chars, from: offset }: TextLine, from: number, end: number, plain: number): number {
  let depth = 0;
  for (let at = from; at < end; at++) {
    const unit = chars.charCodeAt(offset + at);
    if (unit > 127 || argumentsMarks[unit] === 0) continue;
    if (depth === 0 && unit === 32 && text.charCodeAt(at + 1) === 40) return at > from ? at : -1;
    if (unit === 60 || unit === 40 || unit === 123) depth++;
    else if ((unit === 62 && text.charCodeAt(at - 1) !== 45) || unit === 41 || unit === 125) depth--;
    else if (unit === 34) return -1;
  }
  // `operator< (`: brackets that are no brackets.
  return plain > from && plain < end ? plain : -1;
}

/** `run(int) /a/b.cc:3:5`, `main (/bin/prog+0x12)`, both perhaps with `(BuildId: …)`; ThreadSanitizer has no address. */
function sanitizerFrame({
  line,
  start,
  end,
  number,
  from,
  open: plain,
  hasAddress,
}: NumberedLine): CppFrame | undefined {
  const { text } = line;
  const build = plain !== -1 && text.includes(' (BuildId: ', plain) ? text.lastIndexOf(' (BuildId: ', end) : -1;
  let stop = build > from ? build : end;
  let binary: string | undefined;
  if (plain !== -1 && text.charCodeAt(stop - 1) === 41) {
    const open = text.lastIndexOf(' (', stop - 1);
    binary = open < from ? undefined : binaryAt(text, open, stop);
    if (binary !== undefined) stop = open;
  }
  const colon = lastPlace(line, from, stop);
  const place = colon === -1 ? undefined : placeIn(line, colon, stop);
  let nameEnd = blanksStart(text, from, place ? colon : stop);
  // ThreadSanitizer says so where it knows no place.
  const isUnplaced = text.charCodeAt(nameEnd - 1) === 62 && nameEnd - from >= 7 && text.endsWith(' <null>', nameEnd);
  if (!place && (binary === undefined || !(hasAddress || isUnplaced))) return undefined;
  if (isUnplaced) nameEnd -= ' <null>'.length;
  if (!hasAddress && isProse(text.slice(from, nameEnd))) return undefined;
  if (nameEnd - from === 6 && text.startsWith('<null>', from)) nameEnd = from;
  return frameOf(line, start, end, number, from, nameEnd, place, binary);
}

function isProse(name: string): boolean {
  return name.includes(' ') && !name.includes('(');
}

/** Where the blanks before `to` start. */
function blanksStart(text: string, from: number, to: number): number {
  let at = to;
  while (at > from && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}

/** Where the file of a place that ends at `end` starts: at the last absolute path, else after the last space. */
function lastPlace({ text, chars, from: offset }: TextLine, from: number, end: number): number {
  if (!isDigit(text.charCodeAt(end - 1))) return -1;
  const space = lastOf(chars, 32, offset + from, offset + end) - offset;
  if (space < from) return -1;
  // The last word is one.
  if (text.charCodeAt(space + 1) === 47) return space + 1;
  let absolute = space - 1;
  while (absolute > from && !(text.charCodeAt(absolute) === 32 && text.charCodeAt(absolute + 1) === 47)) absolute--;
  if (text.includes(':\\', from)) absolute = Math.max(absolute, driveBefore(text, end));
  return (
    (absolute > from && absolute < space && !text.startsWith('operator', absolute - 'operator'.length)
      ? absolute
      : space) + 1
  );
}

/** Where ` C:\\` stands last; -1 when it does not. */
function driveBefore(text: string, end: number): number {
  const at = text.lastIndexOf(':\\', end);
  return at > 1 && text.charCodeAt(at - 2) === 32 && /[A-Za-z]/.test(text[at - 1] ?? '') ? at - 2 : -1;
}

interface Place {
  readonly file: string;
  readonly line1: number;
  readonly column1: number | undefined;
}

/** `file:12` or `file:12:3` between two places of the line, and nothing else. */
export function placeIn({ chars, from: offset }: TextLine, start: number, end: number): Place | undefined {
  const from = offset + start;
  const to = offset + end;
  let last = to;
  while (last > from && isDigit(chars.charCodeAt(last - 1))) last--;
  const second = numberIn(chars, last, to);
  if (second === -1 || chars.charCodeAt(last - 1) !== 58) return undefined;
  let first = last - 1;
  while (first > from && isDigit(chars.charCodeAt(first - 1))) first--;
  const line = numberIn(chars, first, last - 1);
  if (line !== -1 && chars.charCodeAt(first - 1) === 58 && first - 1 > from) {
    return { file: chars.slice(from, first - 1), line1: line, column1: second };
  }
  return last - 1 > from ? { file: chars.slice(from, last - 1), line1: second, column1: undefined } : undefined;
}

/** `(/bin/prog+0x5270)`: the first parentheses from `from` on that hold no others and end in an offset. */
function binaryAt(text: string, from: number, to: number): string | undefined {
  const limit = Math.min(to, from + 1024);
  let open = text.indexOf('(', from);
  let close = text.indexOf(')', open + 1);
  while (open !== -1 && close !== -1 && close < limit) {
    const inner = text.indexOf('(', open + 1);
    if (inner === -1 || inner > close) {
      const plus = offsetBefore(text, close);
      if (plus > open + 1 && text.charCodeAt(open + 1) > 32) return text.slice(open + 1, plus);
      close = inner === -1 ? -1 : text.indexOf(')', inner + 1);
    }
    open = inner;
  }
  return undefined;
}

/** Where the `+0x12` that ends at `end` starts; -1 when there is none. */
function offsetBefore(text: string, end: number): number {
  let at = end;
  while (isHexDigit(text.charCodeAt(at - 1))) at--;
  return at < end && text.startsWith('+0x', at - 3) ? at - 3 : -1;
}

/** `run(int) at /a.cc:70`, `main in ./prog`, `0x00007F in /lib/x.so`. */
function boostFrame(line: TextLine, start: number, from: number, number: number): CppFrame | undefined {
  const { text } = line;
  const usual = usualPlace(line, from);
  const usualPlaced = usual === -1 ? undefined : placeIn(line, usual, text.length);
  if (usualPlaced) {
    const nameStart = skipSpaces(text, from);
    const nameEnd = blanksStart(text, nameStart, usual - ' at '.length);
    return frameOf(line, start, text.length, number, nameStart, nameEnd, usualPlaced, undefined);
  }
  if (!text.includes(' at ', from) && !text.includes(' in ', from) && !text.includes(' [0x', from)) return undefined;
  // What addr2line adds where one line is several blocks, and `std::stacktrace` at the end of each.
  const trimmed = trimmedLength(text);
  const last = text.charCodeAt(trimmed - 1);
  const end =
    last === 41 || last === 93
      ? text.slice(0, trimmed).replace(/ \(discriminator \d+\)$| \[0x[0-9a-f]+\]$/i, '').length
      : trimmed;
  const at = text.lastIndexOf(' at ', end);
  const place = at > from ? placeIn(line, at + 4, end) : undefined;
  const nameStart = skipSpaces(text, from);
  if (place) return frameOf(line, start, end, number, nameStart, blanksStart(text, nameStart, at), place, undefined);
  const inside = text.lastIndexOf(' in ', end);
  if (inside <= from && text.startsWith(' [0x', end)) {
    return frameOf(line, start, trimmedLength(text), number, from, end, undefined, undefined);
  }
  if (inside <= from || /\s/.test(text.slice(inside + 4, end))) return undefined;
  const isAddress = /^0x[0-9a-f]+$/i.test(text.slice(nameStart, inside).trim());
  const nameEnd = isAddress ? nameStart : blanksStart(text, nameStart, inside);
  return frameOf(line, start, end, number, nameStart, nameEnd, undefined, text.slice(inside + 4, end));
}

/** Where the last word of a line starts that ends in a digit, if ` at ` stands before it; -1. */
function usualPlace({ text, chars, from: offset }: TextLine, from: number): number {
  if (!isDigit(text.charCodeAt(text.length - 1))) return -1;
  const blank = lastOf(chars, 32, offset + from, offset + text.length) - offset;
  return blank - 3 > from && text.startsWith(' at ', blank - 3) ? blank + 1 : -1;
}

/** ``frame #0: 0x0000000100003f5c prog`run(n=3) at a.cc:12:5 [opt]`` */
function lldbFrame(line: TextLine, start: number, from: number, number: number): CppFrame | undefined {
  const { text } = line;
  const tick = text.indexOf('`', from);
  if (tick === -1) return undefined;
  const trimmed = trimmedLength(text);
  const end = text.charCodeAt(trimmed - 1) === 93 ? text.slice(0, trimmed).replace(/ \[[a-z]+\]$/, '').length : trimmed;
  const at = text.lastIndexOf(' at ', end);
  const place = at > tick ? placeIn(line, at + 4, end) : undefined;
  const name = text.slice(tick + 1, place ? at : end).replace(/ \+ \d+$/, '');
  const binary = text.slice(from, tick).trim().split(' ').at(-1);
  return frameOf(line, start, end, number, tick + 1, tick + 1 + name.length, place, binary);
}

/** `    @     0x7f12 run()` (glog), with the stack's size (abseil), `    @ 00000000004a1b2c run()` (folly). */
const atSign = /^@ +(?:0x[0-9a-f]+|[0-9a-f]{16}|\(nil\))(?: +(?:(?:\d{1,7}|\(unknown\)) +)?(\S.*))?$/i;

function atSignFrame(line: TextLine): CppFrame | undefined {
  const { text } = line;
  const start = text.includes('@') ? text.indexOf('@ ') : -1;
  // `PC: @ …` says what the first frame says again.
  if (start === -1 || !looksLikePrefix(text, start) || text.startsWith('PC: ', start - 4)) return undefined;
  const end = trimmedLength(text);
  const match = atSign.exec(text.slice(start, end));
  if (!match) return undefined;
  const nameLength = match[1] === undefined || match[1] === '(unknown)' ? 0 : match[1].length;
  return frameOf(line, start, end, undefined, end - nameLength, end, undefined, undefined);
}

/** `./prog(_ZN4acme4loadEi+0x2a) [0x401234]`, as `backtrace_symbols` prints it. */
const symbol = /(?:^|\s)((?:\.{0,2}\/|[\w.-]+\/)?[^\s()]+)\(([^()\s+]*)(?:\+0x[0-9a-f]+)?\) ?\[0x[0-9a-f]+\]$/i;

function symbolFrame(line: TextLine): CppFrame | undefined {
  const { text } = line;
  const end = trimmedLength(text);
  if (end === 0 || text.charCodeAt(end - 1) !== 93 || !text.includes('[0x')) return undefined;
  const match = symbol.exec(text.slice(0, end));
  if (!match) return undefined;
  const [whole, binary = '', name = ''] = match;
  const start = match.index + whole.indexOf(binary);
  const nameStart = start + binary.length + 1;
  return frameOf(line, start, end, undefined, nameStart, nameStart + name.length, undefined, binary);
}

/** @param nameStart where the name stands in the line, up to `nameEnd`; the same where there is none */
export function frameOf(
  line: TextLine,
  start: number,
  end: number,
  number: number | undefined,
  nameStart: number,
  nameEnd: number,
  place: Place | undefined,
  binary: string | undefined,
  inApp?: boolean,
): CppFrame {
  const { chars, from } = line;
  const isUnknown = nameEnd - nameStart === 2 && chars.startsWith('??', from + nameStart);
  const name = isUnknown || nameEnd <= nameStart ? undefined : chars.slice(from + nameStart, from + nameEnd);
  const readable = name === undefined ? undefined : readableCppName(chars, from + nameStart, from + nameEnd);
  // `void std::run<int>(int)`: templates have the type before the name. Where the whole path is known it tells more.
  const isPlaced = place !== undefined && place.file.charCodeAt(0) === 47;
  const called = name !== undefined && !isPlaced && hasType(name) ? (readable ?? name) : name;
  return {
    start,
    end,
    function: name,
    module: undefined,
    file: place?.file,
    line1: place?.line1,
    column1: place?.column1,
    readable,
    inApp: inApp ?? isInApp(called, place?.file, binary),
    number,
  };
}

/** True when a blank stands before all brackets. */
function hasType(name: string): boolean {
  const blank = name.indexOf(' ');
  if (blank === -1 || name.startsWith('operator')) return false;
  for (let at = 0; at < blank; at++) if (name.charCodeAt(at) === 40 || name.charCodeAt(at) === 60) return false;
  return true;
}

/** The system's headers, the C library as distributions build it, the sanitizers, toolchains and package managers. */
const foreignRoot =
  /^(?:\/usr\/(?:include|lib|src)\/|\.{1,2}\/(?:sysdeps|nptl|csu|stdlib|misc|elf|signal|debug|posix|io|libio)\/|\.\/nptl|\/build\/(?:glibc|gcc)|\/lib(?:64)?\/|(?:libsanitizer|compiler-rt|libstdc\+\+-v3|libgcc|vcpkg|\.conan2?|third_party|folly|boost|abseil-cpp)\/)/;
const foreignFolder =
  /\/(?:libsanitizer|compiler-rt|libstdc\+\+-v3|libgcc|vcpkg|\.conan2?|third_party|folly|boost|abseil-cpp|rustc)\//;
const foreignName =
  /^(?:std::|__gnu_cxx::|__cxxabiv1::|boost::|folly::(?:symbolizer|detail)|google::|absl::|testing::|__(?:libc|GI|asan|ubsan|tsan|msan|sanitizer|interceptor|pthread|cxa|restore_rt|assert|futex|clone|kernel)|_(?:start|dl_|IO_|Unwind_|_)|_ZNSt|_ZSt|_ZN9__gnu_cxx|(?:start_thread|pthread_\w+|malloc|calloc|realloc|free|clone3?|abort|raise|gsignal|killpg|exit|operator new|operator delete)(?:[( []|$))/;
const foreignBinary = /^(?:\/usr)?\/lib|\.so(?:\.\d+)*$|^\[vdso\]|linux-vdso|^lib\w+\.dylib$/;

function isInApp(name: string | undefined, file: string | undefined, binary: string | undefined): boolean {
  if (name !== undefined && foreignName.test(name)) return false;
  if (file !== undefined)
    return !(foreignRoot.test(file) || (file.includes('/') && foreignFolder.test(file)) || file.endsWith('.S'));
  return name !== undefined && !(binary !== undefined && foreignBinary.test(binary));
}

const maxPrefix = 300;

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 32) at++;
  return at;
}
