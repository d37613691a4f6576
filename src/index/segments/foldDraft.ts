/**
 * Folds the tasks of a draft, each from its rows in order of their time, exactly as `foldTask` folds records: by numbers of the draft's
 * dictionaries, without making records of the rows. What two rows say is looked at only where they tie.
 */

import { byTime, eventRank, isTaskEvent } from '../../model/fold.ts';
import { type LogRecord, taskEvents } from '../../model/record.ts';
import { recordOfRow } from '../segmentColumns.ts';
import { textAt } from '../texts.ts';
import type { DraftNumbers, DraftTexts } from './draftColumns.ts';
import type { DraftRows } from './draftRows.ts';
import { FoldedTasks } from './foldedTasks.ts';
import type { SegmentDraft } from './segmentDraft.ts';

export function foldDraft(draft: SegmentDraft, { rows, starts }: DraftRows): FoldedTasks {
  const fold = new DraftFold(draft, rows);
  for (let task = 0; task < fold.tasks.count; task++) {
    fold.foldTask(task, starts[task] as number, starts[task + 1] as number);
  }
  return fold.tasks;
}

/** Of a row, by its event: not one that changes a task; of the task; of an attempt. */
const [noEvent, ofTask, ofAttempt] = [0, 1, 2];
const noRank = -1;
const [failedRank, succeededRank] = [eventRank['task.failed'], eventRank['task.succeeded']];
const [attemptFailedRank, attemptLostRank] = [eventRank['attempt.failed'], eventRank['attempt.lost']];
/** By rank. */
const isOfAttempt = Array.from(
  { length: taskEvents.length },
  (_, rank) => rank > eventRank['task.created'] && rank < succeededRank,
);

const decidingColumns = [
  'event',
  'error_type',
  'error_message',
  'error_stack',
  'failure_group',
  'build_service',
  'build_version',
  'build_commit',
  'build_repository',
] as const;

class DraftFold {
  readonly tasks: FoldedTasks;
  readonly #draft: SegmentDraft;
  /** Of the draft, task after task, by time. */
  readonly #rows: Uint32Array;
  readonly #ts: Float64Array;
  /** By code of an event. */
  readonly #rankOfEvent: Int8Array;
  /** Of the task at work, by row: as `noEvent` and the others, and the number of the attempt that its event belongs to. */
  #kinds = new Uint8Array(64);
  #attempts = new Float64Array(64);

  constructor(draft: SegmentDraft, rows: Uint32Array) {
    this.#draft = draft;
    this.#rows = rows;
    this.#ts = draft.numbers.ts.values;
    this.tasks = new FoldedTasks(draft.texts.task.dictionary.count);
    const { dictionary } = draft.texts.event;
    this.#rankOfEvent = new Int8Array(dictionary.count + 1).fill(noRank);
    for (let code = 1; code <= dictionary.count; code++) {
      const event = textAt(dictionary, code - 1);
      if (isTaskEvent(event)) this.#rankOfEvent[code] = eventRank[event];
    }
  }

  /** @param from, to where its rows stand. */
  foldTask(task: number, from: number, to: number): void {
    const { tasks } = this;
    const { texts, numbers } = this.#draft;
    tasks.firstMs[task] = this.#tsAt(from);
    tasks.lastMs[task] = this.#tsAt(to - 1);
    const attempts = this.#readEvents(from, to);
    tasks.attempts[task] = attempts;
    tasks.account[task] = this.#latestText(texts.account, from, to);
    tasks.collection[task] = this.#latestText(texts.collection, from, to);
    tasks.source[task] = this.#latestText(texts.source, from, to);
    tasks.coordinator[task] = this.#latestText(texts.coordinator, from, to);
    tasks.key[task] = this.#latestText(texts.key, from, to);
    tasks.worker[task] = attempts === 0 ? 0 : this.#latestText(texts.worker, from, to, attempts);
    tasks.bytes[task] = this.#latestNumber(numbers.bytes, from, to);
    tasks.docs[task] = this.#latestNumber(numbers.docs, from, to);
    this.#foldRows(task, from, to, attempts);
  }

  /** What is of the latest of some rows: the end, the last attempt's state, the failure, the build. */
  #foldRows(task: number, from: number, to: number, attempts: number): void {
    const { tasks } = this;
    let [last, end, failed, failedOf, built] = [-1, -1, -1, 0, -1];
    for (let at = from; at < to; at++) {
      const kind = this.#kinds[at - from] as number;
      if (kind === noEvent) continue;
      const row = this.#rows[at] as number;
      const rank = this.#rankOf(row);
      if (this.#hasBuild(row) && this.#isLater(row, built)) built = row;
      if (kind === ofTask) {
        if (rank === succeededRank) tasks.succeededMs[task] = this.#ts[row] as number;
        else if (rank === failedRank) tasks.failedMs[task] = this.#ts[row] as number;
        else continue;
        if (this.#isLater(row, end)) end = row;
        continue;
      }
      const attempt = this.#attempts[at - from] as number;
      if (attempt === attempts && this.#isLater(row, last)) last = row;
      if (attempt < failedOf || (rank !== attemptFailedRank && rank !== attemptLostRank) || !this.#hasError(row))
        continue;
      if (attempt > failedOf || this.#isLater(row, failed)) [failed, failedOf] = [row, attempt];
    }
    if (last >= 0) {
      tasks.attemptMs[task] = this.#ts[last] as number;
      tasks.attemptRank[task] = this.#rankOf(last);
    }
    const isOfEnd = end >= 0 && this.#rankOf(end) === failedRank && this.#hasError(end);
    const failure = isOfEnd ? end : failed;
    tasks.failureRow[task] = failure;
    if (failure >= 0) tasks.errorAttempt[task] = isOfEnd ? 0 : failedOf;
    tasks.buildRow[task] = built;
  }

  /** Fills `#kinds` and `#attempts`; returns the highest attempt number. */
  #readEvents(from: number, to: number): number {
    if (this.#kinds.length < to - from) {
      this.#kinds = new Uint8Array(2 * (to - from));
      this.#attempts = new Float64Array(2 * (to - from));
    }
    const attempts = this.#draft.numbers.attempt.values;
    let highest = 0;
    for (let at = from; at < to; at++) {
      const row = this.#rows[at] as number;
      const rank = this.#rankOf(row);
      if (rank === noRank || !isOfAttempt[rank]) {
        this.#kinds[at - from] = rank === noRank ? noEvent : ofTask;
        continue;
      }
      // Writers may leave the first one's number out.
      const said = attempts[row] as number;
      const attempt = Number.isNaN(said) ? 1 : said;
      // What says 0 belongs to none.
      this.#kinds[at - from] = attempt > 0 ? ofAttempt : ofTask;
      this.#attempts[at - from] = attempt;
      if (attempt > highest) highest = attempt;
    }
    return highest;
  }

  /** Of the latest event that has one, of the attempt if one is given; of several at that moment the greatest. */
  #latestText({ codes, dictionary }: DraftTexts, from: number, to: number, attempt?: number): number {
    let best = 0;
    let bestTs = 0;
    for (let at = to - 1; at >= from; at--) {
      const row = this.#rows[at] as number;
      const code = codes[row] as number;
      if (code === 0 || code === best || !this.#counts(at - from, attempt)) continue;
      if (best === 0) {
        best = code;
        bestTs = this.#ts[row] as number;
      } else if (this.#ts[row] !== bestTs) break;
      else if (textAt(dictionary, code - 1) > textAt(dictionary, best - 1)) best = code;
    }
    return best;
  }

  #latestNumber({ values }: DraftNumbers, from: number, to: number): number {
    let best = Number.NaN;
    let bestTs = 0;
    for (let at = to - 1; at >= from; at--) {
      const row = this.#rows[at] as number;
      const value = values[row] as number;
      if (Number.isNaN(value) || !this.#counts(at - from)) continue;
      if (Number.isNaN(best)) {
        best = value;
        bestTs = this.#ts[row] as number;
      } else if (this.#ts[row] !== bestTs) break;
      else if (value > best) best = value;
    }
    return best;
  }

  #counts(place: number, attempt?: number): boolean {
    const kind = this.#kinds[place] as number;
    return attempt === undefined ? kind !== noEvent : kind === ofAttempt && this.#attempts[place] === attempt;
  }

  /** By time, then as `byTime` decides it. @param than -1 for no row. */
  #isLater(row: number, than: number): boolean {
    if (than < 0) return true;
    const byTs = (this.#ts[row] as number) - (this.#ts[than] as number);
    if (byTs !== 0) return byTs > 0;
    const byRank = this.#rankOf(row) - this.#rankOf(than);
    return byRank === 0 ? byTime(this.#recordAt(row), this.#recordAt(than)) > 0 : byRank > 0;
  }

  /** As far as it decides between two of the same moment. */
  #recordAt(row: number): LogRecord {
    const cells = decidingColumns.map((name) => [name, this.#draft.texts[name].at(row)]);
    return recordOfRow({ ts: this.#ts[row], ...Object.fromEntries(cells) });
  }

  #tsAt(at: number): number {
    return this.#ts[this.#rows[at] as number] as number;
  }

  #rankOf(row: number): number {
    return this.#rankOfEvent[this.#draft.texts.event.codes[row] as number] as number;
  }

  #hasError(row: number): boolean {
    const { error_type, error_message, error_stack } = this.#draft.texts;
    return error_type.codes[row] !== 0 || error_message.codes[row] !== 0 || error_stack.codes[row] !== 0;
  }

  #hasBuild(row: number): boolean {
    const { build_service, build_version, build_commit, build_repository } = this.#draft.texts;
    return (
      build_commit.codes[row] !== 0 ||
      build_version.codes[row] !== 0 ||
      build_service.codes[row] !== 0 ||
      build_repository.codes[row] !== 0
    );
  }
}
