/**
 * Indexing against ClickHouse's INSERT of the same generated log files, turn by turn: `node test/bench/indexInsert.bench.ts [RECORDS] [ROUNDS]`.
 * Each turn runs in a process of its own, the indexer's in code that is bundled as it ships. On a machine that does other things too,
 * processor time tells more than the clock does.
 */

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FileStore } from '../../src/store/fileStore.ts';
import { clickHouseForTests } from '../rigs/clickhouse.ts';
import { generateLogs } from './generateRecords.ts';
import type { Indexed } from './indexOnce.ts';
import { insertRecords } from './insertRecords.ts';
import { bundled } from './shipped.ts';
import { median, peakMb, processorMsSince } from './times.ts';

const seed = 20261123;

const [part = '1000000', second = '3'] = process.argv.slice(2);
if (part === 'insert') console.log(JSON.stringify((await insert(second)) ?? null));
else await compare(Number(part), Number(second));

async function compare(wanted: number, rounds: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-trace-bench-'));
  try {
    const { records, objects } = await generateLogs(new FileStore(`${pathToFileURL(folder).href}/logs`), wanted, seed);
    console.log(`${records} records in ${objects} objects; wall time, processor time, peak memory`);
    const turns: { readonly ours: Indexed; readonly theirs: Indexed | undefined }[] = [];
    const indexOnce = await bundled('indexOnce');
    for (let round = 0; round < rounds; round++) {
      const ours = run(indexOnce, folder) as Indexed;
      const turn = { ours, theirs: run(import.meta.filename, 'insert', folder) };
      turns.push(turn);
      console.log(`index ${show(turn.ours)}   ClickHouse ${turn.theirs ? show(turn.theirs) : '-'}`);
    }
    const ratio = (of: (turn: Indexed) => number): string =>
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

/** Runs a module by itself; its last line is what it found: nothing where there is no ClickHouse. */
function run(file: string, ...args: readonly string[]): Indexed | undefined {
  const { stdout, stderr, status } = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${basename(file)} ended with ${status}: ${stderr}`);
  // What the part above gives, or `indexOnce.ts`.
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null') ?? undefined) as Indexed | undefined;
}

async function insert(folder: string): Promise<Indexed | undefined> {
  const engine = await clickHouseForTests({ skip: (reason) => console.log(`without ClickHouse: ${reason}`) });
  if (!engine) return undefined;
  try {
    const used = process.cpuUsage();
    const ms = await insertRecords(engine.client, join(folder, 'logs'));
    return { ms, processorMs: processorMsSince(used), peakMb: peakMb() };
  } finally {
    await engine.close();
  }
}

function show(turn: Indexed): string {
  return `${turn.ms.toFixed()} ms, ${turn.processorMs.toFixed()} ms, ${turn.peakMb} MB`;
}
