/**
 * Our Parquet writer against the engine's COPY, on the same sorted rows: `node test/bench/parquet.bench.ts [RECORDS]`. Then what the engine
 * takes to read the two files, and what a few rows of all columns take without it. Medians of warm runs; processor time counts all threads.
 */

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { sqlText } from '../../src/index/sqlText.ts';
import { ParquetLayouts, readParquetRows } from '../../src/index/parquet/readParquetRows.ts';
import { writeParquet } from '../../src/index/parquet/writeParquet.ts';
import { SegmentDraft } from '../../src/index/segments/segmentDraft.ts';
import { sortDraft } from '../../src/index/segments/sortDraft.ts';
import { parquetColumns } from '../../src/index/segments/segmentWriter.ts';
import { listLogObjects } from '../../src/logs/listLogObjects.ts';
import { readLogObject } from '../../src/logs/readLogObject.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { generateLogs } from './generateRecords.ts';
import { median, processorMsSince } from './times.ts';

const wanted = Number(process.argv[2] ?? 200_000);
const seed = 20261123;
const runs = 9;
/** A few milliseconds each, of which the first are those of code that is not compiled yet. */
const shortRuns = { warm: 40, counted: 80 };
const rowGroupRows = 30_720;
const directory = await mkdtemp(join(tmpdir(), 'ingest-trace-bench-'));
try {
  await run();
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const store = new FileStore(`${pathToFileURL(directory).href}/logs`);
  const made = await generateLogs(store, wanted, seed);
  const { columns, order } = await sortedRows(store);
  const [ours, theirs] = [join(directory, 'ours.parquet'), join(directory, 'copy.parquet')];
  console.log(`${order.length} records, ${mb(made.rawBytes)} MB of JSON, ${columns.length} columns`);

  const written = await timesOf(() => writeParquet(ours, columns, order, { rowGroupRows }));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE rows AS FROM ${sqlText(ours)}`);
  const copied = await timesOf(() =>
    connection.run(
      `COPY rows TO ${sqlText(theirs)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows})`,
    ),
  );
  const [ourBytes, theirBytes] = [(await stat(ours)).size, (await stat(theirs)).size];
  console.log(`${'writing'.padEnd(40)}${'ours'.padStart(22)}${'engine'.padStart(22)}`);
  report('a file, ms (of processor time)', written, copied);
  console.log(
    `${'its size, MB'.padEnd(40)}${mb(ourBytes).padStart(22)}${mb(theirBytes).padStart(22)}  ${(ourBytes / theirBytes).toFixed(2)}x`,
  );

  console.log(
    `\n${'reading, ms (of processor time)'.padEnd(40)}${'our file'.padStart(22)}${"the engine's".padStart(22)}`,
  );
  for (const [name, sql] of questionsOf(made.sample.task)) {
    const times = [ours, theirs].map((file) => timesOf(() => ask(connection, sql.replace('FILE', sqlText(file)))));
    report(name, await (times[0] as Promise<Times>), await (times[1] as Promise<Times>));
  }
  const layouts = new ParquetLayouts();
  const names = columns.map(({ name }) => name);
  const [start, end] = [Math.floor(order.length / 2), Math.floor(order.length / 2) + 7];
  const read = (file: string) =>
    timesOf(() => readParquetRows(file, { columns: names, ranges: [{ start, end }], layouts }), shortRuns);
  report('7 rows, all columns, without the engine', await read(ours), await read(theirs));
  connection.closeSync();
  instance.closeSync();
}

function questionsOf(task: string): readonly (readonly [name: string, sql: string])[] {
  return [
    ['every value', 'SELECT count(COLUMNS(*)) FROM FILE'],
    ['one task', `SELECT * FROM FILE WHERE task = ${sqlText(task)}`],
    ['tasks, grouped', 'SELECT count(*) FROM (SELECT task, max(ts) FROM FILE GROUP BY task)'],
    ['a substring of stacks', "SELECT count(*) FROM FILE WHERE error_stack LIKE '%normalize3%'"],
    ['a field token', "SELECT count(*) FROM FILE WHERE list_contains(fields, 'http.status\u241Fn\u241F503')"],
    ['7 rows, all columns', 'SELECT * FROM FILE WHERE file_row_number BETWEEN 100000 AND 100006'],
  ];
}

async function ask(connection: DuckDBConnection, sql: string): Promise<void> {
  await connection.runAndReadAll(sql.replace(/FROM ('[^']*')/, 'FROM read_parquet($1, file_row_number = true)'));
}

async function sortedRows(store: FileStore) {
  const draft = new SegmentDraft();
  for await (const { key } of listLogObjects(store)) {
    for await (const lines of readLogObject(store, key)) {
      for (const line of lines) if (line.kind === 'record') draft.add(line.record, 'v');
    }
  }
  return { columns: parquetColumns(draft), order: sortDraft(draft).order.rows };
}

interface Times {
  readonly wallMs: number;
  readonly processorMs: number;
}

async function timesOf(work: () => Promise<unknown>, { warm, counted } = { warm: 1, counted: runs }): Promise<Times> {
  const [walls, processors]: [number[], number[]] = [[], []];
  for (let index = 0; index < warm + counted; index++) {
    const [start, used] = [performance.now(), process.cpuUsage()];
    await work();
    const processorMs = processorMsSince(used);
    if (index < warm) continue;
    walls.push(performance.now() - start);
    processors.push(processorMs);
  }
  return { wallMs: median(walls), processorMs: median(processors) };
}

function report(name: string, ours: Times, theirs: Times): void {
  const show = ({ wallMs, processorMs }: Times) => `${wallMs.toFixed(1)} (${processorMs.toFixed(1)})`.padStart(22);
  const ratio = (ours.processorMs / theirs.processorMs).toFixed(2);
  console.log(`${name.padEnd(40)}${show(ours)}${show(theirs)}  ${ratio}x`);
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}
