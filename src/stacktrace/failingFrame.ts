/** The one frame of a stack that says most about where it failed. */

import { findTraces } from './findTraces.ts';
import { type Frame, rootCause } from './trace.ts';

/** The innermost in-app frame of the root cause, or its innermost; `undefined` where no frame can be read. */
export function failingFrame(stack: string): Frame | undefined {
  const trace = findTraces(stack)[0];
  if (!trace) return undefined;
  const { frames } = rootCause(trace);
  return frames.find(({ inApp }) => inApp) ?? frames[0] ?? trace.frames.find(({ inApp }) => inApp) ?? trace.frames[0];
}
