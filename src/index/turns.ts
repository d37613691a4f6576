/** One after the other, in the order in which they came. */

import { untilAborted } from '../store/untilAborted.ts';

export class Turns {
  /** Ends when everyone who has come so far is done. */
  #last: Promise<void> = Promise.resolve();

  /** Runs `work` once all who came before are done. Rejects with `signal.reason` when it fires before that. */
  async take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#last;
    const done = Promise.withResolvers<void>();
    this.#last = before.then(() => done.promise);
    try {
      await untilAborted(before, signal);
      return await work();
    } finally {
      done.resolve();
    }
  }
}
