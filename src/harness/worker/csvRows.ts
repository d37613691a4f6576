/** Reads CSV and TSV with a header line. Every value is text here; typing is by whole columns, see columnType. */

import { type CsvError, type Parser, parse } from 'csv-parse';
import type { JsonObject } from '../../model/json.ts';
import { TruncatedObjectError } from './ingestError.ts';
import type { RejectedRow, Row } from './row.ts';

interface ParsedLine {
  readonly record: readonly string[];
  readonly info: { readonly bytes: number };
  readonly raw: string;
}

/**
 * A row with more or fewer fields than the header is rejected; a quote that is out of place is text.
 * @throws TruncatedObjectError when the object ends inside a quoted field
 */
export async function* csvRows(
  chunks: AsyncIterable<Uint8Array>,
  delimiter: string,
  key: string,
): AsyncGenerator<Row, void> {
  const reader = new CsvReader(delimiter, key);
  // Fed by hand, not piped: an error of the source keeps the stack of whoever reads here.
  for await (const chunk of chunks) yield* reader.push(chunk);
  yield* reader.end();
}

class CsvReader {
  readonly #key: string;
  readonly #parser: Parser;
  #header: readonly string[] | undefined;
  #skipped: { readonly error: CsvError | undefined; readonly raw: string; readonly endBytes: number }[] = [];
  #row = 0;
  #offsetBytes = 0;

  constructor(delimiter: string, key: string) {
    this.#key = key;
    this.#parser = parse({
      delimiter,
      bom: true,
      info: true,
      raw: true,
      skip_empty_lines: true,
      relax_column_count: true,
      // A quote inside an unquoted field is text; the strict parser would swallow every row up to the next quote.
      relax_quotes: true,
      skip_records_with_error: true,
      on_skip: (error, raw) => {
        this.#skipped.push({ error, raw: raw ?? '', endBytes: this.#parser.info.bytes });
        return undefined;
      },
    });
    // Thrown by `end`, or by the next write, which finds the parser destroyed.
    this.#parser.on('error', () => undefined);
  }

  *push(chunk: Uint8Array): Generator<Row, void> {
    this.#parser.write(chunk);
    for (let line = this.#next(); line; line = this.#next()) yield* this.#take(line);
  }

  async *end(): AsyncGenerator<Row, void> {
    this.#parser.end();
    for await (const line of this.#parser as AsyncIterable<ParsedLine>) yield* this.#take(line);
    const last = this.#skipped.at(-1);
    if (last?.error?.code === 'CSV_QUOTE_NOT_CLOSED') {
      const message = `${this.#key} ends inside a quoted field, after ${this.#row} rows`;
      throw new TruncatedObjectError(message, { cause: last.error });
    }
    yield* this.#takeSkipped(Number.POSITIVE_INFINITY);
  }

  #next(): ParsedLine | undefined {
    // The parser gives one of these per line, as its options say.
    return (this.#parser.read() as ParsedLine | null) ?? undefined;
  }

  *#take(line: ParsedLine): Generator<Row, void> {
    yield* this.#takeSkipped(line.info.bytes);
    const start = this.#offsetBytes;
    this.#offsetBytes = line.info.bytes;
    if (!this.#header) this.#header = columnsOf(line.record);
    else yield rowOf(this.#header, line, this.#row++, start);
  }

  /** Rows that the parser skipped before `endBytes`: it tells of them while it is ahead of its reader. */
  *#takeSkipped(endBytes: number): Generator<Row, void> {
    while (this.#skipped[0] && this.#skipped[0].endBytes < endBytes) {
      const skipped = this.#skipped.shift();
      if (!skipped) return;
      const reason = skipped.error?.message ?? 'not CSV';
      yield reject(this.#row++, this.#offsetBytes, reason, withoutLineEnd(skipped.raw));
      this.#offsetBytes = skipped.endBytes;
    }
  }
}

/** A name that stands twice in the header would hide the first column's values. */
function columnsOf(record: readonly string[]): string[] {
  const seen = new Set<string>();
  return record.map((name) => {
    let unique = name;
    for (let number = 2; seen.has(unique); number++) unique = `${name}_${number}`;
    seen.add(unique);
    return unique;
  });
}

function rowOf(header: readonly string[], line: ParsedLine, row: number, offsetBytes: number): Row {
  const fields = line.record;
  if (fields.length !== header.length) {
    const reason = `${fields.length} fields where the header has ${header.length}`;
    return reject(row, offsetBytes, reason, withoutLineEnd(line.raw));
  }
  const document: JsonObject = Object.fromEntries(header.map((name, index) => [name, fields[index] ?? '']));
  return { kind: 'document', row, document };
}

function reject(row: number, offsetBytes: number, reason: string, raw: string): RejectedRow {
  return { kind: 'rejected', row, offsetBytes, reason, raw };
}

function withoutLineEnd(raw: string): string {
  return raw.replace(/\r?\n$/, '');
}
