/**
 * Stacks that structured logs hold as an array of objects, one a frame: `"stack":[{"func":"load","line":"44","source":"load.go"}]`,
 * `"frames":[{"filename":"/srv/load.py","lineno":44,"name":"load"}]`.
 */

import { maxMessageLength } from './header.ts';
import { opensStackArray } from '../escapedText.ts';
import type { TextLine, TextLines } from '../textLines.ts';
import { clue } from './clues.ts';
import { framedBy, type JsonFrame, languageOfFile } from './jsonFrame.ts';
import { JsonCursor, lineEnd, textOf } from './jsonCursor.ts';
import { raisedBefore } from './jsonRaised.ts';
import { marginBefore } from './linePrefix.ts';
import { TraceDraft } from './traceDraft.ts';
import type { ReadTraces, TraceParser } from './traceParser.ts';

export const jsonFramesTraces: TraceParser = {
  // What the first array's files say; each has its own.
  language: 'python',
  clues: clue.frames,
  read(lines, line, index, floor) {
    const found: Found[] = [];
    let next = index + 1;
    /** Where the array before this one ended. */
    let behind = line.from;
    const end = lineEnd(line);
    for (let at = arrayOn(line, line.from, end); at !== -1 && found.length < maxArrays; ) {
      const margin = marginBefore(line.text, Math.max(0, at - line.from - maxNameStart));
      const cursor = new JsonCursor(lines, line, index, at + 1, end, at + 1 < end ? 0 : margin);
      const one = readArray(lines, line, index, at, floor, end, behind, cursor);
      if (one) found.push(one);
      if (one) behind = cursor.at;
      next = Math.max(next, one ? cursor.index + 1 : next);
      if (cursor.index > index) break;
      at = arrayOn(line, Math.max(at + 1, cursor.at), end);
    }
    return found.length === 0 ? undefined : tracesOf(found, next);
  },
};

const maxNameStart = 24;
/** Of one line: they are held together. */
const maxArrays = 256;

interface Found {
  readonly draft: TraceDraft;
  /** Whether it is named by what structlog writes, which puts a cause behind what came of it. */
  readonly isOfChain: boolean;
}

function tracesOf(found: readonly Found[], next: number): ReadTraces {
  const tops: TraceDraft[] = [];
  let last: Found | undefined;
  for (const one of found) {
    if (last?.isOfChain && one.isOfChain && last.draft.language === one.draft.language) last.draft.cause = one.draft;
    else tops.push(one.draft);
    last = one;
  }
  const [draft, ...beside] = tops;
  // `found` is not empty, and its first one is a top.
  if (!draft) throw new TypeError('no trace was found');
  return beside.length === 0 ? { draft, next } : { draft, next, beside };
}

/** Where on a line an array opens whose name says that it holds frames; -1. */
function arrayOn({ chars }: TextLine, start: number, end: number): number {
  for (let at = chars.indexOf('[', start); at !== -1 && at < end; at = chars.indexOf('[', at + 1)) {
    if (opensStackArray(chars, at) && holdsObjects(chars, at + 1, end)) return at;
  }
  return -1;
}

/** An object right behind the bracket, or on the next line. */
function holdsObjects(chars: string, from: number, end: number): boolean {
  let at = from;
  while (at < end && chars.charCodeAt(at) === 32) at++;
  return at >= end || chars.charCodeAt(at) === 123;
}

function readArray(
  lines: TextLines,
  line: TextLine,
  index: number,
  bracket: number,
  floor: number,
  end: number,
  behind: number,
  cursor: JsonCursor,
): Found | undefined {
  const frames: JsonFrame[] = [];
  for (let unit = cursor.next(); unit === 123 || unit === 44; unit = cursor.next()) {
    if (unit === 44) {
      cursor.at++;
      continue;
    }
    const frame = readFrame(cursor);
    if (!frame) break;
    frames.push(frame);
  }
  const language = frames
    .map(({ file }) => (file ? languageOfFile(textOf(file)) : undefined))
    .find((one) => one !== undefined);
  if (language === undefined || !frames.some(({ line1 }) => line1 !== undefined)) return undefined;
  const raised = raisedBefore(lines, line, index, bracket, floor, behind);
  const draft = new TraceDraft(language, raised?.header);
  // Those that count frames from the outermost call call them so: structlog, Sentry, Rollbar.
  const isOutermostFirst = line.chars.slice(Math.max(line.from, bracket - 10), bracket).includes('rames"');
  for (const frame of isOutermostFirst ? frames.toReversed() : frames) draft.addFrame(framedBy(frame, language));
  // All that the trace is told by: its array's name, up to the bracket that closes it.
  draft.startAt(line.startOf(Math.max(line.from, line.chars.lastIndexOf('"', bracket - 4)) - line.from));
  if (cursor.next() === 93) {
    draft.grow(cursor.line.endOf(cursor.at + 1 - cursor.line.from));
    if (!raised && cursor.line === line) nameByError(cursor, draft, end);
  }
  return { draft, isOfChain: raised?.isOfChain === true };
}

/** zerolog: what failed stands behind the stack. */
function nameByError(cursor: JsonCursor, draft: TraceDraft, end: number): void {
  const { line } = cursor;
  const start = cursor.at + 1;
  const name = ',"error":';
  if (!line.chars.startsWith(`${name}"`, start) || start + name.length >= end) return;
  cursor.at = start + name.length;
  const said = cursor.string();
  const message = said && textOf(said).slice(0, maxMessageLength).trim();
  if (said && message !== undefined && message !== '') {
    draft.message = message;
    draft.grow(line.endOf(said.to + 1 - line.from));
  }
}

/** The members of one frame that tell a place; what else there is must stand behind them where it is no plain value. */
function readFrame(cursor: JsonCursor): JsonFrame | undefined {
  const frame: { -readonly [Key in keyof JsonFrame]: JsonFrame[Key] } = { start: undefined, end: undefined };
  cursor.at++;
  for (let unit = cursor.next(); unit !== 125; unit = cursor.next()) {
    if (unit === 44) {
      cursor.at++;
      continue;
    }
    const nameFrom = cursor.at;
    const name = unit === 34 ? cursor.string() : undefined;
    if (!name || cursor.next() !== 58) return undefined;
    cursor.at++;
    const value = cursor.next();
    if (value === 123 || value === 91) {
      // What is passed over must not be looked at again: only where there is a frame in any case.
      if (!isPlaced(frame)) return undefined;
      if (!cursor.skip()) return frame;
      continue;
    }
    const span = value === 34 ? cursor.string() : value === -1 ? undefined : cursor.scalar();
    if (!span) return undefined;
    const slot = slotOf.get(name.line.chars.slice(name.from, Math.min(name.to, name.from + maxNameStart)));
    if (slot === undefined) continue;
    frame.start ??= { line: name.line, index: name.index, from: nameFrom, to: name.to };
    frame.end = { line: span.line, index: span.index, from: span.from, to: cursor.at };
    if (slot === 'line1' || slot === 'column1') {
      const printed = Number(span.line.chars.slice(span.from, Math.min(span.to, span.from + 12)));
      if (Number.isInteger(printed) && printed > 0) frame[slot] = printed;
    } else if (slot === 'inApp') {
      const said = span.line.chars.slice(span.from, span.to);
      if (said === 'true' || said === 'false') frame.inApp = said === 'true';
    } else if (value === 34 && span.to > span.from && span.to - span.from <= maxValue) frame[slot] ??= span;
  }
  cursor.at++;
  return frame.file !== undefined || (frame.function !== undefined && frame.module !== undefined) ? frame : undefined;
}

function isPlaced({ file, line1 }: JsonFrame): boolean {
  return file !== undefined && line1 !== undefined && languageOfFile(textOf(file)) !== undefined;
}

const maxValue = 2000;

/** What loggers call the parts of a frame. */
const slotOf = new Map<string, 'file' | 'line1' | 'column1' | 'function' | 'module' | 'inApp'>([
  ...['filename', 'file', 'fileName', 'file_name', 'source', 'path', 'abs_path'].map((name) => [name, 'file'] as const),
  ...['lineno', 'line', 'lineNumber', 'line_number', 'lineNo'].map((name) => [name, 'line1'] as const),
  ...['colno', 'column', 'columnNumber', 'column_number', 'colNo'].map((name) => [name, 'column1'] as const),
  ...['func', 'function', 'name', 'method', 'methodName', 'function_name'].map((name) => [name, 'function'] as const),
  ...['class', 'className', 'declaringClass', 'module'].map((name) => [name, 'module'] as const),
  ...['in_app', 'inApp', 'inProject'].map((name) => [name, 'inApp'] as const),
]);
