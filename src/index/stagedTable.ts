/** A temporary table of texts in the embedded engine, filled from JavaScript. */

import {
  type DuckDBAppender,
  DuckDBDataChunk,
  type DuckDBConnection,
  type DuckDBValue,
  VARCHAR,
} from '@duckdb/node-api';

type StagedCell = string | undefined;

/** Names of ours, never from outside. */
export interface Staged {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: () => Iterable<readonly StagedCell[]>;
}

/** Rows handed to the engine at once: its vector size. */
const chunkRows = 2048;

/** The table is gone with the connection. */
export async function stageTable(connection: DuckDBConnection, { table, columns, rows }: Staged): Promise<void> {
  const staged = await StagedTable.create(connection, table, columns);
  for (const row of rows()) staged.addRow(row);
  staged.finish();
}

class StagedTable {
  readonly #columns: readonly string[];
  readonly #appender: DuckDBAppender;
  #cells: DuckDBValue[][];
  #buffered = 0;

  private constructor(columns: readonly string[], appender: DuckDBAppender) {
    this.#columns = columns;
    this.#appender = appender;
    this.#cells = columns.map(() => []);
  }

  static async create(connection: DuckDBConnection, name: string, columns: readonly string[]): Promise<StagedTable> {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE ${name} (${columns.map((each) => `"${each}" VARCHAR`).join(', ')})`,
    );
    return new StagedTable(columns, await connection.createAppender(name));
  }

  addRow(row: readonly StagedCell[]): void {
    for (const [at, cells] of this.#cells.entries()) cells.push(row[at] ?? null);
    this.#buffered += 1;
    if (this.#buffered === chunkRows) this.#fillChunk();
  }

  /** Ends the adding. */
  finish(): void {
    this.#fillChunk();
    this.#appender.closeSync();
  }

  #fillChunk(): void {
    if (this.#buffered === 0) return;
    const chunk = DuckDBDataChunk.create(
      this.#columns.map(() => VARCHAR),
      this.#buffered,
    );
    for (const [at, cells] of this.#cells.entries()) chunk.setColumnValues(at, cells);
    this.#appender.appendDataChunk(chunk);
    this.#cells = this.#columns.map(() => []);
    this.#buffered = 0;
  }
}
