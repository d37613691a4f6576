/** Stacks of C and C++: sanitizers, gdb and lldb, glog, abseil, folly, boost and the C library's own. */

import { clue } from './clues.ts';
import { type CppFrame, cppFrameOn } from './cppFrame.ts';
import { looksLikePrefix } from './linePrefix.ts';
import type { TextLine, TextLines } from '../textLines.ts';
import { TraceDraft } from './traceDraft.ts';
import type { ReadTraces, TraceParser } from './traceParser.ts';

export const cppTraces: TraceParser = {
  language: 'cpp',
  clues: clue.native,
  read(lines, line, index, floor) {
    const first = cppFrameOn(line);
    if (!first) return undefined;
    const draft = new TraceDraft('cpp');
    const next = readFrames(lines, index, line, first, draft);
    const isNamed = nameFromAbove(lines, index, floor, draft);
    // One line that looks like a frame is a list item, unless something else says that it is one.
    const only = draft.frames[0];
    if (!isNamed && draft.frames.length === 1 && only?.line1 === undefined && first.number !== 0) return undefined;
    return { draft, next };
  },
};

/** Local variables that `bt full` prints between two frames. */
const maxQuietLines = 64;
/** These, what gdb says about them, and folly's line with the file that the place's function was inlined from. */
const quietLine = /^(?:\s+\S.{0,200}? = |\s*No (?:locals|symbol table)|\s*\(More stack frames|\s{8,}-> \S)/;

function readFrames(lines: TextLines, first: number, line: TextLine, frame: CppFrame, draft: TraceDraft): number {
  let next = first + 1;
  let number = frame.number;
  let quiet = 0;
  draft.addFound(line, frame);
  let last = frame;
  for (let index = next; quiet <= maxQuietLines; index++) {
    const below = lines.at(index);
    if (!below || below.opens || below.text === '') break;
    const found = cppFrameOn(below);
    if (found) {
      const isNext =
        number === undefined ? found.number === undefined : found.number !== undefined && found.number > number;
      if (!isNext) break;
      draft.addFound(below, found);
      number = found.number;
      last = found;
      next = index + 1;
      quiet = 0;
      continue;
    }
    const place = last.number === undefined && last.file === undefined ? placeBelow(below.text) : undefined;
    if (place && index === next) {
      draft.placeLastFrame(place.file, place.line1);
      next = index + 1;
      continue;
    }
    const left = below.text.includes('@ ... ') ? /@ \.\.\. and at least (\d{1,6}) more frames/.exec(below.text) : null;
    if (left && last.number === undefined) {
      draft.leaveOut(Number(left[1]));
      draft.grow(below.endOf(below.text.trimEnd().length));
      return index + 1;
    }
    if (!quietLine.test(below.text.slice(0, 400))) break;
    quiet++;
  }
  return next;
}

/** folly writes a frame's place on a line of its own. */
function placeBelow(text: string): { file: string; line1: number } | undefined {
  const match = /(?:^|\s)((?:[./]|[\w.-]+\/)[^\s:]*\.\w{1,4}):(\d{1,9})$/.exec(text.slice(0, 1000).trimEnd());
  if (!match || !/^\s{8}/.test(text.slice(match.index - 8))) return undefined;
  return { file: match[1] ?? '', line1: Number(match[2]) };
}

const maxLinesAbove = 12;
/** What stands above a stack and says why it was printed: words without which there is nothing, and how it is said. */
const headers: readonly (readonly [words: string, header: RegExp])[] = [
  ['Sanitizer', /\b(?<sanitizer>\w+Sanitizer):? (?<message>.*)/],
  [' signal SIG', /(?:received|terminated with) signal (?<type>SIG\w+), (?<message>[^.]*)/],
  ['stop reason = ', /stop reason = (?:signal )?(?<type>SIG\w+|EXC_\w+)(?::? (?<message>.*))?/],
  ['*** SIG', /\*\*\* (?<type>SIG\w+) (?<message>.*?)(?:; stack trace: )?\*{0,3}$/],
  ['*** Signal ', /\*\*\* Signal \d+ \((?<type>SIG\w+)\) (?<message>.*?)(?:, stack trace: \*\*\*)?$/],
  ['terminate called', /terminate called after throwing an instance of '(?<type>[^']+)'/],
  ['Check fail', /(?:^|\] )(?<type>Check failed|Check failure): (?<message>.*)/],
  ['Assertion `', /(?<type>Assertion) `(?<message>.*)' failed/],
];
/** A stack of a report: where memory was allocated or freed, one side of a race. */
const reportedStack =
  /(?:(?:Direct|Indirect) leak of .* allocated from:|(?:(?:previously )?allocated|freed|created) by .*(?:here|at):|Uninitialized value was created by .*|[Pp]revious(?:ly)? .*:|\b(?:Write|Read|Atomic write|Atomic read|Location|Thread T\d+|Mutex M\d+) .*:)$/;
const threadLine = /^\s*\[?Thread (\d+ \(.*\)|\d+.*?):?$|(?:^|\s)Stack trace of thread (?<dumped>\d+):$/;

/** All of these end in a colon, but one. */
function mayReport(text: string): boolean {
  if (text === '') return false;
  const last = text.length > maxHeader ? 58 : text.charCodeAt(text.length - 1);
  return last === 58 || text.includes('Uninitialized value');
}

/** Gives the trace its type, message and thread; true when something above says that this is a stack. */
function nameFromAbove(lines: TextLines, first: number, floor: number, draft: TraceDraft): boolean {
  const above = first > floor ? lines.at(first - 1) : undefined;
  if (!above || lines.at(first)?.opens) return false;
  const reported = mayReport(above.text) ? reportedStack.exec(above.text.slice(0, maxHeader)) : null;
  if (reported) {
    const message = reported[0].replace(/:$/, '');
    const title = titleAbove(lines, first - 1, floor);
    if (title) draft.name({ type: title.type, message, start: title.start, index: title.index });
    else draft.message = message;
    return true;
  }
  const thread =
    above.text !== '' && /[Tt]hread /.test(above.text) ? threadLine.exec(above.text.slice(0, maxHeader)) : null;
  if (thread) {
    draft.thread = `Thread ${(thread[1] ?? thread.groups?.['dumped'] ?? '').trim()}`;
    return true;
  }
  for (let index = first - 1; index >= Math.max(floor, first - maxLinesAbove); index--) {
    const line = lines.at(index);
    if (!line || cppFrameOn(line)) return false;
    if (line.text.length >= minHeader && nameFrom(lines, line, index, first, draft)) return true;
    if (line.opens) return false;
  }
  return false;
}

/** Takes type and message from a line that says what happened; false for other lines. */
function nameFrom(lines: TextLines, line: TextLine, index: number, first: number, draft: TraceDraft): boolean {
  const text = line.text.slice(0, maxHeader);
  for (const [words, header] of headers) {
    const match = text.includes(words) ? header.exec(text) : null;
    if (!match) continue;
    const { sanitizer, type, message } = match.groups ?? {};
    // `heap-use-after-free` names the failure better than the tool that found it.
    const kind = sanitizer === undefined ? type : (kindOfReport.exec(message ?? '')?.[0] ?? sanitizer);
    const rest = kind !== undefined && message?.startsWith(kind) ? message.slice(kind.length) : message;
    const said = type?.includes('::') ? whatBelow(lines, index, first) : rest?.trim();
    draft.name({
      type: kind ?? '',
      ...(said === undefined || said === '' ? {} : { message: said }),
      start: line.startOf(match.index),
      index,
    });
    return true;
  }
  return false;
}

/** `heap-use-after-free`, `SEGV`, `data race`: with which a sanitizer's report starts. */
const kindOfReport = /^(?:[a-z]+(?:-[a-z]+)+|[A-Z]{3,8}|[a-z]+(?: [a-z]+){0,4}(?= \(pid=))(?= |$)/;

/** The title of a report whose first stack has a line of its own: `WARNING: ThreadSanitizer: data race (pid=1)`. */
function titleAbove(
  lines: TextLines,
  index: number,
  floor: number,
): { readonly type: string; readonly start: number; readonly index: number } | undefined {
  for (let at = index - 1; at >= Math.max(floor, index - 2); at--) {
    const line = lines.at(at);
    if (!line || lines.at(at + 1)?.opens) return undefined;
    const match = /(?:ERROR|WARNING): ((?:Thread|Leak)Sanitizer): (.*)$/.exec(line.text.slice(0, maxHeader));
    if (!match) continue;
    const type = kindOfReport.exec(match[2] ?? '')?.[0] ?? match[1] ?? '';
    return { type, start: line.startOf(match.index), index: at };
  }
  return undefined;
}

/** `  what():  no such object` */
function whatBelow(lines: TextLines, index: number, end: number): string | undefined {
  const text = index + 1 < end ? lines.at(index + 1)?.text : undefined;
  return text === undefined ? undefined : /what\(\): +(.*\S)/.exec(text.slice(0, maxHeader))?.[1];
}

/** No header is shorter. */
const minHeader = 'Sanitizer'.length;
const maxHeader = 1000;

/** `a.cc:3:12: runtime error: …`: one place, or the header of the stack below it. */
export const runtimeErrorTraces: TraceParser = {
  language: 'cpp',
  clues: clue.runtimeError,
  read: (lines, line, index) => runtimeError(lines, line, index),
};

function runtimeError(lines: TextLines, line: TextLine, index: number): ReadTraces | undefined {
  const at = line.text.indexOf(': runtime error: ');
  if (at === -1) return undefined;
  const match = /(?:^|\s)((?:[A-Za-z]:[\\/])?[^\s:]+):(\d{1,9}):(\d{1,9})$/.exec(
    line.text.slice(Math.max(0, at - 1000), at),
  );
  if (!match) return undefined;
  const file = match[1] ?? '';
  const start = at - `${file}:${match[2]}:${match[3]}`.length;
  if (!looksLikePrefix(line.text, start)) return undefined;
  const draft = new TraceDraft('cpp');
  draft.type = 'runtime error';
  draft.message = line.text.slice(at + ': runtime error: '.length).trim();
  const below = lines.at(index + 1);
  const frame = below && !below.opens ? cppFrameOn(below) : undefined;
  if (below && frame?.number === 0) {
    draft.startAt(line.startOf(start));
    const next = readFrames(lines, index + 1, below, frame, draft);
    return { draft, next };
  }
  draft.addFound(line, {
    start,
    end: at,
    function: undefined,
    module: undefined,
    file,
    line1: Number(match[2]),
    column1: Number(match[3]),
    readable: undefined,
    inApp: true,
  });
  draft.grow(line.endOf(line.text.trimEnd().length));
  return { draft, next: index + 1 };
}
