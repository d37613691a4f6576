/** Finds every stack trace in any text: logs, JSON, terminal output, several languages side by side. */

import type { Offsets } from './offsets.ts';
import { TextLines } from './textLines.ts';
import { type Trace, tracesWithin } from './trace.ts';
import { TraceReader } from './traceReader.ts';
import { textsByWriter, type WriterText } from './writers.ts';

/** As `tracesIn`, all of them. */
export function findTraces(text: string): Trace[] {
  const writers = textsByWriter(text);
  if (writers) return [...tracesOf(writers)];
  const reader = readerOf(text);
  const traces: Trace[] = [];
  for (let trace = reader.read(); trace; trace = reader.read()) traces.push(trace);
  return traces;
}

/**
 * The traces in order of where they start; one that is quoted in another's message comes before that one. Each is read when
 * it is asked for, and none is kept. Lines of several writers are told apart where their prefixes name the writer: what each
 * of them wrote is put together first. Never throws; takes time linear in the length of the text.
 */
export function tracesIn(text: string): IterableIterator<Trace> {
  const writers = textsByWriter(text);
  return writers ? tracesOf(writers) : readerOf(text);
}

function readerOf(text: string): TraceReader {
  return new TraceReader(new TextLines(text));
}

/** The traces of all writers, of those that come next the one that starts first. */
function* tracesOf(writers: readonly WriterText[]): Generator<Trace, undefined> {
  const open = writers.flatMap(({ text, offsets }) => nextOf(readerOf(text), offsets) ?? []);
  for (;;) {
    let first: NextTrace | undefined;
    for (const next of open) if (!first || next.trace.start < first.trace.start) first = next;
    if (!first) return;
    yield first.trace;
    const following = nextOf(first.reader, first.offsets);
    open.splice(open.indexOf(first), 1, ...(following ? [following] : []));
  }
}

interface NextTrace {
  readonly reader: TraceReader;
  readonly offsets: Offsets;
  readonly trace: Trace;
}

function nextOf(reader: TraceReader, offsets: Offsets): NextTrace | undefined {
  const trace = reader.read();
  return trace && { reader, offsets, trace: moved(trace, offsets) };
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
