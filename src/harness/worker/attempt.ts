/** One attempt from lease to report: keeps the lease alive while the object is ingested, and logs what happens. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../model/json.ts';
import type { TaskEvent } from '../../model/record.ts';
import type { ObjectStore } from '../../store/objectStore.ts';
import { errorInfo } from '../errorInfo.ts';
import type { AttemptResult, Lease, LeaseRef, WorkerConfiguration } from '../wire.ts';
import type { CoordinatorClient, ReportReply } from './coordinatorClient.ts';
import { isRetryable } from './ingestError.ts';
import { ingestObject } from './ingestObject.ts';
import type { ParquetWriter } from './parquetWriter.ts';

/** The coordinator has handed the task to somebody else, or cannot be asked any more. */
class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

export interface AttemptContext {
  readonly configuration: WorkerConfiguration;
  readonly client: CoordinatorClient;
  readonly store: ObjectStore;
  readonly objects: ObjectStore;
  readonly parquet: ParquetWriter;
  readonly append: (record: JsonObject) => void;
  readonly nowMs: () => number;
  /** Aborted when the worker has to end: the attempt is then dropped, and another worker gets the task. */
  readonly signal: AbortSignal;
}

type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export class Attempt {
  readonly #lease: Lease;
  readonly #ref: LeaseRef;
  readonly #context: AttemptContext;
  readonly #lost = new AbortController();
  readonly #signal: AbortSignal;
  readonly #progress = { docs: 0, meter: { bytes: 0 } };
  readonly #startedMs = performance.now();
  #heldUntilMs: number;

  constructor(lease: Lease, context: AttemptContext) {
    const { configuration, signal } = context;
    this.#lease = lease;
    this.#ref = { worker: configuration.id, task: lease.task, attempt: lease.attempt, epoch: lease.epoch };
    this.#context = context;
    this.#signal = AbortSignal.any([signal, this.#lost.signal]);
    this.#heldUntilMs = performance.now() + lease.leaseMs;
  }

  /** Never rejects: whatever goes wrong ends in the task log and at the coordinator. */
  async run(): Promise<void> {
    const beating = new AbortController();
    const beats = this.#keepLease(AbortSignal.any([beating.signal, this.#signal]));
    try {
      this.#log(
        'info',
        `attempt ${this.#lease.attempt} at ${this.#lease.key}`,
        { pid: process.pid },
        'attempt.started',
      );
      const result = await this.#ingest();
      beating.abort();
      await beats;
      await this.#complete(result);
    } catch (error) {
      beating.abort();
      await beats;
      await this.#failed(error);
    }
  }

  #ingest(): Promise<AttemptResult> {
    const { store, objects, parquet } = this.#context;
    return ingestObject(this.#lease, {
      store,
      objects,
      parquet,
      signal: this.#signal,
      progress: this.#progress,
      confirmLease: () => this.#confirmLease(),
      log: (level, message, fields) => this.#log(level, message, fields),
    });
  }

  async #complete(result: AttemptResult): Promise<void> {
    const ms = Math.round(performance.now() - this.#startedMs);
    const fields = { docs: result.docs, durations: { totalMs: ms }, rss: process.memoryUsage.rss() };
    this.#log('info', `${result.docs} documents in ${ms} ms`, fields, 'attempt.finished');
    const reply = await this.#insist(() => this.#context.client.complete(this.#ref, result, this.#context.signal));
    if (reply?.kind === 'held') return;
    this.#log('warn', 'the coordinator did not take the result', callFields(reply));
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#signal.aborted) {
      this.#log('warn', this.#context.signal.aborted ? 'dropped: the worker ends' : 'dropped: the lease is lost');
      return;
    }
    const info = errorInfo(error);
    const fields = { error: { ...info }, retryable: isRetryable(error), readBytes: this.#progress.meter.bytes };
    this.#log('error', info.message ?? 'attempt failed', fields, 'attempt.failed');
    const failure = { error: info, retryable: isRetryable(error) };
    const reply = await this.#insist(() => this.#context.client.fail(this.#ref, failure, this.#context.signal));
    if (reply?.kind !== 'held') this.#log('warn', 'the coordinator did not take the failure', callFields(reply));
  }

  /** Sends heartbeats until told to stop; gives the attempt up when the lease is lost. Never rejects. */
  async #keepLease(signal: AbortSignal): Promise<void> {
    const everyMs = Math.max(50, this.#lease.leaseMs / 4);
    let beats = 0;
    while (!signal.aborted) {
      try {
        await this.#heartbeat(signal);
      } catch (error) {
        if (signal.aborted || error instanceof LeaseLostError) return;
        this.#log('warn', 'the coordinator does not answer', { error: { ...errorInfo(error) } });
      }
      if (performance.now() > this.#heldUntilMs) return this.#giveUp('it could not be extended in time');
      if (beats++ > 0) this.#logProgress();
      await sleep(everyMs, undefined, { signal }).catch(ignoreAbort);
    }
  }

  async #heartbeat(signal: AbortSignal): Promise<void> {
    const { docs, meter } = this.#progress;
    const askedMs = performance.now();
    const reply = await this.#context.client.heartbeat(this.#ref, { docs, bytes: meter.bytes }, signal);
    if (reply.kind === 'lost') {
      this.#giveUp(`the coordinator answered ${reply.call.status}`);
      throw new LeaseLostError('heartbeat refused');
    }
    this.#heldUntilMs = askedMs + this.#lease.leaseMs;
  }

  /** The last look before documents become visible: asks for as long as the lease may still be held. */
  async #confirmLease(): Promise<void> {
    for (;;) {
      this.#signal.throwIfAborted();
      try {
        return await this.#heartbeat(this.#signal);
      } catch (error) {
        if (this.#signal.aborted || error instanceof LeaseLostError) throw error;
        if (performance.now() > this.#heldUntilMs) this.#giveUp('it could not be confirmed in time');
        else await sleep(Math.min(200, this.#lease.leaseMs / 10), undefined, { signal: this.#signal });
      }
    }
  }

  #giveUp(why: string): void {
    this.#lost.abort(new LeaseLostError(`the lease of attempt ${this.#lease.attempt} is lost: ${why}`));
  }

  /** A report is repeated while the coordinator is away, for a while: it may be restarting. */
  async #insist(call: () => Promise<ReportReply>): Promise<ReportReply | undefined> {
    const untilMs = performance.now() + 4 * this.#lease.leaseMs;
    for (let tries = 0; !this.#context.signal.aborted; tries++) {
      try {
        return await call();
      } catch (error) {
        this.#log('warn', 'the coordinator does not answer', { error: { ...errorInfo(error) } });
        if (performance.now() > untilMs) return undefined;
        await sleep(Math.min(100 * 2 ** tries, 2_000), undefined, { signal: this.#context.signal }).catch(ignoreAbort);
      }
    }
    return undefined;
  }

  #logProgress(): void {
    const { docs, meter } = this.#progress;
    const percent = Math.round((meter.bytes / Math.max(1, this.#lease.sizeBytes)) * 100);
    this.#log('info', `${percent}% read`, { docs, readBytes: meter.bytes, percent }, 'attempt.progress');
  }

  #log(level: LogLevel, message: string, fields: JsonObject = {}, event?: TaskEvent): void {
    const { configuration, append, nowMs } = this.#context;
    const { account, collection, source } = this.#lease.source;
    append({
      ts: new Date(nowMs()).toISOString(),
      level,
      ...(event === undefined ? {} : { event }),
      task: this.#lease.task,
      attempt: this.#lease.attempt,
      account,
      collection,
      source,
      coordinator: this.#lease.coordinator,
      worker: configuration.id,
      message,
      key: this.#lease.key,
      bytes: this.#lease.sizeBytes,
      ...fields,
      build: { ...configuration.build },
    });
  }
}

function callFields(reply: ReportReply | undefined): JsonObject {
  return reply ? { http: { status: reply.call.status, ms: reply.call.ms } } : {};
}

/** A sleep that ends early is no error here: the loop looks at the signal itself. */
function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
