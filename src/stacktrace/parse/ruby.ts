/** Traces of Ruby: with the old quote and the one of 3.4, causes below, the last call first or (2.5 to 2.7) last. */

import type { TextLine, TextLines } from '../textLines.ts';
import { clue } from './clues.ts';
import { digitsEnd, isDigit, numberIn } from './characters.ts';
import { type Header, headerAbove } from './header.ts';
import { looksLikePrefix, marginBefore } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';
import { TraceDraft } from './traceDraft.ts';
import type { TraceParser } from './traceParser.ts';

export const rubyTraces: TraceParser = {
  language: 'ruby',
  clues: clue.ruby,
  read(lines, line, index, floor) {
    const frame = rubyFrameOn(line.text);
    if (!frame) return undefined;
    if (frame.isReversed) return readReversed(lines, index);
    const top = new TraceDraft('ruby');
    let draft = top;
    let read = readOne(lines, index, line, frame, draft);
    if (draft.type === undefined) {
      const header =
        railsHeader(lines, index, floor) ??
        loggerHeader(lines, index, floor) ??
        bareHeader(lines, index, floor, marginBefore(line.text, frame.start));
      if (header) draft.name(header);
    }
    for (let depth = 1; depth < maxDepth; depth++) {
      const below = lines.at(read.next);
      const cause = read.other;
      // A second line with a message: what the first error was raised from.
      if (!below || cause?.type === undefined || draft.type === undefined) break;
      draft.cause = new TraceDraft('ruby');
      draft = draft.cause;
      read = readOne(lines, read.next, below, cause, draft);
    }
    return { draft: top, next: read.next };
  },
};

const maxDepth = 64;
const maxMessageLines = 32;

interface RubyFrame extends FoundFrame {
  /** Of the line that starts a trace: its message and type. */
  readonly message: string | undefined;
  readonly type: string | undefined;
  readonly hasFrom: boolean;
  /** Numbered, as in traces that print the last call at the end. */
  readonly isReversed: boolean;
}

function isFrame({ text }: TextLine): boolean {
  return text.includes(':in ') && rubyFrameOn(text) !== undefined;
}

interface ReadOne {
  readonly next: number;
  /** The frame of another trace that stands on that line. */
  readonly other: RubyFrame | undefined;
}

function readOne(lines: TextLines, index: number, line: TextLine, first: RubyFrame, draft: TraceDraft): ReadOne {
  draft.addFound(line, first);
  let next = index + 1;
  let message = first.message;
  if (first.type !== undefined) {
    const margin = marginBefore(line.text, first.start);
    for (let below = index + 1; below <= index + maxMessageLines; below++) {
      const more = lines.at(below);
      if (!more || more.opens) break;
      const frame = more.text.includes(':in ') ? rubyFrameOn(more.text) : undefined;
      if (frame) {
        if (!frame.hasFrom) break;
        for (let at = index + 1; at < below; at++) message += `\n${lines.at(at)?.text.slice(margin) ?? ''}`;
        next = below;
        break;
      }
    }
    nameDraft(draft, line, first, message, index);
  }
  for (;;) {
    const below = lines.at(next);
    const frame = below && !below.opens ? rubyFrameOn(below.text) : undefined;
    const left = below && !frame && !below.opens ? levelsOn(below.text) : undefined;
    if (left !== undefined) {
      draft.leaveOut(left);
      next++;
      continue;
    }
    if (!below || !frame || frame.type !== undefined || frame.isReversed) return { next, other: frame };
    // In a trace that started with `from` lines, one without is another's.
    if (first.type !== undefined && !frame.hasFrom) return { next, other: frame };
    draft.addFound(below, frame);
    next++;
  }
}

/** `	 ... 10068 levels...`: of calls that went too deep. */
function levelsOn(text: string): number | undefined {
  const printed = text.includes(' levels...') ? /\s\.\.\. (\d{1,9}) levels\.\.\.\s*$/.exec(text)?.[1] : undefined;
  return printed === undefined ? undefined : Number(printed);
}

/** The header above bare frames; names of Ruby have colons of their own. */
function bareHeader(lines: TextLines, index: number, floor: number, margin: number): Header | undefined {
  const header = headerAbove(lines, index, floor, margin, isFrame);
  const line = header && lines.at(header.index);
  const match = line?.text.includes('::') ? spacedType.exec(line.text.slice(0, maxHeaderLength)) : null;
  if (header && line && !match) return withoutBrackets(header, line);
  if (!header || !line || !match) return header;
  const [whole, type = '', said = ''] = match;
  const start = line.startOf(match.index + whole.indexOf(type));
  if (start > header.start && /(?:Error|Exception)$/.test(header.type)) return header;
  const newline = header.message?.indexOf('\n') ?? -1;
  const message = (newline === -1 ? said : `${said}${header.message?.slice(newline) ?? ''}`).trim();
  return message === '' ? { type, start, index: header.index } : { type, message, start, index: header.index };
}

/** `#<NoMethodError: undefined method 'x' for nil>`, as `inspect` has it. */
function withoutBrackets(header: Header, { text }: TextLine): Header {
  const isInspected = header.message?.endsWith('>') && text.includes(`#<${header.type}: `);
  return isInspected ? { ...header, message: header.message?.slice(0, -1) ?? '' } : header;
}

const maxHeaderLength = 2400;
const spacedType = /(?:^|\s)((?:[A-Z]\w{0,80}::){1,8}[A-Z]\w{0,80})(?:: (.*))?$/;

/** `ActiveRecord::StatementInvalid (no such table):` and a blank line above a bare backtrace. */
function railsHeader(lines: TextLines, first: number, floor: number): Header | undefined {
  for (let index = first - 1; index >= Math.max(floor, first - 3); index--) {
    const line = lines.at(index);
    if (!line || lines.at(index + 1)?.opens) return undefined;
    const match = /(?:^|[ ])([A-Z]\w*(?:::[A-Z]\w*)*) \((.{0,2000})\):\s*$/.exec(line.text.slice(0, 2400));
    if (!match) continue;
    const [whole, type = '', message = ''] = match;
    const start = line.startOf(match.index + whole.indexOf(type));
    return { type, ...(message === '' ? {} : { message }), start, index };
  }
  return undefined;
}

/** `E, [2026-11-23T10:00:00.000000 #4711] ERROR -- : bad value (ArgumentError)` right above a bare backtrace. */
function loggerHeader(lines: TextLines, first: number, floor: number): Header | undefined {
  const index = first - 1;
  const line = index >= floor && !lines.at(first)?.opens ? lines.at(index) : undefined;
  if (!line) return undefined;
  const { text } = line;
  const from = Math.max(0, text.length - maxTypeLength);
  const match = / \(([A-Z]\w*(?:::[A-Z]\w*)*)\)\s*$/.exec(text.slice(from));
  const type = match?.[1];
  if (!match || type === undefined) return undefined;
  // The program's name may stand between the dashes and the colon.
  const dashes = text.indexOf(' -- ');
  const colon = dashes === -1 ? -1 : text.indexOf(': ', dashes);
  if (colon === -1 && !/(?:Error|Exception)$/.test(type)) return undefined;
  const start = colon === -1 ? text.length - text.trimStart().length : colon + 2;
  return { type, message: text.slice(start, from + match.index), start: line.startOf(start), index };
}

const maxTypeLength = 200;

function nameDraft(draft: TraceDraft, line: TextLine, frame: RubyFrame, said: string | undefined, index: number): void {
  const message = said?.trimEnd() ?? '';
  draft.name({
    type: frame.type ?? '',
    ...(message === '' ? {} : { message }),
    start: line.startOf(frame.start),
    index,
  });
}

/** `	2: from a.rb:9:in …`, counting down to the line with the message. */
function readReversed(lines: TextLines, first: number): ReturnType<TraceParser['read']> {
  const draft = new TraceDraft('ruby');
  const found: { line: TextLine; frame: RubyFrame; index: number }[] = [];
  let next = first;
  for (;;) {
    const line = lines.at(next);
    const frame = line && (next === first || !line.opens) ? rubyFrameOn(line.text) : undefined;
    if (!line || !frame) break;
    found.push({ line, frame, index: next });
    next++;
    if (!frame.isReversed) break;
  }
  for (const { line, frame, index } of found.toReversed()) {
    draft.addFound(line, frame);
    if (frame.type !== undefined) nameDraft(draft, line, frame, frame.message, index);
  }
  return { draft, next };
}

/** `a.rb:3:in 'Loader#read': bad (ArgumentError)`, `	from a.rb:9:in `<main>'`. */
function rubyFrameOn(text: string): RubyFrame | undefined {
  const at = text.indexOf(':in ');
  const quote = text.charCodeAt(at + 4);
  if (at === -1 || (quote !== 96 && quote !== 39)) return undefined;
  let digits = at;
  while (digits > 0 && isDigit(text.charCodeAt(digits - 1))) digits--;
  const line1 = numberIn(text, digits, at);
  if (line1 === -1 || text.charCodeAt(digits - 1) !== 58) return undefined;
  const fileStart = startOfFile(text, digits - 1);
  const file = text.slice(fileStart, digits - 1);
  // RSpec writes `# ` before each.
  const isAfterWord = text.startsWith('from ', fileStart - 5) || text.startsWith('# ', fileStart - 2);
  if (file === '' || (!isAfterWord && !looksLikePrefix(text, fileStart))) return undefined;
  const close = text.indexOf("'", at + 5);
  if (close === -1) return undefined;
  const hasFrom = text.startsWith('from ', fileStart - 5);
  const start = hasFrom ? fileStart - 5 : fileStart;
  const name = text.slice(at + 5, close);
  const said = text.startsWith(': ', close + 1) ? /^(.*) \(([A-Z][\w:]*)\)\s*$/.exec(text.slice(close + 3)) : null;
  return {
    start,
    end: close + 1,
    function: name,
    module: undefined,
    file,
    line1,
    column1: undefined,
    readable: readableRubyName(name),
    inApp: isRubyInApp(file),
    message: said?.[1],
    type: said?.[2],
    hasFrom,
    isReversed: hasFrom && isNumbered(text, fileStart - 5),
  };
}

/** After the last blank, unless the file is `(eval at /srv/a.rb:1)` or `(irb)`. */
function startOfFile(text: string, end: number): number {
  if (text.charCodeAt(end - 1) === 41) {
    const evaluated = Math.max(
      text.lastIndexOf('(eval', end),
      text.lastIndexOf('(irb', end),
      text.lastIndexOf('(pry', end),
    );
    if (evaluated !== -1) return evaluated;
  }
  let at = end;
  while (at > 0 && !endsBeforeFile(text.charCodeAt(at - 1))) at--;
  // A log's quote or bracket is no part of the file.
  while (at < end && /["'[(]/.test(text[at] ?? '')) at++;
  return at;
}

/** A blank, or the quote of a string that the frame stands in: no path has one. */
function endsBeforeFile(unit: number): boolean {
  return unit === 32 || unit === 9 || unit === 34;
}

function isNumbered(text: string, from: number): boolean {
  const colon = text.lastIndexOf(': ', from);
  return (
    colon !== -1 && colon === from - 2 && isDigit(text.charCodeAt(colon - 1)) && digitsEnd(text, colon - 1) === colon
  );
}

/** The method that a block or a `rescue` stands in. */
function readableRubyName(name: string): string {
  return name.includes(' in ') ? name.replace(/^(?:(?:block(?: \(\d+ levels\))?|rescue|ensure) in )+/, '') : name;
}

/** Ruby's own library, gems, and code that is in no file. */
const foreign =
  /^<internal:|^\((?:eval|irb|pry)|^-e$|[/\\](?:gems|rubygems|bundler)[/\\]|[/\\]lib[/\\]ruby[/\\]|[/\\]vendor[/\\]bundle[/\\]/;

export function isRubyInApp(file: string): boolean {
  return !foreign.test(file);
}
