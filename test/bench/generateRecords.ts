/** A seeded generator of task log records in the proportions of a real ingest system, written as log objects. */

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { JsonObject } from '../../src/model/json.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { seededRandom } from '../rigs/seededRandom.ts';

export interface GeneratedLogs {
  readonly objects: number;
  readonly records: number;
  readonly tasks: number;
  readonly rawBytes: number;
  readonly storedBytes: number;
  /** Things to search for that are known to be there. */
  readonly sample: {
    readonly account: string;
    readonly collection: string;
    readonly task: string;
    readonly rareWord: string;
  };
}

const processes = 8;
const recordsPerObject = 5_000;
const startMs = Date.UTC(2026, 9, 1);
const dayMs = 86_400_000;
const rareWord = 'xylophone-7f3a';

/**
 * Writes at least `records` records, gzipped, as worker and coordinator processes would ship them.
 * @param msBetweenTasks by default such that all of them take four weeks.
 */
export async function generateLogs(
  store: ObjectStore,
  records: number,
  seed: number,
  msBetweenTasks = (6 * 30 * dayMs) / records,
): Promise<GeneratedLogs> {
  const random = seededRandom(seed);
  const waiting: string[][] = Array.from({ length: processes }, () => []);
  const sequence = waiting.map(() => 0);
  const total = { objects: 0, records: 0, tasks: 0, rawBytes: 0, storedBytes: 0 };
  let sample: GeneratedLogs['sample'] | undefined;
  let endMs = startMs;
  const rareAt = Math.floor(records / 12);

  const ship = async (process: number, tsMs: number) => {
    const text = (waiting[process] ?? []).splice(0).join('');
    if (text === '') return;
    const body = await promisify(gzip)(text, { level: 1 });
    const [day = '', time = ''] = new Date(tsMs).toISOString().split('T');
    sequence[process] = (sequence[process] ?? 0) + 1;
    const key = `dt=${day}/hr=${time.slice(0, 2)}/worker-${process}-${tsMs}-${sequence[process]}.ndjson.gz`;
    await store.put(key, body);
    total.objects += 1;
    total.rawBytes += Buffer.byteLength(text);
    total.storedBytes += body.length;
  };

  for (let task = 0; total.records < records; task++) {
    const made = taskRecords(random, task, startMs + Math.floor(task * msBetweenTasks));
    if (task === rareAt) {
      made.records.push({
        ...made.base,
        ts: made.lastMs,
        level: 'warn',
        message: `gave up on ${rareWord} after 3 tries`,
      });
      const { account, collection, task } = made.base;
      sample = { account, collection, task, rareWord };
    }
    for (const record of made.records) {
      const ts = new Date(record['ts'] as number).toISOString();
      const process = Math.floor(random() * processes);
      const lines = waiting[process];
      lines?.push(`${JSON.stringify({ ...record, ts })}\n`);
      if (lines && lines.length >= recordsPerObject) await ship(process, made.lastMs);
    }
    endMs = made.lastMs;
    total.tasks += 1;
    total.records += made.records.length;
  }
  for (let process = 0; process < processes; process++) await ship(process, endMs);
  if (!sample) throw new Error('too few records for a sample');
  return { ...total, sample };
}

const words = 'opened read parsed wrote flushed retried skipped batch chunk schema column offset partition lease'.split(
  ' ',
);
const errors = [
  ['ParseError', 'unexpected end of JSON input', 'parseRow'],
  ['TypeError', "Cannot read properties of undefined (reading 'length')", 'normalize'],
  ['GzipError', 'incorrect data check', 'inflate'],
  ['TimeoutError', 'the request to the store timed out', 'fetchObject'],
] as const;

function taskRecords(random: () => number, number: number, atMs: number) {
  const pick = (count: number) => Math.floor(random() ** 2 * count);
  const account = `account-${String(pick(200)).padStart(3, '0')}`;
  const collection = `collection-${pick(12)}`;
  const base = {
    task: `${(0x10000000 + Math.floor(random() * 0xefffffff)).toString(16)}-${number.toString(36)}`,
    account,
    collection,
    source: `${account}-${collection}-landing`,
    coordinator: `coordinator-${pick(4)}`,
  };
  let lastMs = atMs;
  const records: JsonObject[] = [];
  const add = (fields: JsonObject) => {
    lastMs += 5 + Math.floor(random() * 4000);
    records.push({ ...base, ts: lastMs, ...fields });
  };
  const key = `landing/${account}/${collection}/part-${number}.ndjson.gz`;
  const bytes = Math.floor(random() * 5e7);
  const build = { service: 'ingest', version: `2.${pick(9)}.0`, commit: `c0ffee${pick(9)}` };
  add({ event: 'task.created', level: 'info', key, bytes, build });
  const fails = random() < 0.03;
  const attempts = fails ? 3 : random() < 0.08 ? 2 : 1;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const worker = `worker-${pick(64)}`;
    add({ event: 'task.assigned', level: 'info', attempt, worker });
    add({ event: 'attempt.started', level: 'info', attempt, worker, build });
    for (let line = pick(4); line > 0; line--) {
      const text = Array.from({ length: 6 }, () => words[pick(words.length)]).join(' ');
      const http = { status: random() < 0.05 ? 503 : 200, ms: Math.floor(random() * 900) };
      add({ level: 'debug', attempt, worker, message: `${text} ${pick(1e6)}`, http, thread: `pool-${pick(16)}` });
    }
    if (attempt < attempts || fails) {
      const [type, message, name] = errors[pick(errors.length)] ?? errors[0];
      const frames = Array.from(
        { length: 8 },
        (_, at) => `    at ${name}${at} (src/ingest/${name}.ts:${10 + pick(300)}:7)`,
      );
      const error = { type, message, stack: [`${type}: ${message}`, ...frames].join('\n') };
      add({ event: 'attempt.failed', level: 'error', attempt, worker, error });
    } else add({ event: 'attempt.finished', level: 'info', attempt, worker, docs: pick(1e5) });
  }
  add({ event: fails ? 'task.failed' : 'task.succeeded', level: fails ? 'error' : 'info' });
  return { base, records, lastMs };
}
