/** Traces of Rust: panics with and without a backtrace, and `anyhow`'s error chains with theirs. */

import type { TextLine, TextLines } from '../textLines.ts';
import type { Frame } from '../trace.ts';
import { clue } from './clues.ts';
import { digitsEnd, isDigit, numberIn, trimmedLength } from './characters.ts';
import { looksLikePrefix, marginBefore } from './linePrefix.ts';
import { newFrame } from './newFrame.ts';
import { crashAbove } from './rustCrash.ts';
import { TraceDraft } from './traceDraft.ts';
import type { ReadTraces, TraceParser } from './traceParser.ts';

export const rustTraces: TraceParser = {
  language: 'rust',
  clues: clue.rust,
  read(lines, line, index, floor) {
    const panic = panicOn(line);
    if (panic) return readPanic(lines, index, line, panic);
    const quoted = quotedPanic(lines, index, line);
    if (quoted) return quoted;
    const opening = line.text.includes('tack backtrace:') ? /[sS]tack backtrace:\s*$/.exec(line.text) : null;
    if (opening) return readBacktrace(lines, index, floor, line, opening.index);
    // The opening is lost: the first place stands below its function.
    if (index <= floor || line.opens || !placeOn(line.text)) return undefined;
    const draft = new TraceDraft('rust');
    const next = readFrames(lines, index - 1, draft);
    if (draft.frames.length === 0) return undefined;
    const crash = crashAbove(lines, index - 1, floor);
    if (crash) draft.name(crash);
    return { draft, next };
  },
};

interface Panic {
  readonly thread: string | undefined;
  readonly start: number;
  /** Where the place starts and ends in the line. */
  readonly placeStart: number;
  readonly placeEnd: number;
  readonly file: string;
  readonly line1: number;
  readonly column1: number;
  /** `undefined` when it stands on the lines below. */
  readonly message: string | undefined;
}

const panicked = 'panicked at ';
const panicPlace = /^((?:[A-Za-z]:)?[^\s:'"][^:'"]{0,1000}):(\d{1,9}):(\d{1,9})(:?)\s*$/;

function panicOn(line: TextLine): Panic | undefined {
  const text = line.text;
  const at = text.indexOf(panicked);
  if (at === -1) return undefined;
  const from = at + panicked.length;
  const rest = text.slice(from);
  // Before 1.73 the message stood in quotes before the place: `panicked at 'message', src/main.rs:3:5`.
  const quoted = rest.startsWith("'") ? rest.lastIndexOf("', ") : -1;
  const place = panicPlace.exec(quoted === -1 ? rest : rest.slice(quoted + 3));
  if (!place) return undefined;
  const placeStart = from + (quoted === -1 ? 0 : quoted + 3);
  const [, file = '', line1 = '', column1 = ''] = place;
  const thread = text.lastIndexOf("thread '", at);
  return {
    thread: thread === -1 ? undefined : threadOf(text, thread),
    start: thread === -1 ? at : thread,
    placeStart,
    placeEnd: placeStart + file.length + line1.length + column1.length + 2,
    file,
    line1: Number(line1),
    column1: Number(column1),
    message: quoted === -1 ? undefined : rest.slice(1, quoted),
  };
}

/** Messages are rarely longer. */
const maxMessageLines = 64;

/** Before 1.73 a message of several lines ended with its quote and the place: `…', src/main.rs:3:5`. */
function quotedPanic(lines: TextLines, index: number, line: TextLine): ReadTraces | undefined {
  const at = line.text.indexOf("panicked at '");
  if (at === -1) return undefined;
  const name = line.text.lastIndexOf("thread '", at);
  const start = name === -1 ? at : name;
  const margin = marginBefore(line.text, start);
  const message = [line.text.slice(at + panicked.length + 1)];
  for (let below = index + 1; below <= index + maxMessageLines; below++) {
    const last = lines.at(below);
    if (!last || last.opens) return undefined;
    const quote = last.text.lastIndexOf("', ");
    const place = quote === -1 ? null : panicPlace.exec(last.text.slice(quote + 3));
    if (!place) {
      message.push(last.text.slice(margin).trimEnd());
      continue;
    }
    message.push(last.text.slice(margin, quote));
    const [, file = '', line1 = '', column1 = ''] = place;
    const found: Panic = {
      thread: threadOf(line.text, start),
      start,
      placeStart: quote + 3,
      placeEnd: quote + 3 + file.length + line1.length + column1.length + 2,
      file,
      line1: Number(line1),
      column1: Number(column1),
      message: message.join('\n'),
    };
    return readPanic(lines, below, last, found, line);
  }
  return undefined;
}

function threadOf(text: string, start: number): string | undefined {
  const name = start + "thread '".length;
  const quote = text.startsWith("thread '", start) ? text.indexOf("'", name) : -1;
  return quote === -1 ? undefined : text.slice(name, quote);
}

/** @param first the line on which the panic starts, `line` being the one with its place */
function readPanic(lines: TextLines, index: number, line: TextLine, panic: Panic, first = line): ReadTraces {
  const draft = new TraceDraft('rust');
  const margin = marginBefore(first.text, panic.start);
  // A logger's prefix stands before the first line only, a container's before each.
  const lead = first.text.slice(0, Math.min(margin, 4));
  const own = (text: string): string => (text.startsWith(lead) ? text.slice(margin) : text);
  let next = index + 1;
  const message: string[] = panic.message === undefined ? [] : [panic.message];
  let opening = -1;
  let isNoted = false;
  for (let at = index + 1; at <= index + maxMessageLines; at++) {
    const below = lines.at(at);
    if (!below || below.opens || below.text.includes(panicked)) break;
    if (below.text.includes('stack backtrace:') && /stack backtrace:\s*$/.test(below.text)) {
      opening = at;
      break;
    }
    const said = own(below.text);
    isNoted = said.startsWith('note: ');
    if (isNoted) break;
    // Without a backtrace nothing says where the message ends: it is the first line.
    message.push(said.trimEnd());
  }
  const isWhole = opening !== -1 || isNoted || panic.message !== undefined;
  const said = (isWhole ? message.join('\n') : (message[0] ?? '')).trim();
  const start = first.startOf(panic.start);
  draft.name(said === '' ? { type: 'panic', start, index } : { type: 'panic', message: said, start, index });
  if (panic.thread !== undefined) draft.thread = panic.thread;
  if (opening !== -1) next = readFrames(lines, opening + 1, draft);
  if (draft.frames.length === 0) {
    draft.addFound(line, {
      start: panic.placeStart,
      end: panic.placeEnd,
      function: undefined,
      module: undefined,
      file: panic.file,
      line1: panic.line1,
      column1: panic.column1,
      readable: undefined,
      inApp: isInApp(panic.file, undefined),
    });
    next = index + 1;
  }
  return { draft, next };
}

/** A backtrace without a panic above: `anyhow` prints the error and what caused it, one line each. */
function readBacktrace(
  lines: TextLines,
  index: number,
  floor: number,
  line: TextLine,
  column: number,
): ReadTraces | undefined {
  const draft = new TraceDraft('rust');
  const next = readFrames(lines, index + 1, draft);
  if (draft.frames.length === 0) return undefined;
  draft.startAt(line.startOf(column));
  const causes: TraceDraft[] = [];
  for (let above = index - 1; above >= Math.max(floor, index - maxMessageLines); above--) {
    const text = lines.at(above)?.text.slice(column).trimEnd() ?? '';
    const error = /^Error: (.*)$/.exec(text);
    const numbered = /^ {2,}(?:\d+: )?(\S.*)$/.exec(text);
    const startOf = lines.at(above)?.startOf(column) ?? 0;
    if (error) {
      const top = new TraceDraft('rust', { type: 'Error', message: error[1] ?? '', start: startOf, index: above });
      // The backtrace is the one of the error that came first.
      const chain = [top, ...causes.toReversed()];
      const root = chain.at(-1) ?? top;
      for (const frame of draft.frames) root.addFrame(frame);
      for (const [link, one] of chain.entries()) one.cause = chain[link + 1];
      return { draft: top, next };
    }
    if (numbered) {
      const cause = new TraceDraft('rust');
      cause.message = numbered[1] ?? '';
      cause.startAt(startOf);
      cause.grow(startOf);
      causes.push(cause);
    } else if (text !== '' && !text.startsWith('Caused by:')) break;
    if (lines.at(above)?.opens) break;
  }
  return { draft, next };
}

/** Reads numbered functions with the place below each, and inlined ones without a number. */
function readFrames(lines: TextLines, first: number, draft: TraceDraft): number {
  let index = first;
  for (;;) {
    const line = lines.at(index);
    if (!line || (index > first && line.opens)) return index;
    const below = lines.at(index + 1);
    const place = below && !below.opens ? placeOn(below.text) : undefined;
    const called = functionOn(line.text, place !== undefined);
    if (!called) return index;
    draft.addFrame(place && below ? frameFrom(below, called.name, place) : frameFrom(line, called.name, called));
    index += place ? 2 : 1;
  }
}

interface Called {
  readonly name: string;
  /** Where the frame starts and ends in its line, number included. */
  readonly start: number;
  readonly end: number;
}

function frameFrom(line: TextLine, printed: string, at: Called | Place): Frame {
  const isPlaced = 'file' in at;
  const { name, readable, inApp } = named(printed, isPlaced ? at.file : undefined);
  return newFrame(line, {
    start: at.start,
    end: at.end,
    function: name,
    module: undefined,
    file: isPlaced ? at.file : undefined,
    line1: isPlaced ? at.line1 : undefined,
    column1: isPlaced ? at.column1 : undefined,
    readable,
    inApp,
  });
}

/** `  12: p::main::h0123456789abcdef`, `   0:     0x5565d0bbb96a - std::…`; without its number when a place is below. */
function functionOn(text: string, hasPlace: boolean): Called | undefined {
  const end = trimmedLength(text);
  let start = text.indexOf(': ');
  while (start !== -1 && !isDigit(text.charCodeAt(start - 1))) start = text.indexOf(': ', start + 1);
  let digits = start;
  while (digits > 0 && isDigit(text.charCodeAt(digits - 1))) digits--;
  let from: number;
  if (
    start !== -1 &&
    numberIn(text, digits, start) !== -1 &&
    looksLikePrefix(text, digits) &&
    isCounted(text, digits)
  ) {
    from = start + 2;
  } else if (hasPlace) {
    from = text.lastIndexOf('  ', end) + 2;
    digits = from;
  } else return undefined;
  while (text.charCodeAt(from) === 32) from++;
  if (text.charCodeAt(from) === 48 && text.charCodeAt(from + 1) === 120) {
    const address = /^0x[0-9a-f]+ - /.exec(text.slice(from, from + 32));
    if (address) from += address[0].length;
  }
  const name = text.slice(from, end);
  if (name === '' || (!hasPlace && !/^[\w<{[(&*?]/.test(name))) return undefined;
  return { name, start: digits, end };
}

/** Numbers of frames are set right, after at least one blank. */
function isCounted(text: string, at: number): boolean {
  return at === 0 || text.charCodeAt(at - 1) === 32;
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly file: string;
  readonly line1: number;
  readonly column1: number | undefined;
}

/** `             at ./src/main.rs:3:5` */
function placeOn(text: string): Place | undefined {
  const at = text.indexOf('at ');
  if (at === -1 || !looksLikePrefix(text, at)) return undefined;
  const end = trimmedLength(text);
  let second = end;
  while (second > at && isDigit(text.charCodeAt(second - 1))) second--;
  let first = second - 1;
  while (first > at && isDigit(text.charCodeAt(first - 1))) first--;
  const hasColumn = text.charCodeAt(first - 1) === 58 && text.charCodeAt(second - 1) === 58 && first < second - 1;
  const lineStart = hasColumn ? first : second;
  if (text.charCodeAt(lineStart - 1) !== 58) return undefined;
  const line1 = numberIn(text, lineStart, digitsEnd(text, lineStart));
  if (line1 === -1) return undefined;
  const file = text.slice(at + 3, lineStart - 1);
  if (!file.endsWith('.rs') && !/\.(?:rs|c|cc|cpp|h|hpp|s)$/i.test(file)) return undefined;
  return { start: at, end, file, line1, column1: hasColumn ? numberIn(text, second, end) : undefined };
}

function named(
  printed: string,
  file: string | undefined,
): { name: string | undefined; readable: string | undefined; inApp: boolean } {
  // What the compiler adds to tell two builds apart: `::h0123456789abcdef`, `std[e28293b1aa0f68bd]`.
  let name = printed.startsWith('::h', printed.length - 19) ? printed.replace(/::h[0-9a-f]{16}$/, '') : printed;
  if (name.includes('[')) name = name.replace(/\[[0-9a-f]{12,16}\]/g, '');
  if (name === '<unknown>') return { name: undefined, readable: undefined, inApp: false };
  return { name, readable: readableRustName(name), inApp: isInApp(file, name) };
}

/** `<a::Batch<T> as b::Run>::run::{{closure}}` is `a::Batch::run`. Linear. */
function readableRustName(name: string): string {
  // Most names have nothing to leave out.
  if (!/[<>{}#]|:::|^::|::$/.test(name)) return name;
  const plain = name.charCodeAt(0) === 60 ? withoutTrait(name) : name;
  let text = '';
  let depth = 0;
  let from = 0;
  for (let at = 0; at < plain.length; at++) {
    const unit = plain.charCodeAt(at);
    const opens = unit === 60 || unit === 123;
    if (!opens && unit !== 62 && unit !== 125) continue;
    if (depth === 0) text += plain.slice(from, at);
    depth = opens ? depth + 1 : Math.max(0, depth - 1);
    from = at + 1;
  }
  if (depth === 0) text += plain.slice(from);
  return text
    .replace(/#\d+/g, '')
    .replace(/:{3,}/g, '::')
    .replace(/^::|::$/g, '');
}

/** Of `<Type as Trait>::method` the type and the method. */
function withoutTrait(name: string): string {
  let depth = 0;
  let as = -1;
  for (let at = 0; at < name.length; at++) {
    const unit = name.charCodeAt(at);
    if (unit === 60) depth++;
    else if (unit === 62 && name.charCodeAt(at - 1) !== 45) {
      depth--;
      if (depth === 0) return `${name.slice(1, as === -1 ? at : as)}${name.slice(at + 1)}`;
    } else if (depth === 1 && as === -1 && name.startsWith(' as ', at)) as = at;
  }
  return name.slice(1);
}

const foreignFile =
  /^\/rustc\/|[/\\]\.?cargo[/\\](?:registry|git)[/\\]|[/\\]rustlib[/\\]|^(?:library[/\\](?:std|core|alloc|test)|src[/\\]lib(?:std|core|alloc))[/\\]|[/\\]vendor[/\\]|^\/rust\/deps\/|^\.{1,2}\/(?:sysdeps|nptl|csu|misc)\/|\.s$/i;
const foreignName =
  /^<?&?(?:std|core|alloc|test|backtrace|anyhow|tokio|futures\w*|rayon\w*|hyper|tower|eyre|rust_begin_unwind|rust_panic|__rust\w*|__libc_\w+|_start|start_thread|clone3?|__pthread\w*|main$)(?:::|$|<)?/;

function isInApp(file: string | undefined, name: string | undefined): boolean {
  if (file !== undefined) return !foreignFile.test(file);
  return name !== undefined && !foreignName.test(name);
}
