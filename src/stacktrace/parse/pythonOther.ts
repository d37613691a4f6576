/** What Python prints in other forms than tracebacks: IPython's reports in notebooks, and faulthandler's of crashes. */

import type { TextLine, TextLines } from '../textLines.ts';
import type { Frame } from '../trace.ts';
import { tableOf, wordCharacters } from './characters.ts';
import { newFrame } from './newFrame.ts';
import { isInAppPython } from './pythonPath.ts';
import { TraceDraft } from './traceDraft.ts';
import type { ReadTraces } from './traceParser.ts';

/** `File /srv/load.py:12, in Loader.read(self, rows)` */
const notebookFrame = /^File (\S.{0,1000}?):(\d{1,9}), in ([^(\s]{1,300})/;
/** The source around each frame, five lines and blank ones. */
const maxQuietLines = 40;

/** @returns `undefined` when the line opens no report of IPython */
export function readNotebook(lines: TextLines, first: number, line: TextLine): ReadTraces | undefined {
  const opening = openingOn(line.text);
  if (!opening) return undefined;
  const { type, column } = opening;
  const draft = new TraceDraft('python');
  const frames: Frame[] = [];
  let next = first + 1;
  for (let index = next; index < next + maxQuietLines; index++) {
    const below = lines.at(index);
    if (!below || below.opens) break;
    const text = below.text.slice(column);
    const match = text.startsWith('File ') ? notebookFrame.exec(text) : null;
    if (match) {
      const [whole, file = '', line1 = '', name] = match;
      frames.push(frameFrom(below, column, column + whole.length, file, Number(line1), name));
      next = index + 1;
    } else if (text.startsWith(`${type}: `) || text.trimEnd() === type) {
      const message = text.slice(type.length + 2).trim();
      draft.name({ type, ...(message === '' ? {} : { message }), start: line.startOf(column), index: first });
      draft.grow(below.endOf(below.text.trimEnd().length));
      next = index + 1;
      break;
    }
  }
  for (const frame of frames.toReversed()) draft.addFrame(frame);
  return draft.type === undefined && frames.length === 0 ? undefined : { draft, next };
}

/** The type, and far to the right of it the sentence: without the colon that it has elsewhere. */
function openingOn(text: string): { type: string; column: number } | undefined {
  const sentence = text.indexOf('  Traceback (most recent call last)');
  if (sentence === -1 || text.trimEnd().length !== sentence + '  Traceback (most recent call last)'.length)
    return undefined;
  const end = text.slice(0, sentence).trimEnd().length;
  let column = end;
  while (column > 0 && isNamePart(text.charCodeAt(column - 1))) column--;
  return column === end ? undefined : { type: text.slice(column, end), column };
}

function isNamePart(unit: number): boolean {
  return unit === 46 || (unit < 128 && wordParts[unit] === 1);
}

const wordParts = tableOf(wordCharacters);

/** `Current thread 0x00007f0a (most recent call first):` */
const faultThread = /(?:Current thread|Thread) (0x[0-9a-f]{1,16})(?: \[[^\]]{0,80}\])? \(most recent call first\):\s*$/;
const faultFrame = /File "([^"\n]{1,2000})", line (\d{1,9}) in ([^\s"]{1,300})\s*$/;

/** @returns `undefined` when the line is no frame of faulthandler, which prints the innermost call first */
export function readFault(lines: TextLines, first: number, floor: number, line: TextLine): ReadTraces | undefined {
  const above = first > floor && !line.opens ? lines.at(first - 1) : undefined;
  const thread = above && faultThread.exec(above.text);
  if (!above || !thread) return undefined;
  const draft = new TraceDraft('python');
  draft.thread = thread[1];
  draft.startAt(above.startOf(thread.index));
  let next = first;
  for (; ; next++) {
    const below = lines.at(next);
    const match = below && (next === first || !below.opens) ? faultFrame.exec(below.text) : null;
    if (!below || !match) break;
    const [whole, file = '', line1 = '', name] = match;
    draft.addFrame(frameFrom(below, match.index, match.index + whole.trimEnd().length, file, Number(line1), name));
  }
  if (next === first) return undefined;
  nameFault(lines, first - 2, floor, draft);
  return { draft, next };
}

/** `Fatal Python error: Segmentation fault` and a blank line above the thread. */
function nameFault(lines: TextLines, from: number, floor: number, draft: TraceDraft): void {
  for (let index = from; index >= Math.max(floor, from - 2); index--) {
    const line = lines.at(index);
    if (!line || lines.at(index + 1)?.opens) return;
    const column = line.text.indexOf('Fatal Python error: ');
    if (column === -1) continue;
    const message = line.text.slice(column + 'Fatal Python error: '.length).trim();
    draft.name({ type: 'Fatal Python error', message, start: line.startOf(column), index });
    return;
  }
}

function frameFrom(
  line: TextLine,
  start: number,
  end: number,
  file: string,
  line1: number,
  name: string | undefined,
): Frame {
  return newFrame(line, {
    start,
    end,
    function: name,
    module: undefined,
    file,
    line1,
    column1: undefined,
    readable: undefined,
    inApp: isInAppPython(file),
  });
}
