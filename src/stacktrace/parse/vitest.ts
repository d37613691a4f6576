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
    let current = draft;
    let next = index;
    for (let at = index, depth = 0; ; at = next) {
      next = readFrames(lines, at, current);
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

/** @returns the index after the last frame */
function readFrames(lines: TextLines, first: number, draft: TraceDraft): number {
  let next = first;
  for (let index = first; index < next + maxSource; index++) {
    const line = lines.at(index);
    if (!line || (line.opens && index > first)) return next;
    const frame = frameOn(line.text);
    if (frame) {
      draft.addFound(line, frame);
      next = index + 1;
    } else if (!sourceLine.test(line.text)) return next;
  }
  return next;
}

/** `     12|   return rows;`, and the mark below it. */
const sourceLine = /(?:^|[\s\d])\|(?:\s|$)/;

/** `Caused by: Error: cut` above the frames of what the error was raised from. */
function causeBelow(lines: TextLines, from: number, margin: number): { draft: TraceDraft; next: number } | undefined {
  for (let index = from; index < from + maxSource; index++) {
    const line = lines.at(index);
    if (!line || line.opens) return undefined;
    const column = indentOf(line.text, margin);
    if (line.text.startsWith('Caused by: ', column)) {
      const header = headerOn(line, index, column + 'Caused by: '.length);
      const below = lines.at(index + 1);
      if (!header || !below || below.opens || !isFrame(below)) return undefined;
      return { draft: new TraceDraft('javascript', header), next: index + 1 };
    }
    if (column < line.text.length && !sourceLine.test(line.text)) return undefined;
  }
  return undefined;
}

function frameOn(text: string): FoundFrame | undefined {
  const end = trimmedLength(text);
  if (!isDigit(text.charCodeAt(end - 1))) return undefined;
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
  if (line1 === -1 || column1 === -1 || !/[/\\.]/.test(file)) return undefined;
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
