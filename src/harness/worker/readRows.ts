/** From an object's decoded bytes to its rows, by the format of the source or the object's name. */

import { assertNever } from '../../model/assertNever.ts';
import type { SourceFormat } from '../source.ts';
import { csvRows } from './csvRows.ts';
import { UnknownFormatError } from './ingestError.ts';
import { jsonRows } from './jsonRows.ts';
import { ndjsonRows } from './ndjsonRows.ts';
import type { Row } from './row.ts';

const formatOfSuffix: Readonly<Record<string, SourceFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
};

/** @throws IngestError when neither tells the format */
export function formatOf(declared: SourceFormat | undefined, key: string): SourceFormat {
  if (declared) return declared;
  const suffix = /\.([a-z0-9]+)(?:\.gz)?$/i.exec(key)?.[1]?.toLowerCase() ?? '';
  const format = formatOfSuffix[suffix];
  if (format) return format;
  throw new UnknownFormatError(`the name of ${key} tells no format: declare one for its source`);
}

/** @throws IngestError where an object as a whole cannot be read; a single bad row is a rejected one instead */
export function readRows(
  chunks: AsyncIterable<Uint8Array>,
  format: SourceFormat,
  key: string,
): AsyncGenerator<Row, void> {
  switch (format) {
    case 'csv':
      return csvRows(chunks, ',', key);
    case 'tsv':
      return csvRows(chunks, '\t', key);
    case 'json':
      return jsonRows(chunks, key);
    case 'ndjson':
      return ndjsonRows(chunks);
    default:
      return assertNever(format);
  }
}
