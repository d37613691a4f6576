/** An index with more tasks than a reader may keep: it answers as one that keeps them all, or says what it left out. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { IndexBackend } from '../../src/backends/indexBackend.ts';
import { facetCounts } from '../../src/index/facetCounts.ts';
import { failureGroups } from '../../src/index/failureGroups.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { LogIndex } from '../../src/index/logIndex.ts';
import { leastEnginesMb } from '../../src/index/memoryShares.ts';
import { taskHistogram } from '../../src/index/taskHistogram.ts';
import { workerLanes } from '../../src/index/workerLanes.ts';
import type { FoldedTask } from '../../src/model/task.ts';
import { type IndexFixture, indexFixture, query } from './indexFixture.ts';

const dayMs = 86_400_000;
const start = Date.UTC(2026, 8, 1);
/** A megabyte beside what engines take holds some 5,200 tasks; fewer than eight commits are not merged. */
const [days, tasksOfDay, memoryLimitMb] = [7, 1200, leastEnginesMb + 1];

/**
 * One commit a day. Each 50th task is ended by a record in the next commit; each tenth failed once. On the last day some tasks of three days before
 * are told to have started, which ended long since.
 */
async function indexDays({ logs, index }: IndexFixture, further?: (day: number) => object): Promise<void> {
  let left: object[] = [];
  for (let day = 0; day < days; day++) {
    const records: object[] = further ? [...left, further(day)] : left;
    left = [];
    for (let at = 0; at < tasksOfDay; at++) {
      const ts = start + day * dayMs + at * 50_000;
      const task = { task: `task-${day}-${at}`, account: `account-${at % 7}`, worker: `worker-${at % 5}`, attempt: 1 };
      records.push({ ...task, ts, event: 'attempt.started' });
      const error = { type: 'TimeoutError', message: `no answer from ${at % 3}` };
      if (at % 10 === 0) records.push({ ...task, ts: ts + 1000, event: 'attempt.failed', error });
      const end = { ...task, ts: ts + 2000, event: at % 20 === 0 ? 'task.failed' : 'task.succeeded' };
      if (at % 50 === 49) left.push(end);
      else records.push(end);
    }
    const late = day === days - 1 ? 100 : 0;
    for (let at = 1; at < late; at += 10) {
      const ts = start + (day - 3) * dayMs + at * 50_000 - 1000;
      records.push({ task: `task-${day - 3}-${at}`, ts, event: 'attempt.started', worker: 'worker-2', attempt: 1 });
    }
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    await logs.put(`dt=2026-09-0${day + 1}/hr=00/w.ndjson`, Buffer.from(lines));
    await indexLogs({ logs, index });
  }
}

async function readers(fixture: IndexFixture) {
  const small = await LogIndex.open({
    store: fixture.index,
    cacheDirectory: join(fixture.directory, 'small'),
    memoryLimitMb,
  });
  return { small, full: await fixture.reader(), [Symbol.asyncDispose]: async () => await small.close() };
}

test('pages of the newest tasks go on through all of an index, whatever a reader may keep', async () => {
  await using fixture = await indexFixture();
  await indexDays(fixture);
  await using both = await readers(fixture);
  const { small, full } = both;
  for (const text of ['', 'status:failed', 'account:account-3 worker:worker-2', 'TimeoutError']) {
    const expected = await full.search(query(text), { limit: days * tasksOfDay });
    const found: FoldedTask[] = [];
    let cursor: string | undefined;
    do {
      const page = await small.search(query(text), { limit: 400, ...(cursor === undefined ? {} : { cursor }) });
      // A page that is not full says up to when it looked; the next one goes on from there.
      assert.ok(page.tasks.length === 400 || page.source.cutTs !== undefined || page.cursor === undefined);
      found.push(...page.tasks);
      ({ cursor } = page);
    } while (cursor !== undefined);
    assert.deepEqual(
      found.map(({ task }) => task),
      expected.tasks.map(({ task }) => task),
      text,
    );
    for (const [at, task] of found.entries()) assert.deepEqual(task, expected.tasks[at], task.task);
  }
});

test('what is asked of a time is answered whole', async () => {
  await using fixture = await indexFixture();
  await indexDays(fixture);
  await using both = await readers(fixture);
  const { small, full } = both;
  const times = [
    'since:2026-09-05',
    'until:2026-09-02',
    'since:2026-09-03 until:2026-09-04',
    'at:2026-09-02T10:00:01Z',
    'at:2026-09-07T05:00:01Z',
  ];
  for (const time of times) {
    for (const text of [time, `${time} status:failed`, `${time} account:account-3`]) {
      const ask = async (index: LogIndex) => {
        const { tasks, source: searched } = await index.search(query(text), { limit: 50 });
        const { source: _counted, ...facets } = await facetCounts(index, query(text), 'account', { limit: 9 });
        const { source: _drawn, ...histogram } = await taskHistogram(index, query(text));
        const { source: _grouped, ...groups } = await failureGroups(index, query(text), { limit: 9 });
        const { source: _ran, ...lanes } = await workerLanes(index, query(text), { limit: 9 });
        return { tasks, cutTs: searched.cutTs, facets, histogram, groups, lanes };
      };
      assert.deepEqual(await ask(small), await ask(full), text);
    }
  }
});

test('a task is found wherever its records lie', async () => {
  await using fixture = await indexFixture();
  await indexDays(fixture);
  await using both = await readers(fixture);
  for (const id of ['task-0-0', 'task-0-49', 'task-3-99', 'task-6-1198', 'task-9-9']) {
    const { detail } = await both.small.task(id);
    assert.deepEqual(detail, (await both.full.task(id)).detail, id);
    assert.equal(detail?.records.length ?? 0, id === 'task-0-0' ? 3 : id === 'task-9-9' ? 0 : 2);
  }
});

test('a task with records in more segments than can be kept is put together from all of them', async () => {
  await using fixture = await indexFixture();
  const everywhere = { task: 'everywhere', account: 'account-1', event: 'log' };
  await indexDays(fixture, (day) => ({ ...everywhere, ts: start + day * dayMs, message: `day ${day}` }));
  await using both = await readers(fixture);
  const { detail } = await both.small.task('everywhere');
  assert.equal(detail?.records.length, days);
  assert.deepEqual(detail, (await both.full.task('everywhere')).detail);
});

test('an answer from a part of the tasks says so, and what to do', async () => {
  await using fixture = await indexFixture();
  await indexDays(fixture);
  await using both = await readers(fixture);
  const facets = await facetCounts(both.small, query(''), 'account', { limit: 9 });
  assert.ok(facets.total < days * tasksOfDay && facets.total > tasksOfDay);
  assert.ok(facets.source.cutTs !== undefined && facets.source.cutTs >= start + dayMs);
  const sorted = await both.small.search(query('sort:attempts'), { limit: 5 });
  assert.equal(sorted.totalIs, 'atLeast');
  const backend = new IndexBackend(both.small);
  const { summary } = await backend.search(query('sort:attempts'), { limit: 5 });
  const [from] = summary.from;
  assert.equal(from?.partial, true);
  assert.match(
    from.note ?? '',
    /up to 2026-09-0\dT.*left out\. Ask of a time \(since:, until:, at:\), or raise the limit/,
  );
  const [whole] = (await backend.search(query('since:2026-09-07'), { limit: 5 })).summary.from;
  assert.deepEqual([whole?.partial, whole?.note], [false, undefined]);
  assert.equal((await both.small.status()).tasks, days * tasksOfDay + (days - 1) * (tasksOfDay / 50) + 10);
  assert.equal((await both.full.status()).tasks, days * tasksOfDay);
});

test('what is asked of several times at once is answered as one after the other', async () => {
  await using fixture = await indexFixture();
  await indexDays(fixture);
  await using both = await readers(fixture);
  const texts = Array.from({ length: 12 }, (_, at) => `since:2026-09-0${(at % 7) + 1} until:2026-09-0${(at % 7) + 2}`);
  const totals = await Promise.all(
    texts.map(async (text) => (await both.small.search(query(text), { limit: 3 })).total),
  );
  assert.deepEqual(
    totals,
    await Promise.all(texts.map(async (text) => (await both.full.search(query(text), { limit: 3 })).total)),
  );
});
