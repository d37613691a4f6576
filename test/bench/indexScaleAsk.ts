/** The part of `indexScale` that asks the index, in a process of its own and bundled as it ships: `FOLDER SAMPLE`. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LogIndex } from '../../src/index/logIndex.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import type { GeneratedLogs } from './generateRecords.ts';
import { query, questionsOf, type Sample } from './indexScaleQuestions.ts';
import { peakMb, type Times, timesOf } from './times.ts';

export interface Asked {
  readonly times: Readonly<Record<string, Times>>;
  readonly bytes: number;
  readonly peakMb: number;
  readonly sample: Sample;
}

const runs = 15;
const [folder = '', given = '{}'] = process.argv.slice(2);
// What was handed over is of the benchmark that started this.
console.log(JSON.stringify(await ask(folder, JSON.parse(given) as GeneratedLogs['sample'])));

async function ask(directory: string, sample: GeneratedLogs['sample']): Promise<Asked> {
  const store = new FileStore(`${pathToFileURL(directory).href}/index`);
  const index = await LogIndex.open({ store, cacheDirectory: join(directory, 'cache'), memoryLimitMb: 512 });
  await index.search(query(''), { limit: 100 });
  const { bytes } = await index.status();
  const { detail } = await index.task(sample.task);
  const record = detail?.records.find(({ worker }) => worker !== undefined);
  if (!record?.worker) throw new Error('the sample task ran on no worker');
  const known = { sample, worker: record.worker, atMs: record.tsMs };
  const times: Record<string, Times> = {};
  for (const question of questionsOf(known)) {
    times[question.name] = await timesOf(question.name, runs, async () => await question.ask(index));
  }
  await index.close();
  return { times, bytes, peakMb: peakMb(), sample: known };
}
