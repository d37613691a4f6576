/**
 * The engine process as its user sees it: started on first use, asked with typed methods, started again after a crash.
 * Knows nothing of `vscode` and loads nothing native: it lives in the extension host.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CancellationTokenSource,
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
  type RequestType,
  ResponseError,
} from 'vscode-jsonrpc/node';
import type { RecordsAnswer, SearchAnswer, TaskAnswer } from '../model/answer.ts';
import type { IndexPassSummary } from '../model/indexPass.ts';
import type { LiveSnapshot } from '../model/live.ts';
import type {
  FacetsAnswer,
  FieldsAnswer,
  GroupsAnswer,
  HistogramAnswer,
  LanesAnswer,
  SqlAnswer,
  ValuesAnswer,
} from '../model/overview/answers.ts';
import { BackOff } from './backOff.ts';
import { untilAborted } from './cancellation.ts';
import { EngineCrashed, EngineError } from './engineError.ts';
import * as protocol from './protocol.ts';

export interface EngineClientOptions {
  /** The engine's main module. */
  readonly entry: string;
  readonly execArgv?: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onLog?: (entry: protocol.EngineLog) => void;
  readonly now?: () => number;
  readonly random?: () => number;
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long the engine may take to close what it holds before it is killed. */
  readonly graceMs?: number;
}

export type EngineState =
  | { readonly kind: 'idle' }
  /** `waitMs` above 0: it crashed repeatedly and is left alone for a while. */
  | { readonly kind: 'starting'; readonly waitMs: number }
  | { readonly kind: 'running'; readonly pid: number }
  | { readonly kind: 'crashed'; readonly error: EngineCrashed }
  | { readonly kind: 'disposed' };

export interface EngineAskOptions {
  /** Aborting rejects at once with the signal's reason, and stops the work in the engine. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: protocol.EngineProgress) => void;
}

type Asked<P> = Omit<P, 'progressToken'>;

/** One life of the child process. */
interface Running {
  readonly child: ChildProcess;
  readonly connection: MessageConnection;
  /** Rejects every request that waits for an answer. */
  readonly waiting: Set<(error: Error) => void>;
  readonly exited: Promise<void>;
}

/** Requests fail with EngineError (the engine refused), EngineCrashed (it ended), or the reason of their signal. */
export class EngineClient implements AsyncDisposable {
  readonly #options: EngineClientOptions;
  readonly #now: () => number;
  readonly #delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #backOff: BackOff;
  readonly #disposal = new AbortController();
  readonly #listeners = new Set<(state: EngineState) => void>();
  #state: EngineState = { kind: 'idle' };
  #running: Promise<Running> | undefined;
  #child: Running | undefined;
  #configuration: protocol.EngineConfiguration | undefined;

  constructor(options: EngineClientOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#delay = options.delay ?? ((ms, signal) => delay(ms, undefined, { signal }));
    this.#backOff = new BackOff(this.#now, options.random ?? Math.random);
  }

  get state(): EngineState {
    return this.#state;
  }

  /** Calls `listener` on every change of state until the returned subscription is disposed. */
  onState(listener: (state: EngineState) => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  /** Keeps the configuration for every start of the engine; hands it over now when the engine runs. */
  async configure(configuration: protocol.EngineConfiguration): Promise<void> {
    this.#configuration = configuration;
    if (!this.#running) return;
    try {
      await this.#ask(protocol.configure, configuration, {});
    } catch (error) {
      // The next start hands it over.
      if (!(error instanceof EngineCrashed)) throw error;
    }
  }

  search(params: Asked<protocol.SearchParams>, options: EngineAskOptions = {}): Promise<SearchAnswer> {
    return this.#ask(protocol.search, params, options);
  }

  task(params: Asked<protocol.TaskParams>, options: EngineAskOptions = {}): Promise<TaskAnswer> {
    return this.#ask(protocol.task, params, options);
  }

  records(params: Asked<protocol.RecordsParams>, options: EngineAskOptions = {}): Promise<RecordsAnswer> {
    return this.#ask(protocol.records, params, options);
  }

  groups(params: Asked<protocol.LimitedOverviewParams>, options: EngineAskOptions = {}): Promise<GroupsAnswer> {
    return this.#ask(protocol.groups, params, options);
  }

  fields(params: Asked<protocol.LimitedOverviewParams>, options: EngineAskOptions = {}): Promise<FieldsAnswer> {
    return this.#ask(protocol.fields, params, options);
  }

  values(params: Asked<protocol.ValuesParams>, options: EngineAskOptions = {}): Promise<ValuesAnswer> {
    return this.#ask(protocol.values, params, options);
  }

  facets(params: Asked<protocol.FacetsParams>, options: EngineAskOptions = {}): Promise<FacetsAnswer> {
    return this.#ask(protocol.facets, params, options);
  }

  histogram(params: Asked<protocol.OverviewParams>, options: EngineAskOptions = {}): Promise<HistogramAnswer> {
    return this.#ask(protocol.histogram, params, options);
  }

  lanes(params: Asked<protocol.LimitedOverviewParams>, options: EngineAskOptions = {}): Promise<LanesAnswer> {
    return this.#ask(protocol.lanes, params, options);
  }

  sql(params: Asked<protocol.SqlParams>, options: EngineAskOptions = {}): Promise<SqlAnswer> {
    return this.#ask(protocol.sql, params, options);
  }

  live(params: Asked<protocol.LiveParams>, options: EngineAskOptions = {}): Promise<LiveSnapshot> {
    return this.#ask(protocol.live, params, options);
  }

  indexPass(params: Asked<protocol.EnvironmentParams>, options: EngineAskOptions = {}): Promise<IndexPassSummary> {
    return this.#ask(protocol.indexPass, params, options);
  }

  async ping(options: EngineAskOptions = {}): Promise<{ pid: number; version: string }> {
    options.signal?.throwIfAborted();
    const running = await untilAborted(this.#start(), options.signal);
    return this.#settle(running, options.signal, () => running.connection.sendRequest(protocol.ping));
  }

  /** Ends the process: lets it close what it holds for `graceMs`, then kills it. Resolves once it is gone. */
  async dispose(): Promise<void> {
    if (this.#disposal.signal.aborted) return this.#child?.exited;
    this.#disposal.abort(new EngineError('disposed', 'The engine was closed.'));
    const running = this.#child;
    this.#become({ kind: 'disposed' });
    if (!running) return;
    for (const reject of running.waiting) reject(this.#disposal.signal.reason as EngineError);
    const kill = setTimeout(() => running.child.kill('SIGKILL'), this.#options.graceMs ?? 2000);
    try {
      // The engine ends itself when its channel closes.
      if (running.child.connected) running.child.disconnect();
      await running.exited;
    } finally {
      clearTimeout(kill);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #ask<P extends object, R>(
    type: RequestType<P, R, protocol.EngineErrorData>,
    params: NoInfer<P>,
    { signal, onProgress }: EngineAskOptions,
  ): Promise<R> {
    signal?.throwIfAborted();
    const running = await untilAborted(this.#start(), signal);
    return this.#request(running, type, params, { ...(signal && { signal }), ...(onProgress && { onProgress }) });
  }

  async #request<P extends object, R>(
    running: Running,
    type: RequestType<P, R, protocol.EngineErrorData>,
    params: P,
    { signal, onProgress }: EngineAskOptions,
  ): Promise<R> {
    const token = onProgress ? randomUUID() : undefined;
    const subscription =
      token !== undefined && onProgress
        ? running.connection.onProgress(protocol.progress, token, onProgress)
        : undefined;
    const source = new CancellationTokenSource();
    const cancel = () => source.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const sent = token === undefined ? params : { ...params, progressToken: token };
      return await this.#settle(running, signal, () =>
        // RequestParam<P> is P for every object type, which the compiler cannot see for a generic one.
        running.connection.sendRequest(type, sent as never, source.token),
      );
    } finally {
      signal?.removeEventListener('abort', cancel);
      source.dispose();
      subscription?.dispose();
    }
  }

  /** The answer of the engine; or its end, or the caller's signal, whichever comes first. */
  async #settle<R>(running: Running, signal: AbortSignal | undefined, send: () => Promise<R>): Promise<R> {
    // What is not asked for need not be stopped.
    signal?.throwIfAborted();
    const ended = Promise.withResolvers<never>();
    running.waiting.add(ended.reject);
    try {
      return await untilAborted(Promise.race([send(), ended.promise]), signal);
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      const data = error.data as protocol.EngineErrorData | undefined;
      throw new EngineError(data?.code ?? 'internal', error.message, { column: data?.column, cause: error });
    } finally {
      running.waiting.delete(ended.reject);
    }
  }

  #start(): Promise<Running> {
    if (this.#running) return this.#running;
    const launched = this.#launch();
    this.#running = launched;
    launched.catch(() => {
      if (this.#running === launched) this.#running = undefined;
    });
    return launched;
  }

  async #launch(): Promise<Running> {
    const disposed = this.#disposal.signal;
    disposed.throwIfAborted();
    const waitMs = this.#backOff.waitMs;
    this.#become({ kind: 'starting', waitMs });
    if (waitMs > 0) await untilAborted(this.#delay(waitMs, disposed), disposed);
    const running = this.#fork();
    this.#child = running;
    try {
      if (this.#configuration) await this.#request(running, protocol.configure, this.#configuration, {});
      else await this.#settle(running, undefined, () => running.connection.sendRequest(protocol.ping));
    } catch (error) {
      if (this.#child === running) this.#abandon(running);
      throw error;
    }
    this.#become({ kind: 'running', pid: running.child.pid ?? 0 });
    return running;
  }

  /** Ends a process that runs but refused its configuration: the next request starts another. */
  #abandon(running: Running): void {
    this.#child = undefined;
    running.child.kill('SIGKILL');
    running.connection.dispose();
    this.#become({ kind: 'idle' });
  }

  #fork(): Running {
    const startedMs = this.#now();
    const arguments_ = this.#configuration ? [this.#configuration.cacheDirectory] : [];
    const child = fork(this.#options.entry, arguments_, {
      // In VS Code this process's executable is Electron; the variable makes it behave as Node.
      env: { ...process.env, ...this.#options.env, ELECTRON_RUN_AS_NODE: '1' },
      execArgv: [...(this.#options.execArgv ?? [])],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#forward(child);
    const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
    const exited = Promise.withResolvers<void>();
    const running: Running = { child, connection, waiting: new Set(), exited: exited.promise };
    connection.onNotification(protocol.log, (entry) => this.#options.onLog?.(entry));
    connection.listen();
    const end = (how: string, cause?: unknown) => {
      if (this.#child === running) this.#ended(running, new EngineCrashed(how, { cause }), this.#now() - startedMs);
      exited.resolve();
    };
    child.once('error', (error) => {
      // A child that never started emits no `exit`.
      if (child.pid === undefined) end(`it could not be started: ${error.message}`, error);
    });
    child.once('exit', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
    return running;
  }

  #ended(running: Running, error: EngineCrashed, ranMs: number): void {
    this.#child = undefined;
    this.#running = undefined;
    // Before the connection is disposed, which rejects its requests in its own words.
    for (const reject of running.waiting) reject(error);
    running.connection.dispose();
    if (this.#disposal.signal.aborted) return;
    this.#backOff.crashed(ranMs);
    this.#options.onLog?.({ level: 'error', message: error.message });
    this.#become({ kind: 'crashed', error });
  }

  /** What the child prints (a crash's stack, a native library's last words) goes to the log. */
  #forward(child: ChildProcess): void {
    for (const [stream, level] of [
      [child.stdout, 'info'],
      [child.stderr, 'error'],
    ] as const) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (message) => this.#options.onLog?.({ level, message }));
    }
  }

  #become(state: EngineState): void {
    if (this.#state.kind === 'disposed') return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
