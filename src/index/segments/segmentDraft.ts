/** A segment in the making: records as columns of codes and numbers, and their tasks folded on the way. */

import type { LogRecord } from '../../model/record.ts';
import { fieldTokens } from '../fieldTokens.ts';
import { SegmentStatistics } from '../segmentStatistics.ts';
import { TaskPart } from '../tasks/taskPart.ts';
import { DraftLists, DraftNumbers, DraftTexts } from './draftColumns.ts';

/** What a row costs besides its texts: its codes and numbers, and a share of its task. */
const rowBytes = 150;
const firstCapacity = 1024;

export class SegmentDraft {
  #capacity = firstCapacity;
  #records = 0;
  readonly texts = {
    level: new DraftTexts(firstCapacity),
    event: new DraftTexts(firstCapacity),
    task: new DraftTexts(firstCapacity),
    account: new DraftTexts(firstCapacity),
    collection: new DraftTexts(firstCapacity),
    source: new DraftTexts(firstCapacity),
    coordinator: new DraftTexts(firstCapacity),
    worker: new DraftTexts(firstCapacity),
    message: new DraftTexts(firstCapacity),
    error_type: new DraftTexts(firstCapacity),
    error_message: new DraftTexts(firstCapacity),
    error_stack: new DraftTexts(firstCapacity),
    failure_group: new DraftTexts(firstCapacity),
    build_service: new DraftTexts(firstCapacity),
    build_version: new DraftTexts(firstCapacity),
    build_commit: new DraftTexts(firstCapacity),
    build_repository: new DraftTexts(firstCapacity),
    key: new DraftTexts(firstCapacity),
    rest: new DraftTexts(firstCapacity),
    object: new DraftTexts(firstCapacity),
    object_version: new DraftTexts(firstCapacity),
  };
  readonly numbers = {
    ts: new DraftNumbers(firstCapacity),
    attempt: new DraftNumbers(firstCapacity),
    bytes: new DraftNumbers(firstCapacity),
    docs: new DraftNumbers(firstCapacity),
    offset_bytes: new DraftNumbers(firstCapacity),
  };
  readonly fields = new DraftLists(firstCapacity);
  /** In order of their first record: by the code of `texts.task`, less one. */
  readonly parts: TaskPart[] = [];
  readonly statistics = new SegmentStatistics();
  /** Of each task the last row. */
  readonly #lastRows: number[] = [];
  /** The row before of the same task; -1 where there is none. */
  #rowBefore = -1;

  get records(): number {
    return this.#records;
  }

  /** Estimate of the memory that the records take. */
  get bytes(): number {
    return this.statistics.bytes;
  }

  /** @param version of the log object that the record was read from; see `LedgerEntry.version`. */
  add(record: LogRecord, version: string): void {
    const row = this.#records++;
    if (row === this.#capacity) this.#grow();
    const { texts, numbers } = this;
    numbers.ts.set(row, record.tsMs);
    numbers.attempt.set(row, record.attempt);
    numbers.bytes.set(row, record.bytes);
    numbers.docs.set(row, record.docs);
    let added = this.#addToTask(row, record);
    // Records of one task come between those of others, and say the same of most things.
    const like = this.#rowBefore;
    added += texts.level.set(row, record.level) + texts.event.set(row, record.event);
    added += texts.account.set(row, record.account, like) + texts.collection.set(row, record.collection, like);
    added += texts.source.set(row, record.source, like) + texts.coordinator.set(row, record.coordinator, like);
    added += texts.worker.set(row, record.worker, like) + texts.message.set(row, record.message);
    added += texts.key.set(row, record.key) + texts.failure_group.set(row, record.group);
    added += texts.object_version.set(row, version);
    const { error, build, rest, origin } = record;
    if (error) {
      added += texts.error_type.set(row, error.type) + texts.error_message.set(row, error.message);
      added += texts.error_stack.set(row, error.stack);
    }
    if (build) {
      added += texts.build_service.set(row, build.service) + texts.build_version.set(row, build.version);
      added += texts.build_commit.set(row, build.commit) + texts.build_repository.set(row, build.repository);
    }
    if (rest) added += texts.rest.set(row, JSON.stringify(rest));
    if (origin) {
      added += texts.object.set(row, origin.object);
      numbers.offset_bytes.set(row, origin.offsetBytes);
    }
    const tokens = fieldTokens(record);
    if (tokens) this.statistics.addPaths(tokens);
    added += this.fields.set(row, tokens);
    this.statistics.add(record, rowBytes + 2 * added);
  }

  #addToTask(row: number, record: LogRecord): number {
    this.#rowBefore = -1;
    if (record.task === undefined) return 0;
    const added = this.texts.task.set(row, record.task);
    const at = (this.texts.task.codes[row] ?? 0) - 1;
    let part = this.parts[at];
    if (part) {
      this.#rowBefore = this.#lastRows[at] ?? -1;
    } else {
      part = new TaskPart(record.task);
      this.parts[at] = part;
    }
    this.#lastRows[at] = row;
    part.add(record);
    return added;
  }

  #grow(): void {
    this.#capacity *= 2;
    for (const column of Object.values(this.texts)) column.grow(this.#capacity);
    for (const column of Object.values(this.numbers)) column.grow(this.#capacity);
    this.fields.grow(this.#capacity);
  }
}
