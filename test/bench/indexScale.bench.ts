/**
 * The index against the ClickHouse engine (MergeTree, bloom filter on the task, text indexes), on the same generated log files in
 * one run: `node test/bench/indexScale.bench.ts [RECORDS]`. Medians of warm runs. Where ClickHouse is asked for less than
 * a folded task with its total, the column `ClickHouse answers` says so.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ClickHouseClient } from '@clickhouse/client';
import { sqlText } from '../../src/index/sqlText.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { LogIndex } from '../../src/index/logIndex.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import type { Query } from '../../src/model/query/query.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { clickHouseForTests } from '../rigs/clickhouse.ts';
import { type GeneratedLogs, generateLogs } from './generateRecords.ts';

const wanted = Number(process.argv[2] ?? 1_000_000);
const seed = 20261123;
const memoryLimitMb = 512;
const runs = 15;

interface Question {
  readonly name: string;
  readonly goalMs: number;
  readonly ask: (index: LogIndex) => Promise<number>;
  readonly sql: string;
  readonly answers: string;
}

interface Times {
  readonly medianMs: number;
  readonly p95Ms: number;
}

const directory = await mkdtemp(join(tmpdir(), 'ingest-trace-bench-'));
try {
  await run();
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const root = pathToFileURL(directory).href;
  const [logs, store] = [new FileStore(`${root}/logs`), new FileStore(`${root}/index`)];
  const made = await generateLogs(logs, wanted, seed);
  console.log(
    `${made.records} records of ${made.tasks} tasks in ${made.objects} objects: ${mb(made.rawBytes)} MB, gzip ${mb(made.storedBytes)} MB`,
  );
  const before = process.cpuUsage();
  const pass = await indexLogs({ logs, index: store });
  const used = process.cpuUsage(before);
  const indexingPeakMb = peakMb();

  const start = performance.now();
  const index = await LogIndex.open({ store, cacheDirectory: join(directory, 'cache'), memoryLimitMb });
  await index.search(query(''), { limit: 100 });
  const firstMs = performance.now() - start;
  const status = await index.status();
  const { detail } = await index.task(made.sample.task);
  const record = detail?.records.find(({ worker }) => worker !== undefined);
  if (!record?.worker) throw new Error('the sample task ran on no worker');
  const questions = questionsOf(made.sample, record.worker, record.tsMs);
  const ours = new Map<string, Times>();
  for (const { name, ask } of questions) ours.set(name, await timesOf(name, () => ask(index)));
  const queryRssMb = Math.round(process.memoryUsage().rss / 2 ** 20);
  await index.close();

  const engine = await clickHouseForTests({ skip: (reason) => console.log(`without ClickHouse: ${reason}`) });
  let insertMs: number | undefined;
  let tableBytes: number | undefined;
  const theirs = new Map<string, Times>();
  if (engine) {
    try {
      insertMs = await insert(engine.client, fileURLToPath(logs.url));
      tableBytes = await sizeOf(engine.client);
      for (const { name, sql } of questions) {
        theirs.set(name, await timesOf(name, async () => (await rowsOf(engine.client, sql)).length));
      }
    } finally {
      await engine.close();
    }
  }

  const rows: Record<string, Record<string, string>> = {};
  for (const { name, goalMs, answers } of questions) {
    const [mine, other] = [ours.get(name), theirs.get(name)];
    rows[name] = {
      'index ms': mine?.medianMs.toFixed(1) ?? '-',
      'p95 ms': mine?.p95Ms.toFixed(1) ?? '-',
      'goal ms': String(goalMs),
      'ClickHouse ms': other?.medianMs.toFixed(1) ?? '-',
      ratio: mine && other ? `${(other.medianMs / mine.medianMs).toFixed(1)}x` : '-',
      'ClickHouse answers': answers,
    };
  }
  rows['indexing / insert'] = {
    'index ms': String(pass.ms),
    'p95 ms': '',
    'goal ms': 'ClickHouse',
    'ClickHouse ms': insertMs?.toFixed(0) ?? '-',
    ratio: insertMs === undefined ? '-' : `${(insertMs / pass.ms).toFixed(2)}x`,
    'ClickHouse answers': `ours took ${Math.round((used.user + used.system) / 1000)} ms of processor time`,
  };
  rows['first answer of a new reader'] = {
    'index ms': firstMs.toFixed(0),
    'p95 ms': '',
    'goal ms': '300',
    'ClickHouse ms': '-',
    ratio: '-',
    'ClickHouse answers': '',
  };
  console.table(rows);
  const share = (bytes: number) => `${mb(bytes)} MB = ${((100 * bytes) / made.rawBytes).toFixed(1)}% of the raw text`;
  console.log(`size: index ${share(status.bytes)}; ClickHouse ${tableBytes === undefined ? '-' : share(tableBytes)}`);
  console.log(
    `memory of this process: ${indexingPeakMb} MB at most after generating and indexing (goal 1024), ${queryRssMb} MB after all queries (goal 512, of a process that has not indexed)`,
  );
}

function questionsOf(sample: GeneratedLogs['sample'], worker: string, atMs: number): readonly Question[] {
  const { account, collection, task, rareWord } = sample;
  const search = (text: string) => async (index: LogIndex) => (await index.search(query(text), { limit: 100 })).total;
  const folded = 'task, min(ts) AS first, max(ts) AS last, argMax(event, ts) AS event, max(attempt) AS attempts';
  const at = new Date(atMs).toISOString();
  const moment = `parseDateTime64BestEffort(${sqlText(at)}, 3, 'UTC')`;
  const tasksWith = (test: string) =>
    `SELECT ${folded} FROM records WHERE task IN (SELECT task FROM records WHERE ${test}) GROUP BY task ORDER BY last DESC LIMIT 100`;
  return [
    {
      name: 'newest 100 tasks',
      goalMs: 10,
      ask: search(''),
      sql: `SELECT ${folded} FROM records GROUP BY task ORDER BY last DESC LIMIT 100`,
      answers: 'folded tasks, no total',
    },
    {
      name: 'newest 100 failed',
      goalMs: 10,
      ask: search('status:failed'),
      sql: `SELECT task, ts FROM records WHERE event = 'task.failed' ORDER BY ts DESC LIMIT 100`,
      answers: 'ids of failures, no total',
    },
    {
      name: 'account + collection, newest 100',
      goalMs: 10,
      ask: search(`account:${account} collection:${collection}`),
      sql: `SELECT ${folded} FROM records WHERE account = ${sqlText(account)} AND collection = ${sqlText(collection)}
        GROUP BY task ORDER BY last DESC LIMIT 100`,
      answers: 'folded tasks, no total',
    },
    {
      name: 'one task with its records',
      goalMs: 10,
      ask: async (index) => (await index.task(task)).detail?.records.length ?? 0,
      sql: `SELECT * FROM records WHERE task = ${sqlText(task)} ORDER BY ts`,
      answers: 'records',
    },
    {
      name: 'worker at a moment',
      goalMs: 10,
      ask: search(`worker:${worker} at:${at}`),
      sql: `SELECT ${folded} FROM records WHERE task IN (SELECT task FROM records WHERE worker = ${sqlText(worker)}
          AND ts BETWEEN ${moment} - INTERVAL 1 DAY AND ${moment} + INTERVAL 1 DAY)
        GROUP BY task HAVING first <= ${moment} AND last >= ${moment}`,
      answers: 'folded tasks that ran within a day of it',
    },
    {
      name: 'rare word',
      goalMs: 50,
      ask: search(rareWord),
      sql: tasksWith(`hasAllTokens(message, ${sqlText(rareWord.replace('-', ' '))})`),
      answers: 'whole words of the message only',
    },
    {
      name: 'substring in a stack',
      goalMs: 50,
      ask: search('error.stack:*inflate7*'),
      sql: tasksWith(`stack LIKE '%inflate7%'`),
      answers: 'folded tasks, no total',
    },
    {
      name: 'JSON path equality',
      goalMs: 50,
      ask: search('http.status:503'),
      sql: tasksWith('http.status = 503'),
      answers: 'folded tasks, no total',
    },
  ];
}

function query(text: string): Query {
  const parsed = parseQuery(text, { nowMs: Date.now() });
  if (parsed.kind === 'problem') throw new Error(parsed.problem.message);
  return parsed.query;
}

async function insert(client: ClickHouseClient, folder: string): Promise<number> {
  const names = 'level event account collection source coordinator worker thread'
    .split(' ')
    .map((name) => `${name} LowCardinality(String)`)
    .join(', ');
  const read = `ts DateTime64(3, 'UTC'), ${names}, task String, attempt UInt32, message String, key String, bytes UInt64,
    docs UInt64, error Tuple(type String, message String, stack String), build JSON, http JSON`;
  await client.command({
    query: `CREATE TABLE records (ts DateTime64(3, 'UTC'), ${names}, task String, attempt UInt32, message String,
        key String, bytes UInt64, docs UInt64, error_type LowCardinality(String), error_message String, stack String,
        build JSON, http JSON,
        INDEX task_bloom task TYPE bloom_filter GRANULARITY 1,
        INDEX message_text message TYPE text(tokenizer = 'splitByNonAlpha'),
        INDEX stack_text stack TYPE text(tokenizer = 'splitByNonAlpha')
      ) ENGINE = MergeTree ORDER BY (account, collection, ts)`,
    clickhouse_settings: { allow_experimental_full_text_index: 1 },
  });
  const start = performance.now();
  await client.command({
    query: `INSERT INTO records SELECT * EXCEPT (error, build, http), error.type AS error_type,
        error.message AS error_message, error.stack AS stack, build, http
      FROM (SELECT ts, level, event, account, collection, source, coordinator, worker, thread, task, attempt, message,
        key, bytes, docs, error, build, http FROM file(${sqlText(join(folder, '**', '*.ndjson.gz'))}, 'JSONEachRow', ${sqlText(read)}))`,
    clickhouse_settings: { date_time_input_format: 'best_effort' },
  });
  return performance.now() - start;
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

/** Of `runs` timed runs after two that warm up. @param work gives how much it found, which must be something. */
async function timesOf(name: string, work: () => Promise<number>): Promise<Times> {
  const times: number[] = [];
  for (let run = -2; run < runs; run++) {
    const start = performance.now();
    const found = await work();
    if (found === 0) throw new Error(`nothing found: ${name}`);
    if (run >= 0) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(runs - 1, Math.floor(runs * share))] ?? Number.NaN;
  return { medianMs: at(0.5), p95Ms: at(0.95) };
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function peakMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}
