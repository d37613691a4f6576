/** A worker: asks the coordinators in turn for a task, runs it, asks again. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../model/json.ts';
import type { ObjectStore } from '../../store/objectStore.ts';
import { errorInfo } from '../errorInfo.ts';
import type { LogShipper } from '../logShipper.ts';
import type { WorkerConfiguration } from '../wire.ts';
import { Attempt } from './attempt.ts';
import type { CoordinatorClient, LeaseReply } from './coordinatorClient.ts';
import type { ParquetWriter } from './parquetWriter.ts';

export interface WorkerOptions {
  readonly configuration: WorkerConfiguration;
  readonly clients: readonly CoordinatorClient[];
  readonly store: ObjectStore;
  readonly openFolder: (url: string) => ObjectStore;
  readonly parquet: ParquetWriter;
  readonly shipper: LogShipper;
  readonly nowMs: () => number;
}

/** While nobody has work, one coordinator at a time holds the request for this long. */
const longPollMs = 500;
const downPauseMs = 300;

export class Worker {
  readonly #options: WorkerOptions;
  #next = 0;
  /** Down coordinators are logged once, not at every turn. */
  readonly #down = new Set<string>();

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Until the signal is aborted; an attempt under way is then dropped. */
  async run(signal: AbortSignal): Promise<void> {
    const { shipper, clients } = this.#options;
    this.#log('info', 'worker started', { pid: process.pid, node: process.version, coordinators: clients.length });
    while (!signal.aborted) {
      await shipper.ready();
      const found = await this.#findLease(signal);
      if (found) await this.#runAttempt(found.client, found.reply, signal);
    }
    this.#log('info', 'worker stopped', { cpu: { ...process.cpuUsage() } });
  }

  /** Asks everybody at once around the ring; if nobody has work, waits at one of them. */
  async #findLease(
    signal: AbortSignal,
  ): Promise<{ readonly client: CoordinatorClient; readonly reply: LeaseReply & { kind: 'lease' } } | undefined> {
    const { clients, configuration } = this.#options;
    let reachable = 0;
    for (let turn = 0; turn <= clients.length && !signal.aborted; turn++) {
      const client = clients[this.#next++ % clients.length];
      if (!client) return undefined;
      const waitMs = turn === clients.length ? longPollMs : 0;
      try {
        const reply = await client.lease(configuration.id, waitMs, signal);
        reachable++;
        if (this.#down.delete(client.url)) this.#log('info', `${client.url} is back`);
        if (reply.kind === 'lease') return { client, reply };
      } catch (error) {
        if (signal.aborted) return undefined;
        this.#coordinatorDown(client, error);
      }
    }
    if (reachable === 0) await sleep(downPauseMs, undefined, { signal }).catch(() => undefined);
    return undefined;
  }

  async #runAttempt(
    client: CoordinatorClient,
    { lease, call }: LeaseReply & { kind: 'lease' },
    signal: AbortSignal,
  ): Promise<void> {
    const { configuration, store, openFolder, parquet, shipper, nowMs } = this.#options;
    this.#log('debug', `leased from ${lease.coordinator}`, {
      task: lease.task,
      attempt: lease.attempt,
      http: { path: '/lease', status: call.status, ms: call.ms },
    });
    const objects = openFolder(lease.source.url);
    const append = (record: JsonObject): void => shipper.append(record);
    const context = { configuration, client, store, objects, parquet, append, nowMs, signal };
    try {
      await new Attempt(lease, context).run();
    } finally {
      await objects.close();
    }
  }

  #coordinatorDown(client: CoordinatorClient, error: unknown): void {
    if (this.#down.has(client.url)) return;
    this.#down.add(client.url);
    this.#log('warn', `${client.url} does not answer`, { error: { ...errorInfo(error) } });
  }

  #log(level: 'debug' | 'info' | 'warn', message: string, fields: JsonObject = {}): void {
    const { configuration, shipper, nowMs } = this.#options;
    shipper.append({
      ts: new Date(nowMs()).toISOString(),
      level,
      worker: configuration.id,
      message,
      ...fields,
      build: { ...configuration.build },
    });
  }
}
