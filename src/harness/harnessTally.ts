/** Counts what has become of the tasks of a run, from the events that coordinators report. */

import type { SeenEvent } from './wire.ts';

export interface HarnessSummary {
  /** Tasks that ended in this run. */
  readonly tasks: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly docs: number;
  readonly bytes: number;
  readonly ms: number;
}

export class HarnessTally {
  /** A task that a restarted coordinator runs again counts once, as it ended last. */
  readonly #ended = new Map<string, { readonly ok: boolean; readonly docs: number; readonly bytes: number }>();

  seen({ event, task, docs = 0, bytes = 0 }: SeenEvent): void {
    if (event === 'task.succeeded') this.#ended.set(task, { ok: true, docs, bytes });
    else if (event === 'task.failed') this.#ended.set(task, { ok: false, docs: 0, bytes: 0 });
  }

  summary(ms: number): HarnessSummary {
    const ended = [...this.#ended.values()];
    const succeeded = ended.filter(({ ok }) => ok).length;
    return {
      tasks: ended.length,
      succeeded,
      failed: ended.length - succeeded,
      docs: ended.reduce((sum, { docs }) => sum + docs, 0),
      bytes: ended.reduce((sum, { bytes }) => sum + bytes, 0),
      ms: Math.round(ms),
    };
  }
}
