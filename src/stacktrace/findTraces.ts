/** Finds every stack trace in any text: logs, JSON, terminal output, several languages side by side. */

import type { Offsets } from './offsets.ts';
import { TextLines } from './textLines.ts';
import { type Trace, tracesWithin } from './trace.ts';
import { TraceReader } from './traceReader.ts';
import { textsByWriter, type WriterText } from './writers.ts';

/**
 * The traces in order of where they start; one that is quoted in another's message comes before that one. Lines of several
 * writers are told apart where their prefixes name the writer. Never throws; takes time linear in the length of the text.
 */
export function findTraces(text: string): Trace[] {
  const writers = textsByWriter(text);
  return writers ? tracesOf(writers) : allOf(readerOf(text));
}

/** As `findTraces`, each read when it is asked for: of one writer's text, however long, no more than a trace is held. */
export function tracesIn(text: string): Iterable<Trace> {
  const writers = textsByWriter(text);
  return writers ? tracesOf(writers) : readerOf(text);
}

function readerOf(text: string): TraceReader {
  return new TraceReader(new TextLines(text));
}

function allOf(reader: TraceReader): Trace[] {
  const traces: Trace[] = [];
  for (let trace = reader.read(); trace; trace = reader.read()) traces.push(trace);
  return traces;
}

function tracesOf(writers: readonly WriterText[]): Trace[] {
  return writers
    .flatMap(({ text, offsets }) => allOf(readerOf(text)).map((trace) => moved(trace, offsets)))
    .sort((a, b) => a.start - b.start);
}

/** Gives a trace of one writer's text, which nobody else has yet, the ranges that it has in the text of all. */
function moved(trace: Trace, offsets: Offsets): Trace {
  for (const part of tracesWithin(trace)) {
    move(part, offsets);
    for (const frame of part.frames) move(frame, offsets);
  }
  return trace;
}

function move(range: { start: number; end: number }, offsets: Offsets): void {
  const { start, end } = range;
  range.start = offsets.at(start);
  range.end = end > start ? offsets.at(end - 1) + 1 : range.start;
}
