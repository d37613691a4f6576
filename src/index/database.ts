/** The embedded engine (DuckDB, in memory): opened with hard limits, asked with bound values, interrupted by a signal. */

import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
  DOUBLE,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import { sqlText } from './sqlText.ts';
import { stageTable, type Staged } from './stagedTable.ts';

export interface DatabaseOptions {
  readonly memoryLimitMb: number;
  /** Bound of the spilled data; most of the disk by default. */
  readonly spillLimitMb?: number;
  /** Spilled data goes here. */
  readonly temporaryDirectory: string;
  /** Folders whose files statements may read and write, besides the temporary one. */
  readonly directories: readonly string[];
  /** Default: the machine's processors, at most 4. */
  readonly threads?: number;
}

/** What a statement's parameters may be. Lists are of one type. */
export type SqlValue = string | number | boolean | null | readonly string[];
export type SqlRow = Readonly<Record<string, unknown>>;

/** How often a statement is told to stop again: an interrupt that comes before it has begun is lost. */
const interruptAgainMs = 10;

export class Database {
  readonly #instance: DuckDBInstance;

  private constructor(instance: DuckDBInstance) {
    this.#instance = instance;
  }

  static async open(options: DatabaseOptions): Promise<Database> {
    await mkdir(options.temporaryDirectory, { recursive: true });
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${options.memoryLimitMb}MB`,
      temp_directory: options.temporaryDirectory,
      threads: String(options.threads ?? Math.max(1, Math.min(4, cpus().length))),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      preserve_insertion_order: 'false',
    });
    const connection = await instance.connect();
    try {
      const directories = [options.temporaryDirectory, ...options.directories].map(sqlText).join(', ');
      await connection.run(`SET allowed_directories = [${directories}]`);
      if (options.spillLimitMb !== undefined) await connection.run(spillLimitSql(options.spillLimitMb));
      await connection.run('SET enable_external_access = false');
      await connection.run('SET lock_configuration = true');
    } finally {
      connection.closeSync();
    }
    return new Database(instance);
  }

  /**
   * The rows of one statement. Rejects with `signal.reason` once the signal fires, and the statement stops.
   * @param staged a temporary table that is there meanwhile.
   */
  async query(
    sql: string,
    values: Readonly<Record<string, SqlValue>> = {},
    { staged, signal }: { readonly staged?: Staged; readonly signal?: AbortSignal } = {},
  ): Promise<SqlRow[]> {
    signal?.throwIfAborted();
    const connection = await this.#instance.connect();
    try {
      return await interruptible(connection, signal, async () => {
        if (staged) await stageTable(connection, staged);
        const result = await connection.run(sql, bound(values), typesOf(values));
        return await result.getRowObjectsJS();
      });
    } finally {
      connection.closeSync();
    }
  }

  close(): void {
    this.#instance.closeSync();
  }
}

/** As a statement: DuckDB 1.5 takes it as an option of a new engine too, and then does not keep to it. */
export function spillLimitSql(limitMb: number): string {
  return `SET max_temp_directory_size = '${limitMb}MB'`;
}

/** Runs `work`; once the signal fires its statements stop, and this rejects with `signal.reason`. */
export async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  let again: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    again = setInterval(() => connection.interrupt(), interruptAgainMs);
  };
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    const result = await work();
    signal?.throwIfAborted();
    return result;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearInterval(again);
    signal?.removeEventListener('abort', interrupt);
  }
}

function bound(values: Readonly<Record<string, SqlValue>>): Record<string, DuckDBValue> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, isList(value) ? listValue(value) : value]),
  );
}

/** Told where the engine would guess: an empty list has no type of its own, and whole numbers would have to fit BIGINT. */
function typesOf(values: Readonly<Record<string, SqlValue>>): Record<string, DuckDBType> {
  const types: Record<string, DuckDBType> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'number') types[name] = DOUBLE;
    else if (isList(value)) types[name] = LIST(VARCHAR);
  }
  return types;
}

function isList(value: SqlValue): value is readonly string[] {
  return typeof value === 'object' && value !== null;
}
