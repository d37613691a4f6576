/**
 * Failures as PHPUnit reports them: `1) Acme\LoadTest::testLoad`, what failed, and below a blank line the places alone. Arrays
 * of such places, as Monolog's JSON has them, too.
 */

import { maxMessageLength } from './header.ts';
import { isDigit, trimmedLength } from './characters.ts';
import { clue } from './clues.ts';
import { looksLikePrefix, marginBefore } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';
import { isPhpInApp } from './php.ts';
import type { TextLine, TextLines } from '../textLines.ts';
import { TraceDraft } from './traceDraft.ts';
import type { TraceParser } from './traceParser.ts';

export const phpunitTraces: TraceParser = {
  language: 'php',
  clues: clue.php,
  read(lines, line, index, floor) {
    const first = placeOn(line.text);
    if (!first) return undefined;
    if (line.opens) {
      if (!isInArray(lines, line, index, first)) return undefined;
      const draft = new TraceDraft('php');
      draft.addFound(line, first);
      return { draft, next: readPlaces(lines, index + 1, draft) };
    }
    const margin = marginBefore(line.text, first.start);
    const title = titleAbove(lines, index, floor, margin);
    if (title === -1) return undefined;
    const draft = new TraceDraft('php');
    nameDraft(draft, lines, title + 1, index, margin);
    draft.addFound(line, first);
    let next = readPlaces(lines, index + 1, draft);
    let innermost = draft;
    for (let depth = 0; depth < maxDepth; depth++) {
      const places = causeBelow(lines, next, margin);
      if (places === -1) break;
      innermost.cause = new TraceDraft('php');
      innermost = innermost.cause;
      nameDraft(innermost, lines, next + 2, places, margin);
      next = readPlaces(lines, places, innermost);
    }
    return { draft, next };
  },
};

const maxDepth = 32;
/** Of what a failed assertion says: it compares texts and arrays. */
const maxMessageLines = 100;
const place = /((?:[A-Za-z]:\\|\/|phar:\/\/)[^\s:"]{1,1000}\.php):(\d{1,9})$/;

/** A path from the root on with its line, and nothing else. */
function placeOn(text: string): FoundFrame | undefined {
  const end = trimmedLength(text);
  if (end === 0 || end > maxPlace || !isDigit(text.charCodeAt(end - 1)) || !text.includes('.php:')) return undefined;
  const match = place.exec(text.slice(0, end));
  if (!match || !looksLikePrefix(text, match.index)) return undefined;
  const [, file = '', line1 = ''] = match;
  return {
    start: match.index,
    end,
    function: undefined,
    module: undefined,
    file,
    line1: Number(line1),
    column1: undefined,
    readable: undefined,
    inApp: isPhpInApp(file),
  };
}

const maxPlace = 1400;

/** A whole string of JSON, with another one behind it. */
function isInArray(lines: TextLines, line: TextLine, index: number, { end }: FoundFrame): boolean {
  const behind = line.endOf(end);
  const isString = lines.source.startsWith('"', behind) || lines.source.startsWith('\\"', behind);
  const below = isString ? lines.at(index + 1) : undefined;
  return below !== undefined && !below.opens && placeOn(below.text) !== undefined;
}

/** Reads the places from the line at `from` on. @returns the index after the last one */
function readPlaces(lines: TextLines, from: number, draft: TraceDraft): number {
  for (let next = from; ; next++) {
    const line = lines.at(next);
    const frame = line && !line.opens ? placeOn(line.text) : undefined;
    if (!line || !frame) return next;
    draft.addFound(line, frame);
  }
}

function isBlank(line: TextLine | undefined, margin: number): boolean {
  return line !== undefined && !line.opens && line.text.slice(margin).trim() === '';
}

const title = /^\d{1,6}\) [\w\\]{1,300}::\w{1,300}/;

/** The index of `1) Acme\LoadTest::testLoad`, to which the places belong that a blank line stands above; -1. */
function titleAbove(lines: TextLines, first: number, floor: number, margin: number): number {
  if (first - 2 < floor || !isBlank(lines.at(first - 1), margin)) return -1;
  for (let index = first - 2; index >= Math.max(floor, first - maxMessageLines); index--) {
    const line = lines.at(index);
    if (!line || lines.at(index + 1)?.opens) return -1;
    const { text } = line;
    if (text.includes('::') && title.test(text.slice(margin))) return index;
    if (text.includes('.php:') && placeOn(text)) return -1;
  }
  return -1;
}

/** The first of the places below `Caused by`, which stands below a blank line; -1. */
function causeBelow(lines: TextLines, from: number, margin: number): number {
  const said = lines.at(from + 1);
  if (!isBlank(lines.at(from), margin) || !said || said.opens) return -1;
  if (said.text.slice(margin).trimEnd() !== 'Caused by') return -1;
  for (let index = from + 2; index < from + maxMessageLines; index++) {
    const line = lines.at(index);
    if (!line || line.opens || (line.text.includes('::') && title.test(line.text.slice(margin)))) return -1;
    if (line.text.includes('.php:') && placeOn(line.text)) return isBlank(lines.at(index - 1), margin) ? index : -1;
  }
  return -1;
}

/** Type and message, or a message alone: of an assertion. */
function nameDraft(draft: TraceDraft, lines: TextLines, from: number, to: number, margin: number): void {
  let message = '';
  for (let index = from; index < to && message.length < maxMessageLength; index++) {
    message += `${lines.at(index)?.text.slice(margin).trimEnd() ?? ''}\n`;
  }
  const type = /^([A-Z][\w\\]{0,300}): /.exec(message);
  const said = message.slice(type?.[0].length ?? 0, maxMessageLength).trim();
  draft.type = type?.[1];
  draft.message = said === '' ? undefined : said;
  const line = lines.at(from - 1);
  if (line) draft.startAt(line.startOf(Math.min(margin, line.text.length)));
}
