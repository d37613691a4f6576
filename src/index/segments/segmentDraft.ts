/** A segment in the making: records as columns of codes and numbers. */

import { type LogRecord, stringFields } from '../../model/record.ts';
import { fieldTokens } from '../fieldTokens.ts';
import { ColumnEncoder } from '../parquet/encode/columnEncoder.ts';
import { type ScannedColumn, Scanner } from '../scanner/scanner.ts';
import { heldBytesOf } from '../texts.ts';
import { DraftLists, DraftNumbers, DraftTexts } from './draftColumns.ts';

/** What a row costs besides its texts: its codes and numbers, in arrays that have grown for more. */
const rowBytes = 1.5 * (22 * 4 + 5 * 8 + 8);
const firstCapacity = 1024;
const mostReserved = 2 ** 18;

export class SegmentDraft {
  #capacity = firstCapacity;
  #records = 0;
  /** Reads lines for it, and holds its texts. */
  readonly scanner = new Scanner();
  /** Writes its rows. */
  readonly encoder = new ColumnEncoder();
  readonly texts = {
    level: this.#scanned('level'),
    event: this.#scanned('event'),
    task: this.#scanned('task'),
    account: this.#scanned('account'),
    collection: this.#scanned('collection'),
    source: this.#scanned('source'),
    coordinator: this.#scanned('coordinator'),
    worker: this.#scanned('worker'),
    message: this.#scanned('message'),
    error_type: this.#scanned('error_type'),
    error_message: this.#scanned('error_message'),
    error_stack: this.#scanned('error_stack'),
    failure_group: this.#scanned(),
    build_service: this.#scanned('build_service'),
    build_version: this.#scanned('build_version'),
    build_commit: this.#scanned('build_commit'),
    build_repository: this.#scanned('build_repository'),
    key: this.#scanned('key'),
    rest: this.#scanned('rest'),
    object: this.#scanned(),
    object_version: this.#scanned(),
  };
  readonly numbers = {
    ts: new DraftNumbers(firstCapacity),
    attempt: new DraftNumbers(firstCapacity),
    bytes: new DraftNumbers(firstCapacity),
    docs: new DraftNumbers(firstCapacity),
    offset_bytes: new DraftNumbers(firstCapacity),
  };
  readonly fields = new DraftLists(firstCapacity, this.scanner.newTexts('fields'));

  get records(): number {
    return this.#records;
  }

  /** Estimate of the memory that the records take. */
  get bytes(): number {
    let bytes = this.#records * rowBytes + this.fields.heldBytes;
    for (const { dictionary } of Object.values(this.texts)) bytes += heldBytesOf(dictionary);
    return bytes;
  }

  /** @param version of the log object that the record was read from; see `LedgerEntry.version`. */
  add(record: LogRecord, version: string): void {
    const row = this.addRow();
    const { texts, numbers } = this;
    numbers.ts.set(row, record.tsMs);
    numbers.attempt.set(row, record.attempt);
    numbers.bytes.set(row, record.bytes);
    numbers.docs.set(row, record.docs);
    texts.event.set(row, record.event);
    for (const name of stringFields) texts[name].set(row, record[name]);
    texts.failure_group.set(row, record.group);
    texts.object_version.set(row, version);
    const { error, build, rest, origin } = record;
    if (error) {
      texts.error_type.set(row, error.type);
      texts.error_message.set(row, error.message);
      texts.error_stack.set(row, error.stack);
    }
    if (build) {
      texts.build_service.set(row, build.service);
      texts.build_version.set(row, build.version);
      texts.build_commit.set(row, build.commit);
      texts.build_repository.set(row, build.repository);
    }
    if (rest) texts.rest.set(row, JSON.stringify(rest));
    if (origin) {
      texts.object.set(row, origin.object);
      numbers.offset_bytes.set(row, origin.offsetBytes);
    }
    this.fields.set(row, fieldTokens(record));
  }

  /** One more row, that has nothing yet. Whoever adds it sets what it has, and ends its `fields`. */
  addRow(): number {
    return this.addRows(1);
  }

  /** As `addRow`, for several. @returns the first. */
  addRows(count: number): number {
    const first = this.#records;
    this.#records += count;
    if (this.#records > this.#capacity) this.#grow(Math.max(this.#capacity * 2, this.#records));
    return first;
  }

  /** Forgets all rows, and keeps the memory for others: what is allocated anew each time is work for the kernel and the collector. */
  clear(): void {
    for (const column of Object.values(this.texts)) column.clear(this.#records);
    for (const column of Object.values(this.numbers)) column.clear(this.#records);
    this.fields.clear();
    this.#records = 0;
  }

  /** Makes room for so many rows at once, or for as many as a segment usually has: growing copies all again and again. */
  reserve(records: number): void {
    const wanted = 2 ** Math.ceil(Math.log2(Math.min(records, mostReserved)));
    if (wanted > this.#capacity) this.#grow(wanted);
  }

  #scanned(column?: ScannedColumn): DraftTexts {
    return new DraftTexts(firstCapacity, this.scanner.newTexts(column));
  }

  #grow(capacity: number): void {
    this.#capacity = capacity;
    for (const column of Object.values(this.texts)) column.grow(this.#capacity);
    for (const column of Object.values(this.numbers)) column.grow(this.#capacity);
    this.fields.grow(this.#capacity);
  }
}
