/** Pages of an index with more tasks than a reader may keep, held to those of one that keeps them all. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { LogIndex, type TaskPage } from '../../src/index/logIndex.ts';
import { leastEnginesMb } from '../../src/index/memoryShares.ts';
import type { FoldedTask } from '../../src/model/task.ts';
import { type IndexFixture, indexFixture, query } from './indexFixture.ts';

const seed = Number(process.env['FC_SEED'] ?? 20261126);
const start = Date.UTC(2026, 8, 1);
const hourMs = 3_600_000;
/** A megabyte beside what engines take holds some 5,200 tasks; fewer than eight commits are not merged. */
const [commits, tasksOfCommit, memoryLimitMb] = [7, 1_300, leastEnginesMb + 1];

/** Many end at the same moment. Each 40th task is ended by a record of the next commit. */
async function indexEvery(everyMs: number, { logs, index }: IndexFixture, more: readonly object[] = []): Promise<void> {
  let left: object[] = [];
  for (let commit = 0; commit < commits; commit++) {
    const records: object[] = [...left, ...more.slice(commit, commit + 1)];
    left = [];
    for (let at = 0; at < tasksOfCommit; at++) {
      const ts = start + commit * everyMs + Math.floor(at / 100) * (everyMs / 20);
      // Ids in no order of time.
      const task = { task: `task-${(at * 577) % tasksOfCommit}-${commit}`, account: `account-${at % 7}`, attempt: 1 };
      records.push({ ...task, ts, event: 'attempt.started', message: `no ${at % 9}` });
      const event = at % 20 === 0 ? 'task.failed' : 'task.succeeded';
      if (at % 40 === 39) left.push({ ...task, ts: ts + Math.min(everyMs, 2 * hourMs) / 2, event });
      else records.push({ ...task, ts: ts + 1000, event });
    }
    await logs.put(`o-${commit}.ndjson`, Buffer.from(records.map((each) => `${JSON.stringify(each)}\n`).join('')));
    await indexLogs({ logs, index });
  }
}

async function smallReader(fixture: IndexFixture) {
  const cacheDirectory = join(fixture.directory, 'small');
  const reader = await LogIndex.open({ store: fixture.index, cacheDirectory, memoryLimitMb });
  return { reader, [Symbol.asyncDispose]: async () => await reader.close() };
}

async function allPages(index: LogIndex, text: string, limit: number): Promise<TaskPage[]> {
  const pages: TaskPage[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await index.search(query(text), { limit, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(page);
    assert.ok(pages.length <= 200, 'pages come to an end');
    if (page.cursor === undefined) return pages;
    assert.notEqual(page.cursor, cursor, 'each page gets further');
    ({ cursor } = page);
  }
}

const terms = `status:failed is:done -account:account-3 account:account-2 duration:<1m task:*-3 status:running
  since:2026-09-01T03:00:00Z until:2026-09-01T05:00:00Z`;
const asked = fc.record({
  text: fc
    .array(fc.constantFrom('"no 4"', '-"no 5"', ...terms.split(/\s+/)), { maxLength: 2 })
    .map((some) => some.join(' ')),
  limit: fc.constantFrom(150, 400, 1300, 3000),
});

test('pages of tasks that end in days are those of a reader that keeps them all', async () => {
  await using fixture = await indexFixture();
  await indexEvery(24 * hourMs, fixture);
  await using small = await smallReader(fixture);
  const full = await fixture.reader();
  await fc.assert(
    fc.asyncProperty(asked, async ({ text, limit }) => {
      const expected = await full.search(query(text), { limit: commits * tasksOfCommit });
      const pages = await allPages(small.reader, text, limit);
      const got = pages.flatMap(({ tasks }) => tasks);
      const differs = got.findIndex((task, at) => !isDeepStrictEqual(task, expected.tasks[at]));
      assert.deepEqual([got[differs], got.length], [expected.tasks[differs], expected.tasks.length], text);
      for (const { total, totalIs } of pages) {
        if (totalIs === 'exact') assert.equal(total, expected.total, text);
        else assert.ok(total <= expected.total, text);
      }
    }),
    { numRuns: 12, seed, endOnFailure: true },
  );
});

test('where more tasks end in hours than can be kept, all of them are told as far as those that are kept tell', async () => {
  await using fixture = await indexFixture();
  const absurd = [-1e12, Date.UTC(9999, 11, 31)].map((ts, at) => ({ ts, task: `absurd-${at}`, event: 'task.created' }));
  await indexEvery(hourMs, fixture, [{ ts: start, event: 'log' }, ...absurd]);
  await using small = await smallReader(fixture);
  const full = await fixture.reader();
  await fc.assert(
    fc.asyncProperty(asked, async ({ text, limit }) => {
      const { tasks: expected } = await full.search(query(text), { limit: commits * tasksOfCommit });
      const pages = await allPages(small.reader, text, limit);
      const got = pages.flatMap(({ tasks }) => tasks);
      assert.ok(inOrder(got), `${text}: newest first`);
      // Of one with parts in two segments one may have been left out.
      const isWhole = ({ durationMs }: FoldedTask) => durationMs <= 1000;
      const times = new Map<string, number>();
      for (const { task } of got) times.set(task, (times.get(task) ?? 0) + 1);
      const other = expected.filter(isWhole).find(({ task }) => times.get(task) !== 1);
      assert.equal(other, undefined, `${text}: told once`);
      for (const { source, tasks, cursor } of pages) {
        assert.ok(source.cutTs !== undefined || tasks.length === limit || cursor === undefined, text);
      }
    }),
    { numRuns: 12, seed, endOnFailure: true },
  );
});

function inOrder(tasks: readonly FoldedTask[]): boolean {
  return tasks.every((task, at) => task.lastTs <= (tasks[at - 1]?.lastTs ?? Number.POSITIVE_INFINITY));
}
