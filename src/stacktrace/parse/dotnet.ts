/** Traces of .NET and Mono, in whatever language the system speaks: inner exceptions, aggregates, async boundaries. */

import type { TextLine, TextLines } from '../textLines.ts';
import { clue } from './clues.ts';
import { dotnetFrameOn } from './dotnetFrame.ts';
import { type Header, headerAbove, headerOn, maxMessageLength, shortestErrorName, withMessage } from './header.ts';
import { marginBefore } from './linePrefix.ts';
import { newFrame } from './newFrame.ts';
import { TraceDraft } from './traceDraft.ts';
import type { ReadTraces, TraceParser } from './traceParser.ts';

export const dotnetTraces: TraceParser = {
  language: 'dotnet',
  clues: clue.call | clue.dotnet,
  read(lines, line, index, floor) {
    if (isSurelyAlone(lines, line, index, floor)) return undefined;
    const frame = dotnetFrameOn(line);
    if (!frame) return undefined;
    const margin = marginBefore(line.text, frame.start);
    // Prose may end in a call: a line alone, without a file, needs an exception right above.
    const overflow = overflowAbove(lines, index, floor);
    if (overflow) {
      const draft = new TraceDraft('dotnet', overflow.header);
      return readFrames(lines, index, margin, frame.word, [draft], overflow);
    }
    const isAlone = frame.line1 === undefined && !goesOn(lines.at(index + 1), frame.word);
    if (isAlone && (index === floor || !isHeader(lines.at(index - 1), index - 1))) return undefined;
    const first = frame.word === 'at' ? index : firstFrame(lines, index, floor, frame.word);
    const chain = testFailure(lines, first, floor) ?? outermostHeader(lines, first, floor, margin);
    const drafts = chain instanceof TraceDraft ? [chain] : chainOf(chain, lines.at(first) ?? line);
    return readFrames(lines, first, margin, frame.word, drafts);
  },
};

/**
 * A call without a file, with no line above or below that could make a trace of it: told before the call is read, and only
 * where `isAlone` would tell the same behind that.
 */
function isSurelyAlone(lines: TextLines, line: TextLine, index: number, floor: number): boolean {
  const below = lines.at(index + 1);
  if (below && !below.opens && below.text !== '') return false;
  const above = index === floor ? undefined : lines.at(index - 1);
  return (above === undefined || above.text.length < shortestErrorName) && !line.text.includes(':');
}

const rule = /(?:^|\s)-{20,}\s*$/;
const repeated = /Repeat(?:ed)? (\d{1,9}) times:\s*$/;

function isRule(line: TextLine | undefined): boolean {
  if (line === undefined || line.opens || line.text.length < minRule) return false;
  return line.text.includes('------') && rule.test(line.text);
}

const minRule = 20;

/** How often what stands between two rules was called, as the line above the first of them says. */
function timesAbove(lines: TextLines, index: number): number | undefined {
  const line = isRule(lines.at(index)) ? lines.at(index - 1) : undefined;
  const printed = line?.text.includes('Repeat') ? repeated.exec(line.text)?.[1] : undefined;
  return printed === undefined ? undefined : Number(printed);
}

interface Overflow {
  readonly header: Header;
  /** How often the first frame was called. */
  readonly times: number | undefined;
}

/** `Stack overflow.` above the first frame, and perhaps how often it was called. */
function overflowAbove(lines: TextLines, first: number, floor: number): Overflow | undefined {
  if (first === floor || lines.at(first)?.opens) return undefined;
  const times = timesAbove(lines, first - 1);
  const index = times === undefined ? first - 1 : first - 3;
  const line = index < floor ? undefined : lines.at(index);
  if (!line || line.text.length < overflowed.length) return undefined;
  const start = /Stack overflow\.?\s*$/.test(line.text.slice(-40)) ? line.text.lastIndexOf(overflowed) : -1;
  return start !== -1 ? { header: { type: overflowed, start: line.startOf(start), index }, times } : undefined;
}

const overflowed = 'Stack overflow';

/** `Stack Trace:` right above the first frame, and above that what `dotnet test` says of a failed test. */
function testFailure(lines: TextLines, first: number, floor: number): TraceDraft | undefined {
  const above = first > floor && !lines.at(first)?.opens ? lines.at(first - 1) : undefined;
  if (!above?.text.trimEnd().endsWith(stackTrace)) return undefined;
  const margin = marginBefore(above.text, above.text.lastIndexOf(stackTrace));
  const said: string[] = [];
  for (let index = first - 2; index >= Math.max(floor, first - maxSaid); index--) {
    const line = lines.at(index);
    if (!line || lines.at(index + 1)?.opens) return undefined;
    const at = line.text.indexOf(errorMessage);
    if (at === -1) {
      said.push(line.text.slice(margin).trimEnd());
      continue;
    }
    const message = said.toReversed().join('\n').trim();
    const type = /^([A-Za-z_][\w.`+]{0,300}) : ?/.exec(message);
    const draft = new TraceDraft('dotnet');
    draft.type = type?.[1];
    const rest = message.slice(type?.[0].length ?? 0, maxMessageLength);
    draft.message = rest === '' ? undefined : rest;
    draft.startAt(line.startOf(at));
    return draft;
  }
  return undefined;
}

const stackTrace = 'Stack Trace:';
const errorMessage = 'Error Message:';
const maxSaid = 66;

/** In other languages only a file tells a frame: those without one may stand above. */
function firstFrame(lines: TextLines, index: number, floor: number, word: string): number {
  let first = index;
  while (first > floor && index - first < maxUnplaced && !lines.at(first)?.opens) {
    const above = lines.at(first - 1);
    if (!above || !dotnetFrameOn(above, word)) break;
    first--;
  }
  return first;
}

const maxUnplaced = 64;

function goesOn(below: TextLine | undefined, word: string): boolean {
  if (!below || below.opens || below.text === '') return false;
  return dotnetFrameOn(below, word) !== undefined || isSeparator(below.text);
}

function isHeader(above: TextLine | undefined, index: number): boolean {
  if (above === undefined || above.text.length < shortestErrorName) return false;
  return /(?:Exception|Error)\b/.test(above.text) && headerOn(above, index, 0) !== undefined;
}

/** The header that names the first exception: the ones nearer to the frames are those of inner exceptions. */
function outermostHeader(lines: TextLines, first: number, floor: number, margin: number): Header | undefined {
  const isFrame = (line: TextLine): boolean => dotnetFrameOn(line) !== undefined;
  let header = announced(lines, headerAbove(lines, first, floor, margin, isFrame), first, margin);
  for (let depth = 0; header && depth < maxDepth; depth++) {
    const text = lines.at(header.index)?.text ?? '';
    const mark = /---> (?:\(Inner Exception #\d+\) )?$/.exec(text.slice(0, text.indexOf(header.type)));
    const outer = mark && headerAbove(lines, header.index, floor, margin, isFrame);
    if (!outer) return header;
    header = {
      ...outer,
      message: `${outer.message ?? ''} ---> ${header.type}${header.message === undefined ? '' : `: ${header.message}`}`,
    };
  }
  return header;
}

/** `Unhandled Exception: System.Exception: …`: the announcement has the form of a type. */
function announced(lines: TextLines, header: Header | undefined, first: number, margin: number): Header | undefined {
  const line = header?.type === 'Exception' ? lines.at(header.index) : undefined;
  const at = line?.text.indexOf('Unhandled Exception: ') ?? -1;
  const own =
    header && line && at !== -1 ? headerOn(line, header.index, at + 'Unhandled Exception: '.length) : undefined;
  return own ? withMessage(lines, own, first, margin) : header;
}

/** `---> ` before each inner exception; aggregates number theirs. */
const innerMark = /---> (?:\(Inner Exception #\d+\) )?/;

/** The exceptions that the header names, outermost first. */
function chainOf(header: Header | undefined, line: TextLine): TraceDraft[] {
  const outer = new TraceDraft('dotnet');
  if (!header) {
    outer.startAt(line.startOf(0));
    return [outer];
  }
  const chain: TraceDraft[] = [];
  for (const part of `${header.type}: ${header.message ?? ''}`.split(innerMark).slice(0, maxDepth)) {
    const [, type = '', message = ''] = /^([\w.`+[\]]+)(?:: ?([^]*))?$/.exec(part.trim()) ?? [];
    const draft = new TraceDraft('dotnet');
    const said = message.trim();
    draft.name({
      type: type === '' ? part.trim() : type,
      ...(said === '' ? {} : { message: said }),
      start: header.start,
      index: header.index,
    });
    chain.push(draft);
  }
  return chain.length === 0 ? [outer] : chain;
}

const maxDepth = 64;
/** `--- End of inner exception stack trace ---` and the line of an async boundary, in any language. */
const separator = /^\s*--- .{3,120} ---\s*$/;
/** `---> (Inner Exception #1) System.Exception: …`, behind the first one's frames. */
const memberOn = /^\s*---> \(Inner Exception #(\d+)\) ([\w.`+[\]]+)(?:: ?(.*))?$/;

/** Most lines have no dashes. */
function isSeparator(text: string): boolean {
  return text.includes('--- ') && separator.test(text);
}

const boundary =
  /previous location|vorherig|vorhergehend|précédent|anterior|precedente|предыдущ|以前|直前|上一位置|이전/i;

function readFrames(
  lines: TextLines,
  first: number,
  margin: number,
  word: string,
  chain: TraceDraft[],
  overflow?: Overflow,
): ReadTraces {
  const [top = new TraceDraft('dotnet')] = chain;
  for (const [index, draft] of chain.entries()) draft.cause = chain[index + 1];
  let open = [...chain];
  let frames = 0;
  let next = first;
  for (let index = first; ; index++) {
    const line = lines.at(index);
    if (!line || (index > first && line.opens)) break;
    const frame = dotnetFrameOn(line, word) ?? (index === first ? dotnetFrameOn(line) : undefined);
    if (frame) {
      const times = overflow && (index === first ? overflow.times : timesAbove(lines, index - 1));
      const found = newFrame(line, frame);
      // What was called in turn is not told apart.
      open.at(-1)?.addFrame(times !== undefined && isRule(lines.at(index + 1)) ? { ...found, repeated: times } : found);
      frames++;
      next = index + 1;
      if (frame.end < line.text.length && line.text.includes('<---', frame.end)) open = [top];
      continue;
    }
    // Rules around the frames of an overflow that were called again and again.
    if (overflow && (isRule(line) || (isRule(lines.at(index + 1)) && repeated.test(line.text)))) continue;
    const text = line.text.slice(Math.min(margin, line.text.length));
    if (isSeparator(text)) {
      if (open.length > 1 && !boundary.test(text)) open.pop();
      next = index + 1;
      continue;
    }
    const member = text.includes('---> (') ? memberOn.exec(text) : null;
    if (member && frames > 0) {
      const draft = new TraceDraft('dotnet');
      const message = (member[3] ?? '').replace(/<---\s*$/, '').trim();
      draft.name({
        type: member[2] ?? '',
        ...(message === '' ? {} : { message }),
        start: line.startOf(line.text.length - text.length),
        index,
      });
      top.addMember(draft);
      open = [top, draft];
      next = index + 1;
      continue;
    }
    if (text.trim() === '<---') {
      open = [top];
      next = index + 1;
      continue;
    }
    break;
  }
  return { draft: top, next };
}
