/** Answers from the memory of the coordinators: what runs now, and what ended so lately that they still hold it. */

import type { Provenance, RecordsAnswer, SearchAnswer, TaskAnswer } from '../model/answer.ts';
import type { JsonObject } from '../model/json.ts';
import type { LiveCoordinator } from '../model/live.ts';
import { comparePositions, compareTasks, sortPosition } from '../model/query/compareTasks.ts';
import type { Query } from '../model/query/query.ts';
import type { FoldedTask } from '../model/task.ts';
import { decodeCursor, encodeCursor } from './answerCursor.ts';
import { BackendError } from './backendError.ts';
import { type Health, type LiveTask, coordinatorUrl } from './coordinatorAnswers.ts';
import { CoordinatorClient, type CoordinatorClientOptions, NoAnswer } from './coordinatorClient.ts';
import { judgeLive, liveFilter } from './liveFilter.ts';
import { mapBounded } from './mapBounded.ts';
import type { AskOptions, SearchOptions, TaskBackend } from './taskBackend.ts';

export interface LiveBackendOptions extends CoordinatorClientOptions {
  readonly coordinators: readonly string[];
  readonly nowMs: () => number;
}

/** What the coordinators hold that a query may ask for. */
export interface LiveTasks {
  /** Those that match for sure, by id. */
  readonly matching: ReadonlyMap<string, FoldedTask>;
  /** Those of which only their records could tell, by id. */
  readonly undecided: ReadonlyMap<string, FoldedTask>;
  /** Those that were sent and do not match, by id. */
  readonly others: ReadonlyMap<string, FoldedTask>;
  /** Some held tasks were not sent, as the coordinators were asked for a status or worker only. */
  readonly isVolatile: boolean;
  readonly from: readonly Provenance[];
}

/** The workers that one coordinator knows, as it tells of them (docs/coordinator-api.md). */
export type CoordinatorWorkers =
  | {
      readonly kind: 'up';
      readonly url: string;
      readonly coordinator: string;
      readonly workers: readonly JsonObject[];
    }
  | { readonly kind: 'down'; readonly url: string; readonly message: string };

type Asked =
  | { readonly kind: 'up'; readonly url: string; readonly health: Health }
  | { readonly kind: 'down'; readonly url: string; readonly error: NoAnswer };

const pageSize = 500;
/** For each coordinator; what is beyond is called partial. */
const maxTasks = 20_000;
const maxPages = 100;
/** A cluster's list of peers comes from outside and is not followed for ever. */
const maxCoordinators = 256;
const concurrency = 16;

export class LiveBackend implements TaskBackend {
  readonly name = 'live';
  readonly url: string;
  readonly #client: CoordinatorClient;
  readonly #configured: readonly string[];
  readonly #nowMs: () => number;

  constructor(options: LiveBackendOptions) {
    this.#client = new CoordinatorClient(options);
    this.#configured = options.coordinators.map((url) => coordinatorUrl(url) ?? url);
    this.#nowMs = options.nowMs;
    this.url = this.#configured.join(' ');
  }

  /** @throws BackendError when no coordinator answers. */
  async search(query: Query, options: SearchOptions): Promise<SearchAnswer> {
    const startMs = performance.now();
    const held = await this.hold(query, options);
    return answerFromLive(query, held, options, startMs);
  }

  /** Every task that the coordinators hold and the query may ask for. */
  async hold(query: Query, options: AskOptions): Promise<LiveTasks> {
    const filter = liveFilter(query.where);
    const roster = await this.#ask(options);
    const found = await mapBounded(roster, concurrency, (asked) =>
      asked.kind === 'up' ? this.#tasksOf(asked.url, filter.parameters, options.signal) : failed(asked.error),
    );
    const newest = new Map<string, FoldedTask>();
    for (const { tasks } of found) for (const task of tasks) keepNewer(newest, task);
    const [matching, undecided, others] = [
      new Map<string, FoldedTask>(),
      new Map<string, FoldedTask>(),
      new Map<string, FoldedTask>(),
    ];
    for (const [id, task] of newest) {
      const verdict = judgeLive(query, task);
      (verdict === undefined ? undecided : verdict ? matching : others).set(id, task);
    }
    const from = found.map(({ bytes, notes }, at) => this.#provenance(roster[at], bytes, notes));
    return { matching, undecided, others, isVolatile: filter.isVolatile, from };
  }

  async task(id: string, options: AskOptions): Promise<TaskAnswer> {
    const roster = await this.#ask(options);
    const found = await mapBounded(roster, concurrency, async (asked): Promise<LiveTask | NoAnswer | undefined> => {
      if (asked.kind === 'down') return asked.error;
      return this.#client.task(asked.url, id, options.signal).catch(asNoAnswer);
    });
    const best = found.reduce<LiveTask | undefined>((newest, each) => {
      if (!each || each instanceof NoAnswer) return newest;
      return !newest || isNewer(each.task, newest.task) ? each : newest;
    }, undefined);
    const from = found.map((each, at) =>
      this.#provenance(roster[at], 0, each instanceof NoAnswer ? [each.message] : []),
    );
    return {
      ...(best ? { detail: { task: best.task, attempts: best.attempts, records: [] } } : {}),
      from,
    };
  }

  /** Those of the tasks that are held now, by id; a coordinator that does not answer is passed over. */
  async lookUp(ids: readonly string[], options: AskOptions): Promise<ReadonlyMap<string, FoldedTask>> {
    const found = new Map<string, FoldedTask>();
    const up = (await this.#roster(options)).filter(({ kind }) => kind === 'up');
    const questions = ids.flatMap((id) => up.map(({ url }) => ({ id, url })));
    await mapBounded(questions, concurrency, async ({ id, url }) => {
      const answer = await this.#client.task(url, id, options.signal).catch(asNoAnswer);
      if (answer && !(answer instanceof NoAnswer)) keepNewer(found, answer.task);
    });
    return found;
  }

  /** Coordinators hold no records: says so instead of answering with none. */
  async records(_query: Query, options: SearchOptions): Promise<RecordsAnswer> {
    options.signal?.throwIfAborted();
    const note = 'coordinators hold no log records: ask the index or the logs';
    return {
      records: [],
      totalIs: 'atLeast',
      from: [{ backend: 'live', url: this.url, objects: 0, bytes: 0, partial: true, note }],
    };
  }

  /** Every coordinator with up to `limit` of its tasks. Never fails for a coordinator that does not answer. */
  async snapshot(limit: number, options: AskOptions): Promise<LiveCoordinator[]> {
    const roster = await this.#roster(options);
    const parameters = new URLSearchParams({ limit: String(Math.min(Math.max(limit, 1), pageSize)) });
    return mapBounded(roster, concurrency, async (asked): Promise<LiveCoordinator> => {
      const { kind, url } = asked;
      if (kind === 'down') return { kind, url, message: asked.error.message };
      try {
        const { tasks, cursor } = await this.#client.tasks(url, parameters, options.signal);
        return { kind, url, ...asked.health, tasks, more: cursor !== undefined };
      } catch (error) {
        return { kind: 'down', url, message: asNoAnswer(error).message };
      }
    });
  }

  /** Every coordinator with its workers. Never fails for a coordinator that does not answer. */
  async workers(options: AskOptions): Promise<CoordinatorWorkers[]> {
    const roster = await this.#roster(options);
    return mapBounded(roster, concurrency, async (asked): Promise<CoordinatorWorkers> => {
      const { kind, url } = asked;
      if (kind === 'down') return { kind, url, message: asked.error.message };
      try {
        const workers = await this.#client.workers(url, options.signal);
        return { kind, url, coordinator: asked.health.coordinator, workers };
      } catch (error) {
        return { kind: 'down', url, message: asNoAnswer(error).message };
      }
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** @throws BackendError when there is none, or none of them answers. */
  async #ask(options: AskOptions): Promise<Asked[]> {
    const roster = await this.#roster(options);
    if (roster.some(({ kind }) => kind === 'up')) return roster;
    if (roster.length === 0) throw new BackendError('environment', 'No coordinator is configured: name its URL.');
    const errors = roster.flatMap((asked) => (asked.kind === 'down' ? [asked] : []));
    const reasons = errors.map(({ url, error }) => `${url}: ${error.message}`).join('; ');
    const isDenied = errors.every(({ error }) => error.code === 'denied');
    const cause = errors[0]?.error;
    if (isDenied) {
      const remedy = "'Set Coordinator Token' in the editor, INGEST_TRACE_TOKEN for the command";
      throw new BackendError('denied', `No coordinator lets us in (${reasons}). Give it a token: ${remedy}.`, {
        cause,
      });
    }
    throw new BackendError(
      'unreachable',
      `No coordinator answers (${reasons}). Check that the system runs and that its URLs are right.`,
      { cause },
    );
  }

  /** Every coordinator of the cluster, configured or named by a peer, once each. */
  async #roster(options: AskOptions): Promise<Asked[]> {
    const { signal, onProgress } = options;
    const known = new Set(this.#configured);
    const byId = new Map<string, Asked>();
    const down: Asked[] = [];
    let wave = [...known];
    while (wave.length > 0) {
      const answers = await mapBounded(wave, concurrency, async (url) => {
        // Peers are asked for beside: a coordinator that cannot name them is still one.
        const [health, peers] = await Promise.all([
          this.#client.health(url, signal).catch(asNoAnswer),
          this.#client.peers(url, signal).catch(asNoAnswer),
        ]);
        return { url, health, peers };
      });
      signal?.throwIfAborted();
      wave = [];
      for (const { url, health, peers } of answers) {
        if (health instanceof NoAnswer) down.push({ kind: 'down', url, error: health });
        else if (!byId.has(health.coordinator)) byId.set(health.coordinator, { kind: 'up', url, health });
        for (const peer of peers instanceof NoAnswer ? [] : peers) {
          if (known.has(peer) || known.size >= maxCoordinators) continue;
          known.add(peer);
          wave.push(peer);
        }
      }
      onProgress?.({ done: byId.size + down.length, total: known.size, unit: 'coordinators' });
    }
    return [...byId.values(), ...down];
  }

  async #tasksOf(
    url: string,
    filter: readonly (readonly [string, string])[],
    signal: AbortSignal | undefined,
  ): Promise<{ tasks: FoldedTask[]; bytes: number; notes: string[] }> {
    const tasks: FoldedTask[] = [];
    const notes: string[] = [];
    let [bytes, unreadable] = [0, 0];
    let cursor: string | undefined;
    try {
      for (let page = 0; ; page++) {
        if (page === maxPages || tasks.length >= maxTasks) {
          notes.push(`holds more than the ${tasks.length} tasks that were read: narrow the query`);
          break;
        }
        const parameters = new URLSearchParams(filter.map(([name, value]): [string, string] => [name, value]));
        parameters.set('limit', String(pageSize));
        if (cursor !== undefined) parameters.set('cursor', cursor);
        const answer = await this.#client.tasks(url, parameters, signal);
        tasks.push(...answer.tasks);
        bytes += answer.bytes;
        unreadable += answer.unreadable;
        cursor = answer.cursor;
        if (cursor === undefined) break;
      }
    } catch (error) {
      notes.push(asNoAnswer(error).message);
    }
    if (unreadable > 0) notes.push(`${unreadable} of its tasks could not be understood`);
    return { tasks, bytes, notes };
  }

  #provenance(asked: Asked | undefined, bytes: number, notes: readonly string[]): Provenance {
    const url = asked?.url ?? '';
    return {
      backend: 'live',
      url,
      ...(asked?.kind === 'up' ? { freshness: this.#nowMs() } : {}),
      objects: 0,
      bytes,
      partial: notes.length > 0,
      ...(notes.length > 0 ? { note: `coordinator ${url}: ${notes.join('; ')}` } : {}),
    };
  }
}

/** A page of what live holds, when nobody else is there to ask. `startMs` is of `performance.now()`. */
export function answerFromLive(query: Query, held: LiveTasks, options: SearchOptions, startMs: number): SearchAnswer {
  const positionOf = sortPosition(query);
  const compare = comparePositions(query);
  const after = options.cursor === undefined ? undefined : decodeCursor(options.cursor);
  const matching = [...held.matching.values()].sort(compareTasks(query));
  const rest = after ? matching.filter((task) => compare(positionOf(task), after) > 0) : matching;
  const tasks = rest.slice(0, query.limit ?? options.limit);
  const from = withUndecided(held);
  const last = tasks.at(-1);
  return {
    tasks,
    summary: {
      total: matching.length,
      totalIs: from.some(({ partial }) => partial) ? 'atLeast' : 'exact',
      ms: performance.now() - startMs,
      from,
    },
    ...(last && rest.length > tasks.length ? { cursor: encodeCursor(positionOf(last)) } : {}),
  };
}

/** Live alone cannot tell of these, and says how many they are. */
function withUndecided({ from, undecided }: LiveTasks): Provenance[] {
  if (undecided.size === 0) return [...from];
  const note = `${undecided.size} held tasks left out: only their log records tell whether they match`;
  return from.map((each, at) =>
    at > 0 ? each : { ...each, partial: true, note: each.note === undefined ? note : `${each.note}; ${note}` },
  );
}

async function failed(error: NoAnswer): Promise<{ tasks: FoldedTask[]; bytes: number; notes: string[] }> {
  return { tasks: [], bytes: 0, notes: [error.message] };
}

/** Passes on what is no failure to answer: cancelling, and mistakes of ours. */
function asNoAnswer(error: unknown): NoAnswer {
  if (error instanceof NoAnswer) return error;
  throw error;
}

function keepNewer(tasks: Map<string, FoldedTask>, task: FoldedTask): void {
  const known = tasks.get(task.task);
  if (!known || isNewer(task, known)) tasks.set(task.task, task);
}

/** Two coordinators hold the same task while one takes over from the other. */
function isNewer(task: FoldedTask, than: FoldedTask): boolean {
  return task.attempts === than.attempts ? task.lastTs > than.lastTs : task.attempts > than.attempts;
}
