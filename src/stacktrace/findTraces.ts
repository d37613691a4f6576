/** Finds every stack trace in any text: logs, JSON, terminal output, several languages side by side. */

import { beamTraces } from './parse/beam.ts';
import { cppTraces } from './parse/cpp.ts';
import { dotnetTraces } from './parse/dotnet.ts';
import { goTraces } from './parse/go.ts';
import { javascriptTraces } from './parse/javascript.ts';
import { jvmTraces } from './parse/jvm.ts';
import { phpTraces } from './parse/php.ts';
import { pythonTraces } from './parse/python.ts';
import { rubyTraces } from './parse/ruby.ts';
import { rustTraces } from './parse/rust.ts';
import type { ReadTraces, TraceParser } from './parse/traceParser.ts';
import { TextLines } from './textLines.ts';
import type { Trace } from './trace.ts';

const parsers: readonly TraceParser[] = [
  javascriptTraces,
  jvmTraces,
  pythonTraces,
  goTraces,
  cppTraces,
  rustTraces,
  dotnetTraces,
  rubyTraces,
  phpTraces,
  beamTraces,
];

/**
 * The traces in order of where they start; frames of one trace may not be told apart when several writers' lines are
 * mixed. Never throws; takes time linear in the length of the text.
 */
export function findTraces(text: string): Trace[] {
  return findTracesIn(new TextLines(text));
}

/** The traces of a text that is read as lines elsewhere; see `findTraces`. */
export function findTracesIn(lines: TextLines): Trace[] {
  const traces: Trace[] = [];
  let floor = 0;
  for (let index = 0; ; ) {
    const line = lines.at(index);
    if (!line) return traces;
    const clues = lines.cluesOn(line);
    const found = clues === 0 ? undefined : readTraces(lines, index, floor, clues);
    if (found) {
      traces.push(...found.traces);
      index = floor = found.next;
      lines.release(index);
    } else {
      index++;
      lines.release(index - maxLookBack);
    }
  }
}

/** The first parser wins whose clues stand on the line and who finds a trace there. */
function readTraces(lines: TextLines, index: number, floor: number, clues: number): ReadTraces | undefined {
  for (const parser of parsers) {
    if ((parser.clues & clues) === 0) continue;
    const found = parser.read(lines, index, floor);
    if (found) return found;
  }
  return undefined;
}

/** How far above its first frame a parser looks for a trace's header. */
const maxLookBack = 128;
