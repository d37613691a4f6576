/** Finds every stack trace in any text: logs, JSON, terminal output, several languages side by side. */

import { beamTraces } from './parse/beam.ts';
import { cppTraces, runtimeErrorTraces } from './parse/cpp.ts';
import { dotnetTraces } from './parse/dotnet.ts';
import { geckoTraces } from './parse/gecko.ts';
import { goTraces } from './parse/go.ts';
import { goErrorsTraces } from './parse/goErrors.ts';
import { javascriptTraces } from './parse/javascript.ts';
import { jvmTraces } from './parse/jvm.ts';
import { phpTraces } from './parse/php.ts';
import { phpConsoleTraces } from './parse/phpConsole.ts';
import { pythonTraces } from './parse/python.ts';
import { rubyTraces } from './parse/ruby.ts';
import { rustTraces } from './parse/rust.ts';
import { valgrindTraces } from './parse/valgrind.ts';
import { cluesOn, clueSets } from './parse/clues.ts';
import { headerOn, mayNameBefore } from './parse/header.ts';
import type { LineRange, ReadTraces, TraceParser } from './parse/traceParser.ts';
import type { Offsets } from './offsets.ts';
import { type TextLine, TextLines } from './textLines.ts';
import { type Trace, tracesWithin } from './trace.ts';
import { textsByWriter } from './writers.ts';

const parsers: readonly TraceParser[] = [
  javascriptTraces,
  jvmTraces,
  pythonTraces,
  goTraces,
  goErrorsTraces,
  runtimeErrorTraces,
  cppTraces,
  rustTraces,
  dotnetTraces,
  valgrindTraces,
  rubyTraces,
  phpTraces,
  phpConsoleTraces,
  beamTraces,
  geckoTraces,
];

/**
 * The traces in order of where they start; one that is quoted in another's message comes before that one. Lines of several
 * writers are told apart where their prefixes name the writer. Never throws; takes time linear in the length of the text.
 */
export function findTraces(text: string): Trace[] {
  const writers = textsByWriter(text);
  if (!writers) return findTracesIn(new TextLines(text));
  const traces = writers.flatMap((writer) =>
    findTracesIn(new TextLines(writer.text)).map((trace) => moved(trace, writer.offsets)),
  );
  return traces.sort((a, b) => a.start - b.start);
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

/** The traces of a text that is read as lines elsewhere and has one writer; see `findTraces`. */
export function findTracesIn(lines: TextLines): Trace[] {
  const traces: Trace[] = [];
  let last: Trace | undefined;
  let floor = 0;
  /** Where the last trace was taken from, and from where on its own header was looked for. */
  let takenFrom = 0;
  let takenFloor = 0;
  for (let index = 0; ; ) {
    const line = lines.at(index);
    if (!line) return traces;
    const clues = cluesOn(line);
    const found = clues === 0 ? undefined : readTraces(lines, line, index, floor, clues);
    if (found) {
      if (found.messages) for (const message of found.messages) pushQuoted(lines, message, traces);
      const own = traces.length;
      for (const trace of found.traces) traces.push(trace);
      const first = traces[own];
      if (last && first && mayQuote(first, last) && isRightBelow(lines, line, index, floor)) {
        traces[own] = withHeaderAbove(first, last, lines, takenFrom, takenFloor);
      }
      last = traces[traces.length - 1];
      takenFrom = index;
      takenFloor = floor;
      index = floor = found.next;
      lines.release(index - maxLookBack);
    } else {
      index++;
      lines.release(index - maxLookBack);
    }
  }
}

/** What the message of a cause quotes: a worker's Python traceback, say. */
function pushQuoted(lines: TextLines, { from, to }: LineRange, traces: Trace[]): void {
  lines.endingAt(to + 1, () => {
    for (let index = from; index <= to; ) {
      const line = lines.at(index);
      const clues = line ? cluesOn(line) : 0;
      const found = line && clues !== 0 ? readTraces(lines, line, index, from, clues) : undefined;
      if (found) for (const trace of found.traces) traces.push(trace);
      index = found?.next ?? index + 1;
    }
  });
}

function mayQuote(trace: Trace, above: Trace): boolean {
  return trace.type === undefined && trace.language !== above.language;
}

/** True when at most one line is between the trace that ended before `floor` and a frame, and no new text starts there. */
function isRightBelow(lines: TextLines, line: TextLine, index: number, floor: number): boolean {
  if (floor === 0 || index > floor + 1 || line.opens) return false;
  return index === floor || !lines.at(floor)?.opens;
}

/**
 * Frames right below a trace of another language belong to the header above it: its message quotes that trace, as the
 * JVM's `PythonException: …` does. The header must be on the quoted trace's first line or the one above.
 */
function withHeaderAbove(trace: Trace, quoted: Trace, lines: TextLines, takenFrom: number, takenFloor: number): Trace {
  for (let index = takenFrom; index >= Math.max(takenFloor, takenFrom - 1); index--) {
    const line = lines.at(index);
    const header = line && mayNameBefore(line, quoted.start) ? headerOn(line, index, 0, false) : undefined;
    if (header && header.start <= quoted.start && /(?:Error|Exception|Throwable)$/.test(header.type)) {
      const { type, message, start } = header;
      return { ...trace, type, ...(message === undefined ? {} : { message }), start };
    }
    if (line?.opens) return trace;
  }
  return trace;
}

/** The first parser wins whose clues stand on the line and who finds a trace there. */
function readTraces(
  lines: TextLines,
  line: TextLine,
  index: number,
  floor: number,
  clues: number,
): ReadTraces | undefined {
  for (const parser of (parsersByClues[clues] ??= parsersOf(clues))) {
    const found = parser.read(lines, line, index, floor);
    if (found) return found;
  }
  return undefined;
}

/** Of each set of clues that was met; lines have few different ones. */
const parsersByClues: (readonly TraceParser[] | undefined)[] = Array.from({ length: clueSets });

function parsersOf(clues: number): readonly TraceParser[] {
  return parsers.filter((parser) => (parser.clues & clues) !== 0);
}

/** How far above its first frame a parser looks for a trace's header. */
const maxLookBack = 128;
