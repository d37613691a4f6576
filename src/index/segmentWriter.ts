/** Gathers records in the embedded engine and writes them as one sorted Parquet segment. */

import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBValue,
  DOUBLE,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import type { LogRecord } from '../model/record.ts';
import { type Database, interruptible, sqlText } from './database.ts';
import { pathOfToken } from './fieldTokens.ts';
import type { SegmentEntry } from './manifest.ts';
import { segmentColumns, segmentOrder } from './segmentColumns.ts';

/** Rows handed to the engine at once: its vector size. */
const chunkRows = 2048;
/** Small enough that one account of many is found without reading the rest; zstd loses little by it. */
const rowGroupRows = 30_720;
/** More accounts than this, and the planner looks into the segment rather than at a list. */
const maxListedAccounts = 1000;
const maxListedPaths = 2000;
/** What a row costs besides its texts, roughly. */
const rowOverheadBytes = 64;

/** A finished segment in a local file, not yet in the store. */
export interface LocalSegment extends Omit<SegmentEntry, 'key'> {
  readonly file: string;
}

/** Holds a connection and its temporary table from `open` to `close`. */
export class SegmentWriter {
  readonly #connection: DuckDBConnection;
  readonly #directory: string;
  #appender: DuckDBAppender | undefined;
  #columns: DuckDBValue[][] = emptyColumns();
  #buffered = 0;
  #statistics = new SegmentStatistics();

  private constructor(connection: DuckDBConnection, directory: string) {
    this.#connection = connection;
    this.#directory = directory;
  }

  /** @param directory where segments are written; the database must be allowed to. */
  static async open(database: Database, directory: string): Promise<SegmentWriter> {
    const writer = new SegmentWriter(await database.connect(), directory);
    await writer.#startAfresh();
    return writer;
  }

  /** Records gathered since the last `write`. */
  get records(): number {
    return this.#statistics.records;
  }

  /** Estimate of the memory that they take. */
  get bytes(): number {
    return this.#statistics.bytes;
  }

  /** @param version of the log object that the record was read from; see `LedgerEntry.version`. */
  add(record: LogRecord, version: string): void {
    let bytes = rowOverheadBytes;
    segmentColumns.forEach((column, index) => {
      const cell = column.cell(record);
      const cells = this.#columns[index];
      if (cell === undefined) cells?.push(null);
      else if (typeof cell === 'object') {
        cells?.push(listValue(cell));
        for (const token of cell) bytes += token.length;
        this.#statistics.addPaths(cell);
      } else {
        cells?.push(cell);
        if (typeof cell === 'string') bytes += cell.length;
      }
    });
    this.#columns.at(-1)?.push(version);
    this.#statistics.add(record, bytes);
    this.#buffered += 1;
    if (this.#buffered === chunkRows) this.#fillChunk();
  }

  /** Writes what was gathered and starts afresh; `undefined` when there was nothing. */
  async write(name: string, signal?: AbortSignal): Promise<LocalSegment | undefined> {
    signal?.throwIfAborted();
    if (this.records === 0) return undefined;
    this.#fillChunk();
    const statistics = this.#statistics;
    const file = join(this.#directory, `${name}.parquet`);
    this.#appender?.closeSync();
    this.#appender = undefined;
    await interruptible(this.#connection, signal, async () => await copySorted(this.#connection, file));
    await this.#startAfresh();
    return { file, ...(await statistics.entryOf(file)) };
  }

  close(): void {
    this.#appender = undefined;
    this.#connection.closeSync();
  }

  async #startAfresh(): Promise<void> {
    const columns = segmentColumns.map((column) => `"${column.name}" ${engineTypes[column.type].toString()}`);
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE staged (${columns.join(', ')}, object_version VARCHAR)`);
    this.#appender = await this.#connection.createAppender('staged');
    this.#columns = emptyColumns();
    this.#buffered = 0;
    this.#statistics = new SegmentStatistics();
  }

  #fillChunk(): void {
    if (this.#buffered === 0) return;
    const chunk = DuckDBDataChunk.create(columnTypes, this.#buffered);
    this.#columns.forEach((cells, index) => chunk.setColumnValues(index, cells));
    this.#appender?.appendDataChunk(chunk);
    this.#columns = emptyColumns();
    this.#buffered = 0;
  }
}

/** Writes a segment again without the rows of some object versions; `undefined` when none is left. */
export async function withoutVersions(
  database: Database,
  segment: LocalSegment,
  versions: readonly string[],
  file: string,
  signal?: AbortSignal,
): Promise<LocalSegment | undefined> {
  const records = await database.use(async (connection) => {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM read_parquet($file) WHERE object_version NOT IN
       (SELECT unnest($versions))`,
      { file: segment.file, versions: listValue([...versions]) },
    );
    const records = await countRows(connection, 'kept');
    if (records > 0) await copyTable(connection, 'kept', file);
    return records;
  }, signal);
  await rm(segment.file, { force: true });
  if (records === 0) return undefined;
  // Time range, accounts and paths may now be wider than the rows: that costs a look, never a row.
  return { ...segment, ...(await fileIdentity(file)), file, records };
}

export interface SegmentMerge {
  readonly inputs: readonly SegmentEntry[];
  /** Of the inputs, in their order; removed afterwards. */
  readonly files: readonly string[];
  readonly superseded: readonly string[];
  readonly file: string;
}

/** One segment of several; `undefined` when no row of them counts any more. */
export async function mergeSegments(
  database: Database,
  { inputs, files, superseded, file }: SegmentMerge,
  signal?: AbortSignal,
): Promise<(Omit<SegmentEntry, 'key'> & { readonly content: Uint8Array }) | undefined> {
  try {
    const records = await database.use(async (connection) => {
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM read_parquet($files, hive_partitioning = false)
         WHERE object_version NOT IN (SELECT unnest($superseded))`,
        { files: listValue(files), superseded: listValue(superseded) },
        { files: LIST(VARCHAR), superseded: LIST(VARCHAR) },
      );
      const records = await countRows(connection, 'kept');
      if (records > 0) await copyTable(connection, 'kept', file);
      await connection.run('DROP TABLE kept');
      return records;
    }, signal);
    if (records === 0) return undefined;
    const content = await readFile(file);
    return { ...identityOf(content), records, ...mergedRanges(inputs), content };
  } finally {
    for (const each of [...files, file]) await rm(each, { force: true });
  }
}

/** Ranges and lists that hold for each of the segments hold for all: wider, perhaps, than what is left of the rows. */
function mergedRanges(inputs: readonly SegmentEntry[]): Pick<SegmentEntry, 'minTs' | 'maxTs' | 'accounts' | 'paths'> {
  const accounts = new Set<string>();
  const paths = new Map<string, number>();
  let [hasAccounts, hasPaths] = [true, true];
  for (const entry of inputs) {
    if (!entry.accounts) hasAccounts = false;
    for (const account of entry.accounts ?? []) accounts.add(account);
    if (!entry.paths) hasPaths = false;
    for (const [path, count] of Object.entries(entry.paths ?? {})) paths.set(path, (paths.get(path) ?? 0) + count);
  }
  return {
    minTs: Math.min(...inputs.map((entry) => entry.minTs)),
    maxTs: Math.max(...inputs.map((entry) => entry.maxTs)),
    ...(hasAccounts && accounts.size <= maxListedAccounts ? { accounts: [...accounts].sort() } : {}),
    ...(hasPaths && paths.size <= maxListedPaths ? { paths: Object.fromEntries(paths) } : {}),
  };
}

const engineTypes = { text: VARCHAR, whole: DOUBLE, time: DOUBLE, texts: LIST(VARCHAR) } as const;
const columnTypes = [...segmentColumns.map((column) => engineTypes[column.type]), VARCHAR];

function emptyColumns(): DuckDBValue[][] {
  return columnTypes.map(() => []);
}

async function copySorted(connection: DuckDBConnection, file: string): Promise<void> {
  const columns = segmentColumns.map(({ name, type }) => {
    if (type === 'time') return `make_timestamptz("${name}"::BIGINT * 1000) AS "${name}"`;
    return type === 'whole' ? `"${name}"::BIGINT AS "${name}"` : `"${name}"`;
  });
  await copyTable(connection, `(SELECT ${columns.join(', ')}, object_version FROM staged)`, file);
}

async function copyTable(connection: DuckDBConnection, source: string, file: string): Promise<void> {
  await connection.run(
    `COPY (SELECT * FROM ${source} ORDER BY ${segmentOrder}) TO ${sqlText(file)}
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows})`,
  );
}

async function countRows(connection: DuckDBConnection, table: string): Promise<number> {
  const rows = await (await connection.run(`SELECT count(*)::DOUBLE AS n FROM ${table}`)).getRowObjectsJS();
  return Number(rows[0]?.['n'] ?? 0);
}

async function fileIdentity(file: string): Promise<{ sizeBytes: number; sha256: string }> {
  return identityOf(await readFile(file));
}

function identityOf(content: Uint8Array): { sizeBytes: number; sha256: string } {
  return { sizeBytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

/** What the manifest says of a segment, gathered while its records pass by. */
class SegmentStatistics {
  records = 0;
  bytes = 0;
  #minTs = Number.POSITIVE_INFINITY;
  #maxTs = Number.NEGATIVE_INFINITY;
  readonly #accounts = new Set<string>();
  readonly #paths = new Map<string, number>();

  add(record: LogRecord, bytes: number): void {
    this.records += 1;
    this.bytes += bytes;
    this.#minTs = Math.min(this.#minTs, record.tsMs);
    this.#maxTs = Math.max(this.#maxTs, record.tsMs);
    if (record.account !== undefined && this.#accounts.size <= maxListedAccounts) this.#accounts.add(record.account);
  }

  addPaths(tokens: readonly string[]): void {
    const paths = new Set(tokens.map(pathOfToken));
    for (const path of paths) {
      const count = this.#paths.get(path);
      if (count !== undefined) this.#paths.set(path, count + 1);
      else if (this.#paths.size <= maxListedPaths) this.#paths.set(path, 1);
    }
  }

  async entryOf(file: string): Promise<Omit<SegmentEntry, 'key'>> {
    return {
      ...(await fileIdentity(file)),
      records: this.records,
      minTs: this.#minTs,
      maxTs: this.#maxTs,
      ...(this.#accounts.size <= maxListedAccounts ? { accounts: [...this.#accounts].sort() } : {}),
      ...(this.#paths.size <= maxListedPaths ? { paths: Object.fromEntries(this.#paths) } : {}),
    };
  }
}
