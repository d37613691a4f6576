/** PHP exceptions as Symfony's console shows them with `-v`: a box with type and message, and an `Exception trace:` below. */

import { clue } from './clues.ts';
import { numberIn, trimmedLength } from './characters.ts';
import type { Header } from './header.ts';
import { isPhpInApp, phpNamesOf } from './php.ts';
import type { TextLine, TextLines } from '../textLines.ts';
import { TraceDraft } from './traceDraft.ts';
import type { TraceParser } from './traceParser.ts';

export const phpConsoleTraces: TraceParser = {
  language: 'php',
  // The file of the first place may have no ending: `  at /srv/bin/console:12`.
  clues: clue.php | clue.at,
  read(lines, line, index, floor) {
    if (index - 1 < floor || line.opens || titleColumn(lines.at(index - 1)) === -1) return undefined;
    const top = new TraceDraft('php');
    let next = readOne(lines, index - 1, floor, top);
    if (next === undefined) return undefined;
    // What each one was raised from stands below it.
    let innermost = top;
    for (let links = 1; links < maxDepth; links++) {
      const title = titleBelow(lines, next);
      const cause = new TraceDraft('php');
      const end: number | undefined = title === undefined ? undefined : readOne(lines, title, next, cause);
      if (end === undefined) break;
      innermost.cause = cause;
      innermost = cause;
      next = end;
    }
    return { draft: top, next };
  },
};

const maxDepth = 64;
const maxBoxLines = 64;
const title = 'Exception trace:';

/** Where the list's title starts, which ends its line; -1 on other lines. */
function titleColumn(line: TextLine | undefined): number {
  if (!line) return -1;
  const end = trimmedLength(line.text);
  if (line.text.charCodeAt(end - 1) !== 58) return -1;
  return line.text.endsWith(title, end) ? end - title.length : -1;
}

interface Place {
  /** The call that was made there; empty for the place that the exception was thrown at. */
  readonly called: string;
  readonly line: TextLine;
  readonly start: number;
  readonly end: number;
  readonly file: string | undefined;
  readonly line1: number | undefined;
}

/** ` Acme\Loader->read() at /srv/a.php:12`, `  at /srv/a.php:12` (before 4.2: ` () at …`), ` f() at n/a:n/a`. */
function placeOn(line: TextLine | undefined, column: number): Place | undefined {
  if (!line || line.text.charCodeAt(column) !== 32) return undefined;
  const { text } = line;
  const at = text.lastIndexOf(' at ');
  const end = trimmedLength(text);
  const colon = text.lastIndexOf(':', end - 1);
  if (at < column || colon <= at + 4) return undefined;
  const line1 = numberIn(text, colon + 1, end);
  if (line1 === -1 && text.slice(colon + 1, end) !== nowhere) return undefined;
  const called = text.slice(column, at).trim();
  if (called !== '' && (!called.endsWith('()') || called.includes(' '))) return undefined;
  const file = text.slice(at + 4, colon);
  return {
    called: called.slice(0, -2),
    line,
    start: text.length - text.slice(column).trimStart().length,
    end,
    file: file === nowhere ? undefined : file,
    line1: line1 === -1 ? undefined : line1,
  };
}

const nowhere = 'n/a';

/** Reads the list below the title at `index` and the box above; the index after it, `undefined` when there is no list. */
function readOne(lines: TextLines, index: number, floor: number, draft: TraceDraft): number | undefined {
  const column = titleColumn(lines.at(index));
  const thrown = placeOn(lines.at(index + 1), column);
  if (!thrown || thrown.called !== '' || lines.at(index + 1)?.opens) return undefined;
  const header = boxAbove(lines, index, floor, column);
  if (header) draft.name(header);
  else draft.startAt(thrown.line.startOf(thrown.start));
  let next = index + 2;
  for (let place = thrown; ; next++) {
    const line = lines.at(next);
    const below = line && !line.opens ? placeOn(line, column) : undefined;
    const isCall = below !== undefined && below.called !== '';
    addFrame(draft, place, isCall ? below.called : undefined);
    if (!isCall) return next;
    place = below;
  }
}

/** The place's function is what the next line calls. */
function addFrame(draft: TraceDraft, place: Place, called: string | undefined): void {
  const { module, name, readable } = phpNamesOf(called);
  const { line, start, end, file, line1 } = place;
  draft.addFound(line, {
    start,
    end,
    function: name ?? '{main}',
    module,
    file,
    line1,
    column1: undefined,
    readable,
    inApp: isPhpInApp(file),
  });
}

const boxedType = /^\[([A-Za-z_\\][\w\\@]*)(?: \(-?\w{1,20}\))?\]$/;

/** `  [Acme\LoadException (42)]  ` and the message below it, above the blank lines that end the box. */
function boxAbove(lines: TextLines, index: number, floor: number, column: number): Header | undefined {
  const message: string[] = [];
  for (let at = index - 1; at >= Math.max(floor, index - maxBoxLines); at--) {
    const line = lines.at(at);
    if (!line || lines.at(at + 1)?.opens) return undefined;
    const text = line.text.slice(column).trim();
    const type = boxedType.exec(text)?.[1];
    if (type !== undefined) {
      const start = line.startOf(line.text.indexOf('[', column) + 1);
      const said = message.toReversed().join('\n').trim();
      return said === '' ? { type, start, index: at } : { type, message: said, start, index: at };
    }
    message.push(text);
  }
  return undefined;
}

/** The title of the list that the box right below belongs to. */
function titleBelow(lines: TextLines, from: number): number | undefined {
  let isBox = false;
  for (let at = from; at < from + maxBoxLines; at++) {
    const line = lines.at(at);
    if (!line || line.opens) return undefined;
    if (titleColumn(line) !== -1) return isBox ? at : undefined;
    const text = line.text.trim();
    if (text === '') continue;
    isBox ||= /\[[A-Za-z_\\][^\]]*\]$/.test(text.slice(-maxType));
    // The first line that says something opens the box.
    if (!isBox && !/In \S.* line \S+:$/.test(text.slice(-maxType))) return undefined;
  }
  return undefined;
}

const maxType = 400;
