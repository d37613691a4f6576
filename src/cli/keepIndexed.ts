/** Keeps an index fresh beside something that must go on whatever becomes of the index. */

import { setTimeout as delay } from 'node:timers/promises';
import { type WatchLogsOptions, watchLogs } from '../index/watchLogs.ts';

/** Between a failure that the watch gives up on (a damaged index) and the next try: someone may have deleted it. */
const pauseMs = 2000;

export interface KeepIndexedOptions extends Omit<WatchLogsOptions, 'onProblem'> {
  /** Rejects with what makes a start pointless (a damaged index, another root's): once it ran, that is waited out. */
  readonly mustStart?: boolean;
}

/** Every problem is told once in a row, and tried again. Resolves when `signal` aborts; rejects for `mustStart` only. */
export async function keepIndexed(options: KeepIndexedOptions, tell: (message: string) => void): Promise<void> {
  const { signal } = options;
  let told: string | undefined;
  let started = false;
  const onProblem = (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== told) tell(message);
    told = message;
  };
  const onPass: WatchLogsOptions['onPass'] = (summary) => {
    told = undefined;
    started = true;
    options.onPass?.(summary);
  };
  while (!signal.aborted) {
    try {
      await watchLogs({ ...options, onPass, onProblem });
    } catch (error) {
      if (options.mustStart && !started) throw error;
      onProblem(error);
    }
    // Rejects when the signal aborts, and then the loop is over.
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
