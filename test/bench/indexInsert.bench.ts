/**
 * Indexing against ClickHouse's INSERT of the same generated log files, turn by turn: `node test/bench/indexInsert.bench.ts [RECORDS] [ROUNDS]`.
 * Each turn runs in a process of its own. On a machine that does other things too, processor time tells more than the clock does.
 */

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { clickHouseForTests } from '../rigs/clickhouse.ts';
import { generateLogs } from './generateRecords.ts';
import { insertRecords } from './insertRecords.ts';
import { median, peakMb } from './times.ts';

const seed = 20261123;

interface Turn {
  readonly ms: number;
  readonly processorMs: number;
  readonly peakMb: number;
}

const [part = '1000000', second = '3'] = process.argv.slice(2);
switch (part) {
  case 'index':
    console.log(JSON.stringify(await index(second)));
    break;
  case 'insert':
    console.log(JSON.stringify((await insert(second)) ?? null));
    break;
  default:
    await compare(Number(part), Number(second));
}

async function compare(wanted: number, rounds: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-trace-bench-'));
  try {
    const { records, objects } = await generateLogs(new FileStore(`${pathToFileURL(folder).href}/logs`), wanted, seed);
    console.log(`${records} records in ${objects} objects; wall time, processor time, peak memory`);
    const turns: { readonly ours: Turn; readonly theirs: Turn | undefined }[] = [];
    for (let round = 0; round < rounds; round++) {
      const turn = { ours: inProcess('index', folder) as Turn, theirs: inProcess('insert', folder) };
      turns.push(turn);
      console.log(`index ${show(turn.ours)}   ClickHouse ${turn.theirs ? show(turn.theirs) : '-'}`);
    }
    const ratio = (of: (turn: Turn) => number): string =>
      median(turns.map(({ ours, theirs }) => (theirs ? of(theirs) / of(ours) : Number.NaN))).toFixed(2);
    console.log(
      `ClickHouse's over ours: wall time ${ratio(({ ms }) => ms)}, processor time ${ratio(({ processorMs }) => processorMs)}`,
    );
    const perRecord = median(turns.map(({ ours }) => ours.processorMs)) / records;
    console.log(`ours: ${(perRecord * 1000).toFixed(2)} µs of processor time a record`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a part of this file by itself; its last line is what it found: nothing where there is no ClickHouse. */
function inProcess(name: string, folder: string): Turn | undefined {
  const { stdout, stderr, status } = spawnSync(process.execPath, [import.meta.filename, name, folder], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
  // What the part above gives.
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null') ?? undefined) as Turn | undefined;
}

async function index(folder: string): Promise<Turn> {
  const root = pathToFileURL(folder).href;
  await rm(join(folder, 'index'), { recursive: true, force: true });
  const used = process.cpuUsage();
  const { ms } = await indexLogs({ logs: new FileStore(`${root}/logs`), index: new FileStore(`${root}/index`) });
  return turnSince(used, ms);
}

async function insert(folder: string): Promise<Turn | undefined> {
  const engine = await clickHouseForTests({ skip: (reason) => console.log(`without ClickHouse: ${reason}`) });
  if (!engine) return undefined;
  try {
    const used = process.cpuUsage();
    return turnSince(used, await insertRecords(engine.client, fileURLToPath(`${pathToFileURL(folder).href}/logs`)));
  } finally {
    await engine.close();
  }
}

function turnSince(before: NodeJS.CpuUsage, ms: number): Turn {
  const { user, system } = process.cpuUsage(before);
  return { ms: Math.round(ms), processorMs: Math.round((user + system) / 1000), peakMb: peakMb() };
}

function show(turn: Turn): string {
  return `${turn.ms} ms, ${turn.processorMs} ms, ${turn.peakMb} MB`;
}
