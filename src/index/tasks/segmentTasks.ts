/** What one segment says of its tasks, read from its side: numbers and codes by column, in the order of its rows. */

import { eventRank } from '../../model/fold.ts';
import { type Json, parseJson } from '../../model/json.ts';
import { type TaskStatus, taskStatuses } from '../../model/task.ts';
import {
  type BlockFile,
  type Counts,
  DamagedBlockFile,
  type NumberColumn,
  type TextColumn,
} from '../blocks/blockFile.ts';
import { lowerBound } from './lowerBound.ts';
import { type SideName, sideNames, type TaskCells } from './taskCells.ts';
import { type NamedField, parseNameToken } from './taskPart.ts';

/** Texts that repeat: `codes[at]` counts from 1 in `values`; 0 for none. */
export interface NameColumn {
  readonly codes: Counts;
  readonly values: readonly string[];
}

/** What the segment's records say of when a task began, tried and ended; in ms. NaN where there is none. */
export interface TaskTimes {
  /** How long before its last moment a task's first was. */
  readonly span: NumberColumn;
  readonly attempts: NumberColumn;
  /** Of the latest event of the latest attempt; and how long before the last moment that was. */
  readonly attemptRank: NumberColumn;
  readonly attemptAgo: NumberColumn;
  /** How long before the last moment the latest end of each kind was. */
  readonly succeededAgo: NumberColumn;
  readonly failedAgo: NumberColumn;
}

/** Columns of texts of the side; keys are kept whole, being many. */
export type TextName = SideName | 'key';

export interface AlsoNamed {
  readonly value: string;
  readonly codes: number[];
}

type OptionalNumber = 'errorAttempt' | 'bytes' | 'docs';

/** Columns are read when they are first asked for. All of it throws DamagedBlockFile where the side is not what was written. */
export class SegmentTasks {
  readonly count: number;
  /** `idHash` of each task's id, in ascending order, and the task of each. */
  readonly sortedHashes: Uint32Array;
  readonly placesOfHashes: Counts;
  readonly #side: BlockFile;
  #ids: TextColumn | undefined;
  #keyTexts: WeakRef<TextColumn> | undefined;
  #last: NumberColumn | undefined;
  #times: TaskTimes | undefined;
  #starts: Uint32Array | undefined;
  readonly #numbers = new Map<OptionalNumber, NumberColumn>();
  readonly #names = new Map<TextName, NameColumn>();
  #alsoNamed: ReadonlyMap<string, readonly AlsoNamed[]> | undefined;

  /** @throws DamagedBlockFile */
  constructor(side: BlockFile) {
    this.#side = side;
    const hashes = side.counts('task.sorted');
    if (!(hashes instanceof Uint32Array)) throw new DamagedBlockFile('its column task.sorted is none of hashes');
    this.sortedHashes = hashes;
    this.count = hashes.length;
    this.placesOfHashes = side.counts('task.place');
    if (this.placesOfHashes.length !== this.count) throw this.#unequal('task.place');
  }

  get ids(): TextColumn {
    return (this.#ids ??= this.#texts('task'));
  }

  /** Each task's last moment, ms. */
  get last(): NumberColumn {
    return (this.#last ??= this.#column('last'));
  }

  get times(): TaskTimes {
    return (this.#times ??= {
      span: this.#column('span'),
      attempts: this.#column('attempts'),
      attemptRank: this.#column('attemptRank'),
      attemptAgo: this.#column('attemptAgo'),
      succeededAgo: this.#column('succeededAgo'),
      failedAgo: this.#column('failedAgo'),
    });
  }

  /** Number of each task's first row in the segment; one more for the first row that names no task. */
  get starts(): Uint32Array {
    return (this.#starts ??= this.#column('rows').sums());
  }

  /** Keys are read anew each time: there are many, and few questions want them. */
  names(name: TextName): NameColumn {
    if (name === 'key') return namesOf(this.#texts('key'));
    let column = this.#names.get(name);
    if (!column) {
      const values = this.#side.texts(`${name}.names`).toArray();
      column = { codes: this.#side.counts(name), values: values.map((text) => text ?? '') };
      if (column.codes.length !== this.count) throw this.#unequal(name);
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
  numbers(name: OptionalNumber): NumberColumn {
    let column = this.#numbers.get(name);
    if (!column) {
      column = this.#column(name);
      this.#numbers.set(name, column);
    }
    return column;
  }

  /** Tasks whose ids have the hash. */
  withHash(hash: number): Counts {
    const { sortedHashes, placesOfHashes } = this;
    const start = lowerBound(sortedHashes, hash);
    let end = start;
    while (sortedHashes[end] === hash) end += 1;
    return placesOfHashes.subarray(start, end);
  }

  /** The task whose records the row is among; `undefined` for one that names no task. */
  taskOfRow(row: number): number | undefined {
    const { starts, count } = this;
    return row < (starts[count] ?? 0) ? lowerBound(starts, row + 1) - 1 : undefined;
  }

  /** What one task has in a column of texts. */
  text(name: TextName, at: number): string | undefined {
    if (name === 'key') return this.#keys.at(at);
    const { codes, values } = this.names(name);
    const code = codes[at] ?? 0;
    return code === 0 ? undefined : values[code - 1];
  }

  /** What the segment says of one task. */
  cells(at: number): TaskCells {
    const { times } = this;
    const present = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
    const lastMs = this.last.at(at);
    return {
      task: this.ids.at(at) ?? '',
      firstMs: lastMs - times.span.at(at),
      lastMs,
      attempts: times.attempts.at(at),
      attemptMs: present(lastMs - times.attemptAgo.at(at)),
      attemptRank: present(times.attemptRank.at(at)),
      succeededMs: present(lastMs - times.succeededAgo.at(at)),
      failedMs: present(lastMs - times.failedAgo.at(at)),
      key: this.text('key', at),
      bytes: present(this.numbers('bytes').at(at)),
      docs: present(this.numbers('docs').at(at)),
      errorAttempt: present(this.numbers('errorAttempt').at(at)),
      // `sideNames` are exactly the cells that are left.
      ...(Object.fromEntries(sideNames.map((name) => [name, this.text(name, at)])) as Pick<TaskCells, SideName>),
    };
  }

  /** For the tasks of pages: as large as all else, and kept only while memory is not wanted for something else. */
  get #keys(): TextColumn {
    let keys = this.#keyTexts?.deref();
    if (!keys) {
      keys = this.#texts('key');
      this.#keyTexts = new WeakRef(keys);
    }
    return keys;
  }

  #column(name: string): NumberColumn {
    const column = this.#side.column(name);
    if (column.length !== this.count) throw this.#unequal(name);
    return column;
  }

  #texts(name: string): TextColumn {
    const column = this.#side.texts(name);
    if (column.length !== this.count) throw this.#unequal(name);
    return column;
  }

  #unequal(name: string): DamagedBlockFile {
    return new DamagedBlockFile(`its column ${name} is not as long as the others`);
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
  return { codes, values: [...codeOf.keys()] };
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
