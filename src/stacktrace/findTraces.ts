/** Finds every stack trace in any text: logs, JSON, terminal output, several languages side by side. */

import { goTraces } from './parse/go.ts';
import { javascriptTraces } from './parse/javascript.ts';
import { jvmTraces } from './parse/jvm.ts';
import { pythonTraces } from './parse/python.ts';
import type { TraceParser } from './parse/traceParser.ts';
import { TextLines } from './textLines.ts';
import type { Trace } from './trace.ts';

const parsers: readonly TraceParser[] = [javascriptTraces, jvmTraces, pythonTraces, goTraces];

/**
 * The traces in order of where they start; frames of one trace may not be told apart when several writers' lines are
 * mixed. Never throws; takes time linear in the length of the text.
 */
export function findTraces(text: string): Trace[] {
  return findTracesIn(new TextLines(text));
}

/** The traces of a text that is read as lines elsewhere; see `findTraces`. */
export function findTracesIn(lines: TextLines): Trace[] {
  const possible = parsers.filter((parser) => parser.gates.some((gate) => lines.source.includes(gate)));
  const traces: Trace[] = [];
  if (possible.length === 0) return traces;
  let floor = 0;
  next: for (let index = 0; lines.at(index); ) {
    for (const parser of possible) {
      const found = parser.read(lines, index, floor);
      if (!found) continue;
      traces.push(...found.traces);
      index = floor = found.next;
      lines.release(index);
      continue next;
    }
    index++;
    lines.release(index - maxLookBack);
  }
  return traces;
}

/** How far above its first frame a parser looks for a trace's header. */
const maxLookBack = 128;
