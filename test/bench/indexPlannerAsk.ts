/** The part of `indexPlanner` that asks, in a process of its own and bundled as it ships: `FILE CACHE`. */

import { readFile } from 'node:fs/promises';
import { facetCounts } from '../../src/index/facetCounts.ts';
import { failureGroups } from '../../src/index/failureGroups.ts';
import { LogIndex } from '../../src/index/logIndex.ts';
import { taskHistogram } from '../../src/index/taskHistogram.ts';
import { query } from './indexScaleQuestions.ts';
import { markdownTable, wholeText } from './markdownTable.ts';
import { CountingStore, type SyntheticIndex } from './syntheticIndex.ts';
import { median, peakMb } from './times.ts';

const memoryLimitMb = 512;
const warmRuns = 5;
const dayMs = 86_400_000;
/** Of a million GETs, as S3 asks for in most regions; LISTs cost more, and are one a question. */
const dollarsOfMillion = 0.4;

const [file = '', cacheDirectory = ''] = process.argv.slice(2);
// Written by the benchmark that started this.
const made = JSON.parse(await readFile(file, 'utf8')) as SyntheticIndex;
const store = new CountingStore(made);
const index = await LogIndex.open({ store, cacheDirectory, memoryLimitMb });
const rows: string[][] = [];
for (const { name, ask } of questionsOf(made)) rows.push([name, ...(await measure(ask))]);
await index.close();
console.log(
  markdownTable(
    ['', 'found', 'cold, ms', 'warm, ms', 'requests, cold', 'MB', '$', 'requests, warm', 'memory, MB'],
    rows,
  ),
);
console.log(`peak memory ${wholeText(peakMb())} MiB`);

async function measure(ask: () => Promise<string>): Promise<string[]> {
  store.takeCounts();
  const start = performance.now();
  const found = await ask();
  const coldMs = performance.now() - start;
  const cold = store.takeCounts();
  const times: number[] = [];
  for (let run = 0; run < warmRuns; run++) {
    const from = performance.now();
    await ask();
    times.push(performance.now() - from);
  }
  const warm = store.takeCounts();
  return [
    found,
    wholeText(coldMs),
    median(times).toFixed(1),
    wholeText(cold.requests),
    (cold.bytes / 1e6).toFixed(1),
    ((cold.requests * dollarsOfMillion) / 1e6).toFixed(6),
    wholeText(warm.requests / warmRuns),
    wholeText(process.memoryUsage().rss / 1e6),
  ];
}

interface PlannerQuestion {
  readonly name: string;
  /** Resolves with what was found, for the table. */
  readonly ask: () => Promise<string>;
}

function questionsOf({ firstMs, lastMs, task }: SyntheticIndex): readonly PlannerQuestion[] {
  const moment = (ms: number) => new Date(ms).toISOString();
  const search = (words: string) => async () => {
    const { tasks, total, totalIs, source } = await index.search(query(words), { limit: 100 });
    const upTo = source.cutTs === undefined ? '' : ', not all looked at';
    return `${tasks.length} of ${totalIs === 'exact' ? '' : 'at least '}${wholeText(total)}${upTo}`;
  };
  const partly = (total: number, cutTs: number | undefined) =>
    `${wholeText(total)}${cutTs === undefined ? '' : ', of the newest'}`;
  const middle = moment((firstMs + lastMs) / 2);
  const early = firstMs + (lastMs - firstMs) / 10;
  const hour = `since:${moment(early)} until:${moment(early + 3_600_000)}`;
  const lastDay = `since:${moment(lastMs - dayMs)}`;
  return [
    { name: 'newest 100 tasks', ask: search('') },
    { name: 'newest 100 failed', ask: search('status:failed') },
    { name: 'account + collection, newest 100', ask: search('account:account-000 collection:collection-4') },
    {
      name: 'histogram of the last day',
      ask: async () => {
        const { total, source } = await taskHistogram(index, query(lastDay));
        return partly(total, source.cutTs);
      },
    },
    {
      name: 'facets of the last day',
      ask: async () => {
        const { total, source } = await facetCounts(index, query(lastDay), 'worker', { limit: 20 });
        return partly(total, source.cutTs);
      },
    },
    { name: 'worker at a moment, in the middle', ask: search(`worker:worker-7 at:${middle}`) },
    { name: 'failed of one hour, early on', ask: search(`${hour} status:failed`) },
    {
      name: 'failure groups of that hour',
      ask: async () => {
        const { total, source } = await failureGroups(index, query(hour), { limit: 50 });
        return partly(total, source.cutTs);
      },
    },
    {
      name: 'one task, anywhere',
      ask: async () => `${(await index.task(task)).detail?.records.length ?? 0} records`,
    },
    {
      name: 'facets over all time',
      ask: async () => {
        const { total, source } = await facetCounts(index, query(''), 'worker', { limit: 20 });
        return partly(total, source.cutTs);
      },
    },
  ];
}
