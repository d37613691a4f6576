/**
 * Our search against what people use today, on the same generated log files, in one run:
 * `node test/bench/searchVsGrep.bench.ts [RECORDS]`. Medians of warm runs; grep, DuckDB and lnav read the files themselves and
 * return lines rather than folded tasks, so they do less. lnav is told of twice: as a process that reads the files and answers once,
 * like the others, and as one that has read them already and is asked again, as in a terminal that stays open.
 */

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Database } from '../../src/index/database.ts';
import { sqlText } from '../../src/index/sqlText.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { LogIndex } from '../../src/index/logIndex.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { skipWithout } from '../rigs/systemPart.ts';
import { generateLogs } from './generateRecords.ts';
import { Lnav } from './lnav.ts';
import { peakMb } from './times.ts';

const wanted = Number(process.argv[2] ?? 200_000);
const seed = 20261123;
/** Of an lnav that has read the files. */
const furtherAsks = 3;
const duckdbColumns = { ts: 'ts', message: 'message' };
const lnavColumns = { ts: 'log_time', message: 'log_body' };
const directory = await mkdtemp(join(tmpdir(), 'ingest-trace-bench-'));
try {
  await run();
} finally {
  await rm(directory, { recursive: true, force: true });
}

interface Question {
  readonly name: string;
  readonly query: string;
  /** A regular expression that picks the same lines, or the nearest that grep can do. */
  readonly pattern: string;
  /** For DuckDB and, with the columns' names that it gives, for lnav. */
  readonly sql: (columns: { readonly ts: string; readonly message: string }) => string;
}

async function run(): Promise<void> {
  const root = pathToFileURL(directory).href;
  const [logs, store] = [new FileStore(`${root}/logs`), new FileStore(`${root}/index`)];
  const made = await generateLogs(logs, wanted, seed);
  const { account, collection, task, rareWord } = made.sample;
  console.log(
    `${made.records} records of ${made.tasks} tasks in ${made.objects} objects: ${mb(made.rawBytes)} MB, gzip ${mb(made.storedBytes)} MB`,
  );
  const pass = await indexLogs({ logs, index: store });
  const index = await LogIndex.open({ store, cacheDirectory: join(directory, 'cache'), memoryLimitMb: 512 });
  const status = await index.status();
  console.log(
    `indexed in ${pass.ms} ms (${Math.round(pass.records / (pass.ms / 1000))} records/s), ` +
      `${mb(status.bytes)} MB = ${((100 * status.bytes) / made.rawBytes).toFixed(1)}% of the raw text; ` +
      `peak memory so far ${peakMb()} MB`,
  );

  const questions: readonly Question[] = [
    {
      name: 'newest 100 failed tasks',
      query: 'status:failed',
      pattern: '"event":"task\\.failed"',
      sql: ({ ts }) => `event = 'task.failed' ORDER BY ${ts} DESC LIMIT 100`,
    },
    {
      name: 'account + collection, newest 100',
      query: `account:${account} collection:${collection}`,
      pattern: `"account":"${account}","collection":"${collection}"`,
      sql: ({ ts }) =>
        `account = ${sqlText(account)} AND collection = ${sqlText(collection)} ORDER BY ${ts} DESC LIMIT 100`,
    },
    { name: 'one task by id', query: `id:${task}`, pattern: `"task":"${task}"`, sql: () => `task = ${sqlText(task)}` },
    {
      name: 'rare word',
      query: rareWord,
      pattern: rareWord,
      sql: ({ message }) => `${message} LIKE ${sqlText(`%${rareWord}%`)}`,
    },
  ];

  const grep = spawnSync('rg', ['--version']).status === 0 ? 'rg' : 'grep';
  const folder = fileURLToPath(logs.url);
  const spill = join(directory, 'spill');
  const plain = await Database.open({ memoryLimitMb: 2048, temporaryDirectory: spill, directories: [folder] });
  const lnav = await Lnav.open({ folder, home: join(directory, 'lnav') });
  if (lnav) {
    const { rows } = await lnav.ask('SELECT 1 FROM task_log', 1);
    if (rows !== made.records) throw new Error(`lnav read ${rows} of ${made.records} records`);
    console.log(lnav.version);
  } else {
    skipWithout(
      { skip: (reason) => console.error(`SKIPPED: ${reason}`) },
      'lnav is not installed, so it is not compared. Debian and Ubuntu have it: sudo apt-get install lnav',
    );
  }
  let lnavPeakMb = 0;
  const rows: Record<string, Record<string, string>> = {};
  for (const { name, query, pattern, sql } of questions) {
    const parsed = parseQuery(query, { nowMs: Date.now() });
    if (parsed.kind === 'problem') throw new Error(parsed.problem.message);
    const ours = await median(15, async () => {
      const { total } = await index.search(parsed.query, { limit: 100 });
      if (total === 0) throw new Error(`nothing found for ${query}`);
    });
    const theirs = await median(3, async () => {
      const command = `find . -name '*.gz' -exec zcat {} + | ${grep} ${grep === 'rg' ? '' : '-E'} -- "$PATTERN" > /dev/null`;
      const done = spawnSync('sh', ['-c', command], { cwd: folder, env: { ...process.env, PATTERN: pattern } });
      if (done.status !== 0) throw new Error(`${command}: ${done.stderr.toString()}`);
    });
    const files = sqlText(join(folder, '**', '*.ndjson.gz'));
    const where = sql(duckdbColumns);
    let lines = 0;
    const duckdb = await median(3, async () => {
      const found = await plain.query(`SELECT * FROM read_json(${files}, format = 'newline_delimited') WHERE ${where}`);
      if (found.length === 0) throw new Error(`nothing found for ${where}`);
      lines = found.length;
    });
    rows[name] = {
      'index ms': ours.toFixed(1),
      [`zcat | ${grep} ms`]: theirs.toFixed(0),
      ratio: `${(theirs / ours).toFixed(0)}x`,
      'DuckDB read_json ms': duckdb.toFixed(0),
      'ratio ': `${(duckdb / ours).toFixed(0)}x`,
    };
    if (!lnav) continue;
    const select = `SELECT log_raw_text FROM task_log WHERE ${sql(lnavColumns)}`;
    const once = await median(3, async () => {
      const found = await lnav.ask(select, 1);
      if (found.rows !== lines) throw new Error(`lnav found ${found.rows} lines, DuckDB ${lines}: ${select}`);
      lnavPeakMb = Math.max(lnavPeakMb, found.peakMb);
    });
    const again = ((await lnav.ask(select, 1 + furtherAsks)).ms - once) / furtherAsks;
    Object.assign(rows[name], {
      'lnav ms': once.toFixed(0),
      'ratio  ': `${(once / ours).toFixed(0)}x`,
      'lnav open ms': again.toFixed(0),
      'ratio   ': `${(again / ours).toFixed(0)}x`,
    });
  }
  console.table(rows);
  console.log(`peak memory of this process, all of the above: ${peakMb()} MB`);
  if (lnav) console.log(`peak memory of lnav: ${lnavPeakMb} MB`);
  plain.close();
  await index.close();
}

/** Of `runs` timed runs after one that warms up. */
async function median(runs: number, work: () => Promise<void>): Promise<number> {
  await work();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? Number.NaN;
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
