/** The text filters of an index's segments, each read once. */

import type { DuckDBConnection } from '@duckdb/node-api';
import { LIST, listValue, VARCHAR } from '@duckdb/node-api';
import type { Database } from './database.ts';
import type { SegmentEntry } from './manifest.ts';
import { TextFilter } from './textFilter.ts';

/** Under this name a filter lies in the metadata of a segment's file. */
export const textFilterKey = 'ingest_trace_text_filter';

/** The filters of segment files, in their order; `undefined` where there is none. */
export async function readTextFilters(
  connection: DuckDBConnection,
  files: readonly string[],
): Promise<readonly (TextFilter | undefined)[]> {
  if (files.length === 0) return [];
  const result = await connection.run(
    `SELECT file_name, decode(value) AS filter FROM parquet_kv_metadata($files) WHERE decode(key) = '${textFilterKey}'`,
    { files: listValue(files) },
    { files: LIST(VARCHAR) },
  );
  const filters = new Map<unknown, TextFilter | undefined>();
  for (const { file_name: file, filter } of await result.getRowObjectsJS()) {
    filters.set(file, typeof filter === 'string' ? TextFilter.parse(filter) : undefined);
  }
  return files.map((file) => filters.get(file));
}

export class TextFilters {
  readonly #database: Database;
  #known: ReadonlyMap<string, TextFilter | undefined> = new Map();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Reads what is not known of these segments, whose files are at hand, and forgets all others. */
  async bring(
    entries: readonly SegmentEntry[],
    fileOf: (entry: SegmentEntry) => string,
    signal?: AbortSignal,
  ): Promise<void> {
    const missing = entries.filter(({ key }) => !this.#known.has(key));
    if (missing.length === 0) return;
    const read = await this.#database.use((connection) => readTextFilters(connection, missing.map(fileOf)), signal);
    const known = new Map<string, TextFilter | undefined>();
    for (const { key } of entries) known.set(key, this.#known.get(key));
    for (const [at, { key }] of missing.entries()) known.set(key, read[at]);
    this.#known = known;
  }

  of(entry: SegmentEntry): TextFilter | undefined {
    return this.#known.get(entry.key);
  }
}
