/** A coordinator: owns its share of the sources, cuts them into tasks, leases those to workers, and checkpoints. */

import type { Json, JsonObject } from '../../model/json.ts';
import { isTaskEvent } from '../../model/fold.ts';
import { type LogRecord, recordToJson } from '../../model/record.ts';
import type { ObjectStore } from '../../store/objectStore.ts';
import { errorInfo } from '../errorInfo.ts';
import type { LogShipper } from '../logShipper.ts';
import { discoverSources, type Source, sourceId } from '../source.ts';
import type {
  AttemptFailure,
  AttemptProgress,
  AttemptResult,
  CoordinatorConfiguration,
  Lease,
  LeaseRef,
  Peer,
  SeenEvent,
} from '../wire.ts';
import { Checkpoint, OwnershipLostError } from './checkpoint.ts';
import { OwnedSource } from './ownedSource.ts';
import { ownerOf } from './partition.ts';
import { type HeldTask, type LeaseAnswer, TaskTable } from './taskTable.ts';
import { WorkerRegistry } from './workerRegistry.ts';

export interface CoordinatorOptions {
  readonly configuration: CoordinatorConfiguration;
  /** The harness's own store; not closed here. */
  readonly store: ObjectStore;
  /** Opens the folder of a source; closed by the coordinator. */
  readonly openFolder: (url: string) => ObjectStore;
  readonly shipper: LogShipper;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly onEvent: (event: SeenEvent) => void;
}

/** Told of tasks as they change. */
export interface TaskObserver {
  changed(id: string): void;
  forgotten(id: string): void;
}

const tickMs = 100;

export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly table: TaskTable;
  readonly workers: WorkerRegistry;
  readonly startedMs: number;
  readonly observers = new Set<TaskObserver>();
  readonly #sources = new Map<string, OwnedSource>();
  /** Sources that another owner took away: taken over again only by a new process. */
  readonly #lost = new Set<string>();
  #peers: readonly Peer[] = [];
  #listedAll = false;
  readonly #ending = new AbortController();
  #ticker: NodeJS.Timeout | undefined;
  #scanning: Promise<void> | undefined;
  #saving: Promise<void> | undefined;
  #lastScanMs = Number.NEGATIVE_INFINITY;
  #lastSaveMs = Number.NEGATIVE_INFINITY;
  #workWaiters: (() => void)[] = [];

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    const { configuration, nowMs, random } = options;
    this.startedMs = nowMs();
    this.workers = new WorkerRegistry(nowMs);
    this.table = new TaskTable(
      { coordinator: configuration.id, timings: configuration.timings, maxFinished: 20_000, nowMs, random },
      {
        emitted: (record, task) => this.#emitted(record, task),
        changed: (task) => {
          this.#sources.get(sourceId(task.source))?.taskChanged(task);
          for (const observer of this.observers) observer.changed(task.id);
        },
        forgotten: (id) => {
          for (const observer of this.observers) observer.forgotten(id);
        },
      },
    );
  }

  get id(): string {
    return this.#options.configuration.id;
  }

  get status(): 'ok' | 'starting' | 'draining' {
    return this.#ending.signal.aborted ? 'draining' : this.#listedAll ? 'ok' : 'starting';
  }

  get sources(): readonly OwnedSource[] {
    return [...this.#sources.values()];
  }

  get peers(): readonly Peer[] {
    return this.#peers;
  }

  /** All coordinators of the cluster, this one included; only then does it know which sources are its own. */
  setPeers(peers: readonly Peer[]): void {
    this.#peers = peers;
    this.#lastScanMs = Number.NEGATIVE_INFINITY;
  }

  start(): void {
    this.#ticker ??= setInterval(() => this.#tick(), tickMs);
    this.log('info', 'coordinator started', { pid: process.pid, node: process.version });
  }

  /** Hands out no more, waits for what it is writing, checkpoints, and lets its sources go. */
  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    this.#ending.abort();
    this.#wake();
    await Promise.all([this.#scanning, this.#saving]);
    this.log('info', 'coordinator stopped', { uptimeMs: this.#options.nowMs() - this.startedMs });
    await this.#save();
    for (const owned of this.#sources.values()) await owned.objects.close();
  }

  lease(worker: string): Lease | undefined {
    this.workers.heard(worker);
    if (this.status === 'draining') return undefined;
    const lease = this.table.lease(worker);
    if (lease) this.workers.working(worker, lease.task, lease.attempt);
    return lease;
  }

  /** Resolves once the task log has room for more: work is handed out no faster than it can be told of. */
  logReady(): Promise<void> {
    return this.#options.shipper.ready();
  }

  /** Resolves when there may be something to lease, and at least every so often. */
  workAvailable(): Promise<void> {
    return new Promise((resolve) => this.#workWaiters.push(resolve));
  }

  heartbeat(ref: LeaseRef, progress: AttemptProgress): LeaseAnswer {
    this.workers.heard(ref.worker);
    return this.table.heartbeat(ref, progress);
  }

  complete(ref: LeaseRef, result: AttemptResult): LeaseAnswer {
    this.workers.idle(ref.worker);
    return this.table.complete(ref, result);
  }

  fail(ref: LeaseRef, failure: AttemptFailure): LeaseAnswer {
    this.workers.idle(ref.worker);
    return this.table.fail(ref, failure);
  }

  /** Every own source has been listed, and tasks without an end are `open`. */
  get progress(): { readonly listed: boolean; readonly open: number } {
    return { listed: this.#listedAll, open: this.table.open };
  }

  /** A process log record, of no task. */
  log(level: 'info' | 'warn' | 'error', message: string, fields: JsonObject = {}): void {
    const { id, build } = this.#options.configuration;
    this.#options.shipper.append({
      ts: new Date(this.#options.nowMs()).toISOString(),
      level,
      coordinator: id,
      message,
      ...fields,
      build: buildJson(build),
    });
  }

  #tick(): void {
    this.table.tick();
    this.#wake();
    const nowMs = this.#options.nowMs();
    const { scanMs, checkpointMs } = this.#options.configuration.timings;
    if (!this.#scanning && this.#peers.length > 0 && nowMs - this.#lastScanMs >= scanMs) {
      this.#lastScanMs = nowMs;
      this.#scanning = this.#scan().finally(() => {
        this.#scanning = undefined;
      });
    }
    if (!this.#saving && nowMs - this.#lastSaveMs >= checkpointMs) {
      this.#lastSaveMs = nowMs;
      this.#saving = this.#save().finally(() => {
        this.#saving = undefined;
      });
    }
  }

  #wake(): void {
    for (const resolve of this.#workWaiters.splice(0)) resolve();
  }

  /** Never rejects: what cannot be listed now is logged, and listed again with the next scan. */
  async #scan(): Promise<void> {
    const { signal } = this.#ending;
    const peers = this.#peers;
    let complete = true;
    let own: Source[] = [];
    try {
      const ids = peers.map((peer) => peer.id);
      own = (await this.#allSources(signal)).filter((source) => ownerOf(sourceId(source), ids) === this.id);
    } catch (error) {
      if (signal.aborted) return;
      this.log('error', 'the sources cannot be listed', { error: { ...errorInfo(error) } });
      return;
    }
    const ownIds = new Set(own.map(sourceId));
    for (const owned of this.#sources.values()) if (!ownIds.has(owned.id)) await this.#drop(owned);
    for (const source of own) {
      if (signal.aborted) return;
      const id = sourceId(source);
      if (this.#lost.has(id)) continue;
      try {
        const owned = await this.#takeOver(id, source, signal);
        await owned.list(this.table, signal);
        this.#wake();
      } catch (error) {
        if (signal.aborted) return;
        complete = false;
        this.log('error', `source ${id} cannot be listed`, { ...sourceFields(source), error: { ...errorInfo(error) } });
      }
    }
    if (complete && peers === this.#peers) this.#listedAll = true;
  }

  async #allSources(signal: AbortSignal): Promise<Source[]> {
    const { discover, declared } = this.#options.configuration;
    const sources = new Map<string, Source>();
    if (discover) {
      for (const source of await discoverSources(this.#options.store, signal)) sources.set(sourceId(source), source);
    }
    for (const source of declared) sources.set(sourceId(source), source);
    return [...sources.values()];
  }

  async #takeOver(id: string, source: Source, signal: AbortSignal): Promise<OwnedSource> {
    const known = this.#sources.get(id);
    if (known) return known;
    const { store, nowMs, configuration } = this.#options;
    const checkpoint = await Checkpoint.open({ store, source, coordinator: this.id, nowMs, signal });
    const owned = new OwnedSource(source, this.#options.openFolder(source.url), checkpoint, configuration.storeUrl);
    this.#sources.set(id, owned);
    this.log('info', `owns source ${id}`, { ...sourceFields(source), epoch: owned.epoch, ...owned.doneCounts });
    return owned;
  }

  async #drop(owned: OwnedSource): Promise<void> {
    this.#sources.delete(owned.id);
    this.table.dropSource(owned.id);
    await owned.objects.close();
  }

  /** Never rejects: a checkpoint that cannot be written now is written later. */
  async #save(): Promise<void> {
    for (const owned of this.#sources.values()) {
      try {
        await owned.save(this.table, () => this.#options.shipper.flush());
      } catch (error) {
        this.log('error', `the checkpoint of ${owned.id} cannot be written`, {
          ...sourceFields(owned.source),
          error: { ...errorInfo(error) },
        });
        if (!(error instanceof OwnershipLostError)) continue;
        this.#lost.add(owned.id);
        await this.#drop(owned);
      }
    }
  }

  #emitted(record: LogRecord, task: HeldTask): void {
    const { build } = this.#options.configuration;
    const { group: _group, ...own } = record;
    const rest: Record<string, Json> = { epoch: task.epoch };
    if (task.state.kind === 'waiting' && record.event === 'task.created') rest['object'] = { etag: task.object.etag };
    this.#options.shipper.append(recordToJson({ ...own, build, rest }));
    if (!isTaskEvent(record.event)) return;
    const { task: id = task.id, attempt, key, worker, docs, bytes } = record;
    this.#options.onEvent({
      event: record.event,
      task: id,
      ...(attempt === undefined ? {} : { attempt }),
      ...(key === undefined ? {} : { key }),
      ...(worker === undefined ? {} : { worker }),
      ...(docs === undefined ? {} : { docs }),
      ...(bytes === undefined ? {} : { bytes }),
    });
  }
}

function sourceFields(source: Source): JsonObject {
  return { account: source.account, collection: source.collection, source: source.source };
}

function buildJson(build: CoordinatorConfiguration['build']): JsonObject {
  return { ...build };
}
