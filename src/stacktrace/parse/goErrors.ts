/** Stacks of Go with the file first, as `go-errors` and gin's recovery print them: `/srv/a.go:12 (0x4a1b2c)`, `	handle: row := rows[3]`. */

import { clue } from './clues.ts';
import { isGoInApp, readableGoName } from './go.ts';
import type { Header } from './header.ts';
import { looksLikePrefix, marginBefore } from './linePrefix.ts';
import type { TextLine, TextLines } from '../textLines.ts';
import { TraceDraft } from './traceDraft.ts';
import type { TraceParser } from './traceParser.ts';

export const goErrorsTraces: TraceParser = {
  language: 'go',
  clues: clue.go,
  read(lines, line, index, floor) {
    const first = placeOn(line);
    if (!first) return undefined;
    const margin = marginBefore(line.text, first.start);
    const header = index > floor && !line.opens ? headerAbove(lines, index, floor, margin) : undefined;
    const draft = new TraceDraft('go', header);
    let next = index;
    for (;;) {
      const at = lines.at(next);
      const place = at && (next === index || !at.opens) ? placeOn(at) : undefined;
      if (!at || !place) break;
      // Where the source is not at hand there is no such line.
      const called = calledBelow(lines.at(next + 1));
      draft.addFound(at, {
        ...place,
        function: called,
        module: undefined,
        column1: undefined,
        readable: called === undefined ? undefined : readableGoName(called),
        inApp: isGoInApp(place.file, folderInGo(place.file)),
      });
      next += called === undefined ? 1 : 2;
    }
    // A line alone may be anything.
    if (!header && draft.frames.length < 2) return undefined;
    return { draft, next };
  },
};

interface Place {
  readonly start: number;
  readonly end: number;
  readonly file: string;
  readonly line1: number;
}

const place = /(?:^|\s)((?:[A-Za-z]:)?[^\s:]{1,1000}\.(?:go|s)):(\d{1,9}) \(0x[0-9a-f]{1,16}\)\s*$/;
const maxPlace = 1400;

function placeOn({ text }: TextLine): Place | undefined {
  if (text.length > maxPlace || !text.includes(' (0x')) return undefined;
  const match = place.exec(text);
  if (!match) return undefined;
  const [whole, file = '', printed = ''] = match;
  const start = match.index + whole.indexOf(file);
  if (!looksLikePrefix(text, start)) return undefined;
  return { file, line1: Number(printed), start, end: start + file.length + 1 + printed.length };
}

const call = /(?:^|\t)((?:\(\*?\w{1,100}(?:\[[^\]]{0,80}\])?\)\.)?[A-Za-z_][\w.[\]-]{0,200}): /;

/** `	(*Context).Next: c.handlers[c.index](c)`: the function and its line of source. */
function calledBelow(line: TextLine | undefined): string | undefined {
  if (!line || line.opens || !line.text.includes('\t')) return undefined;
  return call.exec(line.text)?.[1];
}

/** The package's path where the file is one of Go's own; else nothing is known of it. */
function folderInGo(file: string): string {
  const source = /[/\\]go[\w.-]*[/\\](?:[\d.]+[/\\])?(?:libexec[/\\])?src[/\\](?!.*[/\\]src[/\\])(.*)[/\\]/.exec(file);
  return source?.[1]?.replaceAll('\\', '/') ?? '';
}

const maxLinesAbove = 64;
const typed = /^(\*?[\w./-]{1,200}\.\w{1,100}) (.*)$/;

/** Right above the first frame stands the error: of `go-errors` with its type, of gin below the request that it met. */
function headerAbove(lines: TextLines, first: number, floor: number, margin: number): Header | undefined {
  const index = first - 1;
  const line = lines.at(index);
  const text = line?.text.slice(margin).trim() ?? '';
  if (!line || text === '') return undefined;
  const start = line.startOf(line.text.indexOf(text));
  const [, type, said = ''] = typed.exec(text) ?? [];
  if (type !== undefined) return said === '' ? { type, start, index } : { type, message: said, start, index };
  for (let above = index; above >= Math.max(floor, first - maxLinesAbove); above--) {
    if (lines.at(above)?.text.includes('panic recovered:')) return { type: 'panic', message: text, start, index };
    if (lines.at(above)?.opens) return undefined;
  }
  return undefined;
}
