/** Keeps an index fresh beside something that must go on whatever becomes of the index. */

import { setTimeout as delay } from 'node:timers/promises';
import { type WatchLogsOptions, watchLogs } from '../index/watchLogs.ts';

/** Between a failure that the watch gives up on (a damaged index) and the next try: someone may have deleted it. */
const pauseMs = 2000;

/** Never rejects: every problem is told once in a row, and tried again. Resolves when `signal` aborts. */
export async function keepIndexed(
  options: Omit<WatchLogsOptions, 'onProblem'>,
  tell: (message: string) => void,
): Promise<void> {
  const { signal } = options;
  let told: string | undefined;
  const onProblem = (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== told) tell(`Indexing: ${message}`);
    told = message;
  };
  const onPass: WatchLogsOptions['onPass'] = (summary) => {
    told = undefined;
    options.onPass?.(summary);
  };
  while (!signal.aborted) {
    try {
      await watchLogs({ ...options, onPass, onProblem });
    } catch (error) {
      onProblem(error);
    }
    // Rejects when the signal aborts, and then the loop is over.
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
