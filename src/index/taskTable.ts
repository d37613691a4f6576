/**
 * All tasks of an index, folded, in a table of the embedded engine: read from the task sides of the segments once, kept up
 * with each newer manifest by merging what is new. Questions about tasks are then scans of one small table.
 */

import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import { type Database, sqlText } from './database.ts';
import type { SegmentEntry, TaskSideEntry } from './manifest.ts';
import { recordsSql, type SegmentSet } from './segmentSet.ts';
import { createTaskTableSql, mendSql, mergeSql, noPartsSql, tableRowsSql, taskTable } from './taskMerge.ts';
import { foldRows } from './taskSide.ts';

export interface TaskSources extends SegmentSet {
  readonly fileOfTasks: (side: TaskSideEntry) => string;
}

/** A bulk of rows is compressed once it is in. */
const compressRows = 50_000;

export class TaskTable {
  readonly database: Database;
  #covered: ReadonlySet<string> | undefined;
  /** Tells whether records count no more that did. */
  #dropped = '';
  #bringing: Promise<void> | undefined;

  private constructor(database: Database) {
    this.database = database;
  }

  static async open(database: Database): Promise<TaskTable> {
    await database.query(`ATTACH ':memory:' AS folded (COMPRESS true)`);
    return new TaskTable(database);
  }

  /** The segments that the table lacks: their sides must be at hand when `bring` is called. */
  missing(segments: SegmentSet): readonly SegmentEntry[] {
    if (this.#isStale(segments)) return segments.entries;
    return segments.entries.filter(({ key }) => !this.#covered?.has(key));
  }

  /** Brings the table up to the segments. Who comes while that is under way waits for it, and looks again. */
  async bring(sources: TaskSources, signal?: AbortSignal): Promise<void> {
    while (this.missing(sources).length > 0) {
      signal?.throwIfAborted();
      if (this.#bringing) {
        // Whoever began it hears of its failure; it is tried again here.
        await this.#bringing.catch(() => undefined);
        continue;
      }
      this.#bringing = this.#load(sources, signal).finally(() => {
        this.#bringing = undefined;
      });
      await this.#bringing;
    }
  }

  /** Whether records count no more that did: then merging is no use. */
  #isStale(segments: SegmentSet): boolean {
    if (!this.#covered || this.#dropped !== droppedBy(segments)) return true;
    // All new is a new index, for all we know.
    const { entries } = segments;
    return entries.length > 0 && !entries.some(({ key }) => this.#covered?.has(key)) && this.#covered.size > 0;
  }

  async #load(sources: TaskSources, signal?: AbortSignal): Promise<void> {
    const { entries } = sources;
    const isStale = this.#isStale(sources);
    const added = this.missing(sources);
    await this.database.use(async (connection) => {
      const parts = await partsOf(connection, added, sources, signal);
      // What is temporary first: a transaction changes one database.
      await connection.run(
        isStale
          ? `CREATE OR REPLACE TEMP TABLE shared AS SELECT task FROM ${parts} GROUP BY task HAVING count(*) > 1`
          : `CREATE OR REPLACE TEMP TABLE shared AS SELECT task FROM ${parts} GROUP BY task HAVING count(*) > 1
             UNION SELECT task FROM ${taskTable} WHERE task IN (SELECT task FROM ${parts})`,
      );
      const before = isStale
        ? ''
        : `UNION ALL BY NAME SELECT * EXCLUDE (status) FROM ${taskTable} WHERE task IN (FROM shared)`;
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE merged AS ${mergeSql(
          `(SELECT * FROM ${parts} WHERE task IN (FROM shared) ${before})`,
        )}`,
      );
      if ((await count(connection, 'merged WHERE torn')) > 0) await mend(connection, sources);
      await connection.run('BEGIN TRANSACTION');
      await connection.run(isStale ? createTaskTableSql : `DELETE FROM ${taskTable} WHERE task IN (FROM shared)`);
      await connection.run(
        `INSERT INTO ${taskTable} ${tableRowsSql(`(SELECT * FROM ${parts} WHERE task NOT IN (FROM shared))`)}`,
      );
      await connection.run(`INSERT INTO ${taskTable} ${tableRowsSql('merged')}`);
      await connection.run('COMMIT');
      // Whatever is cancelled from here on, the table is what it should be.
      this.#covered = new Set(entries.map(({ key }) => key));
      this.#dropped = droppedBy(sources);
      if (added.reduce((sum, { tasks }) => sum + (tasks?.tasks ?? 0), 0) > compressRows) {
        await connection.run('CHECKPOINT folded');
      }
    }, signal);
  }
}

function droppedBy({ expired = 0, superseded }: SegmentSet): string {
  return `${expired} ${superseded.join()}`;
}

/** A relation of the parts that the segments say, with `unsettled`. */
async function partsOf(
  connection: DuckDBConnection,
  segments: readonly SegmentEntry[],
  sources: TaskSources,
  signal?: AbortSignal,
): Promise<string> {
  const changed = await segmentsWithSuperseded(connection, segments, sources);
  const files: string[] = [];
  const relations: string[] = [];
  for (const segment of segments) {
    if (segment.tasks && !changed.has(segment)) files.push(sources.fileOfTasks(segment.tasks));
    else {
      // Written before there were task sides, or some of its rows do not count any more.
      const rows = recordsSql([segment], sources, textLists);
      const staged = await (await foldRows(connection, rows, signal)).stage(connection, `folded_${relations.length}`);
      if (staged) relations.push(`(${staged.selectSql})`);
    }
  }
  if (files.length > 0) relations.push(`read_parquet(${textLists.add(files)}, hive_partitioning = false)`);
  if (relations.length === 0) return noPartsSql;
  return `(${relations.map((each) => `SELECT *, false AS unsettled FROM ${each}`).join(' UNION ALL BY NAME ')})`;
}

async function segmentsWithSuperseded(
  connection: DuckDBConnection,
  segments: readonly SegmentEntry[],
  { superseded, fileOf }: TaskSources,
): Promise<ReadonlySet<SegmentEntry>> {
  if (superseded.length === 0 || segments.length === 0) return new Set();
  const result = await connection.run(
    `SELECT DISTINCT filename FROM read_parquet($files, hive_partitioning = false, filename = true)
     WHERE object_version IN (SELECT unnest($superseded))`,
    { files: listValue(segments.map(fileOf)), superseded: listValue(superseded) },
    { files: LIST(VARCHAR), superseded: LIST(VARCHAR) },
  );
  const files = new Set((await result.getRowObjectsJS()).map((row) => row['filename']));
  return new Set(segments.filter((segment) => files.has(fileOf(segment))));
}

async function mend(connection: DuckDBConnection, sources: TaskSources): Promise<void> {
  await connection.run(mendSql('merged', recordsSql(sources.entries, sources, textLists)));
}

async function count(connection: DuckDBConnection, from: string): Promise<number> {
  const rows = await (await connection.run(`SELECT count(*)::DOUBLE AS n FROM ${from}`)).getRowObjectsJS();
  return Number(rows[0]?.['n'] ?? 0);
}

/** Lists as literals: the statements that create tables take no parameters. */
const textLists = {
  add(texts: readonly string[]): string {
    return `[${texts.map(sqlText).join(', ')}]::VARCHAR[]`;
  },
};
