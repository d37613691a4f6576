/** The parameters of the coordinator's task list. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownerOf } from '../../src/harness/coordinator/partition.ts';
import { pageOf, parseTaskFilter, parseTaskPage, type TaskPage } from '../../src/harness/coordinator/taskFilter.ts';
import type { FoldedTask } from '../../src/model/task.ts';

function task(name: string, lastTs: number, fields: Partial<FoldedTask> = {}): FoldedTask {
  return { task: name, status: 'running', attempts: 1, firstTs: 0, lastTs, durationMs: lastTs, ...fields };
}

const tasks = [
  task('t-1', 10, { account: 'acme', collection: 'films', worker: 'w-1', key: 'landing/acme/Movies-01.json' }),
  task('t-2', 30, { account: 'acme', collection: 'cars', status: 'failed', error: { message: 'Truncated here' } }),
  task('t-3', 20, { account: 'globex', collection: 'films', worker: 'w-2' }),
  task('t-4', 20, { account: 'globex', collection: 'films', status: 'pending', attempts: 0 }),
];

function ask(query: string): string[] {
  const filter = parseTaskFilter(new URLSearchParams(query), ['limit', 'cursor']);
  const page = parseTaskPage(new URLSearchParams(query));
  if (filter.kind === 'bad') assert.fail(filter.message);
  if (page.kind === 'bad') assert.fail(page.message);
  return pageOf(tasks, filter.value, page.value).tasks.map((each) => each.task);
}

test('without filters: every task, newest first, then by id', () => {
  assert.deepEqual(ask(''), ['t-2', 't-3', 't-4', 't-1']);
});

test('values of one name are alternatives, names narrow each other down', () => {
  assert.deepEqual(ask('account=acme&account=globex&collection=films'), ['t-3', 't-4', 't-1']);
  assert.deepEqual(ask('account=acme&collection=films'), ['t-1']);
  assert.deepEqual(ask('status=failed&status=pending'), ['t-2', 't-4']);
  assert.deepEqual(ask('worker=w-2'), ['t-3']);
  assert.deepEqual(ask('source=none'), []);
});

test('q finds parts of id, key and error message, whatever their case', () => {
  assert.deepEqual(ask('q=MOVIES'), ['t-1']);
  assert.deepEqual(ask('q=truncated'), ['t-2']);
  assert.deepEqual(ask('q=t-4&q=truncated'), ['t-2', 't-4']);
});

test('pages follow each other without gap or overlap', () => {
  const seen: string[] = [];
  let page: TaskPage = { limit: 1 };
  for (let turns = 0; turns < 10; turns++) {
    const filter = parseTaskFilter(new URLSearchParams());
    assert.ok(filter.kind === 'ok');
    const answer = pageOf(tasks, filter.value, page);
    seen.push(...answer.tasks.map((each) => each.task));
    if (answer.cursor === undefined) break;
    const next = parseTaskPage(new URLSearchParams({ limit: '1', cursor: answer.cursor }));
    assert.ok(next.kind === 'ok');
    page = next.value;
  }
  assert.deepEqual(seen, ['t-2', 't-3', 't-4', 't-1']);
});

for (const [query, code] of [
  ['acount=acme', 'unknown_parameter'],
  ['status=done', 'bad_value'],
  ['account=', 'bad_value'],
] as const) {
  test(`refuses ?${query}`, () => {
    const parsed = parseTaskFilter(new URLSearchParams(query));
    assert.equal(parsed.kind, 'bad');
    assert.equal(parsed.kind === 'bad' && parsed.code, code);
  });
}

for (const query of [
  'limit=0',
  'limit=1001',
  'limit=ten',
  'limit=1.5',
  'limit=1&limit=2',
  'cursor=%00',
  'cursor=bm8',
]) {
  test(`refuses the page ?${query}`, () => {
    assert.equal(parseTaskPage(new URLSearchParams(query)).kind, 'bad');
  });
}

test('every source has one owner, the same for all, and a new coordinator takes sources only for itself', () => {
  const sources = Array.from({ length: 300 }, (_, number) => `account.collection.source-${number}`);
  const before = sources.map((source) => ownerOf(source, ['c-1', 'c-2', 'c-3']));
  assert.deepEqual(
    before,
    sources.map((source) => ownerOf(source, ['c-3', 'c-1', 'c-2'])),
  );
  for (const owner of ['c-1', 'c-2', 'c-3']) assert.ok(before.filter((each) => each === owner).length > 60, owner);
  for (const [index, source] of sources.entries()) {
    const after = ownerOf(source, ['c-1', 'c-2', 'c-3', 'c-4']);
    assert.ok(after === before[index] || after === 'c-4');
  }
  assert.equal(ownerOf('any', []), undefined);
});
