/** Overviews from the log objects themselves: counted while they stream by. */

import { maxValueLength } from '../index/fieldValues.ts';
import type { LogLine } from '../logs/logLines.ts';
import type { AnswerSummary, Provenance } from '../model/answer.ts';
import { foldAttempts, isTaskEvent } from '../model/fold.ts';
import type {
  FacetsAnswer,
  FieldsAnswer,
  FieldValue,
  GroupsAnswer,
  HistogramAnswer,
  LanesAnswer,
  ValuesAnswer,
} from '../model/overview/answers.ts';
import { FacetTally } from '../model/overview/facetTally.ts';
import { FieldTally } from '../model/overview/fieldTally.ts';
import { foldedField, isFoldedField } from '../model/overview/foldedFields.ts';
import { type Failure, groupFailures } from '../model/overview/groupFailures.ts';
import { countBuckets, histogramOf } from '../model/overview/histogramOf.ts';
import { valuesOfField } from '../model/overview/recordFields.ts';
import { bucketWidth, bucketWidthsMs } from '../model/overview/timeBuckets.ts';
import { keyOfValue, ValueTally } from '../model/overview/valueTally.ts';
import { compareSpans, laneRange, lanesOf, spansOf, touches } from '../model/overview/workerSpans.ts';
import { matchRecord } from '../model/query/matchTask.ts';
import type { Query } from '../model/query/query.ts';
import type { ErrorInfo, LogRecord } from '../model/record.ts';
import type { FoldedTask } from '../model/task.ts';
import { frameOf } from '../stacktrace/frameOf.ts';
import { aboutTasksOnly } from './aboutTasksOnly.ts';
import type { LogScan, ScanLimits } from './logScan.ts';
import type { OverviewBackend, OverviewOptions, ValuesOptions } from './overviewBackend.ts';
import { rangeToRead } from './rangeToRead.ts';
import { TaskGatherer } from './taskGatherer.ts';
import type { AskOptions } from './taskBackend.ts';

/** How the logs' backend reads them. */
export interface LogsReading {
  scan(options: AskOptions, limits?: Partial<ScanLimits>): LogScan;
  /** The tasks of the range, when the query asks for a field that records take from their task. */
  tasksToInherit(
    query: Query,
    outer: LogScan,
    options: AskOptions,
  ): Promise<ReadonlyMap<string, FoldedTask> | undefined>;
}

/** Paths and values that are counted at a time. */
const maxPaths = 20_000;
const maxValues = 10_000;
/** Completions are wanted at once: the newest logs have to do. */
const valuesLimits: Partial<ScanLimits> = { maxObjects: 200, maxBytes: 32 * 2 ** 20 };

export class DirectOverview implements OverviewBackend {
  readonly #logs: LogsReading;

  constructor(logs: LogsReading) {
    this.#logs = logs;
  }

  async groups(query: Query, options: OverviewOptions): Promise<GroupsAnswer> {
    const failures: Failure<ErrorInfo>[] = [];
    const gathered = await this.#gather(query, options, {
      visit: (record) => {
        const failure = isInTime(query, record) ? failureOf(record) : undefined;
        if (failure && (record.task !== undefined || matchRecord(query, record))) failures.push(failure);
      },
      held: () => failures.length,
    });
    const ids = new Set(gathered.matching.map(({ task }) => task));
    const all = groupFailures(failures.filter(({ task }) => task === undefined || ids.has(task)));
    return {
      groups: all.slice(0, query.limit ?? options.limit).map(({ latest: { type, message, stack }, ...group }) => {
        return {
          ...group,
          ...(type === undefined ? {} : { type }),
          ...(message === undefined ? {} : { message }),
          ...frameOf(stack),
        };
      }),
      total: all.length,
      totalIs: totalIsOf(gathered.from),
      from: [gathered.from],
    };
  }

  async fields(query: Query, options: OverviewOptions): Promise<FieldsAnswer> {
    const scan = this.#logs.scan(options);
    const tasks = await this.#logs.tasksToInherit(query, scan, options);
    const tally = new FieldTally(maxPaths);
    for (const group of await scan.list(query.time)) {
      const goesOn = await scan.read(
        group,
        eachRecord((record) => {
          if (matchRecord(query, record, tasks?.get(record.task ?? ''))) tally.add(record);
        }),
        () => tally.size,
      );
      if (!goesOn) break;
    }
    if (!tally.isWhole) scan.note(`there are more than ${maxPaths} paths: only those that came first were counted`);
    const from = scan.provenance(aboutTasksOnly(query));
    return {
      fields: tally.top(query.limit ?? options.limit),
      total: tally.size,
      totalIs: totalIsOf(from),
      records: tally.records,
      from: [from],
    };
  }

  async values(field: string, options: ValuesOptions): Promise<ValuesAnswer> {
    const scan = this.#logs.scan(options, valuesLimits);
    const prefix = options.prefix.toLowerCase();
    const tally = new ValueTally(maxValues);
    for (const group of await scan.list({})) {
      const goesOn = await scan.read(
        group,
        eachRecord((record) => {
          for (const value of valuesOfField(record, field)) {
            const text = String(value);
            if (text.length <= maxValueLength && text.toLowerCase().startsWith(prefix)) tally.add(value);
          }
        }),
        () => tally.size,
      );
      if (!goesOn) break;
    }
    return { values: tally.top(options.limit), from: [scan.provenance()] };
  }

  async facets(query: Query, field: string, options: OverviewOptions): Promise<FacetsAnswer> {
    const startMs = performance.now();
    const folded = isFoldedField(field) ? field : undefined;
    const values = new Map<string, Map<string, FieldValue>>();
    let held = 0;
    const { matching, from } = await this.#gather(query, options, {
      visit: (record) => {
        if (folded || record.task === undefined) return;
        const own = values.get(record.task) ?? new Map<string, FieldValue>();
        const before = own.size;
        for (const value of valuesOfField(record, field)) own.set(keyOfValue(value), value);
        if (own.size > 0) values.set(record.task, own);
        held += own.size - before;
      },
      held: () => held,
    });
    const tally = new FacetTally();
    for (const task of matching) {
      const value = folded && foldedField(task, folded);
      tally.add(folded ? (value === undefined ? [] : [value]) : (values.get(task.task)?.values() ?? []));
    }
    return { field, ...tally.top(options.limit), summary: summaryOf(matching.length, from, startMs) };
  }

  async histogram(query: Query, options: AskOptions): Promise<HistogramAnswer> {
    const startMs = performance.now();
    const { matching, from } = await this.#gather(query, options);
    let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { lastTs } of matching) {
      firstMs = Math.min(firstMs, lastTs);
      lastMs = Math.max(lastMs, lastTs);
    }
    const widthMs = matching.length === 0 ? (bucketWidthsMs[0] ?? 1) : bucketWidth(firstMs, lastMs);
    const histogram = histogramOf(countBuckets(matching, widthMs), widthMs);
    return { ...histogram, summary: summaryOf(matching.length, from, startMs) };
  }

  async lanes(query: Query, options: OverviewOptions): Promise<LanesAnswer> {
    const events = new Map<string, LogRecord[]>();
    let held = 0;
    const terms: Query = { text: '', time: {}, ...(query.where ? { where: query.where } : {}) };
    const { matching, from } = await this.#gather(
      terms,
      options,
      {
        visit: (record) => {
          if (record.task === undefined || !isTaskEvent(record.event)) return;
          const own = events.get(record.task);
          if (own) own.push(placeOnly(record));
          else events.set(record.task, [placeOnly(record)]);
          held++;
        },
        held: () => held,
      },
      query,
    );
    const range = laneRange(query);
    const limit = query.limit ?? options.limit;
    const spans = matching
      .flatMap((task) => spansOf(task, foldAttempts(events.get(task.task) ?? [])))
      .filter(({ span }) => touches(span, range))
      .sort((a, b) => compareSpans(a.span, b.span));
    return {
      lanes: lanesOf(spans.slice(0, limit)),
      totalIs: spans.length > limit ? 'atLeast' : totalIsOf(from),
      from: [from],
    };
  }

  /** Folds and judges every task of the range, and shows every record of it to `also`. */
  async #gather(
    query: Query,
    options: AskOptions,
    also?: { readonly visit: (record: LogRecord) => void; readonly held: () => number },
    ranged: Query = query,
  ): Promise<{ readonly matching: readonly FoldedTask[]; readonly from: Provenance }> {
    const scan = this.#logs.scan(options);
    const gatherer = new TaskGatherer(query);
    const range = rangeToRead(ranged);
    for (const group of await scan.list(range)) {
      const goesOn = await scan.read(
        group,
        eachRecord((record) => {
          gatherer.add(record);
          also?.visit(record);
        }),
        () => gatherer.held + (also?.held() ?? 0),
      );
      if (!goesOn) break;
    }
    const matching: FoldedTask[] = [];
    let cutOff = 0;
    for (const { task, matches, isWhole } of gatherer.judge()) {
      if (!matches) continue;
      matching.push(task);
      if (!isWhole && range.sinceMs !== undefined) cutOff++;
    }
    if (cutOff > 0) {
      scan.note(`${cutOff} tasks began before the logs that were read: what happened to them earlier is not counted`);
    }
    return { matching, from: scan.provenance() };
  }
}

function eachRecord(visit: (record: LogRecord) => void): (lines: readonly LogLine[]) => void {
  return (lines) => {
    for (const line of lines) if (line.kind === 'record') visit(line.record);
  };
}

function isInTime({ time: { sinceMs, untilMs } }: Query, { tsMs }: LogRecord): boolean {
  return (sinceMs === undefined || tsMs >= sinceMs) && (untilMs === undefined || tsMs < untilMs);
}

function failureOf(record: LogRecord): Failure<ErrorInfo> | undefined {
  const { group, task, event, attempt, worker, tsMs, origin, error } = record;
  if (group === undefined) return undefined;
  return {
    group,
    ...(task === undefined ? {} : { task }),
    event,
    ...(attempt === undefined ? {} : { attempt }),
    ...(worker === undefined ? {} : { worker }),
    tsMs,
    object: origin?.object ?? '',
    offsetBytes: origin?.offsetBytes ?? 0,
    sample: error ?? {},
  };
}

/** What spans are folded from. */
function placeOnly({ message: _message, rest: _rest, error: _error, build: _build, ...kept }: LogRecord): LogRecord {
  return kept;
}

function totalIsOf({ partial }: Provenance): 'exact' | 'atLeast' {
  return partial ? 'atLeast' : 'exact';
}

function summaryOf(total: number, from: Provenance, startMs: number): AnswerSummary {
  return { total, totalIs: totalIsOf(from), ms: performance.now() - startMs, from: [from] };
}
