/** Answers from the log objects themselves, with no index at all: slower, and true whatever else is down. */

import type { RecordsAnswer, SearchAnswer, TaskAnswer } from '../model/answer.ts';
import type { FieldMapping } from '../model/fieldMapping/fieldMapping.ts';
import { foldAttempts, foldTask } from '../model/fold.ts';
import { isInheritedField } from '../model/query/fields.ts';
import { comparePositions, compareTasks, type SortPosition, sortPosition } from '../model/query/compareTasks.ts';
import { inheritFields, lacksFields } from '../model/query/inheritFields.ts';
import { leavesOf, matchRecord } from '../model/query/matchTask.ts';
import type { Query } from '../model/query/query.ts';
import type { LogRecord } from '../model/record.ts';
import type { FoldedTask } from '../model/task.ts';
import type { LogLine } from '../logs/logLines.ts';
import type { ObjectStore } from '../store/objectStore.ts';
import { aboutTasksOnly } from './aboutTasksOnly.ts';
import { decodeCursor, encodeCursor } from './answerCursor.ts';
import { DirectOverview } from './directOverview.ts';
import { defaultScanLimits, LogScan, type ScanLimits, skewMs } from './logScan.ts';
import type { OverviewBackend } from './overviewBackend.ts';
import { type PulledLogs, pullLogs } from './pullLogs.ts';
import { rangeToRead } from './rangeToRead.ts';
import { isBeginning, type JudgedTask, TaskGatherer } from './taskGatherer.ts';
import type { AskOptions, SearchOptions, TaskBackend } from './taskBackend.ts';

export interface DirectBackendOptions {
  /** The log root. */
  readonly logs: ObjectStore;
  /** What the logs call the canonical fields, where they have other names for them. */
  readonly fields?: FieldMapping;
  readonly limits?: Partial<ScanLimits>;
}

/** Characters of lines taken before those beyond the limit are let go: a line may be megabytes long. */
const maxTakenLength = 64 * 1024 * 1024;

export class DirectBackend implements TaskBackend {
  readonly name = 'direct';
  readonly url: string;
  readonly overview: OverviewBackend;
  readonly #logs: ObjectStore;
  readonly #fields: FieldMapping | undefined;
  readonly #limits: ScanLimits;

  constructor(options: DirectBackendOptions) {
    this.#logs = options.logs;
    this.#fields = options.fields;
    this.#limits = { ...defaultScanLimits, ...options.limits };
    this.url = options.logs.url;
    this.overview = new DirectOverview({
      scan: (asked, limits) => this.#scan(asked, limits),
      tasksToInherit: async (query, outer, asked) => await this.#tasksToInherit(query, outer, asked),
    });
  }

  /** Folds every task of the range, newest hours first, until the wanted page cannot change any more. */
  async search(query: Query, options: SearchOptions): Promise<SearchAnswer> {
    const startMs = performance.now();
    const after = options.cursor === undefined ? undefined : decodeCursor(options.cursor);
    const limit = query.limit ?? options.limit;
    const scan = this.#scan(options);
    const range = rangeToRead(query);
    const gatherer = new TaskGatherer(query);
    const groups = await scan.list(range);
    let settled: boolean = false;
    let checkAt = 0;
    for (const [at, group] of groups.entries()) {
      const goesOn = await scan.read(
        group,
        (lines) => gather(gatherer, lines),
        () => gatherer.held,
      );
      const next = groups[at + 1];
      if (!goesOn || !next) break;
      if (query.sort || gatherer.size < limit || gatherer.held < checkAt) continue;
      // Judging all costs as much as reading as many: look again after half as many more.
      checkAt = gatherer.held * 1.5;
      settled = isSettled([...gatherer.judge()], next.endMs + skewMs, limit, after);
      if (settled) break;
    }
    const positionOf = sortPosition(query);
    const compare = comparePositions(query);
    const judged = [...gatherer.judge()].filter(({ matches }) => matches);
    const cutOff = range.sinceMs === undefined ? 0 : judged.filter(({ isWhole }) => !isWhole).length;
    if (cutOff > 0) {
      scan.note(`${cutOff} tasks began before the logs that were read: what happened to them earlier is not counted`);
    }
    const matching = judged.map(({ task }) => task).sort(compareTasks(query));
    const rest = after ? matching.filter((task) => compare(positionOf(task), after) > 0) : matching;
    const tasks = rest.slice(0, limit);
    const from = scan.provenance();
    const last = tasks.at(-1);
    return {
      tasks,
      summary: {
        total: matching.length,
        totalIs: settled || from.partial ? 'atLeast' : 'exact',
        ms: performance.now() - startMs,
        from: [from],
      },
      ...(last && (settled || rest.length > tasks.length) ? { cursor: encodeCursor(positionOf(last)) } : {}),
    };
  }

  /** Reads back in time until the task's beginning is found, or all logs are read. */
  async task(id: string, options: AskOptions): Promise<TaskAnswer> {
    const scan = this.#scan(options);
    const records: LogRecord[] = [];
    const take = (lines: readonly LogLine[]): void => {
      for (const line of lines) if (line.kind === 'record' && line.record.task === id) records.push(line.record);
    };
    for (const group of await scan.list({})) {
      const begun = records.filter(isBeginning);
      const firstTs = begun.reduce((least, { tsMs }) => Math.min(least, tsMs), Number.POSITIVE_INFINITY);
      if (begun.length > 0 && group.endMs + skewMs < firstTs) break;
      if (!(await scan.read(group, take, () => records.length))) break;
    }
    const from = [scan.provenance()];
    if (records.length === 0) return { from };
    const ordered = records.sort(byTime);
    return { detail: { task: foldTask(ordered), attempts: foldAttempts(ordered), records: ordered }, from };
  }

  /** Reads twice where records take fields from tasks of which they are not all. */
  async records(query: Query, options: SearchOptions): Promise<RecordsAnswer> {
    const limit = query.limit ?? options.limit;
    const scan = this.#scan(options);
    const tasks = await this.#tasksToInherit(query, scan, options);
    let newest: LogRecord[] = [];
    let total = 0;
    let taken = 0;
    const take = (lines: readonly LogLine[]): void => {
      for (const line of lines) {
        if (line.kind !== 'record') continue;
        const { record } = line;
        if (!matchRecord(query, record, tasks?.get(record.task ?? ''))) continue;
        total++;
        newest.push(record);
        taken += line.raw.length;
        if (newest.length < 2 * limit + 1000 && taken < maxTakenLength) continue;
        newest = newest.sort(newestFirst).slice(0, limit);
        taken = 0;
      }
    };
    let settled = false;
    const groups = await scan.list(query.time);
    for (const [at, group] of groups.entries()) {
      const goesOn = await scan.read(group, take, () => 0);
      const next = groups[at + 1];
      if (!goesOn || !next) break;
      if (newest.length < limit) continue;
      newest = newest.sort(newestFirst);
      settled = (newest[limit - 1]?.tsMs ?? Number.NEGATIVE_INFINITY) > next.endMs + skewMs;
      if (settled) break;
    }
    const page = newest.sort(newestFirst).slice(0, limit);
    const known = tasks ?? (await this.#tasksOf(page, query, scan, options));
    const from = scan.provenance(aboutTasksOnly(query));
    return {
      records: page.map((record) => inheritFields(record, known.get(record.task ?? ''))),
      totalIs: settled || total > limit || from.partial ? 'atLeast' : 'exact',
      from: [from],
    };
  }

  /** The matching lines as they were written, oldest hour first, as they are read: nothing but one object is held. */
  pull(query: Query, options: AskOptions): PulledLogs {
    const scan = this.#scan(options);
    return pullLogs(scan, query, () => this.#tasksToInherit(query, scan, options), aboutTasksOnly(query));
  }

  async close(): Promise<void> {
    // The store belongs to whoever opened it.
  }

  #scan(options: AskOptions, limits: Partial<ScanLimits> = {}): LogScan {
    return new LogScan(this.#logs, { ...this.#limits, ...limits }, options, this.#fields);
  }

  /** The tasks of the range, when the query asks for a field that records take from their task. */
  async #tasksToInherit(
    query: Query,
    outer: LogScan,
    options: AskOptions,
  ): Promise<ReadonlyMap<string, FoldedTask> | undefined> {
    const inherits = leavesOf(query.where).some((leaf) => leaf.kind === 'field' && isInheritedField(leaf.field));
    if (!inherits) return undefined;
    const { tasks, isWhole } = await this.#foldTasks(query, options);
    if (!isWhole) {
      outer.note('not all tasks could be folded, so that records which name no account to worker may be missing');
    }
    return tasks;
  }

  /** The tasks of those records that take a field from theirs. */
  async #tasksOf(
    records: readonly LogRecord[],
    query: Query,
    outer: LogScan,
    options: AskOptions,
  ): Promise<ReadonlyMap<string, FoldedTask>> {
    const ids = new Set(records.filter(lacksFields).flatMap(({ task }) => task ?? []));
    if (ids.size === 0) return new Map();
    const { tasks, isWhole } = await this.#foldTasks(query, options, ids);
    if (!isWhole) outer.note('not all tasks could be folded, so that account to worker of some records may be missing');
    return tasks;
  }

  /** The tasks of the query's range, or those of them with these ids: then read no further back than they began. */
  async #foldTasks(
    query: Query,
    options: AskOptions,
    ids?: ReadonlySet<string>,
  ): Promise<{ readonly tasks: ReadonlyMap<string, FoldedTask>; readonly isWhole: boolean }> {
    const scan = this.#scan(options);
    const gatherer = new TaskGatherer({ text: '', time: {} });
    let isWhole = true;
    for (const group of await scan.list(rangeToRead(query))) {
      if (ids && gatherer.size === ids.size && haveBegunAfter([...gatherer.judge()], group.endMs + skewMs)) break;
      isWhole = await scan.read(
        group,
        (lines) => gather(gatherer, lines, ids),
        () => gatherer.held,
      );
      if (!isWhole) break;
    }
    const tasks = new Map<string, FoldedTask>();
    for (const { task } of gatherer.judge()) tasks.set(task.task, task);
    return { tasks, isWhole };
  }
}

function gather(gatherer: TaskGatherer, lines: readonly LogLine[], ids?: ReadonlySet<string>): void {
  for (const line of lines) {
    if (line.kind === 'record' && (!ids || ids.has(line.record.task ?? ''))) gatherer.add(line.record);
  }
}

/** Whether nothing before `beforeMs` can tell more of these tasks. */
function haveBegunAfter(judged: readonly JudgedTask[], beforeMs: number): boolean {
  return judged.every(({ task, isWhole }) => isWhole && task.firstTs > beforeMs);
}

/**
 * Whether older logs, all before `beforeMs`, can change the newest `limit` tasks after a position no more: there are as
 * many matches that ended later, and every task that ended later still than the last of them is known from its start.
 */
function isSettled(
  judged: readonly JudgedTask[],
  beforeMs: number,
  limit: number,
  after: SortPosition | undefined,
): boolean {
  const query = {};
  const compare = comparePositions(query);
  const positionOf = sortPosition(query);
  const matching = judged
    .filter(({ task, matches }) => matches && (!after || compare(positionOf(task), after) > 0))
    .sort((a, b) => compareTasks(query)(a.task, b.task));
  const last = matching[limit - 1];
  if (!last || last.task.lastTs <= beforeMs) return false;
  return judged.every(({ task, isWhole }) => isWhole || task.lastTs < last.task.lastTs);
}

/** As a task's story is told: by time, then as written. */
function byTime(a: LogRecord, b: LogRecord): number {
  return a.tsMs - b.tsMs || byOrigin(a, b);
}

function newestFirst(a: LogRecord, b: LogRecord): number {
  return b.tsMs - a.tsMs || byOrigin(b, a);
}

function byOrigin(a: LogRecord, b: LogRecord): number {
  const [left, right] = [a.origin?.object ?? '', b.origin?.object ?? ''];
  if (left !== right) return left < right ? -1 : 1;
  return (a.origin?.offsetBytes ?? 0) - (b.origin?.offsetBytes ?? 0);
}
