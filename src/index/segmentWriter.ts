/** Gathers records in the embedded engine and writes them as one segment: sorted rows, and the tasks that they name. */

import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { LogRecord } from '../model/record.ts';
import { type Database, interruptible, sqlText } from './database.ts';
import { fileIdentity } from './fileIdentity.ts';
import type { SegmentEntry } from './manifest.ts';
import { segmentColumns, segmentOrder } from './segmentColumns.ts';
import { SegmentStatistics } from './segmentStatistics.ts';
import { StagedTable } from './stagedTable.ts';
import { type LocalTaskSide, TaskParts } from './taskSide.ts';
import { TextFilter } from './textFilter.ts';
import { textFilterKey } from './textFilters.ts';

/** Small enough that one account of many is found without reading the rest; zstd loses little by it. */
const rowGroupRows = 30_720;
/** What a row costs besides its texts, roughly. */
const rowOverheadBytes = 64;

/** A finished segment in local files, not yet in the store. */
export interface LocalSegment extends Omit<SegmentEntry, 'key' | 'tasks'> {
  readonly file: string;
  /** Absent when none of the records names a task. */
  readonly tasks?: LocalTaskSide;
}

const stagedColumns = [...segmentColumns, { name: 'object_version', type: 'name' }] as const;

/** One segment in the making. Holds a connection and its temporary tables from `open` to `close`. */
export class SegmentWriter {
  readonly #connection: DuckDBConnection;
  readonly #file: string;
  readonly #rows: StagedTable;
  readonly #tasks = new TaskParts();
  readonly #texts = TextFilter.empty();
  readonly #statistics = new SegmentStatistics();

  private constructor(connection: DuckDBConnection, file: string, rows: StagedTable) {
    this.#connection = connection;
    this.#file = file;
    this.#rows = rows;
  }

  /** @param directory where the segment is written; the database must be allowed to. */
  static async open(database: Database, directory: string, name: string): Promise<SegmentWriter> {
    const connection = await database.connect();
    const rows = await StagedTable.create(connection, 'staged', stagedColumns);
    return new SegmentWriter(connection, join(directory, `${name}.parquet`), rows);
  }

  get records(): number {
    return this.#statistics.records;
  }

  /** Estimate of the memory that the records take. */
  get bytes(): number {
    return this.#statistics.bytes;
  }

  /** @param version of the log object that the record was read from; see `LedgerEntry.version`. */
  add(record: LogRecord, version: string): void {
    let bytes = rowOverheadBytes;
    for (let index = 0; index < segmentColumns.length; index++) {
      const cell = segmentColumns[index]?.cell(record);
      this.#rows.set(index, cell);
      if (typeof cell === 'string') bytes += cell.length;
      else if (typeof cell === 'object') {
        for (const token of cell) bytes += token.length;
        this.#statistics.addPaths(cell);
      }
    }
    this.#rows.set(segmentColumns.length, version);
    this.#rows.endRow();
    this.#tasks.add(record);
    this.#texts.add(record.message);
    if (record.error) for (const text of Object.values(record.error)) this.#texts.add(String(text));
    this.#statistics.add(record, bytes);
  }

  /** Writes what was gathered, once; `undefined` when there was nothing. */
  async write(signal?: AbortSignal): Promise<LocalSegment | undefined> {
    signal?.throwIfAborted();
    if (this.records === 0) return undefined;
    const [connection, file] = [this.#connection, this.#file];
    return await interruptible(connection, signal, async () => {
      await this.#rows.finish();
      const rows = `SELECT * REPLACE (make_timestamptz(ts * 1000) AS ts) FROM (${this.#rows.selectSql})`;
      await copyTable(connection, rows, file, this.#texts);
      const tasks = await this.#tasks.write(connection, taskSideFile(file));
      const { records } = this;
      return {
        file,
        ...(await fileIdentity(file)),
        records,
        ...this.#statistics.describe(),
        ...(tasks ? { tasks } : {}),
      };
    });
  }

  close(): void {
    this.#connection.closeSync();
  }
}

/** Where the task side of the segment in `file` is written. */
export function taskSideFile(file: string): string {
  return `${file}.tasks`;
}

export async function copyTable(
  connection: DuckDBConnection,
  select: string,
  file: string,
  texts: TextFilter | undefined,
): Promise<void> {
  const metadata = texts ? `, KV_METADATA {${textFilterKey}: ${sqlText(texts.serialize())}}` : '';
  await connection.run(
    `COPY (${select} ORDER BY ${segmentOrder}) TO ${sqlText(file)}
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows}${metadata})`,
  );
}
