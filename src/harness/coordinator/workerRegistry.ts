/** The workers that a coordinator has heard of. */

export interface SeenWorker {
  readonly worker: string;
  readonly firstSeenTs: number;
  readonly lastHeartbeatTs: number;
  /** What it holds a lease for, as far as this coordinator knows. */
  readonly task?: string;
  readonly attempt?: number;
}

/** A worker asks or reports far more often than this. */
const silentMs = 15_000;
const forgottenMs = 60 * 60_000;

export class WorkerRegistry {
  readonly #workers = new Map<string, SeenWorker>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  heard(worker: string): void {
    const now = this.#nowMs();
    const known = this.#workers.get(worker);
    this.#workers.set(worker, { worker, firstSeenTs: now, ...known, lastHeartbeatTs: now });
  }

  working(worker: string, task: string, attempt: number): void {
    this.heard(worker);
    const known = this.#workers.get(worker);
    if (known) this.#workers.set(worker, { ...known, task, attempt });
  }

  idle(worker: string): void {
    this.heard(worker);
    const known = this.#workers.get(worker);
    if (!known) return;
    const { task: _task, attempt: _attempt, ...rest } = known;
    this.#workers.set(worker, rest);
  }

  /** By id; those silent for an hour are forgotten. */
  list(): SeenWorker[] {
    const now = this.#nowMs();
    for (const { worker, lastHeartbeatTs } of this.#workers.values()) {
      if (now - lastHeartbeatTs > forgottenMs) this.#workers.delete(worker);
    }
    return [...this.#workers.values()].sort((a, b) => (a.worker < b.worker ? -1 : 1));
  }

  get alive(): number {
    const now = this.#nowMs();
    return this.list().filter(({ lastHeartbeatTs }) => now - lastHeartbeatTs <= silentMs).length;
  }
}
