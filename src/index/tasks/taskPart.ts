/**
 * What some records of one task say of it: folded record by record, exactly as `foldTask` folds them all, and kept in the
 * columns of the side (`taskCells.ts`) such that the parts of several segments can be merged.
 */

import { attemptOf, byAttempt, byTime, eventRank, isTaskEvent } from '../../model/fold.ts';
import type { LogRecord } from '../../model/record.ts';
import type { TaskCells } from './taskCells.ts';

/** The latest value by time; of two at the same moment the greater. */
class Latest<T extends string | number> {
  value: T | undefined;
  #tsMs = Number.NEGATIVE_INFINITY;

  see(value: T | undefined, tsMs: number): void {
    if (value === undefined || tsMs < this.#tsMs) return;
    if (tsMs === this.#tsMs && this.value !== undefined && value <= this.value) return;
    this.#tsMs = tsMs;
    this.value = value;
  }
}

export class TaskPart {
  readonly #task: string;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #attempts = 0;
  #last: LogRecord | undefined;
  #succeededMs: number | undefined;
  #failedMs: number | undefined;
  #end: LogRecord | undefined;
  #failedAttempt: LogRecord | undefined;
  #built: LogRecord | undefined;
  readonly #account = new Latest<string>();
  readonly #collection = new Latest<string>();
  readonly #source = new Latest<string>();
  readonly #coordinator = new Latest<string>();
  readonly #key = new Latest<string>();
  readonly #bytes = new Latest<number>();
  readonly #docs = new Latest<number>();
  #worker = new Latest<string>();
  /** First value of each of `namedFields`, and all that differ from it. */
  readonly #names: (string | undefined)[] = [];
  #otherNames: Set<string> | undefined;

  constructor(task: string) {
    this.#task = task;
  }

  add(record: LogRecord): void {
    const { tsMs, event } = record;
    if (tsMs < this.#firstMs) this.#firstMs = tsMs;
    if (tsMs > this.#lastMs) this.#lastMs = tsMs;
    this.#addName(0, record.account);
    this.#addName(1, record.collection);
    this.#addName(2, record.source);
    this.#addName(3, record.coordinator);
    this.#addName(4, record.worker);
    this.#addName(5, record.error?.type);
    this.#addName(6, record.group);
    if (!isTaskEvent(event)) return;
    this.#account.see(record.account, tsMs);
    this.#collection.see(record.collection, tsMs);
    this.#source.see(record.source, tsMs);
    this.#coordinator.see(record.coordinator, tsMs);
    this.#key.see(record.key, tsMs);
    this.#bytes.see(record.bytes, tsMs);
    this.#docs.see(record.docs, tsMs);
    if (record.build && (!this.#built || byTime(record, this.#built) > 0)) this.#built = record;
    if (event === 'task.succeeded') this.#succeededMs = Math.max(this.#succeededMs ?? tsMs, tsMs);
    else if (event === 'task.failed') this.#failedMs = Math.max(this.#failedMs ?? tsMs, tsMs);
    else if (event !== 'task.created') this.#addOfAttempt(record);
    if (event === 'task.succeeded' || event === 'task.failed') {
      if (!this.#end || byTime(record, this.#end) > 0) this.#end = record;
    }
  }

  /** The part as a row of the task side. */
  cells(): TaskCells {
    const end = this.#end;
    const isOfEnd = end?.event === 'task.failed' && end.error !== undefined;
    const failure = isOfEnd ? end : this.#failedAttempt;
    const build = this.#built?.build;
    const names = [
      this.#account.value,
      this.#collection.value,
      this.#source.value,
      this.#coordinator.value,
      this.#worker.value,
      failure?.error?.type,
      failure?.group,
    ];
    return {
      task: this.#task,
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      attempts: this.#attempts,
      attemptMs: this.#last?.tsMs,
      attemptRank: this.#last && rankOf(this.#last),
      succeededMs: this.#succeededMs,
      failedMs: this.#failedMs,
      account: names[0],
      collection: names[1],
      source: names[2],
      coordinator: names[3],
      worker: names[4],
      key: this.#key.value,
      bytes: this.#bytes.value,
      docs: this.#docs.value,
      errorType: names[5],
      errorMessage: failure?.error?.message,
      group: names[6],
      errorAttempt: failure && (isOfEnd ? 0 : attemptOf(failure)),
      build: build && JSON.stringify([build.service, build.version, build.commit, build.repository]),
      also: this.#alsoNamed(names),
    };
  }

  #addOfAttempt(record: LogRecord): void {
    const attempt = attemptOf(record);
    if (attempt === 0) return;
    if (attempt > this.#attempts) {
      this.#attempts = attempt;
      this.#worker = new Latest();
    }
    if (attempt === this.#attempts) this.#worker.see(record.worker, record.tsMs);
    if (!this.#last || byAttempt(record, this.#last) > 0) this.#last = record;
    if ((record.event === 'attempt.failed' || record.event === 'attempt.lost') && record.error) {
      if (!this.#failedAttempt || byAttempt(record, this.#failedAttempt) > 0) this.#failedAttempt = record;
    }
  }

  #addName(at: number, name: string | undefined): void {
    if (name === undefined) return;
    const first = this.#names[at];
    if (first === name) return;
    if (first === undefined) this.#names[at] = name;
    else (this.#otherNames ??= new Set()).add(nameTokenAt(at, name));
  }

  /** Names that records have and the folded task has not. */
  #alsoNamed(folded: readonly (string | undefined)[]): string | undefined {
    let also: Set<string> | undefined;
    for (let at = 0; at < namedFields.length; at++) {
      const first = this.#names[at];
      if (first !== undefined && first !== folded[at]) (also ??= new Set()).add(nameTokenAt(at, first));
    }
    if (this.#otherNames) {
      also ??= new Set();
      for (const token of this.#otherNames) also.add(token);
      for (const [at, name] of folded.entries()) if (name !== undefined) also.delete(nameTokenAt(at, name));
    }
    return also && also.size > 0 ? JSON.stringify([...also].sort()) : undefined;
  }
}

/** Fields of which the task side knows every value that any record of a task has. */
export const namedFields = ['account', 'collection', 'source', 'coordinator', 'worker', 'error.type', 'group'] as const;

export type NamedField = (typeof namedFields)[number];

/** How a name that the folded task has not stands in the column `also`. */
export function nameToken(field: NamedField, name: string): string {
  return `${field}${separator}${name}`;
}

export function parseNameToken(token: string): readonly [field: string, name: string] {
  const at = token.indexOf(separator);
  return [token.slice(0, at), token.slice(at + 1)];
}

const separator = '\u001f';

function nameTokenAt(at: number, name: string): string {
  return nameToken(namedFields[at] ?? 'account', name);
}

function rankOf({ event }: LogRecord): number {
  return isTaskEvent(event) ? eventRank[event] : 0;
}
