/** Stacks of valgrind's tools: `==4711==    at 0x4011F6: acme::read(int) (load.cc:12)`, and what is said above each. */

import { clue } from './clues.ts';
import { isHexDigit, trimmedLength } from './characters.ts';
import { frameOf, placeIn } from './cppFrame.ts';
import type { FoundFrame } from './newFrame.ts';
import type { TextLine, TextLines } from '../textLines.ts';
import { TraceDraft } from './traceDraft.ts';
import type { TraceParser } from './traceParser.ts';

export const valgrindTraces: TraceParser = {
  language: 'cpp',
  clues: clue.address,
  read(lines, line, index, floor) {
    const first = frameOn(line, 'at 0x');
    if (!first) return undefined;
    const draft = new TraceDraft('cpp');
    nameFromAbove(lines, index, floor, draft);
    draft.addFound(line, first);
    for (let next = index + 1; ; next++) {
      const below = lines.at(next);
      const frame = below && !below.opens ? frameOn(below, 'by 0x') : undefined;
      if (!below || !frame) return { draft, next };
      draft.addFound(below, frame);
    }
  },
};

/** Before each line of valgrind's; perhaps with the time. */
const prefix = /==(?:[\d:.]{1,30} )?\d{1,10}== /;
const maxPrefix = 60;

function frameOn(line: TextLine, opening: 'at 0x' | 'by 0x'): FoundFrame | undefined {
  const { text } = line;
  const start = text.indexOf(opening);
  if (start === -1) return undefined;
  let colon = start + opening.length;
  while (isHexDigit(text.charCodeAt(colon))) colon++;
  if (colon === start + opening.length || text.charCodeAt(colon) !== 58 || text.charCodeAt(colon + 1) !== 32) {
    return undefined;
  }
  const before = text.slice(Math.max(0, start - maxPrefix), start);
  const marked = prefix.exec(before);
  if (!marked || before.slice(marked.index + marked[0].length).trim() !== '') return undefined;
  const from = colon + 2;
  const end = trimmedLength(text);
  const open = text.charCodeAt(end - 1) === 41 ? text.lastIndexOf(' (', end) : -1;
  const isLibrary = open >= from && text.startsWith('in ', open + 2);
  const binary = isLibrary ? text.slice(open + 5, end - 1) : undefined;
  const place = open >= from && !isLibrary ? placeIn(line, open + 2, end - 1) : undefined;
  const nameEnd = place || isLibrary ? open : end;
  const isUnknown = nameEnd - from === 3 && text.startsWith('???', from);
  const found = frameOf(line, start, end, undefined, from, isUnknown ? from : nameEnd, place, binary);
  const { file, function: name } = found;
  const isForeign = file !== undefined && (foreignFile.test(file) || (systemCall.test(file) && file === `${name}.c`));
  return { ...found, inApp: found.inApp && !isForeign };
}

/** Files of the C library and of valgrind, of which only the names are printed. */
const foreignFile =
  /^(?:vg_[\w-]+\.[ch]|(?:dl|rtld|libc)[-_][\w-]+\.[ch]|rtld\.c|(?:pthread|sem|tpp)_\w+\.[ch]|allocatestack\.c|(?:nptl|cxa_)\w*\.c|[\w.-]+\.S)$/;

/** Calls into the system, each in a file of its own. */
const systemCall =
  /^(?:open|open64|close|read|write|readv|writev|pread64|pwrite64|poll|select|epoll_wait|send|sendto|sendmsg|recv|recvfrom|recvmsg|accept4?|connect|fsync|fdatasync|msync|ioctl|nanosleep|clock_nanosleep|wait4|waitpid)\.c$/;

/** What is said in a line of its own, one blank behind the mark; and the words that name the failure. */
const titles: readonly RegExp[] = [
  /^(?<type>Invalid (?:read|write)) (?<message>of size .*)$/,
  /^(?<type>(?:Invalid|Mismatched) free)(?<message>\(\) .*)$/,
  /^(?<message>(?:Conditional jump or move depends on|Use of) (?<type>uninitialised value).*)$/,
  /^(?<message>Syscall param .* (?:(?:points to|contains) (?<type>un\w+ byte)).*)$/,
  /^(?<message>[\d,]+ (?:\([^)]*\) )?bytes in [\d,]+ blocks are (?<type>(?:definitely|indirectly|possibly) lost|still reachable).*)$/,
  /^(?<message>Process terminating with default action of signal \d+ \((?<type>SIG\w+)\).*)$/,
  /^(?<type>Possible data race) (?<message>during .*)$/,
  /^(?<type>Source and destination overlap) (?<message>in .*)$/,
  /^(?<type>Jump to the invalid address)(?<message> .*)$/,
];

const maxTitle = 400;

/** What valgrind says on a line, from which column on; `undefined` for other lines. */
function saidOn(line: TextLine | undefined): { readonly text: string; readonly column: number } | undefined {
  const marked = line && prefix.exec(line.text.slice(0, maxTitle));
  if (!line || !marked) return undefined;
  const column = marked.index + marked[0].length;
  return { text: line.text.slice(column, maxTitle).trimEnd(), column };
}

/**
 * The title of a report, with its thread; where the line above is indented, it says what else belongs to the report: where
 * memory was allocated or freed.
 */
function nameFromAbove(lines: TextLines, first: number, floor: number, draft: TraceDraft): void {
  // Helgrind: what the thread held stands in between.
  const isHeld = first - 1 > floor && /^ ?Locks held: /.test(saidOn(lines.at(first - 1))?.text ?? '');
  const at = isHeld && !lines.at(first - 1)?.opens ? first - 2 : first - 1;
  const said = at >= floor && !lines.at(first)?.opens ? saidOn(lines.at(at)) : undefined;
  const line = lines.at(at);
  if (!said || !line || said.text === '' || frameOn(line, 'at 0x')) return;
  if (!said.text.startsWith(' ')) {
    nameBy(said.text, line.startOf(said.column), at, draft);
    threadAbove(lines, at, floor, draft);
    return;
  }
  // `Process terminating …`, and how the access failed.
  const above = at > floor && !line.opens ? lines.at(at - 1) : undefined;
  const title = saidOn(above);
  if (above && title?.text.startsWith('Process terminating ')) {
    nameBy(`${title.text}: ${said.text.trim()}`, above.startOf(title.column), at - 1, draft);
    return;
  }
  draft.message = said.text.trim();
}

function nameBy(text: string, start: number, index: number, draft: TraceDraft): void {
  for (const title of titles) {
    const { type, message = '' } = title.exec(text)?.groups ?? {};
    if (type === undefined) continue;
    const said = message.trim();
    draft.name({ type, ...(said === '' ? {} : { message: said }), start, index });
    return;
  }
  draft.message = text;
}

function threadAbove(lines: TextLines, index: number, floor: number, draft: TraceDraft): void {
  const above = index > floor && !lines.at(index)?.opens ? saidOn(lines.at(index - 1)) : undefined;
  const thread = above && /^(Thread \d+.*):$/.exec(above.text)?.[1];
  if (thread !== undefined) draft.thread = thread;
}
