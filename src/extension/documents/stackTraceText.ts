/** Lays the stack traces of a text out as a tree to read: each error, its frames below it, its causes below these. */

import { findTraces } from '../../stacktrace/findTraces.ts';
import type { Frame, Trace } from '../../stacktrace/trace.ts';
import { plainBlock } from '../../model/plainText.ts';
import { plainLine } from '../plainText.ts';
import { frameText, lastCause, rootCauseText, tracesBelow } from '../views/errorNodes.ts';
import { errorText } from '../views/taskNodes.ts';
import type { TextFrame } from './textFrames.ts';

export interface StackTraceText {
  readonly text: string;
  readonly frames: readonly TextFrame[];
  /** One for each error, with all below it; lines from 0, the last inclusive. */
  readonly sections: readonly { readonly title: string; readonly startLine: number; readonly endLine: number }[];
}

/** Deeper chains go on at this depth. */
const maxDepth = 20;

/** `undefined` where no trace is found. */
export function stackTraceText(given: string): StackTraceText | undefined {
  const traces = findTraces(plainBlock(given));
  if (traces.length === 0) return undefined;
  const lines: string[] = [];
  const frames: TextFrame[] = [];
  const sections: { title: string; startLine: number; endLine: number }[] = [];
  const write = (trace: Trace, relation: string, depth: number, root = lastCause(trace)): void => {
    const indent = '  '.repeat(Math.min(depth, maxDepth));
    const startLine = lines.length;
    const title = errorText(trace, 400);
    const thread = trace.thread === undefined ? '' : ` (${plainLine(trace.thread, 80)})`;
    lines.push(`${indent}${relation}${title}${thread}${trace === root ? ` · ${rootCauseText}` : ''}`);
    for (const frame of trace.frames) {
      const text = plainLine(frame.raw, 1000);
      const startCharacter = indent.length + 4;
      const line = lines.push(`${indent}    ${text}${beside(frame)}`) - 1;
      frames.push({ line, startCharacter, endCharacter: startCharacter + text.length, frame, trace });
    }
    if (trace.elided !== undefined) lines.push(`${indent}    … ${trace.elided} more`);
    for (const { relation, trace: below } of tracesBelow(trace)) write(below, `${relation} `, depth + 1, root);
    sections.push({ title, startLine, endLine: lines.length - 1 });
  };
  for (const trace of traces) {
    if (lines.length > 0) lines.push('');
    write(trace, '', 0);
  }
  return { text: `${lines.join('\n')}\n`, frames, sections: sections.toSorted((a, b) => a.startLine - b.startLine) };
}

/** The name of a frame whose printed line has none that one can read: a generated one, or that of another line (Go, Rust). */
function beside(frame: Frame): string {
  const { raw, file = '', readable, function: name } = frame;
  if (name === undefined) return '';
  const isThere = raw.replace(file, '').includes(name);
  return isThere && (readable === undefined || name.startsWith(readable)) ? '' : ` · ${frameText(frame)}`;
}
