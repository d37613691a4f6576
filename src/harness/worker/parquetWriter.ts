/** Writes documents as Parquet with an embedded DuckDB, kept small: a worker shares its machine with many others. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBAppender, type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Json } from '../../model/json.ts';
import { type ColumnType, mixedText, sqlTypes, typeOfValues } from './columnType.ts';
import type { DocumentTable } from './documentTable.ts';

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: readonly (Json | undefined)[];
}

/** Rows between two checks of the signal; appending is synchronous. */
const rowsPerTurn = 5_000;

export class ParquetWriter {
  readonly #folder: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(folder: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#folder = folder;
    this.#instance = instance;
    this.#connection = connection;
  }

  /** Writes only below `scratchFolder`. */
  static async open(scratchFolder: string, memoryLimitMb: number): Promise<ParquetWriter> {
    const folder = await mkdtemp(join(scratchFolder, 'parquet-'));
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryLimitMb}MB`,
      threads: '1',
      temp_directory: join(folder, 'spill'),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    return new ParquetWriter(folder, instance, await instance.connect());
  }

  /**
   * The documents as one Parquet file: a column for every top-level field, `_key` and `_row`. Which columns hold JSON
   * text, and which mixed text, is in its metadata (`ingest_trace.json`, `ingest_trace.mixed`: JSON arrays of names).
   */
  async write(table: DocumentTable, key: string, signal: AbortSignal): Promise<Uint8Array> {
    const columns = columnsOf(table);
    const file = join(this.#folder, 'documents.parquet');
    await this.#connection.run(createTable(columns));
    try {
      await this.#append(table, columns, key, signal);
      await this.#connection.run(copyTo(file, columns));
      return await readFile(file);
    } finally {
      await this.#connection.run('DROP TABLE IF EXISTS documents');
      await rm(file, { force: true });
    }
  }

  async close(): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #append(table: DocumentTable, columns: readonly Column[], key: string, signal: AbortSignal): Promise<void> {
    const appender = await this.#connection.createAppender('documents');
    try {
      for (const [index, row] of table.rows.entries()) {
        for (const { type, values } of columns) appendValue(appender, type, values[index]);
        appender.appendVarchar(key);
        appender.appendBigInt(BigInt(row));
        appender.endRow();
        if (index % rowsPerTurn !== rowsPerTurn - 1) continue;
        // Heartbeats go out meanwhile.
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      }
    } finally {
      appender.closeSync();
    }
  }
}

function columnsOf(table: DocumentTable): Column[] {
  const taken = new Set(['_key', '_row']);
  return [...table.columns].map(([name, values]) => ({
    name: columnName(name, taken),
    type: typeOfValues(values),
    values,
  }));
}

/** Column names of a database differ by more than case, are not empty and hold no NUL; `_key` and `_row` are ours. */
function columnName(name: string, taken: Set<string>): string {
  const base = name.replaceAll('\0', '') || '_';
  let unique = base;
  for (let number = 2; taken.has(unique.toLowerCase()); number++) unique = `${base}_${number}`;
  taken.add(unique.toLowerCase());
  return unique;
}

function createTable(columns: readonly Column[]): string {
  const own = columns.map(({ name, type }) => `${identifier(name)} ${sqlTypes[type]}`);
  return `CREATE OR REPLACE TABLE documents (${[...own, '_key VARCHAR', '_row BIGINT'].join(', ')})`;
}

function copyTo(file: string, columns: readonly Column[]): string {
  const named = (type: ColumnType): string =>
    literal(JSON.stringify(columns.filter((column) => column.type === type).map((column) => column.name)));
  const metadata = `{"ingest_trace.json": ${named('json')}, "ingest_trace.mixed": ${named('mixed')}}`;
  return `COPY documents TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA ${metadata})`;
}

function appendValue(appender: DuckDBAppender, type: ColumnType, value: Json | undefined): void {
  if (value === undefined || value === null) appender.appendNull();
  else if (typeof value === 'boolean' && type === 'boolean') appender.appendBoolean(value);
  else if (typeof value === 'number' && type === 'integer') appender.appendBigInt(BigInt(value));
  else if (typeof value === 'number' && type === 'double') appender.appendDouble(value);
  else if (typeof value === 'string' && type === 'text') appender.appendVarchar(value);
  else appender.appendVarchar(mixedText(value));
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
