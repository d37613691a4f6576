/** Brings faults about: lands their objects, deletes one at the right moment, kills the worker that runs another. */

import { assertNever } from '../model/assertNever.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import type { Fault } from './faults.ts';
import { compress, objectBody, readSample, type SampleRows } from './sampleObjects.ts';
import { samples } from './samples.ts';
import { landingUrl, type Source } from './source.ts';
import type { SeenEvent } from './wire.ts';

export interface InjectFaultsOptions {
  readonly store: ObjectStore;
  readonly samplesDirectory: string;
  readonly faults: readonly Fault[];
  /** Goes into the keys, so that every run has faults of its own. */
  readonly run: string;
  /** Ends a worker's process as a crash would. */
  readonly killWorker: (worker: string) => void;
  readonly log: (message: string) => void;
}

/** The listing must be seen, and the object deleted, before it may be read. */
const settleMs = 2_500;
const killAfterMs = 1_500;
const defaultSeconds = 8;
/** Of a sample, so that a fault is small. */
const maxRows = 1_200;

/** Faults whose objects lie under `landing/`, and the sources that declare them. */
export class InjectedFaults {
  readonly sources: readonly Source[];
  readonly #options: InjectFaultsOptions;
  readonly #faultOfKey: ReadonlyMap<string, Fault>;
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(
    options: InjectFaultsOptions,
    sources: readonly Source[],
    faultOfKey: ReadonlyMap<string, Fault>,
  ) {
    this.#options = options;
    this.sources = sources;
    this.#faultOfKey = faultOfKey;
  }

  static async land(options: InjectFaultsOptions): Promise<InjectedFaults> {
    const sources: Source[] = [];
    const faultOfKey = new Map<string, Fault>();
    for (const fault of options.faults) {
      const sample = samples.find(({ file }) => file === fault.sample);
      if (!sample) throw new RangeError(`${fault.sample} is no sample`);
      const rows = await readSample(options.samplesDirectory, sample);
      const { body, suffix } = await faultyObject(fault, rows);
      const name = `${fault.sample.replace(/\.[a-z]+$/, '')}-${options.run}`;
      const key = `landing/${fault.account}/${fault.collection}/${fault.source}/${name}.${suffix}`;
      await options.store.put(key, body);
      faultOfKey.set(key, fault);
      sources.push(sourceOf(fault, options.store.url, body.byteLength));
    }
    return new InjectedFaults(options, sources, faultOfKey);
  }

  /** Acts on what a coordinator tells of a task. */
  seen({ event, key, attempt, worker }: SeenEvent): void {
    const fault = key === undefined ? undefined : this.#faultOfKey.get(key);
    if (!fault || key === undefined) return;
    const { store, log, killWorker } = this.#options;
    if (fault.kind === 'missingObject' && event === 'task.created') {
      log(`fault: deletes ${key}`);
      store.delete(key).catch((error: unknown) => log(`fault: ${key} cannot be deleted: ${String(error)}`));
    }
    if (fault.kind === 'killWorker' && event === 'task.assigned' && attempt === 1 && worker !== undefined) {
      this.#later(killAfterMs, () => {
        log(`fault: kills ${worker}, which reads ${key}`);
        killWorker(worker);
      });
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }
}

function sourceOf(fault: Fault, storeUrl: string, sizeBytes: number): Source {
  const { account, collection, source } = fault;
  const plain: Source = { account, collection, source, url: landingUrl(storeUrl, fault) };
  switch (fault.kind) {
    case 'damagedGzip':
    case 'truncatedJson':
      return plain;
    case 'typeConflict':
      return fault.expect ? { ...plain, expect: fault.expect } : plain;
    case 'missingObject':
      return { ...plain, settleMs };
    case 'killWorker':
    case 'slowObject':
      return { ...plain, readBytesPerSecond: Math.ceil(sizeBytes / (fault.seconds ?? defaultSeconds)) };
    default:
      return assertNever(fault.kind);
  }
}

interface FaultyObject {
  readonly body: Uint8Array;
  readonly suffix: string;
}

async function faultyObject(fault: Fault, rows: SampleRows): Promise<FaultyObject> {
  const { sample } = rows;
  switch (fault.kind) {
    case 'damagedGzip':
      return { body: damaged(await compress(objectBody(rows, 0, maxRows))), suffix: `${sample.objectFormat}.gz` };
    case 'truncatedJson': {
      const whole = objectBody(rows, 0, maxRows);
      return { body: whole.subarray(0, Math.floor(whole.byteLength * 0.6)), suffix: sample.objectFormat };
    }
    case 'typeConflict':
    case 'missingObject':
    case 'killWorker':
    case 'slowObject':
      return { body: objectBody(rows, 0, maxRows), suffix: sample.objectFormat };
    default:
      return assertNever(fault.kind);
  }
}

/** A few bytes in the middle that a disk or a network has turned over. */
export function damaged(body: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(body);
  const middle = Math.floor(copy.byteLength / 2);
  for (let index = middle; index < Math.min(middle + 16, copy.byteLength); index++) copy[index] = ~(copy[index] ?? 0);
  return copy;
}
