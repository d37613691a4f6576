/**
 * The index against the ClickHouse engine (MergeTree, bloom filter on the task, text indexes), on the same generated log files in
 * one run: `node test/bench/indexScale.bench.ts [RECORDS…]`; of several sizes it tells how the answers grow. Each part runs in a process of its own, so that memory is told of each;
 * the index is made and asked in code that is bundled as it ships.
 * Medians of warm runs. Where ClickHouse is asked for less than the index, the column `ClickHouse answers` says so.
 */

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ClickHouseClient } from '@clickhouse/client';
import { EngineClient } from '../../src/engine/engineClient.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { clickHouseForTests } from '../rigs/clickhouse.ts';
import { type GeneratedLogs, generateLogs } from './generateRecords.ts';
import { insertRecords } from './insertRecords.ts';
import { markdownTable, wholeText } from './markdownTable.ts';
import type { Indexed } from './indexOnce.ts';
import type { Asked } from './indexScaleAsk.ts';
import { type Question, questionsOf, type Sample } from './indexScaleQuestions.ts';
import { builtEngine, bundled } from './shipped.ts';
import { processorMsSince, type Times, timesFrom, timesOf } from './times.ts';

const seed = 20261123;
const runs = 15;
/** Fresh processes whose first answer is timed. */
const firstRuns = 7;

interface ClickHouse {
  readonly insertMs: number;
  readonly processorMs: number;
  readonly bytes: number;
  readonly times: Readonly<Record<string, Times>>;
}

const [part = '1000000', directory = '', given = '{}'] = process.argv.slice(2);
switch (part) {
  case 'clickhouse':
    // What was handed over is of this very file.
    tell(await askClickHouse(directory, JSON.parse(given) as Sample));
    break;
  default: {
    const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000_000];
    if (!sizes.every((size) => size >= 1000)) throw new RangeError('expected numbers of records, each 1000 or more');
    const measured: Measured[] = [];
    for (const size of sizes) measured.push(await compare(size));
    if (measured.length > 1) console.log(`\n${growth(measured)}`);
  }
}

interface Measured {
  readonly made: GeneratedLogs;
  readonly indexed: Indexed;
  readonly first: Times;
  readonly ours: Asked;
  readonly theirs: ClickHouse | undefined;
}

/** Prints one size's table. */
async function compare(wanted: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-trace-bench-'));
  try {
    const made = await generateLogs(storesIn(folder).logs, wanted, seed);
    const { records, tasks, objects, rawBytes, storedBytes } = made;
    console.log(
      `${records} records of ${tasks} tasks in ${objects} objects: ${mb(rawBytes)} MB, gzip ${mb(storedBytes)} MB`,
    );
    // Each tells what it prints at its end.
    const indexed = run(await bundled('indexOnce'), folder) as Indexed;
    const first = await firstAnswers(folder);
    const ours = run(await bundled('indexScaleAsk'), folder, JSON.stringify(made.sample)) as Asked;
    const theirs = (inProcess('clickhouse', folder, ours.sample) ?? undefined) as ClickHouse | undefined;
    const rows = questionsOf(ours.sample).map(({ name, goalMs, answers }) => {
      const [mine, other] = [ours.times[name], theirs?.times[name]];
      const times = [msText(mine?.medianMs), msText(mine?.p95Ms), String(goalMs), msText(other?.medianMs)];
      return [name, ...times, ratioText(mine?.medianMs, other?.medianMs), answers];
    });
    const processor = `processor time ${wholeText(indexed.processorMs)}, ClickHouse ${wholeText(theirs?.processorMs)}`;
    const indexing = [wholeText(indexed.ms), '', 'ClickHouse', wholeText(theirs?.insertMs)];
    rows.push(['indexing, or inserting', ...indexing, ratioText(indexed.ms, theirs?.insertMs), processor]);
    rows.push(['first answer of a fresh engine', wholeText(first.medianMs), wholeText(first.p95Ms), '300']);
    const header = ['', 'index, ms', 'p95', 'goal', 'ClickHouse, ms', 'ratio', 'ClickHouse answers with'];
    console.log(markdownTable(header, rows));
    const share = (bytes: number) => `${mb(bytes)} MB = ${shareText(bytes, made)} of the raw text`;
    console.log(`size: index ${share(ours.bytes)}; ClickHouse ${theirs ? share(theirs.bytes) : '-'}`);
    console.log(`peak memory: indexing ${indexed.peakMb} MB (goal 1024), all questions ${ours.peakMb} MB (goal 512)`);
    return { made, indexed, first, ours, theirs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What each size takes, side by side. */
function growth(measured: readonly Measured[]): string {
  const header = measured.flatMap(({ made }) => [`${wholeText(made.records)}, ms`, 'p95', 'ClickHouse', 'ratio']);
  const rowOf = (name: string, cells: (of: Measured) => readonly string[]) => [name, ...measured.flatMap(cells)];
  const rows = (measured[0] ? questionsOf(measured[0].ours.sample) : []).map(({ name }) =>
    rowOf(name, ({ ours, theirs }) => {
      const [mine, other] = [ours.times[name], theirs?.times[name]];
      const ratio = ratioText(mine?.medianMs, other?.medianMs);
      return [msText(mine?.medianMs), msText(mine?.p95Ms), msText(other?.medianMs), ratio];
    }),
  );
  rows.push(
    rowOf('indexing, or inserting', ({ indexed, theirs }) => [
      wholeText(indexed.ms),
      '',
      wholeText(theirs?.insertMs),
      ratioText(indexed.ms, theirs?.insertMs),
    ]),
    rowOf('first answer of a fresh engine', ({ first }) => [wholeText(first.medianMs), wholeText(first.p95Ms), '', '']),
    rowOf('size, of the JSON', ({ made, ours, theirs }) => [
      shareText(ours.bytes, made),
      '',
      theirs ? shareText(theirs.bytes, made) : '-',
      '',
    ]),
    rowOf('peak memory, indexing, MB', ({ indexed }) => [wholeText(indexed.peakMb), '', '', '']),
    rowOf('peak memory, all questions, MB', ({ ours }) => [wholeText(ours.peakMb), '', '', '']),
  );
  return markdownTable(['', ...header], rows);
}

function msText(ms: number | undefined): string {
  return ms?.toFixed(1) ?? '-';
}

function ratioText(ours: number | undefined, theirs: number | undefined): string {
  if (ours === undefined || theirs === undefined) return '-';
  const ratio = theirs / ours;
  return `${ratio < 1 ? ratio.toFixed(2) : ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)}x`;
}

function shareText(bytes: number, { rawBytes }: GeneratedLogs): string {
  return `${((100 * bytes) / rawBytes).toFixed(1)}%`;
}

/** Runs a part of this file by itself. */
function inProcess(name: string, folder: string, input: unknown = {}): unknown {
  return run(import.meta.filename, name, folder, JSON.stringify(input));
}

/** Runs a module by itself; its last line is what it found. */
function run(file: string, ...args: readonly string[]): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${basename(file)} ${args[0] ?? ''} ended with ${status}: ${stderr}`);
  const lines = stdout.trim().split('\n');
  for (const line of lines.slice(0, -1)) console.log(line);
  return JSON.parse(lines.at(-1) ?? 'null');
}

function tell(found: unknown): void {
  console.log(JSON.stringify(found ?? null));
}

function storesIn(folder: string) {
  const root = pathToFileURL(folder).href;
  return { logs: new FileStore(`${root}/logs`), store: new FileStore(`${root}/index`) };
}

/** From the start of an engine process to its answer, as the editor starts and asks it. */
async function firstAnswers(folder: string): Promise<Times> {
  const entry = builtEngine();
  const environment = { name: 'bench', coordinators: [], paths: [], index: storesIn(folder).store.url };
  const times: number[] = [];
  for (let each = 0; each < firstRuns; each++) {
    await using engine = new EngineClient({ entry });
    await engine.configure({ environments: [environment], cacheDirectory: join(folder, 'cache'), memoryLimitMb: 512 });
    const start = performance.now();
    const { tasks } = await engine.search({ environment: 'bench', query: '', limit: 100, mode: 'index' });
    times.push(performance.now() - start);
    if (tasks.length !== 100) throw new Error(`a first answer of ${tasks.length} tasks`);
  }
  return timesFrom(times);
}

async function askClickHouse(folder: string, sample: Sample): Promise<ClickHouse | undefined> {
  const engine = await clickHouseForTests({ skip: (reason) => console.log(`without ClickHouse: ${reason}`) });
  if (!engine) return undefined;
  try {
    const before = process.cpuUsage();
    const insertMs = await insertRecords(engine.client, fileURLToPath(storesIn(folder).logs.url));
    const processorMs = processorMsSince(before);
    const bytes = await sizeOf(engine.client);
    const times = await timesOfAll(questionsOf(sample), async ({ sql }) => (await rowsOf(engine.client, sql)).length);
    return { insertMs, processorMs, bytes, times };
  } finally {
    await engine.close();
  }
}

async function timesOfAll(
  questions: readonly Question[],
  ask: (question: Question) => Promise<number>,
): Promise<Record<string, Times>> {
  const times: Record<string, Times> = {};
  for (const question of questions)
    times[question.name] = await timesOf(question.name, runs, async () => await ask(question));
  return times;
}

async function sizeOf(client: ClickHouseClient): Promise<number> {
  const [row] = await rowsOf(
    client,
    `SELECT toString(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE table = 'records' AND active`,
  );
  return Number(row?.['bytes']);
}

async function rowsOf(client: ClickHouseClient, sql: string): Promise<readonly Record<string, unknown>[]> {
  const result = await client.query({ query: sql, format: 'JSONEachRow' });
  return await result.json<Record<string, unknown>>();
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
