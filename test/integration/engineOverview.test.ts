/** The engine process answers overviews and SQL, tells what is wrong with them, and stops them when it is told to. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EngineClient } from '../../src/engine/engineClient.ts';
import { EngineError } from '../../src/engine/engineError.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { indexFixture, lines, putLogs } from './indexFixture.ts';

const entry = join(import.meta.dirname, '../../src/engine/main.ts');

async function engine(t: TestContext): Promise<EngineClient> {
  const fixture = await indexFixture();
  await putLogs(fixture.logs, 12);
  const error = { type: 'TypeError', message: 'no x', stack: 'TypeError: no x\n    at readRow (/app/src/rows.ts:3:9)' };
  await fixture.logs.put('x.ndjson', lines({ task: 'bad', event: 'attempt.failed', worker: 'w-1', attempt: 1, error }));
  await indexLogs({ logs: fixture.logs, index: fixture.index });
  const client = new EngineClient({ entry });
  t.after(async () => {
    await client.dispose();
    await fixture[Symbol.asyncDispose]();
  });
  const environments = [{ name: 'here', coordinators: [], paths: [], index: fixture.index.url }];
  await client.configure({ environments, cacheDirectory: join(fixture.directory, 'cache'), memoryLimitMb: 256 });
  return client;
}

test('answers every overview', async (t) => {
  const client = await engine(t);
  const all = { environment: 'here', query: '', mode: 'auto', limit: 10 } as const;
  const { groups } = await client.groups(all);
  assert.deepEqual(
    groups.map(({ type, count, frame, frameAt }) => [type, count, frame, frameAt?.line1]),
    [['TypeError', 1, 'at readRow (/app/src/rows.ts:3:9)', 3]],
  );
  const { fields } = await client.fields(all);
  assert.ok(fields.some(({ path, types }) => path === 'error.stack' && types.includes('string')));
  const { values } = await client.values({
    environment: 'here',
    field: 'account',
    prefix: 'ACC',
    limit: 2,
    mode: 'auto',
  });
  assert.deepEqual(
    values.map(({ value }) => value),
    ['account-0', 'account-1'],
  );
  const facets = await client.facets({ ...all, field: 'id' });
  assert.deepEqual([facets.values.length, facets.summary.total], [8, 8]);
  const { buckets } = await client.histogram(all);
  assert.equal(
    buckets.reduce((sum, { count }) => sum + count, 0),
    8,
  );
  const { lanes } = await client.lanes(all);
  assert.deepEqual(
    lanes.find(({ worker }) => worker === 'w-1')?.spans.map(({ task, status }) => [task, status]),
    [['bad', 'failed']],
  );
  const { columns, rows } = await client.sql({ environment: 'here', sql: 'SELECT count(*) AS n FROM tasks', limit: 5 });
  assert.deepEqual([columns, rows], [[{ name: 'n', type: 'BIGINT' }], [[8]]]);
});

test('tells what is wrong with a query and with a statement', async (t) => {
  const client = await engine(t);
  const wrong = client.groups({ environment: 'here', query: 'status:', mode: 'auto', limit: 1 });
  await assert.rejects(wrong, (error) => error instanceof EngineError && error.code === 'query' && error.column === 8);
  const statement = client.sql({ environment: 'here', sql: "SELECT * FROM read_text('/etc/passwd')", limit: 1 });
  await assert.rejects(statement, (error) => error instanceof EngineError && error.code === 'statement');
});

test('a cancelled statement stops, and the engine goes on', async (t) => {
  const client = await engine(t);
  const controller = new AbortController();
  const reason = new Error('enough');
  const endless = 'SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range <> b.range + 0.5';
  await client.ping();
  const asked = client.sql({ environment: 'here', sql: endless, limit: 1 }, { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 50);
  await assert.rejects(asked, reason);
  const { rows } = await client.sql({ environment: 'here', sql: 'SELECT 1', limit: 1 });
  assert.deepEqual(rows, [[1]]);
});
