/**
 * Failures as pytest reports them: `--tb=long` (its own) shows the source of each function with its place below, the
 * shorter styles place and function above a line of source. What was raised stands behind an `E`.
 */

import type { TextLine, TextLines } from '../textLines.ts';
import type { Frame } from '../trace.ts';
import { clue } from './clues.ts';
import { type Header, maxMessageLength } from './header.ts';
import { looksLikePrefix, marginBefore } from './linePrefix.ts';
import { type FoundFrame, newFrame } from './newFrame.ts';
import { isInAppPython } from './pythonPath.ts';
import { TraceDraft } from './traceDraft.ts';
import type { ReadTraces, TraceParser } from './traceParser.ts';

export const pytestTraces: TraceParser = {
  language: 'python',
  clues: clue.report,
  read(lines, line, index, floor) {
    const place = placeOn(line.text);
    if (!place || !isOfReport(lines, index, floor, place)) return undefined;
    return new ReportReader(lines, place).read(index, floor);
  },
};

/** `src/load.py:44: KeyError` ends a report, `test/load.py:12: ` and `test/load.py:12: in test_load` lead on. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly file: string;
  readonly line1: number;
  readonly margin: number;
  readonly name: string | undefined;
  readonly type: string | undefined;
}

const ending = /\.py:(\d{1,9}):(?: in ([^\s(:]{1,200})| ((?:[A-Za-z_]\w{0,100}\.){0,16}[A-Z]\w{0,100})|) ?$/y;

function placeOn(text: string): Place | undefined {
  const at = text.lastIndexOf('.py:');
  if (at <= 0) return undefined;
  ending.lastIndex = at;
  const match = ending.exec(text);
  if (!match) return undefined;
  const [, digits = '', name, type] = match;
  let start = at;
  while (start > 0 && text.charCodeAt(start - 1) > 32) start--;
  if (start === at || !looksLikePrefix(text, start)) return undefined;
  const file = text.slice(start, at + '.py'.length);
  const end = at + '.py:'.length + digits.length;
  return { start, end, file, line1: Number(digits), margin: marginBefore(text, start), name, type };
}

/** Linters and warnings write places as well: of a report is what its own lines stand around. */
function isOfReport(lines: TextLines, index: number, floor: number, place: Place): boolean {
  if (place.type !== undefined) return raisedAbove(lines, index, floor, place.margin) !== undefined;
  const below = lines.at(index + 1);
  if (!below || below.opens) return false;
  if (place.name === undefined) return isSeparator(below.text, place.margin);
  for (let at = index + 1; at <= index + maxSource; at++) {
    const line = lines.at(at);
    if (!line || line.opens) return false;
    if (isRaised(line.text, place.margin) || placeOn(line.text)?.name !== undefined) return true;
    // A line of source.
    if (!line.text.startsWith('    ', place.margin)) return false;
  }
  return false;
}

/** How many lines of source the shorter styles show at most. */
const maxSource = 12;
/** How many lines a function has, or what is shown of its variables. */
const maxFunction = 400;
/** How far above its place what was raised is looked for, and where its function starts. */
const maxAbove = 100;
const maxDepth = 32;

/** `________ test_load ________` above the first function, `====== short test summary info ======` below the last. */
function isTitle(text: string, margin: number): boolean {
  return text.startsWith('___', margin) || text.startsWith('====', margin);
}

function isSeparator(text: string, margin: number): boolean {
  return text.startsWith('_ _ _ ', margin);
}

/** `E       KeyError: 'rows'` */
function isRaised(text: string, margin: number): boolean {
  return text.charCodeAt(margin) === 69 && text.startsWith('E   ', margin);
}

/** The last of the lines of what was raised, above its place. */
function raisedAbove(lines: TextLines, index: number, floor: number, margin: number): number | undefined {
  for (let at = index; at > Math.max(floor, index - maxAbove); at--) {
    if (lines.at(at)?.opens) return undefined;
    const above = lines.at(at - 1);
    if (!above || isSeparator(above.text, margin)) return undefined;
    if (isRaised(above.text, margin)) return at - 1;
    if (above.text.includes('.py:')) return undefined;
  }
  return undefined;
}

const definition = /(?:^| {4}|\t)(?:async )?def (\w{1,200})\s?[([]/;

/** The function that a line of source opens. */
function definedOn(text: string): string | undefined {
  return text.includes('def ') ? definition.exec(text)?.[1] : undefined;
}

const shortestChain = 'another exception occurred:';

/** Says that what was raised above led to what is raised below. */
function isChained(text: string): boolean {
  if (text.length < shortestChain.length) return false;
  return text.includes('direct cause of the following exception:') || text.includes(shortestChain);
}

const raisedType = /^((?:[A-Za-z_]\w{0,100}\.){0,16}[A-Z]\w{0,100})(?::(?=\s|$)|(?=\n|$))/;

class ReportReader {
  readonly #lines: TextLines;
  readonly #margin: number;
  /** Of the function whose source was shown last. */
  #name: string | undefined;
  /** What was raised, and how. */
  #raised: Header | undefined;

  /** Where the report was found. */
  readonly #found: Place;

  constructor(lines: TextLines, found: Place) {
    this.#lines = lines;
    this.#margin = found.margin;
    this.#found = found;
  }

  read(first: number, floor: number): ReadTraces {
    let from = this.#startOf(first, floor);
    let read = this.#readOne(from, first);
    for (let depth = 1; depth < maxDepth; depth++) {
      from = this.#chainedAfter(read.next);
      if (from === -1) break;
      const effect = this.#readOne(from, from, true);
      if (effect.draft.frames.length === 0) break;
      effect.draft.cause = read.draft;
      read = effect;
    }
    return read;
  }

  /** The line that the report starts on: of the function that the first place stands below, as far as it is shown. */
  #startOf(first: number, floor: number): number {
    let from = first;
    for (let at = first; at > Math.max(floor, first - maxAbove); at--) {
      const above = this.#lines.at(at - 1);
      if (!above || this.#lines.at(at)?.opens || isSeparator(above.text, this.#margin)) break;
      if (isTitle(above.text, this.#margin)) break;
      if (isChained(above.text)) break;
      if (definedOn(above.text) !== undefined || isRaised(above.text, this.#margin)) from = at - 1;
    }
    return from;
  }

  /** @param first where a place is known to be; lines above it are of its function */
  #readOne(from: number, first: number, isEffect = false): ReadTraces {
    const draft = new TraceDraft('python');
    /** In the order printed: outermost first. */
    const frames: Frame[] = [];
    let isShort = false;
    this.#name = undefined;
    this.#raised = undefined;
    let next = from;
    let quiet = 0;
    for (let index = from; quiet <= maxFunction; index++) {
      const line = this.#lines.at(index);
      if (!line || (line.opens && index > from)) break;
      const { text } = line;
      const place = index === first && !isEffect ? this.#found : placeOn(text);
      if (place) {
        frames.push(newFrame(line, frameAt(place, place.name ?? this.#name)));
        isShort = place.name !== undefined;
        next = index + 1;
        quiet = 0;
        if (place.type !== undefined) {
          this.#nameAs(place.type);
          break;
        }
        this.#name = undefined;
      } else if (isRaised(text, this.#margin)) {
        index = this.#readRaised(index, line);
        // Where the functions stand above their source, this is the last of it.
        if (isShort) {
          next = index + 1;
          break;
        }
      } else if (index > first && (isTitle(text, this.#margin) || isChained(text))) break;
      else {
        this.#name ??= definedOn(text);
        if (index === from) draft.startAt(line.startOf(text.length - text.slice(this.#margin).trimStart().length));
        quiet++;
      }
    }
    for (const frame of frames.toReversed()) draft.addFrame(frame);
    if (this.#raised) draft.name(this.#raised);
    this.#growOver(draft, next - 1);
    return { draft, next };
  }

  /** Reads all lines of what was raised. @returns the index of the last one */
  #readRaised(first: number, line: TextLine): number {
    const start = line.startOf(this.#margin);
    let message = '';
    let last = first;
    for (let index = first; ; index++) {
      const next = this.#lines.at(index);
      if (!next || (index > first && (next.opens || !isRaised(next.text, this.#margin)))) break;
      // Behind the mark and as many blanks as stand before the source.
      const text = next.text.slice(this.#margin + 1).trimEnd();
      if (message.length < maxMessageLength) message += index === first ? text.trimStart() : `\n${text.trimStart()}`;
      last = index;
    }
    const match = raisedType.exec(message);
    const type = match?.[1] ?? 'AssertionError';
    const said = message.slice(match?.[0].length ?? 0, maxMessageLength).trim();
    this.#raised = { type, ...(said === '' ? {} : { message: said }), start, index: first };
    return last;
  }

  /** The place says which type it was, where the message says none. */
  #nameAs(type: string): void {
    const raised = this.#raised;
    if (raised && raised.type === 'AssertionError' && type !== 'AssertionError') this.#raised = { ...raised, type };
  }

  #growOver(draft: TraceDraft, last: number): void {
    const line = this.#lines.at(last);
    if (line) draft.grow(line.endOf(line.text.trimEnd().length));
  }

  /** Where the report goes on whose cause ended before `index`; -1. */
  #chainedAfter(index: number): number {
    for (let at = index; at < index + 4; at++) {
      const line = this.#lines.at(at);
      if (!line || line.opens) return -1;
      if (isChained(line.text)) return at + 1;
    }
    return -1;
  }
}

function frameAt({ start, end, file, line1 }: Place, name: string | undefined): FoundFrame {
  const inApp = isInAppPython(file);
  return { start, end, function: name, module: undefined, file, line1, column1: undefined, readable: undefined, inApp };
}
