/** The failures of a task as rows, their frames looked up in the workspace: what both trees show of a task that failed. */

import type { PathMapping } from '../../model/environment.ts';
import { plainBlock } from '../../model/plainText.ts';
import type { TaskDetail } from '../../model/task.ts';
import { findTraces } from '../../stacktrace/findTraces.ts';
import type { Trace } from '../../stacktrace/trace.ts';
import { errorNode, type FailedTask, failuresOf, type ResolvedTrace } from './errorNodes.ts';
import type { ViewNode } from './viewNode.ts';

interface FrameSources {
  resolveTrace(trace: Trace, mappings: readonly PathMapping[]): Promise<ResolvedTrace>;
}

/** The last attempt's failure first. */
export function failureRows(
  of: FailedTask,
  detail: TaskDetail,
  sources: FrameSources,
  mappings: readonly PathMapping[],
): Promise<ViewNode[]> {
  return Promise.all(
    failuresOf(detail).map(async (failure, position) => {
      const traces = findTraces(plainBlock(failure.error.stack ?? ''));
      const resolved = await Promise.all(traces.map((trace) => sources.resolveTrace(trace, mappings)));
      return errorNode(of, failure, position, resolved);
    }),
  );
}
