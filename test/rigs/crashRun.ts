/**
 * Four indexers at once, as processes that are killed with SIGKILL again and again while logs are written: at any moment, at a
 * certain request to the store, or after they were stopped for a while. What the index holds in the end is compared with what was
 * written, record by record.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { S3Options } from '../../src/model/environment.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import type { CrashIndexerOptions } from './crashIndexer.ts';
import { CrashLogs } from './crashLogs.ts';
import { seededRandom } from './seededRandom.ts';

export interface CrashRunOptions {
  readonly seed: number;
  readonly kills: number;
  readonly logs: ObjectStore;
  readonly index: ObjectStore;
  readonly s3?: S3Options;
  /** For the indexers' temporary files. */
  readonly directory: string;
  readonly onKill?: (kills: number) => void;
}

export interface CrashRun {
  readonly logs: CrashLogs;
  readonly kills: { readonly atRequest: number; readonly atMoment: number; readonly afterStop: number };
  /** What indexers said of passes that failed and were tried again. */
  readonly problems: readonly string[];
}

const indexers = 4;
/** So many objects land so often: all indexers that are awake go for them at once. */
const atOnce = 3;
const writeEveryMs = 150;
/** An indexer whose gate is further off than there is work for is killed after so long. */
const longestLifeMs = 2_500;
/** On S3 everything takes longer. */
const s3Factor = 3;
const program = join(import.meta.dirname, 'crashIndexer.ts');

export async function crashRun(options: CrashRunOptions): Promise<CrashRun> {
  const { seed, kills } = options;
  const logs = new CrashLogs(options.logs, seed);
  const random = seededRandom(seed + 1);
  const killed = { atRequest: 0, atMoment: 0, afterStop: 0 };
  const problems: string[] = [];
  let isOver = false;
  const goesOn = () => !isOver && count() < kills;
  const count = () => killed.atRequest + killed.atMoment + killed.afterStop;
  const running = new Set<ChildProcess>();
  const slot = async (number: number) => {
    while (goesOn()) {
      const temporaryDirectory = join(options.directory, `indexer-${number}`);
      await mkdir(temporaryDirectory, { recursive: true });
      const how = plan(random);
      const threads = random() < 0.3 ? 2 : 0;
      killed[await liveAndDie(options, how, { temporaryDirectory, threads }, running, problems)] += 1;
      options.onKill?.(count());
      await rm(temporaryDirectory, { recursive: true, force: true });
    }
  };
  // One writer: what an object holds in the end is what was written to it last.
  const write = async () => {
    while (goesOn()) {
      for (let put = 0; put < atOnce; put++) await logs.write();
      await delay(writeEveryMs);
    }
  };
  try {
    await Promise.all([write(), ...Array.from({ length: indexers }, (_, number) => slot(number))]);
  } finally {
    isOver = true;
    for (const child of running) child.kill('SIGKILL');
  }
  return { logs, kills: killed, problems };
}

type Death =
  | ({ readonly kind: 'atRequest' } & NonNullable<CrashIndexerOptions['gate']>)
  | { readonly kind: 'atMoment'; readonly afterMs: number }
  | { readonly kind: 'afterStop'; readonly afterMs: number; readonly stoppedMs: number };

function plan(random: () => number): Death {
  const kind = random();
  if (kind < 0.6) {
    const ofWrites = random() < 0.7;
    const request = 1 + Math.floor(random() ** 2 * (ofWrites ? 16 : 80));
    return { kind: 'atRequest', request, moment: random() < 0.5 ? 'before' : 'after', ofWrites };
  }
  const afterMs = Math.floor(random() * 700);
  return kind < 0.9
    ? { kind: 'atMoment', afterMs }
    : { kind: 'afterStop', afterMs, stoppedMs: Math.floor(random() * 1500) };
}

async function liveAndDie(
  { logs, index, s3 }: CrashRunOptions,
  death: Death,
  own: Pick<CrashIndexerOptions, 'temporaryDirectory' | 'threads'>,
  running: Set<ChildProcess>,
  problems: string[],
): Promise<keyof CrashRun['kills']> {
  const options: CrashIndexerOptions = {
    logs: logs.url,
    index: index.url,
    ...(s3 ? { s3 } : {}),
    ...own,
    ...(death.kind === 'atRequest' ? { gate: death } : {}),
  };
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  const lines = createInterface({ input: child.stdout });
  const ready = new Promise<void>((resolve) => {
    lines.on('line', (line) => (line === 'ready' ? resolve() : problems.push(line)));
  });
  await Promise.race([ready, closed]);
  const isOver = closed.then(() => true);
  const lives = async (ms: number) => !(await Promise.race([isOver, delay(s3 ? ms * s3Factor : ms, false)]));
  let kind: keyof CrashRun['kills'] = death.kind;
  if (death.kind === 'atRequest') {
    if (await lives(longestLifeMs)) kind = 'atMoment';
  } else if (await lives(death.afterMs)) {
    if (death.kind === 'afterStop') {
      child.kill('SIGSTOP');
      await lives(death.stoppedMs);
      child.kill('SIGCONT');
      await lives(death.afterMs);
    }
  }
  child.kill('SIGKILL');
  const [code, signal] = await closed;
  running.delete(child);
  assert.equal(signal, 'SIGKILL', `an indexer ended by itself with ${code}: ${errors}`);
  return kind;
}
