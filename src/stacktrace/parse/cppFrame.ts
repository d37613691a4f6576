/** Reads one frame of C or C++ as sanitizers, debuggers and crash handlers print it; the place is read from the right. */

import { digitsEnd, isDigit, isHexDigit, lastOf, numberIn, tableOf, trimmedLength } from './characters.ts';
import { looksLikePrefix } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';
import { readableCppName } from './cppName.ts';

export interface CppFrame extends FoundFrame {
  /** The number that counts the frames of a stack; `undefined` where the format has none. */
  readonly number: number | undefined;
}

/** @returns `undefined` when the line holds no frame */
export function cppFrameOn(text: string): CppFrame | undefined {
  return numberedFrame(text) ?? atSignFrame(text) ?? symbolFrame(text);
}

/** `#0 0x4f in run /a.cc:1:2` (sanitizers), `#0  run (n=1) at a.c:1` (gdb), `0# run at a.cc:1` (boost), `frame #0:` (lldb). */
function numberedFrame(text: string): CppFrame | undefined {
  const hash = text.indexOf('#');
  if (hash === -1 || hash > maxPrefix) return undefined;
  if (isDigit(text.charCodeAt(hash + 1))) {
    const start = text.startsWith('frame ', hash - 6) ? hash - 6 : hash;
    const end = digitsEnd(text, hash + 1);
    const number = numberIn(text, hash + 1, end);
    if (number === -1 || !(text.startsWith('* ', start - 2) || looksLikePrefix(text, start))) return undefined;
    if (start < hash) return text[end] === ':' ? lldbFrame(text, start, end + 1, number) : undefined;
    if (text[end] !== ' ') return undefined;
    return hashFrame(text, start, skipSpaces(text, end), number);
  }
  let start = hash;
  while (start > 0 && isDigit(text.charCodeAt(start - 1))) start--;
  const number = numberIn(text, start, hash);
  if (number === -1 || text[hash + 1] !== ' ' || !looksLikePrefix(text, start)) return undefined;
  return boostFrame(text, start, hash + 2, number);
}

/** Where the `0x` and its 4 to 16 hex digits at `from` end; -1 when they are not there. */
function addressEnd(text: string, from: number): number {
  if (text.charCodeAt(from) !== 48 || (text.charCodeAt(from + 1) | 32) !== 120) return -1;
  const limit = from + 18;
  let at = from + 2;
  while (at < limit && isHexDigit(text.charCodeAt(at))) at++;
  return at >= from + 6 ? at : -1;
}

function hashFrame(text: string, start: number, from: number, number: number): CppFrame | undefined {
  const afterAddress = addressEnd(text, from);
  const hasIn = afterAddress !== -1 && text.startsWith(' in ', afterAddress);
  const own = hasIn ? afterAddress + 4 : from;
  const end = trimmedLength(text);
  if (afterAddress !== -1 && !hasIn) {
    // `#6 0x55 (/bin/prog+0x5270)`
    const binary = binaryAt(text, afterAddress);
    return binary ? frameOf(start, end, number, undefined, undefined, binary) : undefined;
  }
  return debuggerFrame(text, start, own, end, number, hasIn) ?? sanitizerFrame(text, start, own, end, number, hasIn);
}

/** `run<int> (this=0x1, s="a (b)") at a.cc:3`, `?? () from /lib/x.so`, `<signal handler called>`. */
function debuggerFrame(
  text: string,
  start: number,
  from: number,
  end: number,
  number: number,
  hasAddress: boolean,
): CppFrame | undefined {
  if (text.startsWith('<signal handler called>', from)) {
    return frameOf(start, end, number, '<signal handler called>', undefined, undefined, false);
  }
  const open = argumentsOpen(text, from, end);
  if (open === -1) return undefined;
  const name = text.slice(from, open);
  const at = text.includes(') at ', open) ? text.lastIndexOf(') at ', end) : -1;
  const place = at > open ? placeIn(text, at + 5, end) : undefined;
  if (place) return frameOf(start, end, number, name, place, undefined);
  const library = text.includes(') from ', open) ? text.lastIndexOf(') from ', end) : -1;
  if (library > open) return frameOf(start, end, number, name, undefined, text.slice(library + 7, end));
  // Of prose there is much that starts with `#1` and ends in a parenthesis.
  return text.charCodeAt(end - 1) === 41 && hasAddress && !binaryAt(text, open)
    ? frameOf(start, end, number, name, undefined, undefined)
    : undefined;
}

const argumentsMarks = tableOf(' (){}<>"');

/** The space before a debugger's arguments: the first one outside of template arguments and parameter lists. */
function argumentsOpen(text: string, from: number, end: number): number {
  if (!text.includes(' (', from)) return -1;
  let depth = 0;
  for (let at = from; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 127 || argumentsMarks[unit] === 0) continue;
    if (depth === 0 && unit === 32 && text.charCodeAt(at + 1) === 40) return at > from ? at : -1;
    if (unit === 60 || unit === 40 || unit === 123) depth++;
    else if ((unit === 62 && text.charCodeAt(at - 1) !== 45) || unit === 41 || unit === 125) depth--;
    else if (unit === 34) return -1;
  }
  // `operator< (`: brackets that are no brackets.
  const plain = text.indexOf(' (', from);
  return plain > from && plain < end ? plain : -1;
}

/** `run(int) /a/b.cc:3:5`, `main (/bin/prog+0x12)`, both perhaps with `(BuildId: …)`; ThreadSanitizer has no address. */
function sanitizerFrame(
  text: string,
  start: number,
  from: number,
  end: number,
  number: number,
  hasAddress: boolean,
): CppFrame | undefined {
  let stop = end;
  const build = text.includes(' (BuildId: ', from) ? text.lastIndexOf(' (BuildId: ', stop) : -1;
  if (build > from) stop = build;
  let binary: string | undefined;
  if (text.charCodeAt(stop - 1) === 41) {
    const open = text.lastIndexOf(' (', stop - 1);
    binary = open === -1 || open < from ? undefined : binaryAt(text.slice(0, stop), open);
    if (binary !== undefined) stop = open;
  }
  const colon = lastPlace(text, from, stop);
  const place = colon === -1 ? undefined : placeIn(text, colon, stop);
  const printed = text.slice(from, place ? colon : stop).trimEnd();
  // ThreadSanitizer says so where it knows no place.
  const isUnplaced = printed.endsWith(' <null>');
  if (!place && (binary === undefined || !(hasAddress || isUnplaced))) return undefined;
  const name = isUnplaced ? printed.slice(0, -' <null>'.length) : printed;
  if (!hasAddress && name.includes(' ') && !name.includes('(')) return undefined;
  return frameOf(start, end, number, name === '<null>' || name === '' ? undefined : name, place, binary);
}

/** Where the file of a place that ends at `end` starts: at the last absolute path, else after the last space. */
function lastPlace(text: string, from: number, end: number): number {
  if (!isDigit(text.charCodeAt(end - 1))) return -1;
  const space = lastOf(text, 32, from, end);
  if (space === -1) return -1;
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

/** `file:12` or `file:12:3` between two places of the text, and nothing else. */
function placeIn(text: string, from: number, to: number): Place | undefined {
  let last = to;
  while (last > from && isDigit(text.charCodeAt(last - 1))) last--;
  const second = numberIn(text, last, to);
  if (second === -1 || text.charCodeAt(last - 1) !== 58) return undefined;
  let first = last - 1;
  while (first > from && isDigit(text.charCodeAt(first - 1))) first--;
  const line = numberIn(text, first, last - 1);
  if (line !== -1 && text.charCodeAt(first - 1) === 58 && first - 1 > from) {
    return { file: text.slice(from, first - 1), line1: line, column1: second };
  }
  return last - 1 > from ? { file: text.slice(from, last - 1), line1: second, column1: undefined } : undefined;
}

/** `(/bin/prog+0x5270)`: the first parentheses from `from` on that hold no others and end in an offset. */
function binaryAt(text: string, from: number): string | undefined {
  const limit = from + 1024;
  let open = text.indexOf('(', from);
  let close = text.indexOf(')', open + 1);
  while (open !== -1 && close !== -1 && close < limit) {
    const inner = text.indexOf('(', open + 1);
    if (inner === -1 || inner > close) {
      const plus = text.lastIndexOf('+0x', close);
      if (plus > open + 1 && isHex(text, plus + 3, close) && !/\s/.test(text[open + 1] ?? '')) {
        return text.slice(open + 1, plus);
      }
      close = inner === -1 ? -1 : text.indexOf(')', inner + 1);
    }
    open = inner;
  }
  return undefined;
}

function isHex(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isHexDigit(text.charCodeAt(at))) return false;
  return to > from;
}

/** `run(int) at /a.cc:70`, `main in ./prog`, `0x00007F in /lib/x.so`. */
function boostFrame(text: string, start: number, from: number, number: number): CppFrame | undefined {
  if (!text.includes(' at ', from) && !text.includes(' in ', from) && !text.includes(' [0x', from)) return undefined;
  // What addr2line adds where one line is several blocks, and `std::stacktrace` at the end of each.
  const end = text.trimEnd().replace(/ \(discriminator \d+\)$| \[0x[0-9a-f]+\]$/i, '').length;
  const at = text.lastIndexOf(' at ', end);
  const place = at > from ? placeIn(text, at + 4, end) : undefined;
  if (place) return frameOf(start, end, number, text.slice(from, at).trim(), place, undefined);
  const inside = text.lastIndexOf(' in ', end);
  if (inside <= from && text.startsWith(' [0x', end)) {
    return frameOf(start, text.trimEnd().length, number, text.slice(from, end), undefined, undefined);
  }
  if (inside <= from || /\s/.test(text.slice(inside + 4, end))) return undefined;
  const name = text.slice(from, inside).trim();
  return frameOf(
    start,
    end,
    number,
    /^0x[0-9a-f]+$/i.test(name) ? undefined : name,
    undefined,
    text.slice(inside + 4, end),
  );
}

/** ``frame #0: 0x0000000100003f5c prog`run(n=3) at a.cc:12:5 [opt]`` */
function lldbFrame(text: string, start: number, from: number, number: number): CppFrame | undefined {
  const tick = text.indexOf('`', from);
  if (tick === -1) return undefined;
  const end = text.trimEnd().replace(/ \[[a-z]+\]$/, '').length;
  const at = text.lastIndexOf(' at ', end);
  const place = at > tick ? placeIn(text, at + 4, end) : undefined;
  const name = text.slice(tick + 1, place ? at : end).replace(/ \+ \d+$/, '');
  const binary = text.slice(from, tick).trim().split(' ').at(-1);
  return frameOf(start, end, number, name, place, binary);
}

/** `    @     0x7f12 run()` (glog), with the stack's size (abseil), `    @ 00000000004a1b2c run()` (folly). */
const atSign = /^@ +(?:0x[0-9a-f]+|[0-9a-f]{16}|\(nil\))(?: +(?:(?:\d{1,7}|\(unknown\)) +)?(\S.*))?$/i;

function atSignFrame(text: string): CppFrame | undefined {
  const start = text.indexOf('@ ');
  // `PC: @ …` says what the first frame says again.
  if (start === -1 || !looksLikePrefix(text, start) || text.startsWith('PC: ', start - 4)) return undefined;
  const end = trimmedLength(text);
  const match = atSign.exec(text.slice(start, end));
  if (!match) return undefined;
  const name = match[1] === '(unknown)' ? undefined : match[1];
  return frameOf(start, end, undefined, name, undefined, undefined);
}

/** `./prog(_ZN4acme4loadEi+0x2a) [0x401234]`, as `backtrace_symbols` prints it. */
const symbol = /(?:^|\s)((?:\.{0,2}\/|[\w.-]+\/)?[^\s()]+)\(([^()\s+]*)(?:\+0x[0-9a-f]+)?\) ?\[0x[0-9a-f]+\]$/i;

function symbolFrame(text: string): CppFrame | undefined {
  if (!text.includes('[0x')) return undefined;
  const trimmed = text.trimEnd();
  if (!trimmed.endsWith(']')) return undefined;
  const match = symbol.exec(trimmed);
  if (!match) return undefined;
  const start = match.index + match[0].indexOf(match[1] ?? '');
  const name = match[2] === '' ? undefined : match[2];
  return frameOf(start, trimmed.length, undefined, name, undefined, match[1]);
}

function frameOf(
  start: number,
  end: number,
  number: number | undefined,
  printed: string | undefined,
  place: Place | undefined,
  binary: string | undefined,
  inApp?: boolean,
): CppFrame {
  const name = printed === '??' || printed === '' ? undefined : printed;
  return {
    start,
    end,
    function: name,
    module: undefined,
    file: place?.file,
    line1: place?.line1,
    column1: place?.column1,
    readable: name === undefined ? undefined : readableCppName(name),
    inApp: inApp ?? isInApp(name, place?.file, binary),
    number,
  };
}

/** The system's headers, the C library as distributions build it, the sanitizers, toolchains and package managers. */
const foreignFile =
  /^(?:\/usr\/(?:include|lib|src)\/|\.{1,2}\/(?:sysdeps|nptl|csu|stdlib|misc|elf|signal|debug|posix|io|libio)\/|\.\/nptl|\/build\/(?:glibc|gcc)|\/lib(?:64)?\/)|(?:^|\/)(?:libsanitizer|compiler-rt|libstdc\+\+-v3|libgcc|vcpkg|\.conan2?|third_party|folly|boost|abseil-cpp)\/|\/rustc\/|\.S$/;
const foreignName =
  /^(?:std::|__gnu_cxx::|__cxxabiv1::|boost::|folly::(?:symbolizer|detail)|google::|absl::|testing::|__(?:libc|GI|asan|ubsan|tsan|msan|sanitizer|interceptor|pthread|cxa|restore_rt|assert|futex|clone|kernel)|_(?:start|dl_|IO_|Unwind_|_)|_ZNSt|_ZSt|_ZN9__gnu_cxx|(?:start_thread|pthread_\w+|malloc|calloc|realloc|free|clone3?|abort|raise|gsignal|killpg|exit|operator new|operator delete)(?:[( []|$))/;
const foreignBinary = /^(?:\/usr)?\/lib|\.so(?:\.\d+)*$|^\[vdso\]|linux-vdso|^lib\w+\.dylib$/;

function isInApp(name: string | undefined, file: string | undefined, binary: string | undefined): boolean {
  if (name !== undefined && foreignName.test(name)) return false;
  if (file !== undefined) return !foreignFile.test(file);
  return name !== undefined && !(binary !== undefined && foreignBinary.test(binary));
}

const maxPrefix = 300;

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 32) at++;
  return at;
}
