/** The task side of a segment: a Parquet file with one row for each task that the segment's records name. */

import type { DuckDBConnection } from '@duckdb/node-api';
import type { LogRecord } from '../model/record.ts';
import { sqlText } from './database.ts';
import { fileIdentity } from './fileIdentity.ts';
import { recordOfRow, selectRecord } from './segmentColumns.ts';
import { StagedTable } from './stagedTable.ts';
import { taskColumns } from './taskColumns.ts';
import { TaskPart } from './taskPart.ts';

/** A finished task side in a local file, not yet in the store. */
export interface LocalTaskSide {
  readonly file: string;
  readonly sizeBytes: number;
  /** SHA-256, hex. */
  readonly sha256: string;
  readonly tasks: number;
}

/** Gathers the parts of tasks, record by record. */
export class TaskParts {
  readonly #parts = new Map<string, TaskPart>();

  add(record: LogRecord): void {
    const { task } = record;
    if (task === undefined) return;
    let part = this.#parts.get(task);
    if (!part) {
      part = new TaskPart(task);
      this.#parts.set(task, part);
    }
    part.add(record);
  }

  /** Puts the parts into a temporary table of the connection; undefined when there is none. */
  async stage(connection: DuckDBConnection, name: string): Promise<StagedTable | undefined> {
    if (this.#parts.size === 0) return undefined;
    const staged = await StagedTable.create(connection, name, taskColumns);
    for (const part of this.#parts.values()) {
      const cells = part.cells();
      for (let column = 0; column < cells.length; column++) staged.set(column, cells[column]);
      staged.endRow();
    }
    await staged.finish();
    return staged;
  }

  /** Writes the side, oldest task first; `undefined` when no record named a task. */
  async write(connection: DuckDBConnection, file: string): Promise<LocalTaskSide | undefined> {
    const staged = await this.stage(connection, 'staged_tasks');
    if (!staged) return undefined;
    await connection.run(
      `COPY (${staged.selectSql} ORDER BY last_ms, task) TO ${sqlText(file)}
       (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440)`,
    );
    return { file, ...(await fileIdentity(file)), tasks: this.#parts.size };
  }
}

/** The parts of the tasks of a table of segment rows, which has the alias `r`. */
export async function foldRows(connection: DuckDBConnection, from: string, signal?: AbortSignal): Promise<TaskParts> {
  const parts = new TaskParts();
  const rows = await connection.stream(`SELECT ${selectRecord('r')} FROM ${from} WHERE r.task IS NOT NULL`);
  for await (const batch of rows.yieldRowObjectJs()) {
    signal?.throwIfAborted();
    for (const row of batch) parts.add(recordOfRow(row));
  }
  return parts;
}
