/** A temporary table of texts in the embedded engine, filled from JavaScript. */

import {
  type DuckDBAppender,
  DuckDBDataChunk,
  type DuckDBConnection,
  type DuckDBValue,
  VARCHAR,
} from '@duckdb/node-api';

export type StagedCell = string | undefined;

/** Rows handed to the engine at once: its vector size. */
const chunkRows = 2048;

export class StagedTable {
  readonly #columns: readonly string[];
  readonly #appender: DuckDBAppender;
  #cells: DuckDBValue[][];
  #buffered = 0;

  private constructor(columns: readonly string[], appender: DuckDBAppender) {
    this.#columns = columns;
    this.#appender = appender;
    this.#cells = columns.map(() => []);
  }

  /** @param name and columns of ours, never from outside; temporary, and gone with the connection. */
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
