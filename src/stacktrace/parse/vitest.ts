/** Failures as Vitest reports them: ` ❯ Loader.load src/load.ts:12:18`, the source of the first one below it. */

import type { TextLine, TextLines } from '../textLines.ts';
import { isBlank, isDigit, numberIn, trimmedLength } from './characters.ts';
import { clue } from './clues.ts';
import { headerAbove, headerOn } from './header.ts';
import { decodeFile, isInApp } from './javascriptFrame.ts';
import { indentOf, looksLikePrefix, marginBefore } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';
import { TraceDraft } from './traceDraft.ts';
import type { TraceParser } from './traceParser.ts';

export const vitestTraces: TraceParser = {
  language: 'javascript',
  clues: clue.report,
  read(lines, line, index, floor) {
    const first = frameOn(line.text);
    if (!first) return undefined;
    const margin = marginBefore(line.text, first.start - mark.length);
    const draft = new TraceDraft('javascript', headerAbove(lines, index, floor, margin, isFrame));
    draft.addFound(line, first);
    let current = draft;
    let next = readFrames(lines, index + 1, draft);
    for (let depth = 0; ; next = readFrames(lines, next, current)) {
      const cause = depth++ < maxDepth ? causeBelow(lines, next, margin) : undefined;
      if (!cause) return { draft, next };
      current.cause = cause.draft;
      current = cause.draft;
      next = cause.next;
    }
  },
};

const mark = '❯ ';
const maxDepth = 32;
/** Of the source around the first frame, which may stand between it and the next one. */
const maxSource = 12;

function isFrame({ text }: TextLine): boolean {
  return frameOn(text) !== undefined;
}

/** Reads the frames from the line at `from` on. @returns the index after the last one */
function readFrames(lines: TextLines, from: number, draft: TraceDraft): number {
  let next = from;
  for (let index = from; index < next + maxSource; index++) {
    const line = lines.at(index);
    if (!line || line.opens) return next;
    const frame = line.text === '' ? undefined : frameOn(line.text);
    if (frame) {
      draft.addFound(line, frame);
      next = index + 1;
    } else if (!isSource(line.text)) return next;
  }
  return next;
}

/** `     12|   return rows;`, and the mark below it. */
const sourceLine = /(?:^|[\s\d])\|(?:\s|$)/;

function isSource(text: string): boolean {
  return text.includes('|') && sourceLine.test(text);
}

/** `Caused by: Error: cut` above the frames of what the error was raised from. */
function causeBelow(lines: TextLines, from: number, margin: number): { draft: TraceDraft; next: number } | undefined {
  for (let index = from; index < from + maxSource; index++) {
    const line = lines.at(index);
    if (!line || line.opens) return undefined;
    if (line.text === '') continue;
    const column = indentOf(line.text, margin);
    if (line.text.startsWith('Caused by: ', column)) {
      const header = headerOn(line, index, column + 'Caused by: '.length);
      const below = lines.at(index + 1);
      if (!header || !below || below.opens || !isFrame(below)) return undefined;
      return { draft: new TraceDraft('javascript', header), next: index + 1 };
    }
    if (column < line.text.length && !isSource(line.text)) return undefined;
  }
  return undefined;
}

function frameOn(text: string): FoundFrame | undefined {
  const end = trimmedLength(text);
  if (end === 0 || !isDigit(text.charCodeAt(end - 1))) return undefined;
  const at = text.indexOf(mark);
  if (at === -1 || !looksLikePrefix(text, at)) return undefined;
  const start = at + mark.length;
  let last = end - 1;
  while (last > start && isDigit(text.charCodeAt(last))) last--;
  let middle = last - 1;
  while (middle > start && isDigit(text.charCodeAt(middle))) middle--;
  if (middle <= start || text.charCodeAt(last) !== 58 || text.charCodeAt(middle) !== 58) return undefined;
  const line1 = numberIn(text, middle + 1, last);
  const column1 = numberIn(text, last + 1, end);
  let place = middle;
  while (place > start && !isBlank(text.charCodeAt(place - 1))) place--;
  const file = decodeFile(text.slice(place, middle));
  if (line1 === -1 || column1 === -1 || !isPath(file)) return undefined;
  const name = text.slice(start, place).trimEnd();
  return {
    start,
    end,
    function: name === '' ? undefined : name,
    module: undefined,
    file,
    line1,
    column1,
    readable: undefined,
    // Paths are those from the project's folder on.
    inApp: isInApp(file) && !file.startsWith('node_modules/'),
  };
}

function isPath(file: string): boolean {
  return file.includes('.') || file.includes('/') || file.includes('\\');
}
