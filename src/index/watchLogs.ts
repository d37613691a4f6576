/** Indexes what is new again and again, until told to stop. */

import { setTimeout as delay } from 'node:timers/promises';
import type { IndexPassSummary } from '../model/indexPass.ts';
import { StoreError } from '../store/storeError.ts';
import { IndexError } from './indexError.ts';
import type { PassScope } from './discovery.ts';
import { Indexer, type IndexLogsOptions } from './indexLogs.ts';

export interface WatchLogsOptions extends IndexLogsOptions {
  /** Ends the watch: `watchLogs` then resolves once the pass under way has stopped. */
  readonly signal: AbortSignal;
  /** From the end of one pass to the start of the next. Most passes list the partitions that are written to now … */
  readonly intervalMs?: number;
  /** … one in this time lists those of `lookBackMs` ago and since, and what lies in none … */
  readonly lookBackEveryMs?: number;
  readonly lookBackMs?: number;
  /** … and one in this time lists everything: late keys, and keys out of order, are the rule. */
  readonly fullPassEveryMs?: number;
  /** The first pass tries the objects that were set aside once more. */
  readonly retry?: boolean;
  readonly onPass?: (summary: IndexPassSummary) => void;
  /** A pass that failed; the next is tried after a pause that doubles. */
  readonly onProblem?: (error: unknown) => void;
}

const defaults = { intervalMs: 300, lookBackEveryMs: 5_000, lookBackMs: 2 * 3_600_000, fullPassEveryMs: 600_000 };
const maxPauseMs = 30_000;
/** However large a log root is, listing all of it takes no more than this share of the time, listing the look-back no more than that. */
const share = { all: 1 / 20, since: 1 / 4 };

/** @throws IndexError when trying again cannot help: the index is of a later release, damaged, or another root's. */
export async function watchLogs(options: WatchLogsOptions): Promise<void> {
  const { signal, nowMs = Date.now } = options;
  const { intervalMs } = { ...defaults, ...options };
  let pauseMs = intervalMs;
  let { retry = false } = options;
  const schedule = new PassSchedule({ ...defaults, ...options });
  try {
    await using indexer = await Indexer.open(options);
    while (!signal.aborted) {
      const startMs = nowMs();
      const scope = schedule.next(startMs, indexer.knowsNewest);
      try {
        const summary = await indexer.pass({ scope, isPatient: true, retry });
        schedule.note(scope, startMs, indexer.listedMs);
        retry = false;
        pauseMs = Math.max(intervalMs, Math.min(indexer.listedMs, maxPauseMs));
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

type ScheduleOptions = Pick<typeof defaults, 'lookBackEveryMs' | 'lookBackMs' | 'fullPassEveryMs'>;

/** What each pass lists. */
class PassSchedule {
  readonly #options: ScheduleOptions;
  #fullDueMs = Number.NEGATIVE_INFINITY;
  #lookBackDueMs = Number.NEGATIVE_INFINITY;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  next(nowMs: number, knowsNewest: boolean): PassScope {
    if (nowMs >= this.#fullDueMs) return { kind: 'all' };
    if (nowMs < this.#lookBackDueMs && knowsNewest) return { kind: 'newest' };
    return { kind: 'since', lookBackMs: this.#options.lookBackMs };
  }

  /** A pass that failed is not noted: its like is due again. */
  note(scope: PassScope, startMs: number, listedMs: number): void {
    const { lookBackEveryMs, fullPassEveryMs } = this.#options;
    if (scope.kind === 'newest') return;
    this.#lookBackDueMs = startMs + Math.max(lookBackEveryMs, listedMs / share.since);
    if (scope.kind === 'all') this.#fullDueMs = startMs + Math.max(fullPassEveryMs, listedMs / share.all);
  }
}

/** Whether the same may succeed later. */
function isPassing(error: unknown): boolean {
  if (error instanceof IndexError) return error.code === 'unreachable';
  return error instanceof StoreError && error.code !== 'badKey';
}
