/** Traces of Elixir, and of Erlang as its shell and its crash reports print them. */

import type { TextLine, TextLines } from '../textLines.ts';
import { bareFrameOn, elixirFrameOn, shellFrameOn } from './beamFrame.ts';
import { readTerms } from './beamTerms.ts';
import { clue } from './clues.ts';
import { marginBefore } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';
import { TraceDraft } from './traceDraft.ts';
import type { ReadTraces, TraceParser } from './traceParser.ts';

export const beamTraces: TraceParser = {
  language: 'beam',
  clues: clue.beam,
  read(lines, line, index, floor) {
    return readTerms(lines, index, floor, line) ?? readLines(lines, index, floor, line);
  },
};

function readLines(lines: TextLines, index: number, floor: number, line: TextLine): ReadTraces | undefined {
  const first = elixirFrameOn(line) ?? shellFrameOn(line);
  if (!first) return undefined;
  const draft = new TraceDraft('beam');
  const start = firstLine(lines, index, floor, first.start);
  const headerIndex = nameFromAbove(lines, start, floor, marginBefore(line.text, first.start), draft);
  const exit = headerIndex === undefined ? undefined : exitAround(lines, headerIndex, floor);
  // The frames of an exit stand below those of what it passes on, indented less.
  const known = { index, frame: first };
  const next = readFrames(lines, start, first.start, exit ? first.start : 0, draft, known);
  if (draft.frames.length === 0) return undefined;
  if (!exit) return { draft, next };
  exit.cause = draft;
  const end = readFrames(lines, next, 0, 0, exit);
  return { draft: exit, next: end };
}

/** Calls into what has no file stand above the first frame that has one, in Erlang's shell with their arguments. */
function firstLine(lines: TextLines, index: number, floor: number, column: number): number {
  let start = index;
  for (let at = index - 1; at >= Math.max(floor, index - maxBareFrames) && !lines.at(at + 1)?.opens; at--) {
    const line = lines.at(at);
    if (line && (bareFrameOn(line, column) ?? shellFrameOn(line))) start = at;
    else if (!shellNote.test(line?.text ?? '')) break;
  }
  return start;
}

const maxBareFrames = 8;
/** Below a call Erlang's shell shows its source, its arguments and what is wrong with them. */
const shellNote = /\s(?:\*\*\* argument \d|called as )|^\s+[%|]/;

interface KnownFrame {
  readonly index: number;
  readonly frame: FoundFrame;
}

/**
 * @param least the column left of which frames belong to another trace
 * @param known the frame of a line that was read before
 * @returns the index after the last frame
 */
function readFrames(
  lines: TextLines,
  from: number,
  column: number,
  least: number,
  draft: TraceDraft,
  known?: KnownFrame,
): number {
  let next = from;
  for (let at = from; ; at++) {
    const below = lines.at(at);
    if (!below || (at > from && below.opens) || below.text.length < column) break;
    const frame =
      at === known?.index ? known.frame : (elixirFrameOn(below) ?? shellFrameOn(below) ?? bareFrameOn(below, column));
    if (frame && frame.start < least) break;
    if (frame) {
      draft.addFound(below, frame);
      next = at + 1;
    } else if (!shellNote.test(below.text)) break;
  }
  return next;
}

const maxMessageLines = 64;
const elixirHeader = /\*\* \((?!EXIT\))([A-Z][\w.]*|exit|throw|EXIT from #PID<[\d.]+>)\) ?(.*)$/;
const erlangHeader = /exception (error|exit|throw): (.*)$/;
/** ExUnit shows the code of a test between the message and the frames. */
const testedCode = /^\s*(?:code: |stacktrace:)/;

/** @returns the index of the line that names the failure */
function nameFromAbove(
  lines: TextLines,
  first: number,
  floor: number,
  margin: number,
  draft: TraceDraft,
): number | undefined {
  for (let index = first - 1; index >= Math.max(floor, first - maxMessageLines); index--) {
    if (lines.at(index + 1)?.opens) return undefined;
    const line = lines.at(index);
    if (!line || elixirFrameOn(line)) return undefined;
    const match =
      (line.text.includes('** ') ? elixirHeader.exec(line.text) : null) ??
      (line.text.includes('exception ') ? erlangHeader.exec(line.text) : null);
    if (!match) continue;
    let message = match[2] ?? '';
    for (let below = index + 1; below < first; below++) {
      const more = lines.at(below)?.text.slice(margin) ?? '';
      if (testedCode.test(more)) break;
      message += `\n${more}`;
    }
    message = message.trim();
    draft.name({
      type: match[1] ?? '',
      ...(message === '' ? {} : { message }),
      start: line.startOf(match.index),
      index,
    });
    return index;
  }
  return undefined;
}

/** `** (exit) …` and `** (EXIT) an exception was raised:` above what a process that was called failed with. */
function exitAround(lines: TextLines, index: number, floor: number): TraceDraft | undefined {
  if (index - 2 < floor || lines.at(index)?.opens || lines.at(index - 1)?.opens) return undefined;
  if (!lines.at(index - 1)?.text.includes('** (EXIT) an exception was raised:')) return undefined;
  const line = lines.at(index - 2);
  const match = line && elixirHeader.exec(line.text);
  if (!match) return undefined;
  const [, type = '', message = ''] = match;
  const start = line.startOf(match.index);
  return new TraceDraft('beam', { type, ...(message === '' ? {} : { message }), start, index: index - 2 });
}
