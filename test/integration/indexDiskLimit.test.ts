/** Questions to an index in S3 whose segments do not fit on the disk at once. */

import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { IndexBackend } from '../../src/backends/indexBackend.ts';
import type { TaskBackend } from '../../src/backends/taskBackend.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { LogIndex } from '../../src/index/logIndex.ts';
import { indexFixture, lines, query, WatchedStore } from './indexFixture.ts';

type Ask = (backend: TaskBackend) => Promise<unknown>;

const limit = { limit: 1000 };

/** Some read tasks, some records of a few tasks, some look for words in all segments. */
const oneByOne: Readonly<Record<string, Ask>> = {
  'newest tasks': async (backend) => (await backend.search(query(''), limit)).tasks,
  'a word': async (backend) => (await backend.search(query('lantern'), limit)).tasks,
  'two words and a path': async (backend) => (await backend.search(query('"lantern 3" ready n:>2'), limit)).tasks,
  'by size': async (backend) => (await backend.search(query('sort:bytes'), limit)).tasks,
  task: async (backend) => (await backend.task('task-1', {})).detail,
  records: async (backend) => (await backend.records(query('lantern'), limit)).records,
  'records of an account': async (backend) => (await backend.records(query('account:account-1 ready'), limit)).records,
  groups: async (backend) => (await overviewOf(backend).groups(query('lantern'), limit)).groups,
  facets: async (backend) => (await overviewOf(backend).facets(query('lantern'), 'worker', limit)).values,
  lanes: async (backend) => (await overviewOf(backend).lanes(query(''), limit)).lanes,
};

/** One statement over all segments. */
const allAtOnce: Readonly<Record<string, Ask>> = {
  fields: async (backend) => (await overviewOf(backend).fields(query(''), limit)).fields,
  values: async (backend) => (await overviewOf(backend).values('n', { ...limit, prefix: '' })).values,
  'facets of a path': async (backend) => (await overviewOf(backend).facets(query(''), 'n', limit)).values,
  sql: async (backend) => (await overviewOf(backend).sql?.('SELECT count(*) FROM records', limit))?.rows,
};

function overviewOf({ overview }: TaskBackend) {
  return overview ?? assert.fail();
}

test('are answered segment by segment within the disk limit, or refused where one statement needs them all', async () => {
  await using fixture = await indexFixture();
  const { logs, index, directory } = fixture;
  for (let object = 0; object < 12; object++) {
    const records = Array.from({ length: 40 }, (_, at) => ({
      task: `task-${(object * 5 + at) % 17}`,
      event: at % 10 === 9 ? 'attempt.failed' : 'attempt.started',
      attempt: 1,
      account: `account-${object % 3}`,
      worker: `w-${at % 4}`,
      bytes: object * 100 + at,
      n: at % 7,
      message: `lantern ${at % 5} ${at % 2 === 0 ? 'ready' : 'dark'} ${'x'.repeat(object)}`,
      ...(at % 10 === 9
        ? { error: { type: 'Oops', message: `no ${at}`, stack: 'Oops: no\n    at f (a.js:1:1)' } }
        : {}),
    }));
    await logs.put(`o-${object}.ndjson`, lines(...records));
  }
  await indexLogs({ logs, index, limits: { objects: 3 } });
  const sizes: number[] = [];
  for await (const { key, sizeBytes } of index.list()) if (/^(?:segments|sides)\//.test(key)) sizes.push(sizeBytes);
  assert.equal(sizes.length, 8, 'four segments and their sides');
  const bound = 1.5 * Math.max(...sizes);

  const cacheDirectory = join(directory, 'small');
  const seen: number[] = [];
  const look = () => {
    const names = readdirSync(join(cacheDirectory, 'segments'), { recursive: true, encoding: 'utf8' });
    const found = names.map((name) => statSync(join(cacheDirectory, 'segments', name), { throwIfNoEntry: false }));
    seen.push(found.reduce((sum, each) => sum + (each?.isFile() ? each.size : 0), 0));
  };
  const isCached = (key: string) => /^(?:segments|sides)\//.test(key);
  const beforeGet = async (key: string) => void (isCached(key) && look());
  const remote = new WatchedStore(index, { beforeGet }, 's3://bucket/index');
  const options = { store: remote, cacheDirectory, memoryLimitMb: 256 };
  const small = await LogIndex.open({ ...options, diskLimitMb: bound / 2 ** 20 });
  const roomy = new IndexBackend(await fixture.reader());
  try {
    const backend = new IndexBackend(small);
    const ask = async (name: string, question: Ask) => {
      assert.deepEqual(await question(backend), await question(roomy), name);
      look();
    };
    for (const [name, question] of Object.entries(oneByOne)) await ask(name, question);
    await Promise.all(
      Object.entries(oneByOne).map(async ([name, question]) => await ask(`${name}, at once`, question)),
    );
    for (const [name, question] of Object.entries(allAtOnce)) {
      const message = /takes .* of disk at once, and the limit is .* raise ingestTrace\.engine\.diskLimitMb/;
      await assert.rejects(question(backend), { name: 'BackendError', code: 'limit', message }, name);
      assert.notDeepEqual(await question(roomy), []);
    }
    assert.ok(Math.max(...seen) <= bound, `${Math.max(...seen)} of ${bound} bytes were taken`);
    assert.ok(seen.length > 100, 'segments came and went');
  } finally {
    await small.close();
  }
});
