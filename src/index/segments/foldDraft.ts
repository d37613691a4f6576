/**
 * Folds the tasks of a draft, each from its rows in order of their time, exactly as `foldTask` folds records: by numbers of the draft's
 * dictionaries, without making records of the rows. What two rows say is looked at only where they tie.
 */

import { byTime, eventRank, isTaskEvent } from '../../model/fold.ts';
import { type LogRecord, taskEvents } from '../../model/record.ts';
import { recordOfRow } from '../segmentColumns.ts';
import { namedFields, nameToken } from '../tasks/taskPart.ts';
import { textAt, type Texts } from '../texts.ts';
import type { DraftTexts } from './draftColumns.ts';
import type { DraftRows } from './draftRows.ts';
import { FoldedTasks, namedColumns } from './foldedTasks.ts';
import type { SegmentDraft } from './segmentDraft.ts';

export function foldDraft(draft: SegmentDraft, ofTasks: DraftRows): FoldedTasks {
  const { starts } = ofTasks;
  const fold = new DraftFold(draft, ofTasks);
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

const errorColumns = ['error_type', 'error_message', 'error_stack'] as const;
const buildColumns = ['build_service', 'build_version', 'build_commit', 'build_repository'] as const;
const decidingColumns = ['event', 'failure_group', ...errorColumns, ...buildColumns] as const;

/** A column in order of the draft's tasks: rows of one task, that lie all over a draft, follow each other. */
interface OrderedTexts {
  readonly codes: Uint32Array;
  readonly dictionary: Texts;
}

class DraftFold {
  readonly tasks: FoldedTasks;
  readonly #draft: SegmentDraft;
  /** Of the draft, task after task, by time. What follows is by place in it. */
  readonly #rows: Uint32Array;
  readonly #ts: Float64Array;
  /** Of the event; `noRank` where that changes no task. */
  readonly #ranks: Int8Array;
  readonly #hasError: Uint8Array;
  readonly #hasBuild: Uint8Array;
  /** As the draft has it, until `#readEvents` has put the number there that the event belongs to. */
  readonly #attempts: Float64Array;
  readonly #kinds: Uint8Array;
  readonly #bytes: Float64Array;
  readonly #docs: Float64Array;
  readonly #key: OrderedTexts;
  /** By place among `namedFields`. */
  readonly #names: readonly OrderedTexts[];

  constructor(draft: SegmentDraft, { rows, starts }: DraftRows) {
    this.#draft = draft;
    const { texts, numbers } = draft;
    const count = texts.task.dictionary.count;
    this.tasks = new FoldedTasks(count);
    // What names no task is not folded.
    this.#rows = rows.subarray(0, starts[count]);
    this.#ts = this.#ordered(numbers.ts.values, Float64Array);
    this.#attempts = this.#ordered(numbers.attempt.values, Float64Array);
    this.#bytes = this.#ordered(numbers.bytes.values, Float64Array);
    this.#docs = this.#ordered(numbers.docs.values, Float64Array);
    this.#kinds = new Uint8Array(this.#rows.length);
    this.#ranks = this.#ordered(ranksOf(texts.event, draft.records), Int8Array);
    this.#hasError = this.#ordered(hasAny(draft, errorColumns), Uint8Array);
    this.#hasBuild = this.#ordered(hasAny(draft, buildColumns), Uint8Array);
    const ordered = ({ codes, dictionary }: DraftTexts): OrderedTexts => {
      return { codes: this.#ordered(codes, Uint32Array), dictionary };
    };
    this.#key = ordered(texts.key);
    this.#names = namedColumns.map((name) => ordered(texts[name]));
  }

  /** @param from, to where its rows stand. */
  foldTask(task: number, from: number, to: number): void {
    const { tasks } = this;
    tasks.firstMs[task] = this.#ts[from] as number;
    tasks.lastMs[task] = this.#ts[to - 1] as number;
    const attempts = this.#readEvents(from, to);
    tasks.attempts[task] = attempts;
    const [account, collection, source, coordinator, worker] = tasks.names;
    const latest = (field: number): number => this.#latestText(this.#names[field] as OrderedTexts, from, to);
    [account[task], collection[task], source[task], coordinator[task]] = [latest(0), latest(1), latest(2), latest(3)];
    if (attempts > 0) worker[task] = this.#latestText(this.#names[4] as OrderedTexts, from, to, attempts);
    tasks.key[task] = this.#latestText(this.#key, from, to);
    tasks.bytes[task] = this.#latestNumber(this.#bytes, from, to);
    tasks.docs[task] = this.#latestNumber(this.#docs, from, to);
    this.#foldRows(task, from, to, attempts);
    this.#nameOthers(task, from, to);
  }

  /** What is of the latest of some rows: the end, the last attempt's state, the failure, the build. */
  #foldRows(task: number, from: number, to: number, attempts: number): void {
    const { tasks } = this;
    let [last, end, failed, failedOf, built] = [-1, -1, -1, 0, -1];
    for (let at = from; at < to; at++) {
      const kind = this.#kinds[at] as number;
      if (kind === noEvent) continue;
      const rank = this.#ranks[at] as number;
      if (this.#hasBuild[at] === 1 && this.#isLater(at, built)) built = at;
      if (kind === ofTask) {
        if (rank === succeededRank) tasks.succeededMs[task] = this.#ts[at] as number;
        else if (rank === failedRank) tasks.failedMs[task] = this.#ts[at] as number;
        else continue;
        if (this.#isLater(at, end)) end = at;
        continue;
      }
      const attempt = this.#attempts[at] as number;
      if (attempt === attempts && this.#isLater(at, last)) last = at;
      if (attempt < failedOf || this.#hasError[at] === 0) continue;
      if (rank !== attemptFailedRank && rank !== attemptLostRank) continue;
      if (attempt > failedOf || this.#isLater(at, failed)) [failed, failedOf] = [at, attempt];
    }
    if (last >= 0) {
      tasks.attemptMs[task] = this.#ts[last] as number;
      tasks.attemptRank[task] = this.#ranks[last] as number;
    }
    if (built >= 0) tasks.buildRow[task] = this.#rows[built] as number;
    const isOfEnd = end >= 0 && this.#ranks[end] === failedRank && this.#hasError[end] === 1;
    const failure = isOfEnd ? end : failed;
    if (failure < 0) return;
    tasks.errorAttempt[task] = isOfEnd ? 0 : failedOf;
    const { error_type, error_message, failure_group } = this.#draft.texts;
    const [, , , , , type, group] = tasks.names;
    const row = this.#rows[failure] as number;
    type[task] = error_type.codes[row] as number;
    group[task] = failure_group.codes[row] as number;
    tasks.errorMessage[task] = error_message.codes[row] as number;
  }

  /** Names that records have and the folded task has not. */
  #nameOthers(task: number, from: number, to: number): void {
    let others: Set<string> | undefined;
    for (let field = 0; field < this.#names.length; field++) {
      const { codes, dictionary } = this.#names[field] as OrderedTexts;
      const name = this.tasks.names[field]?.[task];
      for (let at = from; at < to; at++) {
        const code = codes[at] as number;
        if (code === 0 || code === name) continue;
        others ??= new Set();
        others.add(nameToken(namedFields[field] ?? 'account', textAt(dictionary, code - 1)));
      }
    }
    if (others) this.tasks.also.set(task, JSON.stringify([...others].sort()));
  }

  /** Fills `#kinds` and `#attempts`; returns the highest attempt number. */
  #readEvents(from: number, to: number): number {
    let highest = 0;
    for (let at = from; at < to; at++) {
      const rank = this.#ranks[at] as number;
      if (rank === noRank || !isOfAttempt[rank]) {
        this.#kinds[at] = rank === noRank ? noEvent : ofTask;
        continue;
      }
      // Writers may leave the first one's number out.
      const said = this.#attempts[at] as number;
      const attempt = Number.isNaN(said) ? 1 : said;
      // What says 0 belongs to none.
      this.#kinds[at] = attempt > 0 ? ofAttempt : ofTask;
      this.#attempts[at] = attempt;
      if (attempt > highest) highest = attempt;
    }
    return highest;
  }

  /** Of the latest event that has one, of the attempt if one is given; of several at that moment the greatest. */
  #latestText({ codes, dictionary }: OrderedTexts, from: number, to: number, attempt?: number): number {
    let best = 0;
    let bestTs = 0;
    for (let at = to - 1; at >= from; at--) {
      const code = codes[at] as number;
      if (code === 0 || code === best || !this.#counts(at, attempt)) continue;
      if (best === 0) {
        best = code;
        bestTs = this.#ts[at] as number;
      } else if (this.#ts[at] !== bestTs) break;
      else if (textAt(dictionary, code - 1) > textAt(dictionary, best - 1)) best = code;
    }
    return best;
  }

  #latestNumber(values: Float64Array, from: number, to: number): number {
    let best = Number.NaN;
    let bestTs = 0;
    for (let at = to - 1; at >= from; at--) {
      const value = values[at] as number;
      if (Number.isNaN(value) || !this.#counts(at)) continue;
      if (Number.isNaN(best)) {
        best = value;
        bestTs = this.#ts[at] as number;
      } else if (this.#ts[at] !== bestTs) break;
      else if (value > best) best = value;
    }
    return best;
  }

  #counts(at: number, attempt?: number): boolean {
    const kind = this.#kinds[at] as number;
    return attempt === undefined ? kind !== noEvent : kind === ofAttempt && this.#attempts[at] === attempt;
  }

  /** By time, then as `byTime` decides it. @param than -1 for no row. */
  #isLater(at: number, than: number): boolean {
    if (than < 0) return true;
    const byTs = (this.#ts[at] as number) - (this.#ts[than] as number);
    if (byTs !== 0) return byTs > 0;
    const byRank = (this.#ranks[at] as number) - (this.#ranks[than] as number);
    return byRank === 0 ? byTime(this.#recordAt(at), this.#recordAt(than)) > 0 : byRank > 0;
  }

  /** As far as it decides between two of the same moment. */
  #recordAt(at: number): LogRecord {
    const row = this.#rows[at] as number;
    const cells = decidingColumns.map((name) => [name, this.#draft.texts[name].at(row)]);
    return recordOfRow({ ts: this.#ts[at], ...Object.fromEntries(cells) });
  }

  #ordered<Values extends Float64Array | Uint32Array | Uint8Array | Int8Array>(
    source: Values,
    type: new (length: number) => Values,
  ): Values {
    const rows = this.#rows;
    const ordered = new type(rows.length);
    for (let at = 0; at < rows.length; at++) ordered[at] = source[rows[at] as number] as number;
    return ordered;
  }
}

function ranksOf({ codes, dictionary }: DraftTexts, records: number): Int8Array {
  const rankOfEvent = new Int8Array(dictionary.count + 1).fill(noRank);
  for (let code = 1; code <= dictionary.count; code++) {
    const event = textAt(dictionary, code - 1);
    if (isTaskEvent(event)) rankOfEvent[code] = eventRank[event];
  }
  const ranks = new Int8Array(records);
  for (let row = 0; row < records; row++) ranks[row] = rankOfEvent[codes[row] as number] as number;
  return ranks;
}

/** Of each row, 1 where it has a text in any of the columns. */
function hasAny({ texts, records }: SegmentDraft, names: readonly (keyof SegmentDraft['texts'])[]): Uint8Array {
  const has = new Uint8Array(records);
  for (const name of names) {
    const { codes, dictionary } = texts[name];
    if (dictionary.count === 0) continue;
    for (let row = 0; row < records; row++) if (codes[row] !== 0) has[row] = 1;
  }
  return has;
}
