/** Turns the decoded text of one log object into records and rejects, chunk by chunk. */

import { isUtf8 } from 'node:buffer';
import type { FieldMapping } from '../model/fieldMapping/fieldMapping.ts';
import { parseJson } from '../model/json.ts';
import { type LogRecord, type ParsedRecord, parseRecord } from '../model/record.ts';
import { failureGroup } from '../stacktrace/failureGroup.ts';
import { isNestedDeeperThan } from './nesting.ts';
import { splitExport } from './splitExport.ts';
import { type Line, LineSplitter } from './splitLines.ts';

export type LogLine =
  /** `raw` is the line as it was written, without its line end; of one that holds many records, a line of this one. */
  | { readonly kind: 'record'; readonly record: LogRecord; readonly raw: string }
  | {
      readonly kind: 'rejected';
      readonly object: string;
      /** Where the line, or the damage, starts in the decoded text. */
      readonly offsetBytes: number;
      readonly reason: string;
      /** The line, or its beginning; bytes that are no text are replaced. */
      readonly raw: string;
    };

/** Reads lines where it can do so faster than by making records of them, and leaves the others. */
export interface QuickReader {
  /** @param lines that are read next: valid UTF-8 that ends with a line feed. */
  load(lines: Uint8Array): void;
  /**
   * Reads lines one after the other. @param start of the first among those that were loaded, which starts at `offsetBytes` of the text.
   * @returns where the first line starts that it leaves; the end where it leaves none.
   */
  read(start: number, offsetBytes: number): number;
}

const maxLineBytes = 16 * 1024 * 1024;
const lineFeed = 0x0a;
const maxNesting = 500;
/** So much of a rejected line is kept: enough to recognise it. */
const maxRejectedBytes = 4096;

export interface ReadLine {
  readonly lines: readonly LogLine[];
  readonly bytes: number;
}

export class LogLines {
  readonly #key: string;
  readonly #fields: FieldMapping | undefined;
  readonly #splitter = new LineSplitter(maxLineBytes);

  /** @param key of the log object. @param fields what the log calls the canonical fields, where it has other names for them. */
  constructor(key: string, fields?: FieldMapping) {
    this.#key = key;
    this.#fields = fields;
  }

  /** What the lines hold that end within the chunk, one after the other; blank lines are left out. */
  *push(chunk: Uint8Array): Generator<ReadLine, void> {
    for (const line of this.#splitter.push(chunk)) {
      if (!isBlank(line.bytes)) yield { lines: this.#read(line), bytes: line.bytes.length };
    }
  }

  /** As `push`, of the lines that the quick reader leaves. */
  *pushWith(quick: QuickReader, chunk: Uint8Array): Generator<ReadLine, void> {
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    // A line that began earlier first, and one that is not complete yet last.
    let at = this.#splitter.isAtStart ? 0 : bytes.indexOf(lineFeed) + 1;
    const end = bytes.lastIndexOf(lineFeed) + 1;
    if (at > 0) yield* this.push(bytes.subarray(0, at));
    if (end > at && end - at <= maxLineBytes && isUtf8(bytes.subarray(at, end))) {
      yield* this.#pushLines(quick, bytes.subarray(at, end));
      at = end;
    }
    yield* this.push(bytes.subarray(at));
  }

  *#pushLines(quick: QuickReader, lines: Uint8Array): Generator<ReadLine, void> {
    quick.load(lines);
    for (let at = 0; at < lines.length; ) {
      const left = quick.read(at, this.#splitter.offsetBytes);
      this.#splitter.skip(left - at);
      if (left === lines.length) return;
      at = lines.indexOf(lineFeed, left) + 1;
      yield* this.push(lines.subarray(left, at));
    }
  }

  /** After the last chunk. @param problem why the text ends before its end, if it does: then what is left is rejected. */
  end(problem?: string): readonly LogLine[] {
    const { offsetBytes } = this.#splitter;
    const rest = this.#splitter.rest();
    if (problem !== undefined) return [reject(this.#key, offsetBytes, problem, rest?.bytes ?? Buffer.alloc(0))];
    return rest && !isBlank(rest.bytes) ? this.#read(rest) : [];
  }

  #read(line: Line): readonly LogLine[] {
    const lines: LogLine[] = [];
    readLine(this.#key, line, this.#fields, lines);
    return lines;
  }
}

/** Adds what the line holds to `batch`: one record or reject, or those of an export. */
function readLine(key: string, line: Line, fields: FieldMapping | undefined, batch: LogLine[]): void {
  const { bytes, offsetBytes, isTooLong } = line;
  if (isTooLong) return void batch.push(reject(key, offsetBytes, `longer than ${maxLineBytes} bytes`, bytes));
  if (!isUtf8(bytes)) return void batch.push(reject(key, offsetBytes, 'not UTF-8', bytes));
  const raw = bytes.toString('utf8');
  // Some writers start a file with a byte order mark.
  const json = offsetBytes === 0 && raw.startsWith('\ufeff') ? raw.slice(1) : raw;
  const value = parseJson(json);
  if (value === undefined) return void batch.push(reject(key, offsetBytes, 'not JSON', bytes));
  if (isNestedDeeperThan(maxNesting, json)) {
    return void batch.push(reject(key, offsetBytes, `nested deeper than ${maxNesting}`, bytes));
  }
  const parts = fields?.hasExports === true ? splitExport(value, json) : undefined;
  if (!fields || !parts) {
    batch.push(toLine(fields ? fields.parse(value) : parseRecord(value), key, offsetBytes, raw));
    return;
  }
  // Each record has the place of its own text for its origin, so that no two share one.
  let startBytes = offsetBytes + bytes.length - Buffer.byteLength(json);
  let counted = 0;
  for (const part of parts) {
    startBytes += Buffer.byteLength(json.slice(counted, part.start));
    counted = part.start;
    const parsed = part.kind === 'record' ? fields.parse(part.value) : part;
    batch.push(toLine(parsed, key, startBytes, part.raw));
  }
}

function toLine(parsed: ParsedRecord, key: string, offsetBytes: number, raw: string): LogLine {
  if (parsed.kind === 'rejected')
    return reject(key, offsetBytes, parsed.reason, Buffer.from(raw.slice(0, maxRejectedBytes)));
  const group = parsed.record.error && failureGroup(parsed.record.error);
  // Parsed just now, and nobody else's yet: a copy of each record would cost as much as parsing it.
  const record: { -readonly [K in keyof LogRecord]: LogRecord[K] } = parsed.record;
  if (group !== undefined) record.group = group;
  record.origin = { object: key, offsetBytes };
  return { kind: 'record', record, raw };
}

function reject(object: string, offsetBytes: number, reason: string, bytes: Buffer): LogLine {
  return { kind: 'rejected', object, offsetBytes, reason, raw: bytes.toString('utf8', 0, maxRejectedBytes) };
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  return true;
}
