/** Finds the stack frames of a text by the place at which an editor shows them. */

import { findTraces } from '../../stacktrace/findTraces.ts';
import { type Frame, type Trace, tracesWithin } from '../../stacktrace/trace.ts';

/** A stack frame in a text. Lines and characters count from 0. */
export interface TextFrame {
  readonly line: number;
  readonly startCharacter: number;
  readonly endCharacter: number;
  readonly frame: Frame;
  /** The other frames of its trace help to tell which file is meant. */
  readonly trace: Trace;
  /** Of the build that failed. */
  readonly commit?: string;
}

/** In the order of the traces. A frame of two lines (Go) stands on its first. */
export function textFrames(text: string): TextFrame[] {
  const starts = lineStarts(text);
  return findTraces(text).flatMap((trace) =>
    [...tracesWithin(trace)].flatMap((part) =>
      part.frames.map((frame): TextFrame => {
        const line = lineAt(starts, frame.start);
        const lineStart = starts[line] ?? 0;
        const newline = text.indexOf('\n', lineStart);
        const lineEnd = newline === -1 ? text.length : newline;
        const end = Math.min(frame.end, text[lineEnd - 1] === '\r' ? lineEnd - 1 : lineEnd);
        return { line, startCharacter: frame.start - lineStart, endCharacter: end - lineStart, frame, trace: part };
      }),
    ),
  );
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The last line that starts at or before the offset. */
function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The frame on the nearest line after (1) or before (-1) a line; from the last on with the first. */
export function neighbour<T extends { readonly line: number }>(
  frames: readonly T[],
  line: number,
  direction: 1 | -1,
): T | undefined {
  const sorted = frames.toSorted((a, b) => (a.line - b.line) * direction);
  return sorted.find((frame) => (frame.line - line) * direction > 0) ?? sorted[0];
}
