/** Writes segments again: several as one, or one without the rows of some object versions; their task side is folded anew. */

import { rm } from 'node:fs/promises';
import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import type { Database } from './database.ts';
import { fileIdentity } from './fileIdentity.ts';
import type { SegmentEntry } from './manifest.ts';
import { mergedStatistics } from './segmentStatistics.ts';
import { copyTable, type LocalSegment, taskSideFile } from './segmentWriter.ts';
import { foldRows, type LocalTaskSide } from './taskSide.ts';
import { TextFilter } from './textFilter.ts';
import { readTextFilters } from './textFilters.ts';

/** Writes a segment again without the rows of some object versions; `undefined` when none is left. */
export async function withoutVersions(
  database: Database,
  segment: LocalSegment,
  versions: readonly string[],
  file: string,
  signal?: AbortSignal,
): Promise<LocalSegment | undefined> {
  const kept = await rewrite(database, [segment.file], versions, file, signal);
  await rm(segment.file, { force: true });
  if (segment.tasks) await rm(segment.tasks.file, { force: true });
  if (!kept) return undefined;
  const { tasks: _before, ...described } = segment;
  // Time range, accounts and paths may now be wider than the rows: that costs a look, never a row.
  return { ...described, ...kept };
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
): Promise<LocalSegment | undefined> {
  try {
    const kept = await rewrite(database, files, superseded, file, signal);
    return kept && { ...kept, ...mergedStatistics(inputs) };
  } finally {
    for (const each of files) await rm(each, { force: true });
  }
}

interface Rewritten {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly records: number;
  readonly tasks?: LocalTaskSide;
}

async function rewrite(
  database: Database,
  files: readonly string[],
  unwanted: readonly string[],
  file: string,
  signal?: AbortSignal,
): Promise<Rewritten | undefined> {
  return await database.use(async (connection) => {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM read_parquet($files, hive_partitioning = false)
       WHERE object_version NOT IN (SELECT unnest($unwanted))`,
      { files: listValue(files), unwanted: listValue(unwanted) },
      { files: LIST(VARCHAR), unwanted: LIST(VARCHAR) },
    );
    const records = await countRows(connection, 'kept');
    if (records === 0) return undefined;
    await copyTable(connection, 'SELECT * FROM kept', file, mergedFilter(await readTextFilters(connection, files)));
    const parts = await foldRows(connection, 'kept r', signal);
    const tasks = await parts.write(connection, taskSideFile(file));
    await connection.run('DROP TABLE kept');
    return { file, ...(await fileIdentity(file)), records, ...(tasks ? { tasks } : {}) };
  }, signal);
}

/** What holds for each of the segments, or none where one of them has none. */
function mergedFilter(filters: readonly (TextFilter | undefined)[]): TextFilter | undefined {
  const merged = TextFilter.empty();
  for (const filter of filters) {
    if (!filter) return undefined;
    merged.merge(filter);
  }
  return merged;
}

async function countRows(connection: DuckDBConnection, table: string): Promise<number> {
  const rows = await (await connection.run(`SELECT count(*)::DOUBLE AS n FROM ${table}`)).getRowObjectsJS();
  return Number(rows[0]?.['n'] ?? 0);
}
