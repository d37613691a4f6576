/** A task with more attempts, workers and failures than a call can have arguments. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { facetCounts } from '../../src/index/facetCounts.ts';
import { failureGroups } from '../../src/index/failureGroups.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { workerLanes } from '../../src/index/workerLanes.ts';
import { indexFixture, nowMs, query } from './indexFixture.ts';

const attempts = 150_000;

test('is answered as any other', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const texts: string[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const ts = nowMs - 2 * attempts + attempt;
    const record = { ts, task: 't', event: 'attempt.failed', attempt, worker: `w-${attempt}`, error: { type: 'E' } };
    texts.push(`${JSON.stringify(record)}\n`);
  }
  await logs.put('a.ndjson', Buffer.from(texts.join('')));
  await indexLogs({ logs, index });
  const reader = await fixture.reader();
  const { detail } = await reader.task('t');
  assert.equal(detail?.attempts.length, attempts);
  const found = await reader.search(query('worker:w-77'), { limit: 1 });
  assert.deepEqual([found.total, found.tasks[0]?.attempts], [1, attempts]);
  const [group] = (await failureGroups(reader, query(''), { limit: 9 })).groups;
  assert.deepEqual([group?.count, group?.tasks], [attempts, 1]);
  const workers = await facetCounts(reader, query(''), 'worker', { limit: 9 });
  assert.deepEqual(workers.values, [{ value: `w-${attempts}`, count: 1 }]);
  const { lanes, hasMore } = await workerLanes(reader, query(''), { limit: 3 });
  assert.deepEqual([lanes.length, hasMore], [3, true]);
});
