/** Traces of Go: panics, fatal errors and goroutine dumps; `pkg/errors` stacks, which have the same two-line frames. */

import { clue } from './clues.ts';
import type { TextLine, TextLines } from '../textLines.ts';
import {
  digitsEnd,
  firstOf,
  isHexDigit,
  lastOf,
  numberIn,
  tableOf,
  trimmedLength,
  wordCharacters,
} from './characters.ts';
import type { FoundFrame } from './newFrame.ts';
import { TraceDraft } from './traceDraft.ts';
import type { TraceParser } from './traceParser.ts';

export const goTraces: TraceParser = {
  language: 'go',
  clues: clue.go,
  read(lines, line, index, floor) {
    const goroutine = goroutineOn(line.text);
    // Without its header the first telling line is the second of a frame.
    const known = goroutine || index === floor ? undefined : placeOn(line);
    if (!goroutine && !known) return undefined;
    const first = goroutine ? index + 1 : index - 1;
    const draft = new TraceDraft('go');
    const next = readFrames(lines, first, draft, known);
    if (next === undefined) return undefined;
    if (goroutine) {
      draft.thread = goroutine.name;
      draft.startAt(line.startOf(goroutine.column));
    }
    const panic = panicAbove(lines, goroutine ? index : first, floor, goroutine?.column ?? 0);
    if (panic) {
      draft.type = panic.type;
      draft.message = panic.message;
      draft.startAt(panic.start);
    }
    return { draft, next };
  },
};

const goroutineHeader = /goroutine (\d{1,19}(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[[^\]]{1,200}\]):$/;
/** The second line of a frame: the file, and how far into the function. */
const place =
  /(?:^|\s|\\t)((?:[A-Za-z]:|\.{0,2}\/|[\w.@~-]+\/)?[^\s:]*\.(?:go|s)):(\d{1,9})(?: \+0x[0-9a-f]+)?(?: fp=\S+ sp=\S+ pc=\S+)?(?:\\n.*)?\s*$/;
const createdBy = /^created by (.+?)(?: in goroutine \d+)?$/;
const elidedFrames = /^\.\.\.(?:(\d+) frames elided|additional frames elided)\.\.\.$/;

const maxGoroutine = 400;

function goroutineOn(text: string): { name: string; column: number } | undefined {
  const end = trimmedLength(text);
  const mayBe = end > maxGoroutine || (end > 0 && text.charCodeAt(end - 1) === 58);
  const column = mayBe ? text.indexOf('goroutine ') : -1;
  if (column === -1) return undefined;
  const match = goroutineHeader.exec(text.slice(column, column + maxGoroutine).trimEnd());
  return match && match.index === 0 ? { name: `goroutine ${match[1] ?? ''}`, column } : undefined;
}

interface Place {
  readonly file: string;
  readonly line1: number;
  readonly start: number;
  readonly end: number;
}

/** @returns `undefined` for a line that opens something: the function stands above a place */
function placeOn(line: TextLine | undefined): Place | undefined {
  if (!line || line.opens) return undefined;
  const usual = usualPlaceOn(line);
  if (usual) return usual;
  const { text } = line;
  // Cheap, and bounds where the expression looks.
  const extension = text.includes(':') ? Math.max(text.lastIndexOf('.go:'), text.lastIndexOf('.s:')) : -1;
  if (extension === -1 || extension > 2000 || !/\.(?:go|s):\d/.test(text)) return undefined;
  const match = place.exec(text);
  const [whole = '', file = '', printed = ''] = match ?? [];
  if (!match || !/[\t ]/.test(whole[0] ?? '') || (!/[/\\]/.test(file) && !/\t/.test(text))) return undefined;
  const start = match.index + whole.indexOf(file);
  return { file, line1: Number(printed), start, end: start + file.length + 1 + printed.length };
}

/** `\t/srv/a.go:12 +0x1`, as nearly all are, or `\ta.go:12`. */
function usualPlaceOn({ text, chars, from }: TextLine): Place | undefined {
  if (text.charCodeAt(0) !== 9) return undefined;
  const colon = from + text.indexOf(':', 1);
  if (colon > from + 2000 || !chars.startsWith('.go', colon - 3)) return undefined;
  for (let at = from + 1; at < colon; at++) {
    const unit = chars.charCodeAt(at);
    if (unit <= 32 || unit > 127) return undefined;
  }
  const to = from + text.length;
  const end = digitsEnd(chars, colon + 1);
  const line1 = numberIn(chars, colon + 1, end);
  if (line1 === -1 || end > to) return undefined;
  if (end < to) {
    if (end + 4 >= to || !chars.startsWith(' +0x', end)) return undefined;
    for (let at = end + 4; at < to; at++) if (!isHexDigit(chars.charCodeAt(at))) return undefined;
  }
  return { file: chars.slice(from + 1, colon), line1, start: 1, end: end - from };
}

/**
 * Adds the frames from the line at `first` on.
 * @param known the place on the line below the first one, where it was read before
 * @returns the index after the last one's lines; `undefined` where there is none
 */
function readFrames(lines: TextLines, first: number, draft: TraceDraft, known?: Place): number | undefined {
  let hasFrame = false;
  let index = first;
  for (;;) {
    const line = lines.at(index);
    if (!line || line.text === '' || (index > first && line.opens)) break;
    const below = lines.at(index + 1);
    const at = index === first && known ? known : placeOn(below);
    const called = at && functionOn(line);
    if (below && at && called) {
      draft.addFound(below, frameFrom(at, called));
      hasFrame = true;
      index += 2;
      continue;
    }
    const dots = line.text.indexOf('...');
    const left = dots === -1 ? null : elidedFrames.exec(line.text.slice(dots).trimEnd());
    if (!left) break;
    draft.leaveOut(Number(left[1] ?? 1));
    index++;
  }
  return hasFrame ? index : undefined;
}

interface Called {
  readonly module: string;
  readonly function: string;
}

/** `main.(*Loader).run(0xc000, {0x1, 0x2})` as package and function; arguments and prefixes left out. */
function functionOn({ text, chars, from }: TextLine): Called | undefined {
  const to = from + trimmedLength(text);
  const creation = text.indexOf('created by ');
  const created = creation === -1 ? null : createdBy.exec(chars.slice(from + creation, to));
  if (created) {
    const name = created[1] ?? '';
    return calledIn(name, lastOf(name, 32, 0, name.length) + 1, name.length);
  }
  const end = argumentsStart(chars, from, to);
  // A log's prefix stands before the name, as before the file; names have no spaces.
  let start = end;
  while (start > from && chars.charCodeAt(start - 1) !== 32) start--;
  while (chars.charCodeAt(start) === 9) start++;
  return calledIn(chars, start, end);
}

/** @param start where the name stands in `text`, up to `end` */
function calledIn(text: string, start: number, end: number): Called | undefined {
  const isPanic = end - start === 5 && text.startsWith('panic', start);
  if (isPanic || (end - start === gopanic.length && text.startsWith(gopanic, start)))
    return { module: 'runtime', function: 'panic' };
  if (!isQualified(text, start, end)) return undefined;
  const slash = lastOf(text, 47, start, end);
  const dot = firstOf(text, 46, slash === -1 ? start : slash + 1, end);
  return dot === -1 ? undefined : { module: text.slice(start, dot), function: text.slice(dot + 1, end) };
}

const gopanic = 'runtime.gopanic';
const packageParts = tableOf(`${wordCharacters}./~%@-`);
const functionParts = tableOf(`${wordCharacters}.()*[]{}<>,-`);
const middleDot = 183;

/** A package's path, a dot, and what names of functions and methods are made of. */
function isQualified(text: string, start: number, end: number): boolean {
  let packageEnd = start;
  while (packageEnd < end && isPart(packageParts, text.charCodeAt(packageEnd))) packageEnd++;
  let functionStart = end;
  while (functionStart > start && isPart(functionParts, text.charCodeAt(functionStart - 1))) functionStart--;
  return lastOf(text, 46, Math.max(start + 1, functionStart), Math.min(packageEnd, end - 1)) !== -1;
}

function isPart(parts: Uint8Array, unit: number): boolean {
  return unit < 128 ? parts[unit] === 1 : unit === middleDot;
}

/** Where the parenthesis opens that closes before `to`; `to` when none does. */
function argumentsStart(text: string, from: number, to: number): number {
  if (text.charCodeAt(to - 1) !== 41) return to;
  let depth = 0;
  for (let at = to - 1; at >= from; at--) {
    const unit = text.charCodeAt(at);
    if (unit === 41) depth++;
    else if (unit === 40 && --depth === 0) return at;
  }
  return to;
}

interface Panic {
  readonly type: string | undefined;
  readonly message: string;
  readonly start: number;
}

/** `panic: …` or `fatal error: …` above the first goroutine; a panic while panicking names the first one first. */
function panicAbove(lines: TextLines, index: number, floor: number, margin: number): Panic | undefined {
  let found: Panic | undefined;
  for (let at = index - 1; at >= Math.max(floor, index - 32); at--) {
    const line: TextLine | undefined = lines.at(at);
    if (!line || lines.at(at + 1)?.opens) break;
    if (at === index - 1 && line.text.includes(':')) {
      const told = servedPanic(line) ?? accessOn(lines, line, at, floor);
      if (told) return told;
    }
    const column = line.text.includes(':') ? saidFrom(line.text, margin) : -1;
    if (column !== -1) {
      const [type = '', ...rest] = line.text.slice(column).split(': ');
      found = {
        type,
        message: rest
          .join(': ')
          .replace(/ \[recovered(?:, repanicked)?\].*$/, '')
          .trim(),
        start: line.startOf(column),
      };
      // A tab before it: a panic while another one unwound, which stands above.
      if (line.text.charCodeAt(column - 1) !== 9) break;
    } else if (found) break;
  }
  return found;
}

/** Where a line starts to say what failed; -1 where it does not. */
function saidFrom(text: string, margin: number): number {
  return Math.max(text.indexOf('panic: ', Math.max(0, margin - 24)), text.indexOf('fatal error: '));
}

/** `http: panic serving 10.0.0.1:5000: no rows` */
function servedPanic(line: TextLine): Panic | undefined {
  const column = line.text.indexOf('http: panic serving ');
  const match = column === -1 ? null : /^http: panic serving \S{1,80}: (.*)$/.exec(line.text.slice(column));
  return match ? { type: 'panic', message: (match[1] ?? '').trim(), start: line.startOf(column) } : undefined;
}

/** `Write at 0x… by goroutine 8:`: each stack of the race detector's report; the first one stands below its title. */
const access =
  /(?:(?:Previous )?(?:[Rr]ead|[Ww]rite) at 0x[0-9a-f]+ by .{1,60}|Goroutine \d{1,19} \(.{1,40}\) created at):$/;

function accessOn(lines: TextLines, line: TextLine, index: number, floor: number): Panic | undefined {
  const match = line.text.endsWith(':') && line.text.length < 400 ? access.exec(line.text) : null;
  if (!match) return undefined;
  const message = match[0].slice(0, -1);
  const title = index > floor && !line.opens ? lines.at(index - 1) : undefined;
  const column = title?.text.indexOf('WARNING: DATA RACE') ?? -1;
  return title && column !== -1
    ? { type: 'DATA RACE', message, start: title.startOf(column) }
    : { type: undefined, message, start: line.startOf(match.index) };
}

function frameFrom(at: Place, called: Called): FoundFrame {
  return {
    start: at.start,
    end: at.end,
    function: called.function,
    module: called.module.includes('%') ? decodedModule(called.module) : called.module,
    file: at.file,
    line1: at.line1,
    column1: undefined,
    readable: readableGoName(called.function),
    inApp: isGoInApp(at.file, called.module),
  };
}

/**
 * The function that the compiler's own stand in: `Run.func1.2` is a closure in `Run`, `Run.deferwrap1` a deferred call,
 * `Run-range1` the body of a loop over a function.
 */
export function readableGoName(name: string): string | undefined {
  const last = name.charCodeAt(name.length - 1);
  if (last === 109) return name.endsWith('-fm') ? name.slice(0, -3) : undefined;
  if (last < 48 || last > 57) return undefined;
  const loop = name.lastIndexOf('-range');
  if (loop > 0 && digitsEnd(name, loop + 6) === name.length) {
    const within = name.slice(0, loop);
    return readableGoName(within) ?? within;
  }
  const made = /\.(?:(func|deferwrap|gowrap)\d+(?:\.\d+)*|\d+)$/.exec(name);
  if (!made) return undefined;
  // A closure within a closure is in the outermost function.
  const own = name
    .slice(0, made.index)
    .replace(/(?:\.(?:func\d+|gowrap\d+|deferwrap\d+|\d+))+$/, '')
    .replace(/\[\.\.\.\]$/, '');
  const kind = made[1] === undefined ? '' : made[1] === 'func' ? 'func' : made[1] === 'gowrap' ? 'go' : 'defer';
  if (kind === '') return own;
  return own === 'glob.' ? `(${kind})` : `${own} (${kind})`;
}

/** The linker escapes dots in the last element of a package's path. */
function decodedModule(module: string): string {
  return module.replaceAll('%2e', '.');
}

const standard =
  /^(?:runtime|reflect|sync|syscall|os|io|fmt|net|time|context|bufio|bytes|strings|strconv|sort|slices|maps|errors|log|math|unicode|encoding|crypto|compress|archive|database|html|image|text|testing|path|regexp|internal|vendor|container|hash|mime|go|iter|unique|flag|embed|expvar|plugin|debug|index)(?:\/|$)/;

/** Not in the module cache or a vendor folder, and not the standard library in Go's own tree. */
export function isGoInApp(file: string, module: string): boolean {
  if (/\/pkg\/mod\/|\/vendor\/|@v\d|^<|_cgo_gotypes/.test(file)) return false;
  if (!standard.test(module)) return true;
  // `sync.runtime_Semacquire` stands in the runtime's folder.
  const source = file.lastIndexOf('/src/');
  const folder = source === -1 ? file : file.slice(source + '/src/'.length);
  return !standard.test(folder) || (source === -1 && file.startsWith('/'));
}
