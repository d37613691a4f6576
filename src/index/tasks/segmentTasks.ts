/** What one segment says of its tasks, read from its side: numbers and codes by column, in the order of its rows. */

import { eventRank } from '../../model/fold.ts';
import { type Json, parseJson } from '../../model/json.ts';
import { type TaskStatus, taskStatuses } from '../../model/task.ts';
import { type BlockFile, DamagedBlockFile, type TextColumn } from '../blocks/blockFile.ts';
import { type SideName, sideNames } from '../segments/taskColumns.ts';
import type { TaskCells } from './taskCells.ts';
import { type NamedField, parseNameToken } from './taskPart.ts';

/** Texts that repeat: `codes[at]` counts from 1 in `values`; 0 for none. */
export interface NameColumn {
  readonly codes: Uint32Array;
  readonly values: readonly string[];
  /** Whether the codes never go down: tasks are in order of their accounts. */
  readonly isSorted: boolean;
}

/** Of the latest event of the latest attempt, and of each kind of end: how long before the last moment. NaN where there is none. */
interface TaskEnds {
  readonly attemptRank: Float64Array;
  readonly attemptAgo: Float64Array;
  readonly succeededAgo: Float64Array;
  readonly failedAgo: Float64Array;
}

/** Columns of texts of the side; keys are kept whole, being many. */
export type TextName = SideName | 'key';

export interface AlsoNamed {
  readonly value: string;
  readonly codes: number[];
}

type OptionalNumber = 'errorAttempt' | 'bytes' | 'docs';

export class SegmentTasks {
  readonly count: number;
  readonly ids: TextColumn;
  /** Number of each task's first row in the segment; one more for the first row that names no task. */
  readonly starts: Uint32Array;
  readonly lastMs: Float64Array;
  readonly firstMs: Float64Array;
  readonly attempts: Float64Array;
  /** Place in `taskStatuses`. */
  readonly status: Uint8Array;
  readonly #side: BlockFile;
  readonly #numbers = new Map<OptionalNumber, Float64Array>();
  readonly #names = new Map<TextName, NameColumn>();
  #keys: TextColumn | undefined;
  #alsoNamed: ReadonlyMap<string, readonly AlsoNamed[]> | undefined;

  #ends: TaskEnds | undefined;

  /** @throws DamagedBlockFile */
  constructor(side: BlockFile) {
    this.#side = side;
    this.ids = side.texts('task');
    this.count = this.ids.length;
    this.lastMs = side.numbers('last');
    this.firstMs = side.numbers('span');
    for (let at = 0; at < this.count; at++) this.firstMs[at] = (this.lastMs[at] ?? 0) - (this.firstMs[at] ?? 0);
    this.attempts = side.numbers('attempts');
    this.starts = new Uint32Array(this.count + 1);
    const rows = side.numbers('rows');
    for (let at = 0; at < this.count; at++) this.starts[at + 1] = (this.starts[at] ?? 0) + (rows[at] ?? 0);
    this.status = new Uint8Array(this.count);
    const { attemptRank, succeededAgo, failedAgo } = this.ends;
    for (let at = 0; at < this.count; at++) {
      this.status[at] = statusNumber(
        attemptRank[at] ?? Number.NaN,
        succeededAgo[at] ?? Number.NaN,
        failedAgo[at] ?? Number.NaN,
      );
    }
    for (const column of [this.lastMs, this.firstMs, this.attempts, attemptRank]) {
      if (column.length !== this.count) throw new DamagedBlockFile('its columns differ in length');
    }
  }

  names(name: TextName): NameColumn {
    let column = this.#names.get(name);
    if (!column) {
      column = name === 'key' ? namesOf(this.#keyTexts) : this.#readNames(name);
      this.#names.set(name, column);
    }
    return column;
  }

  /** Values of a field that some record of a task has and the folded task has not, and the codes of `also` that tell so. */
  alsoNamed(field: NamedField): readonly AlsoNamed[] {
    this.#alsoNamed ??= alsoNames(this.names('also').values);
    return this.#alsoNamed.get(field) ?? [];
  }

  /** NaN where there is none. */
  numbers(name: OptionalNumber): Float64Array {
    let column = this.#numbers.get(name);
    if (!column) {
      column = this.#side.numbers(name);
      this.#numbers.set(name, column);
    }
    return column;
  }

  /** The task whose records the row is among; `undefined` for one that names no task. */
  taskOfRow(row: number): number | undefined {
    const { starts, count } = this;
    if (row >= (starts[count] ?? 0)) return undefined;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((starts[middle] ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  get #keyTexts(): TextColumn {
    return (this.#keys ??= this.#side.texts('key'));
  }

  #readNames(name: SideName): NameColumn {
    const values = this.#side.texts(`${name}.names`).toArray();
    const codes = this.#side.counts(name);
    return { codes, values: values.map((text) => text ?? ''), isSorted: isSorted(codes) };
  }

  /** What parts are merged by, and pages tell. */
  get ends(): TaskEnds {
    return (this.#ends ??= {
      attemptRank: this.#side.numbers('attemptRank'),
      attemptAgo: this.#side.numbers('attemptAgo'),
      succeededAgo: this.#side.numbers('succeededAgo'),
      failedAgo: this.#side.numbers('failedAgo'),
    });
  }

  /** Until they are asked for again: they take as much as all that searches need. */
  forgetEnds(): void {
    this.#ends = undefined;
  }

  cells(at: number): TaskCells {
    const lastMs = this.lastMs[at] ?? 0;
    const { ends } = this;
    const present = (value: number | undefined): number | undefined =>
      value === undefined || Number.isNaN(value) ? undefined : value;
    const number = (name: OptionalNumber): number | undefined => present(this.numbers(name)[at]);
    const text = (name: SideName): string | undefined => {
      const { codes, values } = this.names(name);
      const code = codes[at] ?? 0;
      return code === 0 ? undefined : values[code - 1];
    };
    return {
      task: this.ids.at(at) ?? '',
      firstMs: this.firstMs[at] ?? 0,
      lastMs,
      attempts: this.attempts[at] ?? 0,
      attemptMs: present(lastMs - (ends.attemptAgo[at] ?? Number.NaN)),
      attemptRank: present(ends.attemptRank[at]),
      succeededMs: present(lastMs - (ends.succeededAgo[at] ?? Number.NaN)),
      failedMs: present(lastMs - (ends.failedAgo[at] ?? Number.NaN)),
      key: this.#keyTexts.at(at),
      bytes: number('bytes'),
      docs: number('docs'),
      errorAttempt: number('errorAttempt'),
      // `sideNames` are exactly the cells that are left.
      ...(Object.fromEntries(sideNames.map((name) => [name, text(name)])) as Pick<TaskCells, SideName>),
    };
  }
}

const statusNumbers = new Map<TaskStatus, number>(taskStatuses.map((status, number) => [status, number]));
const numberOf = (status: TaskStatus): number => statusNumbers.get(status) ?? 0;
const [pending, assigned, running, retrying] = [
  numberOf('pending'),
  numberOf('assigned'),
  numberOf('running'),
  numberOf('retrying'),
];
const [hasSucceeded, hasFailed] = [numberOf('succeeded'), numberOf('failed')];

/** From the rank of the latest event of an attempt, and how long before some moment each kind of end was; NaN for none. */
export function statusNumber(attemptRank: number, succeededAgo: number, failedAgo: number): number {
  // Of two ends at the same moment the failure counts: `eventRank` puts it last.
  if (!Number.isNaN(failedAgo) && !(succeededAgo < failedAgo)) return hasFailed;
  if (!Number.isNaN(succeededAgo)) return hasSucceeded;
  if (Number.isNaN(attemptRank)) return pending;
  if (attemptRank === eventRank['task.assigned']) return assigned;
  return attemptRank === eventRank['attempt.failed'] || attemptRank === eventRank['attempt.lost'] ? retrying : running;
}

function namesOf(texts: TextColumn): NameColumn {
  const codeOf = new Map<string, number>();
  const codes = new Uint32Array(texts.length);
  for (let at = 0; at < texts.length; at++) {
    const text = texts.at(at);
    if (text === undefined) continue;
    const code = codeOf.get(text) ?? codeOf.size + 1;
    codeOf.set(text, code);
    codes[at] = code;
  }
  return { codes, values: [...codeOf.keys()], isSorted: false };
}

function isSorted(codes: Uint32Array): boolean {
  for (let at = 1; at < codes.length; at++) if ((codes[at] ?? 0) < (codes[at - 1] ?? 0)) return false;
  return true;
}

/** By field. @param lists JSON arrays of `nameToken`s, by code. */
function alsoNames(lists: readonly string[]): ReadonlyMap<string, readonly AlsoNamed[]> {
  const byToken = new Map<string, number[]>();
  for (const [at, list] of lists.entries()) {
    const tokens = parseJson(list);
    if (!Array.isArray(tokens)) continue;
    for (const token of tokens as readonly Json[]) {
      if (typeof token !== 'string') continue;
      const codes = byToken.get(token);
      if (codes) codes.push(at + 1);
      else byToken.set(token, [at + 1]);
    }
  }
  const byField = new Map<string, AlsoNamed[]>();
  for (const [token, codes] of byToken) {
    const [field, value] = parseNameToken(token);
    const named = byField.get(field);
    if (named) named.push({ value, codes });
    else byField.set(field, [{ value, codes }]);
  }
  return byField;
}
