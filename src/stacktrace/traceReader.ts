/** Reads the traces in lines of text, one after the other. */

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
import { pytestTraces } from './parse/pytest.ts';
import { pythonTraces } from './parse/python.ts';
import { rubyTraces } from './parse/ruby.ts';
import { rustTraces } from './parse/rust.ts';
import { vitestTraces } from './parse/vitest.ts';
import { valgrindTraces } from './parse/valgrind.ts';
import { cluesOn, clueSets } from './parse/clues.ts';
import { headerOn, mayNameBefore, shortestName } from './parse/header.ts';
import type { TraceDraft } from './parse/traceDraft.ts';
import type { LineRange, ReadTraces, TraceParser } from './parse/traceParser.ts';
import type { TextLine, TextLines } from './textLines.ts';
import type { Trace } from './trace.ts';

const parsers: readonly TraceParser[] = [
  javascriptTraces,
  jvmTraces,
  pythonTraces,
  pytestTraces,
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
  vitestTraces,
];

/**
 * The traces of one writer in order of where they start; one that is quoted in another's message comes before that one.
 * Holds no more than the lines around the trace that is read. An iterator by hand: a generator takes a third longer.
 */
export class TraceReader implements Iterable<Trace>, Iterator<Trace, undefined> {
  readonly #lines: TextLines;
  /** The next line to look at. */
  #index = 0;
  /** The first line that no trace has taken. */
  #floor = 0;
  #last: TraceDraft | undefined;
  /** Whether a header may stand before the last trace, whose message quotes it. */
  #mayBeNamed = false;
  /** Where the last trace was taken from, and from where on its own header was looked for. */
  #takenFrom = 0;
  #takenFloor = 0;
  /** Traces that were found together and are given one after the other, the last one first. */
  readonly #found: Trace[] = [];

  constructor(lines: TextLines) {
    this.#lines = lines;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Trace, undefined> {
    const value = this.read();
    return value ? { done: false, value } : { done: true, value };
  }

  /** @returns `undefined` past the last trace */
  read(): Trace | undefined {
    if (this.#found.length > 0) return this.#found.pop();
    const lines = this.#lines;
    const floor = this.#floor;
    for (let index = this.#index; ; index++) {
      const line = lines.at(index);
      if (!line) {
        this.#index = index;
        return undefined;
      }
      const clues = cluesOn(line);
      const read = clues === 0 ? undefined : readTraces(lines, line, index, floor, clues);
      if (read) {
        const { draft, next, messages, more } = read;
        this.#index = this.#floor = next;
        this.#nameFromAbove(draft, line, index, floor);
        const trace = messages || more ? this.#firstOf(read) : draft.finish();
        this.#last = more?.at(-1) ?? draft;
        this.#takenFrom = index;
        this.#takenFloor = floor;
        lines.release(next - maxLookBack);
        return trace;
      }
      lines.release(index + 1 - maxLookBack);
    }
  }

  /** The first of several traces; the others are given next. */
  #firstOf(read: ReadTraces): Trace | undefined {
    const found = this.#found;
    for (const message of read.messages ?? []) addQuoted(this.#lines, message, found);
    addTraces(read, found);
    found.reverse();
    return found.pop();
  }

  /** Frames right below a trace of another language belong to the header above it, whose message quotes that trace. */
  #nameFromAbove(draft: TraceDraft, line: TextLine, index: number, floor: number): void {
    const last = this.#last;
    const lines = this.#lines;
    if (last && this.#mayBeNamed && mayQuote(draft, last) && isRightBelow(lines, line, index, floor)) {
      nameFromAbove(draft, last.start, lines, this.#takenFrom, this.#takenFloor);
    }
    this.#mayBeNamed = draft.type !== undefined || draft.start - (last?.end ?? 0) >= shortestName;
  }
}

/** What the message of a cause quotes: a worker's Python traceback, say. */
function addQuoted(lines: TextLines, { from, to }: LineRange, traces: Trace[]): void {
  lines.endingAt(to + 1, () => {
    for (let index = from; index <= to; ) {
      const line = lines.at(index);
      const clues = line ? cluesOn(line) : 0;
      const read = line && clues !== 0 ? readTraces(lines, line, index, from, clues) : undefined;
      if (read) addTraces(read, traces);
      index = read?.next ?? index + 1;
    }
  });
}

function addTraces({ draft, more }: ReadTraces, traces: Trace[]): void {
  traces.push(draft.finish());
  if (more) for (const other of more) traces.push(other.finish());
}

function mayQuote(trace: TraceDraft, above: TraceDraft): boolean {
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
function nameFromAbove(
  draft: TraceDraft,
  quotedStart: number,
  lines: TextLines,
  takenFrom: number,
  takenFloor: number,
): void {
  const own = lines.at(takenFrom);
  if (!own || isNamedOn(draft, own, takenFrom, quotedStart) || own.opens || takenFrom === takenFloor) return;
  const above = lines.at(takenFrom - 1);
  if (above) isNamedOn(draft, above, takenFrom - 1, quotedStart);
}

/** Names the trace by what stands on a line before the quoted one; false where nothing does. */
function isNamedOn(draft: TraceDraft, line: TextLine, index: number, quotedStart: number): boolean {
  const header = mayNameBefore(line, quotedStart) ? headerOn(line, index, 0, false) : undefined;
  if (!header || header.start > quotedStart || !/(?:Error|Exception|Throwable)$/.test(header.type)) return false;
  draft.name(header);
  return true;
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
