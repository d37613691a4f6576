/** Traces as Erlang's terms: the reason, and a list of frames. */

import type { TextLine, TextLines } from '../textLines.ts';
import { isBeamInApp, readableBeamName } from './beamFrame.ts';
import { type BeamTerm, beamTermAt } from './beamTerm.ts';
import { looksLikePrefix, marginBefore } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';
import { TraceDraft } from './traceDraft.ts';
import type { ReadTraces } from './traceParser.ts';

/** How far above the first file the call may start that it belongs to, and calls without a file stand. */
const maxBreaks = 6;
const maxBareTerms = 8;

/** The trace whose first file stands on a line, or whose first file's name does. */
export function readTerms(lines: TextLines, index: number, floor: number, line: TextLine): ReadTraces | undefined {
  const own = line.text.indexOf('{file,');
  // The file's name may stand on the line below.
  const above = own === -1 && index > floor && !line.opens ? (lines.at(index - 1)?.text.trimEnd() ?? '') : '';
  if (own === -1 && !above.endsWith('{file,')) return undefined;
  // The line's number follows, perhaps on the next line.
  if (own !== -1 && !line.text.includes('{line,', own) && !line.text.trimEnd().endsWith(',')) return undefined;
  const file = Math.max(0, own);
  const margin = marginOfTerms(line.text);
  let first = termFrom(lines, index, 0, index, margin);
  if ((!first || first.column > file) && (own === -1 || isBroken(line.text, file))) {
    for (let above = index - 1; above >= Math.max(floor, index - maxBreaks); above--) {
      if (lines.at(above + 1)?.opens) break;
      const broken = termFrom(lines, above, 0, above, margin);
      if (!broken) continue;
      if (broken.endIndex >= index) first = broken;
      break;
    }
  }
  if (!first) return undefined;
  // Calls into what has no file stand above the first frame that has one.
  for (let above = first.index - 1; above >= Math.max(floor, index - maxBareTerms); above--) {
    if (lines.at(above + 1)?.opens) break;
    const bare = termFrom(lines, above, 0, above, margin);
    if (!bare) break;
    first = bare;
  }
  const draft = new TraceDraft('beam');
  const opening = lines.at(first.index);
  if (opening) reasonBefore(lines, first.index, floor, opening, first.column, draft);
  let next = index;
  let hasLine = false;
  for (let term: BeamTerm | undefined = first; term; ) {
    draft.addFound(term.line, frameOfTerm(term));
    hasLine ||= term.line1 !== undefined;
    if (!hasLine && draft.frames.length > maxBareTerms) return undefined;
    next = term.endIndex + 1;
    term = termFrom(lines, term.endIndex, term.endColumn, term.endIndex + 1, margin);
  }
  return hasLine && next > index ? { draft, next } : undefined;
}

/** True when the line was broken between the call and its file: only a bracket or the end of the arguments is before it. */
function isBroken(text: string, file: number): boolean {
  if (text.charCodeAt(file - 1) !== 91) return false;
  const unit = text.charCodeAt(file - 2);
  return file === 1 || unit === 32 || unit === 9 || (unit === 44 && text.charCodeAt(file - 3) === 93);
}

/** The next frame that starts at or after a position, up to the end of a line. */
function termFrom(
  lines: TextLines,
  fromIndex: number,
  fromColumn: number,
  lastIndex: number,
  margin: number,
): BeamTerm | undefined {
  let column = fromColumn;
  for (let index = fromIndex; index <= lastIndex; index++) {
    const line = lines.at(index);
    if (!line || (index > fromIndex && line.opens)) return undefined;
    const { chars, from } = line;
    const last = from + line.text.length - 1;
    for (let at = from + column; at < last; at++) {
      if (chars.charCodeAt(at) !== 123 || !isAtomStart(chars.charCodeAt(at + 1))) continue;
      const term = beamTermAt(lines, index, at - from, margin);
      if (term) return term;
    }
    column = 0;
  }
  return undefined;
}

/** A frame starts with its module. */
function isAtomStart(unit: number): boolean {
  return unit === 39 || (unit >= 97 && unit <= 122);
}

/** How many characters of each line are a log's prefix: those before the first bracket or quote that may stand behind one. */
function marginOfTerms(text: string): number {
  const open = text.search(/[{["]/);
  return looksLikePrefix(text, open) ? marginBefore(text, open) : 0;
}

function frameOfTerm(term: BeamTerm): FoundFrame {
  const { start, end, module, name, file, line1 } = term;
  return {
    start,
    end,
    function: `${name}/${term.arity}`,
    module: module.startsWith('Elixir.') ? module.slice('Elixir.'.length) : module,
    file,
    line1,
    column1: undefined,
    readable: readableBeamName(name),
    inApp: file !== undefined && isBeamInApp(undefined, file, module, 0),
  };
}

/** The term before the list of frames, in its line or in the one above: `{{bad,"x"},[{a,read,…`. */
function reasonBefore(
  lines: TextLines,
  index: number,
  floor: number,
  line: TextLine,
  end: number,
  draft: TraceDraft,
): void {
  const before = line.text.slice(0, end);
  const own = before.endsWith('[') ? before.slice(0, -1).trimEnd() : before;
  const opening = own.search(/[{[]/);
  const above = opening === -1 && index > floor && !line.opens ? (lines.at(index - 1)?.text ?? '') : '';
  const printed = opening === -1 ? above.slice(Math.max(0, above.search(/[{[]/))) : own.slice(opening);
  let reason = printed
    .trim()
    .replace(/,$/, '')
    .replace(/^\{'EXIT',\s*/, '');
  // The brace that holds the reason and the list of frames.
  if (reason.startsWith('{') && reason.split('{').length > reason.split('}').length) reason = reason.slice(1);
  if (reason !== '' && reason.length < 1000) draft.message = reason;
}
