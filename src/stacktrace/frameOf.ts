/** The one frame of a stack that says most about where it failed. */

import type { FailureGroup } from '../model/overview/answers.ts';
import { tracesIn } from './findTraces.ts';
import { type Frame, innermostFrame } from './trace.ts';

/**
 * The innermost in-app frame: of the root cause, or of what that caused, where it has none (a runtime failed that was called); else the
 * innermost of all. `undefined` where no frame can be read.
 */
function failingFrame(stack: string): Frame | undefined {
  const [trace] = tracesIn(stack);
  if (!trace) return undefined;
  return (innermostFrame(trace, ({ inApp }) => inApp) ?? innermostFrame(trace, () => true))?.frame;
}

/** `frame` and `frameAt` of a failure group, from its stack. */
export function frameOf(stack: string | undefined): Pick<FailureGroup, 'frame' | 'frameAt'> {
  const found = stack === undefined ? undefined : failingFrame(stack);
  if (!found) return {};
  const { function: name, module, file, line1, column1, inApp } = found;
  return {
    frame: found.raw.trim().replace(/\s+/g, ' '),
    frameAt: {
      ...(name === undefined ? {} : { function: name }),
      ...(module === undefined ? {} : { module }),
      ...(file === undefined ? {} : { file }),
      ...(line1 === undefined ? {} : { line1 }),
      ...(column1 === undefined ? {} : { column1 }),
      inApp,
    },
  };
}
