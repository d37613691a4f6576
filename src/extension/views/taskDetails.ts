/** Answers for single tasks, asked of the engine once and kept until the task has changed. */

import type { AskMode, TaskAnswer } from '../../model/answer.ts';
import type { FoldedTask } from '../../model/task.ts';
import type { Engine } from '../engineHost.ts';

interface Kept {
  readonly version: string;
  readonly answer: Promise<TaskAnswer>;
}

/** Bounds what the window holds: a task's records may be megabytes. */
const keptAtMost = 50;

export class TaskDetails {
  readonly #engine: Engine;
  readonly #mode: AskMode;
  readonly #kept = new Map<string, Kept>();

  constructor(engine: Engine, mode: AskMode) {
    this.#engine = engine;
    this.#mode = mode;
  }

  /** Rejects as the engine does; a failure is not kept. */
  of(environment: string, task: FoldedTask, signal?: AbortSignal): Promise<TaskAnswer> {
    const key = JSON.stringify([environment, task.task]);
    const version = `${task.lastTs}/${task.attempts}/${task.status}`;
    const known = this.#kept.get(key);
    if (known?.version === version) return known.answer;
    const answer = this.#engine.task({ environment, id: task.task, mode: this.#mode }, signal ? { signal } : {});
    this.#kept.delete(key);
    this.#kept.set(key, { version, answer });
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > keptAtMost && oldest !== undefined) this.#kept.delete(oldest);
    answer.catch(() => {
      if (this.#kept.get(key)?.answer === answer) this.#kept.delete(key);
    });
    return answer;
  }

  clear(): void {
    this.#kept.clear();
  }
}
