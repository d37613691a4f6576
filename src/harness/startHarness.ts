/** Starts the local ingest system: this process supervises, coordinators and workers are processes of their own. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { assertNever } from '../model/assertNever.ts';
import type { S3Options } from '../model/environment.ts';
import { parseJson } from '../model/json.ts';
import { openStore } from '../store/openStore.ts';
import { loadFaults } from './faults.ts';
import { findBuild } from './harnessBuild.ts';
import { HarnessChild } from './harnessChild.ts';
import { type HarnessSummary, HarnessTally } from './harnessTally.ts';
import { InjectedFaults } from './injectFaults.ts';
import { LiveFeed } from './liveFeed.ts';
import { seedLanding } from './seedLanding.ts';
import { childUrl, parseSources, type Source } from './source.ts';
import { defaultTimings, type FromChild, type Peer, type Timings } from './wire.ts';

export interface HarnessOptions {
  readonly storeUrl: string;
  readonly s3?: S3Options;
  readonly coordinators: number;
  readonly workers: number;
  /** Path of a JSON file of sources; without it, everything under `landing/`, seeded with samples where it is empty. */
  readonly sources?: string;
  /** `none`, `demo`, or the path of a JSON file of faults. */
  readonly faults: string;
  /** Ends when every source is ingested. */
  readonly once: boolean;
  readonly samplesDirectory: string;
  readonly entryPoints: { readonly coordinator: string; readonly worker: string };
  /** Of the processes; this process's own when absent. */
  readonly env?: NodeJS.ProcessEnv;
  readonly timings?: Partial<Timings>;
  /** Stops the harness. */
  readonly signal?: AbortSignal;
  readonly log: (message: string) => void;
}

interface HarnessProcessInfo {
  readonly id: string;
  readonly kind: 'coordinator' | 'worker';
  /** `undefined` while it is being started again. */
  readonly pid: number | undefined;
}

export interface RunningHarness {
  readonly coordinators: readonly string[];
  /** URL of the store, and of the log root in it. */
  readonly store: string;
  readonly logs: string;
  /** Resolves when everything is ingested (`once`) or the harness is stopped, and every process has ended. */
  readonly done: Promise<HarnessSummary>;
  readonly processes: () => readonly HarnessProcessInfo[];
  /** Ends every process; resolves when all are gone. */
  stop(): Promise<void>;
}

/** What the harness was asked for is wrong; the message is for people. */
export class HarnessOptionsError extends Error {
  override readonly name = 'HarnessOptionsError';
}

const host = '127.0.0.1';
const listenMs = 30_000;

/**
 * Resolves once every coordinator listens.
 * @throws HarnessOptionsError, FaultsError, StoreError; the signal's reason when it is aborted meanwhile
 */
export async function startHarness(options: HarnessOptions): Promise<RunningHarness> {
  const { signal, storeUrl, s3 } = options;
  signal?.throwIfAborted();
  const [faults, declared] = await Promise.all([loadFaults(options.faults), readSources(options.sources)]);
  const store = openStore(storeUrl, s3);
  const scratchFolder = await mkdtemp(join(tmpdir(), 'ingest-trace-harness-'));
  const supervisor = new HarnessSupervisor(options, store.url, scratchFolder);
  const release = async (): Promise<void> => {
    await store.close();
    await rm(scratchFolder, { recursive: true, force: true });
  };
  try {
    if (declared === undefined) {
      const seeded = await seedLanding(store, options.samplesDirectory, signal);
      if (seeded > 0) options.log(`landed ${seeded} sample objects`);
    }
    const injected = await InjectedFaults.land({
      store,
      samplesDirectory: options.samplesDirectory,
      faults,
      run: Date.now().toString(36),
      killWorker: (worker) => supervisor.kill(worker),
      log: options.log,
    });
    const isFed = declared === undefined && !options.once;
    const feed = isFed
      ? await LiveFeed.open({
          store,
          samplesDirectory: options.samplesDirectory,
          withFaults: faults.length > 0,
          log: options.log,
        })
      : undefined;
    const sources = [...(declared ?? []), ...injected.sources, ...(feed?.sources ?? [])];
    const build = await findBuild(dirname(options.entryPoints.coordinator), options.env ?? process.env);
    supervisor.onEvent = (event) => injected.seen(event);
    await supervisor.start(sources, declared === undefined, build);
    feed?.start();
    const done = supervisor.ended.then(async (summary) => {
      injected.close();
      await feed?.stop();
      await release();
      return summary;
    });
    // A caller that only stops the harness need not look at it.
    done.catch(() => undefined);
    return {
      coordinators: supervisor.coordinatorUrls,
      store: store.url,
      logs: childUrl(store.url, 'logs'),
      done,
      processes: () => supervisor.processes(),
      stop: async () => {
        await feed?.stop();
        await supervisor.stop();
        await done;
      },
    };
  } catch (error) {
    await supervisor.stop();
    await release();
    signal?.throwIfAborted();
    throw error;
  }
}

async function readSources(file: string | undefined): Promise<readonly Source[] | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new HarnessOptionsError(`The file of sources ${file} cannot be read.`, { cause: error });
  });
  const parsed = parseSources(parseJson(text));
  if (parsed.kind === 'sources') return parsed.sources;
  throw new HarnessOptionsError(`The file of sources ${file} is wrong: ${parsed.problems.join('; ')}.`);
}

interface CoordinatorSlot {
  readonly child: HarnessChild;
  url: string | undefined;
  listed: boolean;
  open: number;
}

class HarnessSupervisor {
  readonly #options: HarnessOptions;
  readonly #storeUrl: string;
  readonly #scratchFolder: string;
  readonly #timings: Timings;
  readonly #tally = new HarnessTally();
  readonly #coordinators: CoordinatorSlot[] = [];
  readonly #workers: HarnessChild[] = [];
  readonly #startedMs = performance.now();
  readonly #ended = Promise.withResolvers<HarnessSummary>();
  readonly #allListening = Promise.withResolvers<void>();
  readonly #abort = (): void => void this.stop();
  #stopping: Promise<void> | undefined;
  onEvent: (event: (FromChild & { kind: 'taskEvent' })['event']) => void = () => undefined;

  constructor(options: HarnessOptions, storeUrl: string, scratchFolder: string) {
    this.#options = options;
    this.#storeUrl = storeUrl;
    this.#scratchFolder = scratchFolder;
    this.#timings = { ...defaultTimings, ...options.timings };
    // Stopped before it was started: then nobody waits for it.
    this.#allListening.promise.catch(() => undefined);
  }

  get ended(): Promise<HarnessSummary> {
    return this.#ended.promise;
  }

  get coordinatorUrls(): readonly string[] {
    return this.#coordinators.flatMap(({ url }) => url ?? []);
  }

  async start(declared: readonly Source[], discover: boolean, build: object): Promise<void> {
    const options = this.#options;
    const entry = options.entryPoints;
    const scratchFolder = this.#scratchFolder;
    options.signal?.throwIfAborted();
    options.signal?.addEventListener('abort', this.#abort, { once: true });
    const common = {
      storeUrl: this.#storeUrl,
      ...(options.s3 ? { s3: options.s3 } : {}),
      build,
      timings: this.#timings,
    };
    for (let number = 1; number <= options.coordinators; number++) {
      const id = `c-${number}`;
      const slot: CoordinatorSlot = {
        url: undefined,
        listed: false,
        open: 0,
        child: this.#child(
          id,
          entry.coordinator,
          () => ({
            kind: 'configure',
            configuration: { kind: 'coordinator', id, host, port: portOf(slot.url), discover, declared, ...common },
          }),
          (message) => this.#told(slot, message),
          () => {
            slot.listed = false;
          },
        ),
      };
      this.#coordinators.push(slot);
      slot.child.start();
    }
    await this.#listening();
    for (let number = 1; number <= options.workers; number++) {
      const id = `w-${number}`;
      const configuration = {
        kind: 'worker',
        id,
        coordinators: this.coordinatorUrls,
        scratchFolder,
        ...common,
      } as const;
      const child = this.#child(
        id,
        entry.worker,
        () => ({ kind: 'configure', configuration }),
        () => undefined,
        () => undefined,
      );
      this.#workers.push(child);
      child.start();
    }
  }

  kill(worker: string): void {
    this.#workers.find(({ id }) => id === worker)?.kill();
  }

  processes(): HarnessProcessInfo[] {
    return [
      ...this.#coordinators.map(({ child }) => ({ id: child.id, kind: 'coordinator' as const, pid: child.pid })),
      ...this.#workers.map((child) => ({ id: child.id, kind: 'worker' as const, pid: child.pid })),
    ];
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Workers first: they may still report what they have done. */
  async #stop(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#allListening.reject(new Error('the harness was stopped'));
    await Promise.all(this.#workers.map((child) => child.stop()));
    await Promise.all(this.#coordinators.map(({ child }) => child.stop()));
    this.#ended.resolve(this.#tally.summary(performance.now() - this.#startedMs));
  }

  #child(
    id: string,
    entryPoint: string,
    configure: ConstructorParameters<typeof HarnessChild>[0]['configure'],
    onMessage: (message: FromChild) => void,
    onDied: () => void,
  ): HarnessChild {
    const { env = process.env, log } = this.#options;
    return new HarnessChild({ id, entryPoint, env, configure, onMessage, onDied, log });
  }

  async #listening(): Promise<void> {
    const late = setTimeout(() => {
      const message = `The coordinators did not start within ${listenMs / 1_000} s; the log says why.`;
      this.#allListening.reject(new Error(message));
    }, listenMs);
    try {
      await this.#allListening.promise;
    } finally {
      clearTimeout(late);
    }
  }

  #told(slot: CoordinatorSlot, message: FromChild): void {
    switch (message.kind) {
      case 'listening':
        slot.url = message.url;
        slot.listed = false;
        this.#introduce();
        return;
      case 'taskEvent':
        this.#tally.seen(message.event);
        this.onEvent(message.event);
        return;
      case 'status':
        slot.listed = message.listed;
        slot.open = message.open;
        if (this.#options.once && this.#coordinators.every(({ listed, open }) => listed && open === 0))
          void this.stop();
        return;
      default:
        return assertNever(message);
    }
  }

  /** Once all are up, and again whenever one has come back. */
  #introduce(): void {
    const peers: Peer[] = this.#coordinators.flatMap(({ child, url }) =>
      url === undefined ? [] : { id: child.id, url },
    );
    if (peers.length < this.#options.coordinators) return;
    for (const { child } of this.#coordinators) child.send({ kind: 'peers', peers });
    this.#allListening.resolve();
  }
}

function portOf(url: string | undefined): number {
  return url === undefined ? 0 : Number(new URL(url).port);
}
