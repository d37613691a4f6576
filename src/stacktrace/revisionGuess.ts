/** Where a frame's line is now when nobody knows the revision that ran: by what it called and by its own function. */

import { countText } from '../model/readableNumbers.ts';
import { maxSourceBytes, type ReadSource } from './readSource.ts';
import { calleeOf, nameInSource } from './resolveTrace.ts';
import { hasWord, namesOf } from './sourceEvidence.ts';
import type { Frame, Trace } from './trace.ts';

export type GuessedLine =
  /** What it called stands on the line, or nothing can be checked. */
  | { readonly kind: 'here'; readonly line1: number }
  /** Approximate: why says by what the line was found, or that it was not. */
  | { readonly kind: 'near'; readonly line1: number; readonly why: string }
  | { readonly kind: 'unsure'; readonly line1: number; readonly why: string };

export interface FrameNames {
  /** From 1. */
  readonly line1: number;
  readonly function?: string;
  /** The function that the frame was calling. */
  readonly callee?: string;
}

export interface LocatedLine {
  /** Absolute. */
  readonly path: string;
  readonly line1: number;
  /** See `Resolution`. */
  readonly isMapped?: true;
}

/**
 * Where a frame that was found in a file stands in it as it is.
 * @param trace that has the frame
 */
export async function guessFrameLine(
  readSource: ReadSource,
  frame: Frame,
  trace: Trace,
  { path, line1, isMapped }: LocatedLine,
): Promise<GuessedLine> {
  const source = await readSource(path, maxSourceBytes);
  if (source.kind !== 'text') return { kind: 'here', line1 };
  const printed = [frame.function, calleeOf(trace.frames, trace.frames.indexOf(frame))];
  const [name, callee] = isMapped ? printed.map(nameInSource) : printed;
  return guessLine(source.text, {
    line1,
    ...(name !== undefined && { function: name }),
    ...(callee !== undefined && { callee }),
  });
}

/** Time grows with the length of the text. */
export function guessLine(text: string, frame: FrameNames): GuessedLine {
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  const line1 = Math.min(Math.max(frame.line1, 1), lines.length);
  const callees = namesOf(frame.callee);
  const functions = namesOf(frame.function);
  const printed = frame.line1 === line1 ? (lines[line1 - 1] ?? '').trim() : '';
  // From a blank line nothing was called.
  if (printed !== '' && (callees.length === 0 || callees.some((name) => hasWord(printed, name)))) {
    if (callees.length > 0 || functions.length === 0) return { kind: 'here', line1 };
    // A line before every mention of its function cannot be in it.
    if (linesWith(lines.slice(0, line1), functions).length > 0) return { kind: 'here', line1 };
  }
  const called = linesWith(lines, callees);
  const own = linesWith(lines, functions).filter((line) => !called.includes(line));
  // A call behind a line that names the function it was made from, the nearest to where it was.
  const start = own.length === 0 ? undefined : nearest(own, line1);
  const within = start === undefined ? called : called.filter((line) => line > start);
  const call = nearest(within.length > 0 ? within : called, line1);
  if (call !== undefined) return { kind: 'near', line1: call, why: `the nearest line that names ${callees[0] ?? ''}` };
  if (start !== undefined) {
    return { kind: 'near', line1: start, why: `the nearest line that names its function ${functions[0] ?? ''}` };
  }
  return { kind: 'unsure', line1, why: whyUnsure(frame.line1, lines.length, callees[0] ?? functions[0]) };
}

function whyUnsure(line1: number, lineCount: number, name: string | undefined): string {
  if (line1 > lineCount) return `the file has only ${countText(lineCount, 'line')} now`;
  return name === undefined ? 'nothing stands on the line now' : `${name} stands nowhere in the file now`;
}

function linesWith(lines: readonly string[], names: readonly string[]): number[] {
  return lines.flatMap((line, index) => (names.some((name) => hasWord(line, name)) ? [index + 1] : []));
}

function nearest(lines: readonly number[], line1: number): number | undefined {
  return lines.reduce<number | undefined>(
    (best, line) => (best === undefined || Math.abs(line - line1) < Math.abs(best - line1) ? line : best),
    undefined,
  );
}
