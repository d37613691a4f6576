/** Traces of Elixir, and of Erlang as its shell and its crash reports print them. */

import type { TextLine, TextLines } from '../textLines.ts';
import { bareFrameOn, elixirFrameOn, shellFrameOn } from './beamFrame.ts';
import { readTerms } from './beamTerms.ts';
import { clue } from './clues.ts';
import { marginBefore } from './linePrefix.ts';
import { newFrame } from './newFrame.ts';
import { TraceDraft } from './traceDraft.ts';
import type { ReadTraces, TraceParser } from './traceParser.ts';

export const beamTraces: TraceParser = {
  language: 'beam',
  clues: clue.beam,
  read(lines, index, floor) {
    const line = lines.at(index);
    if (!line) return undefined;
    return readTerms(lines, index, floor, line) ?? readLines(lines, index, floor, line);
  },
};

function readLines(lines: TextLines, index: number, floor: number, line: TextLine): ReadTraces | undefined {
  const first = elixirFrameOn(line.text) ?? shellFrameOn(line.text);
  if (!first) return undefined;
  const draft = new TraceDraft('beam');
  let start = index;
  // Calls into what has no file stand above the first frame that has one.
  while (start > floor && start > index - 3 && !lines.at(start)?.opens) {
    const above = lines.at(start - 1);
    if (!above || !bareFrameOn(above.text, first.start)) break;
    start--;
  }
  nameFromAbove(lines, start, floor, marginBefore(line.text, first.start), draft);
  let next = start;
  for (let at = start; ; at++) {
    const below = lines.at(at);
    if (!below || (at > start && below.opens)) break;
    if (below.text.length < first.start) break;
    const frame =
      at === index
        ? first
        : (elixirFrameOn(below.text) ?? shellFrameOn(below.text) ?? bareFrameOn(below.text, first.start));
    if (!frame) {
      // Erlang's shell shows the source of a call below it.
      if (/^\s+(?:\*\*\* argument|%|\|)/.test(below.text)) continue;
      break;
    }
    draft.addFrame(newFrame(below, frame));
    next = at + 1;
  }
  return draft.frames.length === 0 ? undefined : { traces: [draft.finish()], next };
}

const maxMessageLines = 64;
const elixirHeader = /\*\* \(([A-Z][\w.]*|exit|throw|EXIT from #PID<[\d.]+>)\) ?(.*)$/;
const erlangHeader = /exception (error|exit|throw): (.*)$/;

function nameFromAbove(lines: TextLines, first: number, floor: number, margin: number, draft: TraceDraft): void {
  for (let index = first - 1; index >= Math.max(floor, first - maxMessageLines); index--) {
    if (lines.at(index + 1)?.opens) return;
    const line = lines.at(index);
    if (!line || elixirFrameOn(line.text)) return;
    const match =
      (line.text.includes('** ') ? elixirHeader.exec(line.text) : null) ??
      (line.text.includes('exception ') ? erlangHeader.exec(line.text) : null);
    if (!match) continue;
    let message = match[2] ?? '';
    for (let below = index + 1; below < first; below++) message += `\n${lines.at(below)?.text.slice(margin) ?? ''}`;
    message = message.trim();
    draft.name({
      type: match[1] ?? '',
      ...(message === '' ? {} : { message }),
      start: line.startOf(match.index),
      index,
    });
    return;
  }
}
