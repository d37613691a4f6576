/** Gathers the decoded text of log objects into segments: in this thread. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { LogLines } from '../../logs/logLines.ts';
import { readStoredChunks } from '../../logs/readLogObject.ts';
import { FieldMapping, type Fields } from '../../model/fieldMapping/fieldMapping.ts';
import { keptRawLength, type RejectedRow } from '../rejectedLines.ts';
import { ScannedRows } from './scannedRows.ts';
import { SegmentDraft } from './segmentDraft.ts';
import { type LocalSegment, writeSegment } from './segmentWriter.ts';

export interface BuilderOptions {
  /** Where segments are written. */
  readonly directory: string;
  /** What the logs call the canonical fields, where they have other names for them. */
  readonly fields?: Fields;
  /** A segment has no more records, but for the rest of a chunk. */
  readonly records: number;
  /** Estimated memory of the rows that are gathered before they are written. */
  readonly bytes: number;
}

/** What was read of one object. */
export interface ObjectRead {
  readonly records: number;
  readonly rejected: readonly RejectedRow[];
  /** Estimated memory of all rows that are gathered now. */
  readonly gatheredBytes: number;
}

/** One object after the other: `read`, or `begin`, its text in chunks, and `end`; at last `finish`. */
export interface SegmentBuilding {
  /** A whole object, as it is stored. @param stored is the builder's from now on; `undefined` when there is none. */
  read(key: string, version: string, stored: Uint8Array | undefined): Promise<ObjectRead>;
  begin(key: string, version: string): void;
  /** @param chunk is the builder's from now on. */
  push(chunk: Uint8Array): Promise<void>;
  /** @param problem why the text ends before its end, if it does. */
  end(problem?: string): Promise<ObjectRead>;
  /** The segments of all that was pushed. */
  finish(): Promise<readonly LocalSegment[]>;
  close(): Promise<void>;
}

export class SegmentBuilder implements SegmentBuilding {
  readonly #options: BuilderOptions;
  readonly #fields: FieldMapping | undefined;
  /** Mapped names are for the plain reader. */
  readonly #scanned: ScannedRows | undefined;
  readonly #draft: SegmentDraft;
  readonly #segments: LocalSegment[] = [];
  #object: { readonly key: string; readonly version: string; readonly lines: LogLines } | undefined;
  /** Records of the object at work that were read line by line, by the plain reader. */
  #records = 0;
  #rejected: RejectedRow[] = [];

  /** @param draft to gather rows in, whatever is in it. */
  constructor(options: BuilderOptions, draft = new SegmentDraft()) {
    this.#options = options;
    this.#draft = draft;
    draft.clear();
    this.#fields = options.fields === undefined ? undefined : new FieldMapping(options.fields);
    this.#scanned = this.#fields ? undefined : new ScannedRows(this.#draft);
  }

  async read(key: string, version: string, stored: Uint8Array | undefined): Promise<ObjectRead> {
    this.begin(key, version);
    const chunks = readStoredChunks(key, stored);
    let next = await chunks.next();
    for (; !next.done; next = await chunks.next()) {
      await this.push(next.value);
      // Where this is no thread of its own, others have work to do as well.
      await setImmediate();
    }
    return await this.end(next.value ?? undefined);
  }

  begin(key: string, version: string): void {
    this.#object = { key, version, lines: new LogLines(key, this.#fields) };
    this.#records = 0;
    this.#rejected = [];
    this.#scanned?.begin(key, version);
  }

  async push(chunk: Uint8Array): Promise<void> {
    const { lines } = this.#current;
    const read = this.#scanned ? lines.pushWith(this.#scanned, chunk) : lines.push(chunk);
    for (const { lines: found } of read) this.#add(found);
    const { records, bytes } = this.#options;
    if (this.#draft.records >= records || this.#draft.bytes >= bytes) await this.#write();
  }

  end(problem?: string): Promise<ObjectRead> {
    this.#add(this.#current.lines.end(problem));
    this.#object = undefined;
    return Promise.resolve({
      records: this.#records + (this.#scanned?.records ?? 0),
      rejected: this.#rejected,
      gatheredBytes: this.#draft.bytes,
    });
  }

  async finish(): Promise<readonly LocalSegment[]> {
    await this.#write();
    return this.#segments.splice(0);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  get #current() {
    if (!this.#object) throw new RangeError('no object was begun');
    return this.#object;
  }

  #add(lines: ReturnType<LogLines['end']>): void {
    const { key, version } = this.#current;
    for (const line of lines) {
      if (line.kind === 'record') {
        this.#draft.add(line.record, version);
        this.#records += 1;
      } else {
        const { offsetBytes, reason, raw } = line;
        this.#rejected.push({ object: key, version, offsetBytes, reason, raw: raw.slice(0, keptRawLength) });
      }
    }
  }

  async #write(): Promise<void> {
    const name = `${randomBytes(16).toString('hex')}.parquet`;
    const segment = await writeSegment(this.#draft, join(this.#options.directory, name));
    if (segment) this.#segments.push(segment);
    this.#draft.clear();
  }
}
