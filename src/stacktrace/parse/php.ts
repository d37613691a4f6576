/** Traces of PHP: uncaught exceptions with what they followed, and the same as strings in logs. */

import type { TextLine, TextLines } from '../textLines.ts';
import { clue } from './clues.ts';
import { digitsEnd, isDigit, numberIn, tableOf, trimmedLength, wordCharacters } from './characters.ts';
import { looksLikePrefix } from './linePrefix.ts';
import { phpHeaderAbove } from './phpHeader.ts';
import { TraceDraft } from './traceDraft.ts';
import type { TraceParser } from './traceParser.ts';

export const phpTraces: TraceParser = {
  language: 'php',
  clues: clue.php,
  read(lines, line, index, floor) {
    const call = callOn(line.text);
    if (call?.number !== 0) return undefined;
    let read = readOne(lines, index, floor, call);
    let outermost = read.draft;
    let innermost = read.draft;
    for (let links = 1; links < maxDepth; links++) {
      const following = followingCalls(lines, read.next);
      if (following === undefined) break;
      read = readOne(lines, following.index, read.next, following.call);
      if (following.isCause) {
        innermost.cause = read.draft;
        innermost = read.draft;
      } else {
        // Each one was raised while the one before it was handled.
        read.draft.cause = outermost;
        outermost = read.draft;
      }
    }
    return { draft: outermost, next: read.next };
  },
};

const maxDepth = 64;
const maxMessageLines = 64;

/** `#0 /srv/a.php(12): Acme\Loader->read()`: who was called, and from where. */
interface Call {
  readonly number: number;
  readonly start: number;
  readonly end: number;
  /** `undefined` for `[internal function]` and `{main}`. */
  readonly file: string | undefined;
  readonly line1: number | undefined;
  /** `undefined` for `{main}`. */
  readonly called: string | undefined;
}

function callOn(text: string): Call | undefined {
  const start = text.indexOf('#');
  const afterNumber = digitsEnd(text, start + 1);
  const number = start === -1 ? -1 : numberIn(text, start + 1, afterNumber);
  if (number === -1 || text.charCodeAt(afterNumber) !== 32 || !looksLikePrefix(text, start)) return undefined;
  const from = afterNumber + 1;
  const opening = from < text.length ? text.charCodeAt(from) : 0;
  if (opening === 123 && text.startsWith('{main}', from)) {
    return { number, start, end: from + 6, file: undefined, line1: undefined, called: undefined };
  }
  if (opening === 91 && text.startsWith('[internal function]: ', from)) {
    const called = text.slice(from + 21).trimEnd();
    return { number, start, end: from + 21 + called.length, file: undefined, line1: undefined, called };
  }
  for (let close = text.indexOf(')', from); close !== -1; close = text.indexOf(')', close + 1)) {
    if (!text.startsWith('): ', close)) continue;
    let digits = close;
    while (digits > from && isDigit(text.charCodeAt(digits - 1))) digits--;
    const line1 = numberIn(text, digits, close);
    if (line1 === -1 || text.charCodeAt(digits - 1) !== 40) continue;
    const end = trimmedLength(text);
    return { number, start, end, file: text.slice(from, digits - 1), line1, called: text.slice(close + 3, end) };
  }
  return undefined;
}

function isCall(text: string): boolean {
  return callOn(text) !== undefined;
}

/** @param first the call on the line at `index` */
function readOne(lines: TextLines, index: number, floor: number, first: Call): { draft: TraceDraft; next: number } {
  const draft = new TraceDraft('php');
  const header = phpHeaderAbove(lines, index, floor, isCall);
  /** Where the code stands that the next call in the list was made by. */
  let place: { line: TextLine; at: Pick<Call, 'start' | 'end' | 'file' | 'line1'> } | undefined;
  if (header) {
    draft.name(header);
    place = { line: header.line, at: header };
  }
  let next = index;
  for (let expected = 0; ; next++, expected++) {
    const line = lines.at(next);
    const call = next === index ? first : line && !line.opens ? callOn(line.text) : undefined;
    if (!line || call?.number !== expected) break;
    if (place) {
      const { module, name, readable } = phpNamesOf(call.called);
      draft.addFound(place.line, {
        start: place.at.start,
        end: place.at.end,
        function: name ?? '{main}',
        module,
        file: place.at.file,
        line1: place.at.line1,
        column1: undefined,
        readable,
        inApp: isPhpInApp(place.at.file),
      });
    }
    draft.grow(line.endOf(call.end));
    if (call.called === undefined) return { draft, next: next + 1 };
    place = { line, at: call };
  }
  // Cut off before `{main}`: nobody knows what made the last call.
  if (place) {
    draft.addFound(place.line, {
      start: place.at.start,
      end: place.at.end,
      function: undefined,
      module: undefined,
      file: place.at.file,
      line1: place.at.line1,
      column1: undefined,
      readable: undefined,
      inApp: isPhpInApp(place.at.file),
    });
  }
  return { draft, next };
}

interface FollowingCalls {
  /** Of its `#0`. */
  readonly index: number;
  readonly call: Call;
  /** The one before was raised from it, as Monolog has them; else it has the one before as its previous. */
  readonly isCause: boolean;
}

/** An exception that says `Next …` or `[previous exception]`. */
function followingCalls(lines: TextLines, from: number): FollowingCalls | undefined {
  let said: 'next' | 'previous' | undefined;
  for (let index = from; index < from + maxMessageLines; index++) {
    const line = lines.at(index);
    if (!line || line.opens) return undefined;
    if (line.text !== '') said ??= saidBefore(line.text);
    if (!said && index > from + 1) return undefined;
    const call = callOn(line.text);
    if (call) return said && { index, call, isCause: said === 'previous' };
  }
  return undefined;
}

/** How the exception on a line follows on the one above. */
function saidBefore(text: string): 'next' | 'previous' | undefined {
  if (text.includes('[') && text.includes('[previous exception]')) return 'previous';
  return text.includes('N') && /\bNext \S/.test(text) ? 'next' : undefined;
}

/** `Acme\Loader->read('x')`: class and method; `{closure}` is in a namespace or, from 8.4 on, names where it stands. */
export function phpNamesOf(printed: string | undefined): {
  module: string | undefined;
  name: string | undefined;
  readable: string | undefined;
} {
  if (printed === undefined) return { module: undefined, name: undefined, readable: undefined };
  // Loggers double the backslash of a namespace.
  const called = printed.includes('\\\\') ? printed.replaceAll('\\\\', '\\') : printed;
  const closure = called.indexOf('{closure');
  const open = called.indexOf('(', closure === -1 ? 0 : called.indexOf('}', closure));
  const whole = open === -1 ? called : called.slice(0, open);
  const arrow = memberAt(whole);
  return {
    module: arrow === -1 ? undefined : whole.slice(0, arrow),
    name: arrow === -1 ? whole : whole.slice(arrow + 2),
    readable: closure === -1 ? undefined : '{closure}',
  };
}

/** Where the first `->` or `::` behind the name of a class stands; -1 when there is none. */
function memberAt(called: string): number {
  for (let at = 0; at + 2 < called.length; at++) {
    const unit = called.charCodeAt(at);
    const next = called.charCodeAt(at + 1);
    const isArrow = (unit === 45 && next === 62) || (unit === 58 && next === 58);
    if (at > 0 && isArrow && called.charCodeAt(at + 2) !== 58) return at;
    if (unit > 127 || classParts[unit] === 0) return -1;
  }
  return -1;
}

const classParts = tableOf(`${wordCharacters}\\@$/.:-`);

export function isPhpInApp(file: string | undefined): boolean {
  return (
    file !== undefined &&
    !/[/\\]vendor[/\\]|^phar:|^Command line code|eval\(\)'d code|[/\\]share[/\\]php\d*[/\\]/.test(file)
  );
}
