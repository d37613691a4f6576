/**
 * A temporary table of the embedded engine that is filled from JavaScript as fast as that goes. Each text that is handed over costs a
 * call into the engine, so columns of few values (`name`) pass as numbers of a dictionary; and a null costs more
 * than a value, so whole numbers pass -1 for it.
 */

import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBValue,
  DOUBLE,
  INTEGER,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';

export interface StagedColumn {
  readonly name: string;
  /**
   * `name` and `names`: texts of which few are distinct. `whole`: from 0, optional. `time`: epoch ms, always there. All numbers are whole
   * and travel as DOUBLE, exact for every value a record can hold.
   */
  readonly type: 'text' | 'name' | 'names' | 'whole' | 'time' | 'optionalTime';
}

export type StagedCell = string | number | readonly string[] | undefined;

/** Rows handed to the engine at once: its vector size. */
const chunkRows = 2048;

const engineTypes = {
  text: VARCHAR,
  name: INTEGER,
  names: LIST(INTEGER),
  whole: DOUBLE,
  time: DOUBLE,
  optionalTime: DOUBLE,
} as const;

export class StagedTable {
  readonly #connection: DuckDBConnection;
  readonly #name: string;
  readonly #columns: readonly StagedColumn[];
  readonly #appender: DuckDBAppender;
  #cells: DuckDBValue[][];
  #buffered = 0;
  readonly #codes = new Map<string, number>();
  /** Of each column: its last name and that name's code. */
  readonly #lastNames: string[] = [];
  readonly #lastCodes: number[] = [];

  private constructor(
    connection: DuckDBConnection,
    name: string,
    columns: readonly StagedColumn[],
    appender: DuckDBAppender,
  ) {
    this.#connection = connection;
    this.#name = name;
    this.#columns = columns;
    this.#appender = appender;
    this.#cells = columns.map(() => []);
  }

  /** @param name of ours, never from outside; temporary, and gone with the connection. */
  static async create(
    connection: DuckDBConnection,
    name: string,
    columns: readonly StagedColumn[],
  ): Promise<StagedTable> {
    const types = columns.map((column) => `"${column.name}" ${engineTypes[column.type].toString()}`);
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${name} (${types.join(', ')})`);
    return new StagedTable(connection, name, columns, await connection.createAppender(name));
  }

  /** Adds the next column's value of the row under way. */
  set(column: number, cell: StagedCell): void {
    const cells = this.#cells[column];
    if (!cells) return;
    switch (this.#columns[column]?.type) {
      case 'name':
        cells.push(cell === undefined ? 0 : this.#codeIn(column, String(cell)));
        break;
      case 'names':
        cells.push(typeof cell === 'object' ? listValue(cell.map((name) => this.#codeOf(name))) : null);
        break;
      case 'whole':
        cells.push(typeof cell === 'number' ? cell : -1);
        break;
      default:
        cells.push(typeof cell === 'object' ? null : (cell ?? null));
    }
  }

  endRow(): void {
    this.#buffered += 1;
    if (this.#buffered === chunkRows) this.#fillChunk();
  }

  /** Ends the adding. Afterwards the table can be selected from with `selectSql`. */
  async finish(): Promise<void> {
    this.#fillChunk();
    this.#appender.closeSync();
    await this.#connection.run(
      `SET VARIABLE ${this.#name}_names = $names`,
      { names: listValue([...this.#codes.keys()]) },
      { names: LIST(VARCHAR) },
    );
  }

  /** The table with its columns as they were meant. */
  get selectSql(): string {
    const names = `getvariable('${this.#name}_names')`;
    const columns = this.#columns.map(({ name, type }) => {
      switch (type) {
        case 'text':
          return `"${name}"`;
        case 'name':
          return `${names}["${name}"] AS "${name}"`;
        case 'names':
          return `list_select(${names}, "${name}") AS "${name}"`;
        case 'whole':
          return `nullif("${name}", -1)::BIGINT AS "${name}"`;
        default:
          return `"${name}"::BIGINT AS "${name}"`;
      }
    });
    return `SELECT ${columns.join(', ')} FROM ${this.#name}`;
  }

  /** Many columns repeat themselves from row to row: comparing is faster than hashing. */
  #codeIn(column: number, name: string): number {
    if (this.#lastNames[column] === name) return this.#lastCodes[column] ?? 0;
    const code = this.#codeOf(name);
    this.#lastNames[column] = name;
    this.#lastCodes[column] = code;
    return code;
  }

  #codeOf(name: string): number {
    let code = this.#codes.get(name);
    if (code === undefined) {
      // Lists count from 1; 0 gives null.
      code = this.#codes.size + 1;
      this.#codes.set(name, code);
    }
    return code;
  }

  #fillChunk(): void {
    if (this.#buffered === 0) return;
    const chunk = DuckDBDataChunk.create(
      this.#columns.map((column) => engineTypes[column.type]),
      this.#buffered,
    );
    this.#cells.forEach((cells, index) => chunk.setColumnValues(index, cells));
    this.#appender.appendDataChunk(chunk);
    this.#cells = this.#columns.map(() => []);
    this.#buffered = 0;
  }
}
