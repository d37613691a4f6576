/** Indexes what is new again and again, until told to stop. */

import { setTimeout as delay } from 'node:timers/promises';
import type { IndexPassSummary } from '../model/indexPass.ts';
import { StoreError } from '../store/storeError.ts';
import { IndexError } from './indexError.ts';
import { Indexer, type IndexLogsOptions } from './indexLogs.ts';

export interface WatchLogsOptions extends Omit<IndexLogsOptions, 'lookBackMs'> {
  /** Ends the watch: `watchLogs` then resolves once the pass under way has stopped. */
  readonly signal: AbortSignal;
  /** From the end of one pass to the start of the next. */
  readonly intervalMs?: number;
  /** Passes look at the partitions of so long ago and since … */
  readonly lookBackMs?: number;
  /** … but for one in this time, which looks at everything: late keys are the rule. */
  readonly fullPassEveryMs?: number;
  readonly onPass?: (summary: IndexPassSummary) => void;
  /** A pass that failed; the next is tried after a pause that doubles. */
  readonly onProblem?: (error: unknown) => void;
}

const defaults = { intervalMs: 300, lookBackMs: 2 * 3_600_000, fullPassEveryMs: 60_000 };
const maxPauseMs = 30_000;

/** @throws IndexError when trying again cannot help: the index is of a later release, damaged, or another root's. */
export async function watchLogs(options: WatchLogsOptions): Promise<void> {
  const { signal, nowMs = Date.now } = options;
  const { intervalMs, lookBackMs, fullPassEveryMs } = { ...defaults, ...options };
  let fullPassMs = Number.NEGATIVE_INFINITY;
  let pauseMs = intervalMs;
  try {
    await using indexer = await Indexer.open(options);
    while (!signal.aborted) {
      const startMs = nowMs();
      const isFull = startMs - fullPassMs >= fullPassEveryMs;
      try {
        const summary = await indexer.pass(isFull ? undefined : lookBackMs);
        if (isFull) fullPassMs = startMs;
        pauseMs = intervalMs;
        options.onPass?.(summary);
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error;
        options.onProblem?.(error);
        pauseMs = Math.min(maxPauseMs, Math.max(pauseMs * 2, intervalMs));
      }
      await delay(pauseMs, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Whether the same may succeed later. */
function isPassing(error: unknown): boolean {
  if (error instanceof IndexError) return error.code === 'unreachable';
  return error instanceof StoreError && error.code !== 'badKey';
}
