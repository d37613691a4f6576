/** Traces of Firefox and Safari: `run@https://host/app.js:12:5`, one a line, the message on a line of its own or nowhere. */

import type { TextLine, TextLines } from '../textLines.ts';
import { clue } from './clues.ts';
import { isDigit, lastOf, numberIn, trimmedLength } from './characters.ts';
import { headerAbove } from './header.ts';
import { decodeFile, isInApp } from './javascriptFrame.ts';
import { looksLikePrefix, marginBefore } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';
import { TraceDraft } from './traceDraft.ts';
import type { TraceParser } from './traceParser.ts';

export const geckoTraces: TraceParser = {
  language: 'javascript',
  clues: clue.gecko,
  read(lines, line, index, floor) {
    const first = geckoFrameOn(line);
    if (!first) return undefined;
    const draft = new TraceDraft('javascript');
    const next = readFrames(lines, index, first, draft);
    const header = headerAbove(lines, index, floor, marginBefore(line.text, first.start), isFrame);
    if (header) draft.name(header);
    return { draft, next };
  },
};

function readFrames(lines: TextLines, first: number, firstFrame: FoundFrame, draft: TraceDraft): number {
  for (let index = first; ; index++) {
    const line = lines.at(index);
    const frame = index === first ? firstFrame : line && !line.opens ? geckoFrameOn(line) : undefined;
    if (!line || !frame) return index;
    draft.addFound(line, frame);
  }
}

function isFrame(line: TextLine): boolean {
  return geckoFrameOn(line) !== undefined;
}

/** What may stand after the `@`: an address, a path, Safari's own code. */
const place = /(?:[a-z][\w+.-]{1,30}:\/\/|\/|webpack-internal:|self-hosted:|\[native code\]$)/y;
/** Names with a blank: of code outside of functions, and of what a timer or a promise called. */
const spaced =
  /(?:(?:global|module|eval) code|(?:setTimeout|setInterval|requestAnimationFrame) handler\*\S*|promise callback\*\S*)$/;

function geckoFrameOn({ text, chars, from }: TextLine): FoundFrame | undefined {
  const at = text.indexOf('@');
  if (at === -1 || at > maxName) return undefined;
  const end = trimmedLength(text);
  const isEvalCode = at + 1 === end && text.endsWith('eval code@', end);
  place.lastIndex = at + 1;
  if (!isEvalCode && !place.test(text)) return undefined;
  let start = from + at;
  while (start > from && chars.charCodeAt(start - 1) > 32) start--;
  start -= from;
  // Only names of several words have another one before it.
  const named = start > 0 && text.charCodeAt(start - 1) === 32 && start < at ? spaced.exec(text.slice(0, at)) : null;
  if (named) start = named.index;
  if (!looksLikePrefix(text, start)) return undefined;
  const name = text.slice(start, at);
  if (isEvalCode || (text.charCodeAt(at + 1) === 91 && text.startsWith('[native code]', at + 1))) {
    return foundFrame(start, end, name, undefined, undefined, undefined);
  }
  // `app.js line 5 > eval:1:1`: the file whose code called eval.
  const blank = text.slice(0, end).indexOf(' ', at);
  const evaluated = blank === -1 ? -1 : text.indexOf(' line ', blank);
  if (evaluated !== -1) {
    const origin = /^ line (\d{1,9}) > (?:eval|Function)/.exec(text.slice(evaluated, evaluated + 60));
    if (!origin) return undefined;
    return foundFrame(start, end, name, decodeFile(text.slice(at + 1, evaluated)), Number(origin[1]), undefined);
  }
  const fileStart = from + at + 1;
  let last = from + end - 1;
  while (last >= fileStart && isDigit(chars.charCodeAt(last))) last--;
  let middle = last - 1;
  while (middle >= fileStart && isDigit(chars.charCodeAt(middle))) middle--;
  if (middle < fileStart || chars.charCodeAt(last) !== 58 || chars.charCodeAt(middle) !== 58) return undefined;
  const column1 = numberIn(chars, last + 1, from + end);
  const line1 = numberIn(chars, middle + 1, last);
  if (column1 === -1 || line1 === -1 || blank !== -1 || text.includes('\t', at)) return undefined;
  return foundFrame(start, end, name, decodeFile(chars.slice(fileStart, middle)), line1, column1);
}

function foundFrame(
  start: number,
  end: number,
  name: string,
  file: string | undefined,
  line1: number | undefined,
  column1: number | undefined,
): FoundFrame {
  return {
    start,
    end,
    function: name === '' ? undefined : name,
    module: undefined,
    file,
    line1,
    column1,
    readable: readableGeckoName(name),
    inApp: isInApp(file),
  };
}

/** Without what the engine adds: `async*run`, `EventListener.handleEvent*run`, `run/inner<`. */
function readableGeckoName(name: string): string | undefined {
  const from = lastOf(name, 42, 0, name.length) + 1;
  let end = name.length;
  while (end > from && (name.charCodeAt(end - 1) === 47 || name.charCodeAt(end - 1) === 60)) end--;
  const own = name.slice(from, end);
  return own === '' ? undefined : own;
}

const maxName = 400;
