/** Answers one SELECT of a user's over the index's views, in an engine of its own that can do nothing else. */

import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBTimestampTZValue,
  type DuckDBValueConverter,
  type Json,
  JsonDuckDBValueConverter,
} from '@duckdb/node-api';
import { parseJson } from '../model/json.ts';
import type { SqlAnswer, SqlCell } from '../model/overview/answers.ts';
import { selectProblem } from './checkSelect.ts';
import { interruptible, spillLimitSql } from './database.ts';
import { IndexError } from './indexError.ts';
import type { IndexReading, IndexSource } from './indexReader.ts';
import type { LogIndex } from './logIndex.ts';
import { sqlText } from './sqlText.ts';
import { createSqlViews, sqlViews } from './sqlViews.ts';

export interface SqlOptions {
  /** Of more rows, the first are given. */
  readonly maxRows: number;
  readonly signal?: AbortSignal;
  /** Less than its share of the index's. */
  readonly memoryLimitMb?: number;
  readonly spillLimitMb?: number;
  readonly timeLimitMs?: number;
}

export interface SqlPage extends Omit<SqlAnswer, 'from'> {
  readonly source: IndexSource;
}

const defaultTimeLimitMs = 60_000;
const defaultSpillLimitMb = 2000;
const maxStatementLength = 100_000;
/** Of rows as JSON: what follows is left out, as beyond `maxRows`. */
const maxAnswerLength = 64 * 2 ** 20;

/**
 * @throws IndexError `statement` when it is none that is run, or is wrong; `timeLimit`, `memory`, and as every question to
 * the index; rejects with `signal.reason` when cancelled.
 */
export async function readOnlySql(index: LogIndex, sql: string, options: SqlOptions): Promise<SqlPage> {
  const refuse = (message: string, cause?: unknown) => new IndexError('statement', index.url, message, { cause });
  if (sql.length > maxStatementLength) throw refuse(`expected at most ${maxStatementLength} characters of SQL`);
  // The engine reads a statement up to there.
  if (sql.includes('\0')) throw refuse('expected SQL without null characters');
  const timeLimitMs = options.timeLimitMs ?? defaultTimeLimitMs;
  const limit = AbortSignal.timeout(timeLimitMs);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  try {
    return await index.read({ signal, of: 'records' }, async (reading) => {
      const ask = async (connection: DuckDBConnection) => {
        const problem = await problemOf(connection, sql);
        if (problem !== undefined) throw refuse(problem);
        return await answerOf(connection, sql, options.maxRows);
      };
      const { entries } = reading.segments;
      const answer = await reading.sqlInTurn(async (shareMb) => {
        const memoryLimitMb = Math.min(shareMb, options.memoryLimitMb ?? shareMb);
        const limits = { ...options, memoryLimitMb };
        return await reading.holding(entries, async () => await inOwnEngine(reading, limits, signal, ask));
      });
      return { ...answer, source: reading.source };
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    if (limit.aborted) {
      const message = `the statement was stopped after ${timeLimitMs / 1000} s: narrow it, by ts for instance`;
      throw new IndexError('timeLimit', index.url, message, { cause: error });
    }
    if (error instanceof IndexError || !(error instanceof Error)) throw error;
    throw refuse(error.message, error);
  }
}

/** The statement's own mistakes: nothing is wrong with the index. */
const ownMistake = /^(?:Parser|Binder|Catalog|Conversion|Out of Range|Mismatch Type|Permission|Not implemented) Error/i;

/** Gives `work` a connection to a fresh engine that holds the views, locked; rejects when the signal fires, come what may. */
async function inOwnEngine<T>(
  { segments, spillDirectory, url }: IndexReading,
  options: SqlOptions & { readonly memoryLimitMb: number },
  signal: AbortSignal,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const directory = join(spillDirectory, `sql-${randomBytes(6).toString('hex')}`);
  await mkdir(directory, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${options.memoryLimitMb}MB`,
    temp_directory: directory,
    threads: '2',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const connection = await instance.connect();
  const working = (async () => {
    try {
      for (const statement of createSqlViews(segments)) await connection.run(statement);
      await connection.run("SET TimeZone = 'UTC'");
      const files = segments.entries.map((entry) => sqlText(segments.fileOf(entry)));
      await connection.run(`SET allowed_paths = [${files.join(', ')}]`);
      await connection.run(spillLimitSql(options.spillLimitMb ?? defaultSpillLimitMb));
      await connection.run('SET enable_external_access = false');
      await connection.run('SET lock_configuration = true');
      return await interruptible(connection, signal, async () => await work(connection));
    } catch (error) {
      if (error instanceof Error && ownMistake.test(error.message)) {
        throw new IndexError('statement', url, error.message, { cause: error });
      }
      throw error;
    } finally {
      connection.closeSync();
      instance.closeSync();
      await rm(directory, { recursive: true, force: true });
    }
  })();
  // A single step of the engine may be deaf to interrupts for a while: its end is not waited for.
  const stopped = Promise.withResolvers<never>();
  const stop = () => stopped.reject(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([working, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function problemOf(connection: DuckDBConnection, sql: string): Promise<string | undefined> {
  const result = await connection.runAndReadAll('SELECT json_serialize_sql($sql::VARCHAR) AS tree', { sql });
  const tree = result.getRowsJS()[0]?.[0];
  return selectProblem(typeof tree === 'string' ? parseJson(tree) : undefined, sqlViews);
}

async function answerOf(connection: DuckDBConnection, sql: string, maxRows: number): Promise<Omit<SqlAnswer, 'from'>> {
  const result = await connection.stream(sql);
  const types = result.columnTypes();
  const columns = result.columnNames().map((name, at) => ({ name, type: String(types[at]) }));
  const rows: SqlCell[][] = [];
  let length = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (const row of chunk.convertRows(cellOf)) {
      length += JSON.stringify(row).length;
      if (rows.length >= maxRows || length > maxAnswerLength) return { columns, rows, hasMore: true };
      rows.push(row);
    }
  }
  return { columns, rows, hasMore: false };
}

/** Whole numbers that JavaScript holds as numbers, moments in RFC 3339; the rest as the engine's own JSON conversion. */
const cellOf: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value);
  if (value instanceof DuckDBTimestampTZValue) {
    const ms = Number(value.micros / 1000n);
    return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(value);
  }
  return JsonDuckDBValueConverter(value, type, converter);
};
