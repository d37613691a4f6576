/** Reads the traces in lines of text, one after the other. */

import { beamTraces } from './parse/beam.ts';
import { cppTraces, runtimeErrorTraces } from './parse/cpp.ts';
import { dotnetTraces } from './parse/dotnet.ts';
import { geckoTraces } from './parse/gecko.ts';
import { goTraces } from './parse/go.ts';
import { goErrorsTraces } from './parse/goErrors.ts';
import { javascriptTraces } from './parse/javascript.ts';
import { jsonFramesTraces } from './parse/jsonFrames.ts';
import { jvmDumpTraces } from './parse/jvmDump.ts';
import { jvmTraces } from './parse/jvm.ts';
import { phpTraces } from './parse/php.ts';
import { phpConsoleTraces } from './parse/phpConsole.ts';
import { phpunitTraces } from './parse/phpunit.ts';
import { pytestTraces } from './parse/pytest.ts';
import { pythonTraces } from './parse/python.ts';
import { rubyTraces } from './parse/ruby.ts';
import { rustTraces } from './parse/rust.ts';
import { vitestTraces } from './parse/vitest.ts';
import { valgrindTraces } from './parse/valgrind.ts';
import { cluesOn, clueSets } from './parse/clues.ts';
import { headerOn, mayNameBefore, shortestErrorName } from './parse/header.ts';
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
  phpunitTraces,
  jvmDumpTraces,
  beamTraces,
  geckoTraces,
  vitestTraces,
  jsonFramesTraces,
];

/**
 * The traces of one writer in order of where they start; one that is quoted in another's message comes before that one.
 * Holds the lines around the trace that is read, and no other trace. Can be gone through once; where that is broken off,
 * it goes on from there. An iterator by hand: a generator takes a third longer.
 */
export class TraceReader implements IterableIterator<Trace, undefined> {
  readonly #lines: TextLines;
  /** The next line to look at. */
  #index = 0;
  /** The first line that no trace has taken. */
  #floor = 0;
  #last: TraceDraft | undefined;
  /** Whether a header may stand before the last trace, or where it starts, whose message quotes it. */
  #mayBeNamed = false;
  /**
   * Where the last trace was taken from, and from where on its own header was looked for; of a dump of threads the first of
   * them.
   */
  #takenFrom = 0;
  #takenFloor = 0;
  /** Traces that were found together, the next one to give at the end. */
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
        const { draft, next, messages, beside } = read;
        this.#take(draft, line, index, floor);
        this.#index = this.#floor = next;
        lines.release(next - maxLookBack);
        return messages || beside ? this.#firstOf(read) : draft.finish();
      }
      lines.release(index + 1 - maxLookBack);
    }
  }

  /** The first of the traces that messages quote, the one that they belong to and those beside it; the others are given next. */
  #firstOf(read: ReadTraces): Trace | undefined {
    const found = this.#found;
    for (const message of read.messages ?? []) addQuoted(this.#lines, message, found);
    addTraces(read, found);
    found.reverse();
    return found.pop();
  }

  /** Frames right below a trace of another language belong to the header above it, whose message quotes that trace. */
  #take(draft: TraceDraft, line: TextLine, index: number, floor: number): void {
    const last = this.#last;
    const lines = this.#lines;
    this.#last = draft;
    if (last && draft.type === undefined && isRightBelow(lines, line, index, floor)) {
      // The next thread of a dump.
      if (draft.language === last.language && draft.thread !== undefined) return;
      if (this.#mayBeNamed && draft.language !== last.language)
        nameFromAbove(draft, last.start, lines, this.#takenFrom, this.#takenFloor);
    }
    this.#takenFrom = index;
    this.#takenFloor = floor;
    // A trace of .NET without a header starts with its line, which may name it.
    const hasRoom = draft.language === 'dotnet' || draft.start - (last?.end ?? 0) >= shortestErrorName;
    this.#mayBeNamed = hasRoom || draft.type !== undefined;
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

function addTraces({ draft, beside }: ReadTraces, traces: Trace[]): void {
  traces.push(draft.finish());
  for (const other of beside ?? []) traces.push(other.finish());
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
  // What a report says of its stack, as Go's of a race does, says more than a name without a message.
  draft.name(
    header.message === undefined && draft.message !== undefined ? { ...header, message: draft.message } : header,
  );
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
