/** One environment's places behind one door: asks live and index together, the logs where the index cannot answer. */

import { foundNoLogs } from '../logs/foundNoLogs.ts';
import { listLogObjects } from '../logs/listLogObjects.ts';
import type { AskMode, RecordsAnswer, SearchAnswer, TaskAnswer } from '../model/answer.ts';
import { assertNever } from '../model/assertNever.ts';
import type { Environment } from '../model/environment.ts';
import type { IndexPassSummary } from '../model/indexPass.ts';
import type { LiveSnapshot } from '../model/live.ts';
import type { SortPosition } from '../model/query/compareTasks.ts';
import { isLive } from '../model/query/leafTest.ts';
import type { Query } from '../model/query/query.ts';
import type { FoldedTask } from '../model/task.ts';
import { StoreError } from '../store/storeError.ts';
import { decodeCursor } from './answerCursor.ts';
import { BackendError, toBackendError } from './backendError.ts';
import { answerFromLive, type CoordinatorWorkers, type LiveBackend, type LiveTasks } from './liveBackend.ts';
import { judgeLive } from './liveFilter.ts';
import { mergeDetail, mergeTasks } from './mergeTasks.ts';
import { type ConnectOptions, OpenPlaces } from './openPlaces.ts';
import { type Answer, attempt, fromOf, noted, type Outcome, provenanceOf, reasonsOf, withFrom } from './outcome.ts';
import { Overviews } from './overviews.ts';
import type { PulledLogs } from './pullLogs.ts';
import type { AskOptions, SearchOptions, TaskBackend } from './taskBackend.ts';

/** Every method rejects with BackendError when no place could answer, and with `signal.reason` when cancelled. */
export interface Connection {
  search(query: Query, mode: AskMode, options: SearchOptions): Promise<SearchAnswer>;
  task(id: string, mode: AskMode, options: AskOptions): Promise<TaskAnswer>;
  records(query: Query, mode: AskMode, options: SearchOptions): Promise<RecordsAnswer>;
  /** The raw lines that match, straight from the log root. */
  pullLogs(query: Query, options: AskOptions): Promise<PulledLogs>;
  /** Groups, counts, fields, lanes and SQL. */
  readonly overview: Overviews;
  /** Each coordinator with up to `limit` of its tasks; one that does not answer is told as `down`. */
  liveSnapshot(limit: number, options: AskOptions): Promise<LiveSnapshot>;
  /** Each coordinator with its workers; one that does not answer is told as `down`. */
  workers(options: AskOptions): Promise<readonly CoordinatorWorkers[]>;
  /** Indexes what is new in the environment's logs. */
  indexPass(options: AskOptions): Promise<IndexPassSummary>;
  close(): Promise<void>;
}

/** Opens nothing yet: stores and the index are opened when they are first asked, and again after a failure. */
export function connect(environment: Environment, options: ConnectOptions): Connection {
  return new EnvironmentConnection(environment, options);
}

/** From this lag on `auto` looks whether the logs hold more than the index. */
const lagMs = 10 * 60_000;
/** Rows of the past that live is asked about one by one. */
const maxLookUps = 200;
/** Further pages of the past to fill one of which live ruled rows out. */
const maxPages = 5;

/** Answers about lag are good for this long. */
const lagCheckMs = 30_000;

interface PastAnswer<T> {
  readonly answer: T;
  readonly backend: TaskBackend;
}

class EnvironmentConnection implements Connection {
  readonly overview: Overviews;
  readonly #environment: Environment;
  readonly #options: ConnectOptions;
  readonly #nowMs: () => number;
  readonly #places: OpenPlaces;
  #lagCheck: { readonly completeMs: number; readonly checkedMs: number; readonly isBehind: boolean } | undefined;

  constructor(environment: Environment, options: ConnectOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#places = new OpenPlaces(environment, { ...options, nowMs: this.#nowMs });
    this.overview = new Overviews({
      past: async (ask, asked) => await this.#remembered(ask, asked),
      place: async (mode) => await this.#place(mode),
    });
  }

  async search(query: Query, mode: AskMode, options: SearchOptions): Promise<SearchAnswer> {
    if (mode !== 'auto') return (await this.#place(mode)).search(query, options);
    const startMs = performance.now();
    const after = options.cursor === undefined ? undefined : decodeCursor(options.cursor);
    const [now, past] = await Promise.all([
      this.#now((live) => live.hold(query, options)),
      this.#past((backend) => backend.search(query, options), options),
    ]);
    if (past.kind === 'answer') {
      const { answer, backend } = past.answer;
      if (now.kind !== 'answer') return withFrom(answer, [...provenanceOf(now), ...answer.summary.from]);
      return this.#merge(query, now.answer, answer, backend, { options, after, startMs });
    }
    if (now.kind !== 'answer') throw this.#nowhere(now, past);
    const answer = answerFromLive(query, now.answer, options, startMs);
    return withFrom(answer, [...answer.summary.from, ...provenanceOf(past)]);
  }

  async task(id: string, mode: AskMode, options: AskOptions): Promise<TaskAnswer> {
    if (mode !== 'auto') return (await this.#place(mode)).task(id, options);
    const [now, past] = await Promise.all([
      this.#now((live) => live.task(id, options)),
      this.#past((backend) => backend.task(id, options), options),
    ]);
    if (now.kind !== 'answer' && past.kind !== 'answer') throw this.#nowhere(now, past);
    const live = now.kind === 'answer' ? now.answer : { from: provenanceOf(now) };
    let then = past.kind === 'answer' ? past.answer.answer : { from: provenanceOf(past) };
    const isTooNew = live.detail !== undefined && then.detail === undefined;
    if (isTooNew && past.kind === 'answer' && past.answer.backend.name === 'index' && this.#environment.logs) {
      // It began lately: the logs may tell of it before the next pass of the indexer.
      const direct = await attempt('direct', this.#environment.logs, async () =>
        (await this.#places.direct()).task(id, options),
      );
      const why = 'the index has no record of this task yet, so the logs were read';
      const told = direct.kind === 'answer' ? noted(direct.answer, why) : { from: provenanceOf(direct) };
      then = { ...told, from: [...then.from, ...told.from] };
    }
    const from = [...live.from, ...then.from];
    const detail = live.detail && then.detail ? mergeDetail(live.detail, then.detail) : (live.detail ?? then.detail);
    return detail ? { detail, from } : { from };
  }

  /** Coordinators hold no records: the index or the logs alone. */
  async records(query: Query, mode: AskMode, options: SearchOptions): Promise<RecordsAnswer> {
    if (mode !== 'auto') return (await this.#place(mode)).records(query, options);
    return await this.#remembered((backend) => backend.records(query, options), options);
  }

  async pullLogs(query: Query, options: AskOptions): Promise<PulledLogs> {
    return (await this.#places.direct()).pull(query, options);
  }

  async liveSnapshot(limit: number, options: AskOptions): Promise<LiveSnapshot> {
    const askedTs = this.#nowMs();
    const live = this.#places.live();
    return {
      environment: this.#environment.name,
      askedTs,
      coordinators: live ? await live.snapshot(limit, options) : [],
    };
  }

  async workers(options: AskOptions): Promise<readonly CoordinatorWorkers[]> {
    return (await this.#places.live()?.workers(options)) ?? [];
  }

  async indexPass(options: AskOptions): Promise<IndexPassSummary> {
    const { signal, onProgress } = options;
    const index = this.#places.indexStore();
    const logs = this.#places.logs();
    const { fields, retainMs } = this.#places;
    const { indexLogs } = await import('../index/indexLogs.ts');
    try {
      const summary = await indexLogs({
        logs,
        index,
        ...(fields ? { fields } : {}),
        ...(retainMs === undefined ? {} : { retainMs }),
        nowMs: this.#nowMs,
        memoryLimitMb: this.#options.memoryLimitMb,
        ...(signal ? { signal } : {}),
        ...(onProgress ? { onProgress } : {}),
      });
      return (await foundNoLogs(summary, logs, signal)) ? { ...summary, hasNoLogs: true } : summary;
    } catch (error) {
      signal?.throwIfAborted();
      throw toBackendError(error, `The logs could not be indexed into ${index.url}`);
    }
  }

  async close(): Promise<void> {
    await this.#places.close();
  }

  /** The one place of a mode. @throws BackendError when the environment does not name it. */
  async #place(mode: Exclude<AskMode, 'auto'>): Promise<TaskBackend> {
    switch (mode) {
      case 'live': {
        const live = this.#places.live();
        if (!live) throw new BackendError('environment', `${this.#places.name} names no coordinator: add its URL.`);
        return live;
      }
      case 'index':
        return this.#places.index();
      case 'direct':
        return this.#places.direct();
      default:
        return assertNever(mode);
    }
  }

  async #now<T>(ask: (live: LiveBackend) => Promise<T>): Promise<Outcome<T>> {
    const live = this.#places.live();
    return live ? attempt('live', live.url, () => ask(live)) : { kind: 'none' };
  }

  /** What only the places that remember can answer. */
  async #remembered<T extends Answer>(ask: (backend: TaskBackend) => Promise<T>, options: AskOptions): Promise<T> {
    const past = await this.#past(ask, options);
    if (past.kind === 'answer') return past.answer.answer;
    if (past.kind === 'failed') throw this.#nowhere(past);
    throw new BackendError(
      'environment',
      `${this.#places.name} has neither logs nor an index: what happened then is in these only.`,
    );
  }

  /** Asks the index, and the logs where it is missing, fails, or lags behind them. */
  async #past<T extends Answer>(
    ask: (backend: TaskBackend) => Promise<T>,
    options: AskOptions,
  ): Promise<Outcome<PastAnswer<T>>> {
    const { index, logs } = this.#environment;
    const askThere = async (opening: Promise<TaskBackend>): Promise<PastAnswer<T>> => {
      const backend = await opening;
      return { answer: await ask(backend), backend };
    };
    const fromIndex: Outcome<PastAnswer<T>> =
      index === undefined ? { kind: 'none' } : await attempt('index', index, () => askThere(this.#places.index()));
    let why: string | undefined;
    if (fromIndex.kind === 'answer') {
      const [from] = fromOf(fromIndex.answer.answer);
      const isBehind = logs !== undefined && (await this.#isBehind(from?.freshness, options));
      if (!isBehind) return fromIndex;
      why = 'the index is behind the logs, so they were read themselves';
    } else if (fromIndex.kind === 'failed') {
      const isMissing = fromIndex.failures.every(({ error }) => error.code === 'missing');
      why = isMissing
        ? `there is no index at ${index} yet, so the logs were read: 'ingest-trace index' builds it, or Index Now in the editor`
        : `the logs were read, as ${reasonsOf(fromIndex)}`;
    }
    if (logs === undefined) return fromIndex;
    const fromLogs = await attempt('direct', logs, () => askThere(this.#places.direct()));
    if (fromLogs.kind === 'answer') {
      const { answer, backend } = fromLogs.answer;
      return why === undefined ? fromLogs : { kind: 'answer', answer: { answer: noted(answer, why), backend } };
    }
    if (fromIndex.kind === 'answer') {
      const { answer, backend } = fromIndex.answer;
      const note = `the index is behind the logs, which could not be read: ${reasonsOf(fromLogs)}`;
      return { kind: 'answer', answer: { answer: noted(answer, note, true), backend } };
    }
    const failures = [fromIndex, fromLogs].flatMap((each) => (each.kind === 'failed' ? each.failures : []));
    return { kind: 'failed', failures };
  }

  async #merge(
    query: Query,
    now: LiveTasks,
    first: SearchAnswer,
    backend: TaskBackend,
    page: { readonly options: SearchOptions; readonly after: SortPosition | undefined; readonly startMs: number },
  ): Promise<SearchAnswer> {
    const { options, after, startMs } = page;
    const limit = query.limit ?? options.limit;
    let past = { ...first, ...first.summary };
    let pastFrom = first.summary.from;
    let held = await this.#lookUp(query, now, first.tasks, options);
    let merged = mergeTasks(query, held, past, limit, after);
    for (let pages = 1; merged.tasks.length < limit && past.cursor !== undefined && pages < maxPages; pages++) {
      const { cursor, ...before } = past;
      const outcome = await attempt(backend.name, backend.url, () => backend.search(query, { ...options, cursor }));
      if (outcome.kind !== 'answer') {
        // What is known stands, and the cursor with it: whoever asks for more tries again.
        pastFrom = [...pastFrom, ...provenanceOf(outcome)];
        break;
      }
      const next = outcome.answer;
      held = await this.#lookUp(query, held, next.tasks, options);
      past = { ...before, ...next, tasks: [...past.tasks, ...next.tasks] };
      if (!pastFrom.some(({ partial }) => partial))
        pastFrom = next.summary.from.some(({ partial }) => partial) ? next.summary.from : pastFrom;
      merged = mergeTasks(query, held, past, limit, after);
    }
    const from = [...held.from, ...pastFrom];
    const { tasks, cursor, total, totalIs } = merged;
    return {
      tasks,
      summary: {
        total,
        totalIs: from.some(({ partial }) => partial) ? 'atLeast' : totalIs,
        ms: performance.now() - startMs,
        from,
      },
      ...(cursor === undefined ? {} : { cursor }),
    };
  }

  /**
   * Coordinators that were asked for one status or worker did not send the tasks that have left it: those that the
   * past shows as still under way are asked for by id.
   */
  async #lookUp(query: Query, held: LiveTasks, past: readonly FoldedTask[], options: AskOptions): Promise<LiveTasks> {
    const live = this.#places.live();
    if (!live || !held.isVolatile) return held;
    const { matching, undecided, others } = held;
    const ids = past
      .filter((task) => isLive(task))
      .map(({ task }) => task)
      .filter((id) => !matching.has(id) && !undecided.has(id) && !others.has(id))
      .slice(0, maxLookUps);
    if (ids.length === 0) return held;
    const more = { matching: new Map(matching), undecided: new Map(undecided), others: new Map(others) };
    for (const [id, task] of await live.lookUp(ids, options)) {
      const verdict = judgeLive(query, task);
      (verdict === undefined ? more.undecided : verdict ? more.matching : more.others).set(id, task);
    }
    return { ...held, ...more };
  }

  /** Whether the logs hold objects later than `freshness`, where that is long enough ago to matter. */
  async #isBehind(freshness: number | undefined, { signal }: AskOptions): Promise<boolean> {
    const completeMs = freshness ?? 0;
    const nowMs = this.#nowMs();
    if (nowMs - completeMs < lagMs) return false;
    const known = this.#lagCheck;
    if (known && known.completeMs === completeMs && nowMs - known.checkedMs < lagCheckMs) return known.isBehind;
    let isBehind = false;
    try {
      const logs = this.#places.logs();
      const range = { sinceMs: completeMs };
      for await (const info of listLogObjects(logs, { range, ...(signal ? { signal } : {}) })) {
        isBehind = info.lastModifiedMs > completeMs;
        if (isBehind) break;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof StoreError) && !(error instanceof BackendError)) throw error;
      // Logs that cannot be listed cannot answer instead either; the index's own freshness tells its age.
      return false;
    }
    this.#lagCheck = { completeMs, checkedMs: nowMs, isBehind };
    return isBehind;
  }

  /** Nobody could answer: the one reason itself, or all of them. */
  #nowhere(...outcomes: readonly Outcome<unknown>[]): BackendError {
    const failures = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? outcome.failures : []));
    const [first] = failures;
    if (!first) {
      const remedy = "add coordinators, 'index' or 'logs'";
      return new BackendError('environment', `${this.#places.name} names no place that can be asked: ${remedy}.`);
    }
    if (failures.length === 1) return first.error;
    const reasons = failures.map(({ error }) => error);
    const text = failures.map(({ backend, error }) => `${backend}: ${error.message}`).join('\n');
    // All for one reason, mostly the credentials: that is what it failed with.
    const code = reasons.every((reason) => reason.code === first.error.code) ? first.error.code : 'nowhere';
    return new BackendError(code, `${this.#places.name}: no place could answer.\n${text}`, { reasons });
  }
}
