/**
 * A coordinator's tasks in memory: who may run what, until when, and what becomes of an attempt that fails or falls
 * silent. No clock, timer or network of its own: `tick` does whatever has become due.
 */

import { createHash } from 'node:crypto';
import { foldAttempts, foldTask } from '../../model/fold.ts';
import type { ErrorInfo, LogRecord, TaskEvent } from '../../model/record.ts';
import type { Attempt, FoldedTask } from '../../model/task.ts';
import { failureGroup } from '../../stacktrace/failureGroup.ts';
import { type Source, sourceId } from '../source.ts';
import type { AttemptFailure, AttemptProgress, AttemptResult, Lease, LeaseRef, Timings } from '../wire.ts';

/** An object of a source as it was listed. */
export interface SourceObject {
  /** Within the source's store. */
  readonly objectKey: string;
  /** In records and documents. */
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
}

export type TaskState =
  | { readonly kind: 'waiting'; readonly dueMs: number }
  | { readonly kind: 'leased'; readonly worker: string; readonly untilMs: number; readonly started: boolean }
  | { readonly kind: 'succeeded'; readonly endedMs: number; readonly result: AttemptResult }
  | { readonly kind: 'failed'; readonly endedMs: number; readonly error: ErrorInfo };

export interface HeldTask {
  readonly id: string;
  readonly source: Source;
  readonly object: SourceObject;
  /** Of the ownership under which the task was cut. */
  readonly epoch: number;
  readonly attempt: number;
  readonly state: TaskState;
}

export interface TaskTableOptions {
  readonly coordinator: string;
  readonly timings: Pick<Timings, 'leaseMs' | 'maxAttempts' | 'retryMs' | 'retentionMs'>;
  /** More finished tasks than these are forgotten before their retention ends, oldest first. */
  readonly maxFinished: number;
  readonly nowMs: () => number;
  /** 0 to 1, for the jitter of retries. */
  readonly random: () => number;
}

export interface TaskTableListener {
  /** An event that the coordinator itself decided; it goes to the task log. */
  emitted(record: LogRecord, task: HeldTask): void;
  /** Anything about the task may differ now. */
  changed(task: HeldTask): void;
  forgotten(id: string): void;
}

export type LeaseAnswer = 'held' | 'lost';

interface Entry {
  task: HeldTask;
  /** What has been said of the task so far, by its own events and by what workers reported. */
  records: LogRecord[];
  folded: FoldedTask | undefined;
}

/**
 * The same version of an object is the same task, after every restart and on every machine. The time tells versions
 * apart that have the ETag in common: on S3 an object that gets its old content back has its old ETag, too.
 */
export function taskId(source: Source, object: Pick<SourceObject, 'objectKey' | 'etag' | 'lastModifiedMs'>): string {
  const version = [sourceId(source), object.objectKey, object.etag, object.lastModifiedMs].join('\n');
  const digest = createHash('sha256').update(version).digest('hex');
  const name = source.source.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 40);
  return `${name}-${digest.slice(0, 16)}`;
}

function objectOf(task: HeldTask): string {
  return `${sourceId(task.source)}/${task.object.objectKey}`;
}

export class TaskTable {
  readonly #options: TaskTableOptions;
  readonly #listener: TaskTableListener;
  readonly #entries = new Map<string, Entry>();
  /** Ids of waiting tasks by source, so that a big source does not starve a small one. */
  readonly #waiting = new Map<string, Set<string>>();
  /** Task id by object: two versions of one object are never in process at once, they write the same documents. */
  readonly #leased = new Map<string, string>();
  /** In the order in which they ended. */
  readonly #finished = new Set<string>();

  constructor(options: TaskTableOptions, listener: TaskTableListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /**
   * Takes an object on as a task, unless it is known. `resumed` is what an earlier owner of the source left of it; an
   * attempt that was under way then is given up, and counts.
   */
  add(
    source: Source,
    object: SourceObject,
    epoch: number,
    resumed?: { readonly attempt: number; readonly worker?: string },
  ): void {
    const id = taskId(source, object);
    if (this.#entries.has(id)) return;
    const nowMs = this.#options.nowMs();
    const dueMs = nowMs + (source.settleMs ?? 0);
    const task: HeldTask = {
      id,
      source,
      object,
      epoch,
      attempt: resumed?.attempt ?? 0,
      state: { kind: 'waiting', dueMs },
    };
    const entry: Entry = { task, records: [], folded: undefined };
    this.#entries.set(id, entry);
    this.#queue(task);
    this.#emit(entry, 'task.created', { message: `${object.key} is to be ingested` });
    if (resumed?.worker !== undefined) {
      const message = `${resumed.worker} held a lease of the source's earlier owner`;
      const error = { type: 'CoordinatorRestarted', message };
      this.#emit(entry, 'attempt.lost', { attempt: resumed.attempt, worker: resumed.worker, error, message });
      this.#endAttempt(entry, error, true);
    }
  }

  /** Hands out the task that is due, of the source that was served least recently. */
  lease(worker: string): Lease | undefined {
    const nowMs = this.#options.nowMs();
    for (const [source, ids] of this.#waiting) {
      for (const id of ids) {
        const entry = this.#entries.get(id);
        if (entry?.task.state.kind !== 'waiting' || entry.task.state.dueMs > nowMs) continue;
        if (this.#leased.has(objectOf(entry.task))) continue;
        this.#unqueue(entry.task);
        // Back of the line, if anything is left of it.
        const rest = this.#waiting.get(source);
        if (rest) {
          this.#waiting.delete(source);
          this.#waiting.set(source, rest);
        }
        return this.#assign(entry, worker, nowMs);
      }
    }
    return undefined;
  }

  #assign(entry: Entry, worker: string, nowMs: number): Lease {
    const { leaseMs } = this.#options.timings;
    const { id, source, object, epoch } = entry.task;
    const attempt = entry.task.attempt + 1;
    entry.task = {
      ...entry.task,
      attempt,
      state: { kind: 'leased', worker, untilMs: nowMs + leaseMs, started: false },
    };
    this.#leased.set(objectOf(entry.task), id);
    this.#emit(entry, 'task.assigned', { attempt, worker, message: `attempt ${attempt} goes to ${worker}` });
    return {
      task: id,
      attempt,
      epoch,
      leaseMs,
      coordinator: this.#options.coordinator,
      source,
      objectKey: object.objectKey,
      etag: object.etag,
      sizeBytes: object.sizeBytes,
      key: object.key,
    };
  }

  /** Extends a lease. `lost` when it has expired or never was: the worker must stop. */
  heartbeat(ref: LeaseRef, progress: AttemptProgress): LeaseAnswer {
    const entry = this.#holder(ref);
    if (entry?.task.state.kind !== 'leased') return 'lost';
    const { state } = entry.task;
    const untilMs = this.#options.nowMs() + this.#options.timings.leaseMs;
    entry.task = { ...entry.task, state: { ...state, untilMs, started: true } };
    const event = state.started ? 'attempt.progress' : 'attempt.started';
    // One progress record stands for all: the fold looks at the latest anyway.
    entry.records = entry.records.filter((record) => record.event !== 'attempt.progress');
    this.#note(entry, event, { attempt: ref.attempt, worker: ref.worker, docs: progress.docs });
    return 'held';
  }

  /** Ends a task well. Saying it again with the same lease is no error: the first answer may have been lost. */
  complete(ref: LeaseRef, result: AttemptResult): LeaseAnswer {
    const entry = this.#holder(ref);
    if (!entry) return 'lost';
    if (entry.task.state.kind === 'succeeded') return 'held';
    if (entry.task.state.kind !== 'leased') return 'lost';
    this.#note(entry, 'attempt.finished', { attempt: ref.attempt, worker: ref.worker, docs: result.docs });
    this.#finish(entry, { kind: 'succeeded', endedMs: this.#options.nowMs(), result });
    this.#emit(entry, 'task.succeeded', {
      attempt: ref.attempt,
      worker: ref.worker,
      docs: result.docs,
      bytes: result.bytes,
      message: `${result.docs} documents, ${result.rejected} rejected rows`,
    });
    return 'held';
  }

  /** Ends an attempt badly: the task waits for another one, or has failed. */
  fail(ref: LeaseRef, failure: AttemptFailure): LeaseAnswer {
    const entry = this.#holder(ref);
    if (entry?.task.state.kind !== 'leased') return 'lost';
    this.#note(entry, 'attempt.failed', { attempt: ref.attempt, worker: ref.worker, error: failure.error });
    this.#endAttempt(entry, failure.error, failure.retryable);
    return 'held';
  }

  /** Does what is due: takes back expired leases, forgets finished tasks. */
  tick(): void {
    const nowMs = this.#options.nowMs();
    for (const id of this.#leased.values()) {
      const entry = this.#entries.get(id);
      if (entry?.task.state.kind !== 'leased' || entry.task.state.untilMs > nowMs) continue;
      const { worker } = entry.task.state;
      const message = `${worker} has not been heard of for ${this.#options.timings.leaseMs} ms`;
      const error = { type: 'LeaseExpired', message };
      this.#emit(entry, 'attempt.lost', { attempt: entry.task.attempt, worker, error, message });
      this.#endAttempt(entry, error, true);
    }
    for (const id of this.#finished) {
      const state = this.#entries.get(id)?.task.state;
      if (state?.kind !== 'succeeded' && state?.kind !== 'failed') continue;
      const retained = nowMs - state.endedMs < this.#options.timings.retentionMs;
      if (retained && this.#finished.size <= this.#options.maxFinished) break;
      this.#forget(id);
    }
  }

  /** Lets go of a source that another coordinator owns now; nothing is said of its tasks. */
  dropSource(source: string): void {
    for (const [id, entry] of this.#entries) if (sourceId(entry.task.source) === source) this.#forget(id);
  }

  *held(): Generator<HeldTask> {
    for (const entry of this.#entries.values()) yield entry.task;
  }

  *folded(): Generator<FoldedTask> {
    for (const entry of this.#entries.values()) yield this.#fold(entry);
  }

  task(id: string): { readonly folded: FoldedTask; readonly attempts: readonly Attempt[] } | undefined {
    const entry = this.#entries.get(id);
    return entry && { folded: this.#fold(entry), attempts: foldAttempts(entry.records) };
  }

  /** Tasks without a terminal event. */
  get open(): number {
    return this.#entries.size - this.#finished.size;
  }

  get size(): number {
    return this.#entries.size;
  }

  #holder(ref: LeaseRef): Entry | undefined {
    const entry = this.#entries.get(ref.task);
    if (!entry || entry.task.attempt !== ref.attempt || entry.task.epoch !== ref.epoch) return undefined;
    const { state } = entry.task;
    if (state.kind === 'leased') return state.worker === ref.worker ? entry : undefined;
    return state.kind === 'succeeded' && this.#fold(entry).worker === ref.worker ? entry : undefined;
  }

  #endAttempt(entry: Entry, error: ErrorInfo, retryable: boolean): void {
    const { maxAttempts, retryMs } = this.#options.timings;
    const nowMs = this.#options.nowMs();
    if (retryable && entry.task.attempt < maxAttempts) {
      const backOffMs = retryMs * 2 ** (entry.task.attempt - 1) * (0.75 + this.#options.random() / 2);
      entry.task = { ...entry.task, state: { kind: 'waiting', dueMs: nowMs + backOffMs } };
      this.#release(entry.task);
      this.#queue(entry.task);
      this.#listener.changed(entry.task);
      return;
    }
    this.#finish(entry, { kind: 'failed', endedMs: nowMs, error });
    const message = retryable ? `given up after ${entry.task.attempt} attempts` : 'another attempt cannot help';
    this.#emit(entry, 'task.failed', { attempt: entry.task.attempt, error, message });
  }

  #finish(entry: Entry, state: TaskState): void {
    this.#unqueue(entry.task);
    entry.task = { ...entry.task, state };
    this.#release(entry.task);
    this.#finished.add(entry.task.id);
  }

  #forget(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#unqueue(entry.task);
    this.#entries.delete(id);
    this.#release(entry.task);
    this.#finished.delete(id);
    this.#listener.forgotten(id);
  }

  #release(task: HeldTask): void {
    const object = objectOf(task);
    if (this.#leased.get(object) === task.id) this.#leased.delete(object);
  }

  #queue(task: HeldTask): void {
    const source = sourceId(task.source);
    const ids = this.#waiting.get(source);
    if (ids) ids.add(task.id);
    else this.#waiting.set(source, new Set([task.id]));
  }

  #unqueue(task: HeldTask): void {
    const source = sourceId(task.source);
    const ids = this.#waiting.get(source);
    ids?.delete(task.id);
    if (ids?.size === 0) this.#waiting.delete(source);
  }

  #emit(entry: Entry, event: TaskEvent, fields: Partial<LogRecord>): void {
    this.#listener.emitted(this.#record(entry, event, fields), entry.task);
    this.#listener.changed(entry.task);
  }

  /** What a worker logs itself is only remembered here, for the live view. */
  #note(entry: Entry, event: TaskEvent, fields: Partial<LogRecord>): void {
    this.#record(entry, event, fields);
    this.#listener.changed(entry.task);
  }

  #record(entry: Entry, event: TaskEvent, fields: Partial<LogRecord>): LogRecord {
    const { id, source, object } = entry.task;
    const group = fields.error && failureGroup(fields.error);
    const record: LogRecord = {
      tsMs: this.#options.nowMs(),
      level: fields.error ? (event === 'task.failed' ? 'error' : 'warn') : 'info',
      event,
      task: id,
      account: source.account,
      collection: source.collection,
      source: source.source,
      coordinator: this.#options.coordinator,
      key: object.key,
      bytes: object.sizeBytes,
      ...fields,
      ...(group === undefined ? {} : { group }),
    };
    entry.records.push(record);
    entry.folded = undefined;
    return record;
  }

  #fold(entry: Entry): FoldedTask {
    entry.folded ??= foldTask(entry.records);
    return entry.folded;
  }
}
