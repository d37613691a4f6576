/** Reads CSV and TSV with a header line. Every value is text here; typing is by whole columns, see columnType. */

import { Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import type { JsonObject } from '../../model/json.ts';
import { IngestError } from './ingestError.ts';
import type { RejectedRow, Row } from './row.ts';

interface ParsedLine {
  readonly record: readonly string[];
  readonly info: { readonly bytes: number };
  readonly raw: string;
}

/**
 * A row with more or fewer fields than the header is rejected, as is one with a misplaced quote.
 * @throws IngestError when the object ends inside a quoted field
 */
export async function* csvRows(
  chunks: AsyncIterable<Uint8Array>,
  delimiter: string,
  key: string,
): AsyncGenerator<Row, void> {
  const rejected: { readonly error: CsvError | undefined; readonly raw: string; readonly bytes: number }[] = [];
  const parser = parse({
    delimiter,
    bom: true,
    info: true,
    raw: true,
    skip_empty_lines: true,
    relax_column_count: true,
    skip_records_with_error: true,
    on_skip: (error, raw) => {
      rejected.push({ error, raw: raw ?? '', bytes: parser.info.bytes });
      return undefined;
    },
  });
  const source = Readable.from(chunks);
  source.once('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let header: readonly string[] | undefined;
  let row = 0;
  let offsetBytes = 0;
  try {
    for await (const line of parser as AsyncIterable<ParsedLine>) {
      for (const { error, raw, bytes } of rejected.splice(0)) {
        yield reject(row++, offsetBytes, error?.message ?? 'not CSV', raw);
        offsetBytes = bytes;
      }
      const start = offsetBytes;
      offsetBytes = line.info.bytes;
      if (!header) header = columnsOf(line.record);
      else yield rowOf(header, line, row++, start);
    }
  } catch (error) {
    throw describeCsvError(error, key, row);
  } finally {
    source.destroy();
    parser.destroy();
  }
  for (const { error, raw } of rejected) {
    if (error?.code === 'CSV_QUOTE_NOT_CLOSED') throw describeCsvError(error, key, row);
    yield reject(row++, offsetBytes, error?.message ?? 'not CSV', raw);
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
    return reject(row, offsetBytes, reason, line.raw.replace(/\r?\n$/, ''));
  }
  const document: JsonObject = Object.fromEntries(header.map((name, index) => [name, fields[index] ?? '']));
  return { kind: 'document', row, document };
}

function reject(row: number, offsetBytes: number, reason: string, raw: string): RejectedRow {
  return { kind: 'rejected', row, offsetBytes, reason, raw };
}

function describeCsvError(error: unknown, key: string, rows: number): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'CSV_QUOTE_NOT_CLOSED')) return error;
  return new IngestError('truncatedObject', `${key} ends inside a quoted field, after ${rows} rows`, { cause: error });
}
