/** The coordinator's state machine, with a clock that the test moves. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SourceObject, TaskTable, taskId } from '../../src/harness/coordinator/taskTable.ts';
import type { Source } from '../../src/harness/source.ts';
import type { Lease, LeaseRef } from '../../src/harness/wire.ts';
import type { LogRecord } from '../../src/model/record.ts';

const films: Source = { account: 'acme', collection: 'films', source: 'catalog', url: 'file:///films' };
const prices: Source = { account: 'initech', collection: 'market', source: 'prices', url: 'file:///prices' };
const timings = { leaseMs: 1_000, maxAttempts: 3, retryMs: 100, retentionMs: 60_000 };
const boom = { error: { type: 'Boom', message: 'it went off', stack: 'Boom: it went off' }, retryable: true };
const nothingYet = { docs: 0, bytes: 0 };

function object(objectKey: string, etag = 'v1', lastModifiedMs = 5): SourceObject {
  return { objectKey, key: `landing/${objectKey}`, etag, sizeBytes: 10, lastModifiedMs };
}

function setUp(maxFinished = 100) {
  const clock = { nowMs: 1_000_000 };
  const emitted: LogRecord[] = [];
  const forgotten: string[] = [];
  const table = new TaskTable(
    { coordinator: 'c-1', timings, maxFinished, nowMs: () => clock.nowMs, random: () => 0.5 },
    {
      emitted: (record) => emitted.push(record),
      changed: () => undefined,
      forgotten: (id) => forgotten.push(id),
    },
  );
  const events = (): string[] => emitted.map(({ event }) => event);
  return { clock, emitted, events, forgotten, table };
}

function refOf(lease: Lease, worker: string): LeaseRef {
  return { worker, task: lease.task, attempt: lease.attempt, epoch: lease.epoch };
}

function leased(table: TaskTable, worker: string): Lease {
  const lease = table.lease(worker);
  assert.ok(lease, `${worker} gets a lease`);
  return lease;
}

test('a task is created, leased, run and done, and the folded task follows', () => {
  const { table, events } = setUp();
  table.add(films, object('a.csv'), 1);
  const id = taskId(films, object('a.csv'));
  assert.equal(table.task(id)?.folded.status, 'pending');
  const ref = refOf(leased(table, 'w-1'), 'w-1');
  assert.equal(table.task(id)?.folded.status, 'assigned');
  assert.equal(table.heartbeat(ref, nothingYet), 'held');
  assert.equal(table.task(id)?.folded.status, 'running');
  assert.equal(table.complete(ref, { docs: 7, bytes: 10, rejected: 0 }), 'held');
  const { folded, attempts } = table.task(id) ?? assert.fail('held');
  assert.equal(folded.status, 'succeeded');
  assert.equal(folded.docs, 7);
  assert.equal(folded.worker, 'w-1');
  assert.deepEqual(
    attempts.map(({ attempt, status }) => [attempt, status]),
    [[1, 'finished']],
  );
  assert.deepEqual(events(), ['task.created', 'task.assigned', 'task.succeeded']);
  assert.equal(table.lease('w-1'), undefined);
});

test('the same version of an object is one task, another version another one', () => {
  const { table } = setUp();
  table.add(films, object('a.csv'), 1);
  table.add(films, object('a.csv'), 1);
  assert.equal(table.size, 1);
  table.add(films, object('a.csv', 'v2'), 1);
  assert.equal(table.size, 2);
  table.add(films, object('a.csv', 'v1', 6), 1);
  assert.equal(table.size, 3, 'back to its old content');
});

test('two versions of one object are never in process at once', () => {
  const { table } = setUp();
  table.add(films, object('a.csv', 'v1'), 1);
  table.add(films, object('a.csv', 'v2'), 1);
  const first = leased(table, 'w-1');
  assert.equal(table.lease('w-2'), undefined);
  table.complete(refOf(first, 'w-1'), { docs: 1, bytes: 1, rejected: 0 });
  assert.equal(leased(table, 'w-2').etag, 'v2');
});

test('sources are served in turn, however many objects one has', () => {
  const { table } = setUp();
  for (const name of ['a', 'b', 'c']) table.add(films, object(name), 1);
  table.add(prices, object('p'), 1);
  const served = [1, 2, 3].map((number) => leased(table, `w-${number}`).source.source);
  assert.deepEqual(served, ['catalog', 'prices', 'catalog']);
});

test('requeues a task whose lease expired, and refuses the late answer', () => {
  const { table, clock, emitted, events } = setUp();
  table.add(films, object('a.csv'), 1);
  const lost = refOf(leased(table, 'w-1'), 'w-1');
  table.heartbeat(lost, nothingYet);
  clock.nowMs += 999;
  table.tick();
  assert.deepEqual(events(), ['task.created', 'task.assigned'], 'not before its time');
  clock.nowMs += 1;
  table.tick();
  assert.equal(table.task(lost.task)?.folded.status, 'retrying');
  assert.equal(emitted.at(-1)?.event, 'attempt.lost');
  assert.equal(emitted.at(-1)?.worker, 'w-1');
  assert.equal(table.complete(lost, { docs: 1, bytes: 1, rejected: 0 }), 'lost');
  assert.equal(table.heartbeat(lost, nothingYet), 'lost');
  assert.equal(table.fail(lost, boom), 'lost');
  clock.nowMs += timings.retryMs;
  const again = leased(table, 'w-2');
  assert.equal(again.attempt, 2);
  assert.equal(table.complete(lost, { docs: 1, bytes: 1, rejected: 0 }), 'lost', 'also when another one runs');
  assert.equal(table.complete(refOf(again, 'w-2'), { docs: 5, bytes: 1, rejected: 0 }), 'held');
  assert.equal(table.task(lost.task)?.folded.docs, 5);
});

test('a heartbeat extends the lease', () => {
  const { table, clock, events } = setUp();
  table.add(films, object('a.csv'), 1);
  const ref = refOf(leased(table, 'w-1'), 'w-1');
  for (let beat = 0; beat < 5; beat++) {
    clock.nowMs += 900;
    assert.equal(table.heartbeat(ref, { docs: beat, bytes: beat }), 'held');
    table.tick();
  }
  assert.ok(!events().includes('attempt.lost'));
});

test('only the holder of the lease, of this attempt and this ownership, is heard', () => {
  const { table } = setUp();
  table.add(films, object('a.csv'), 4);
  const ref = refOf(leased(table, 'w-1'), 'w-1');
  for (const wrong of [
    { ...ref, worker: 'w-2' },
    { ...ref, attempt: 2 },
    { ...ref, epoch: 3 },
    { ...ref, task: 'no-such' },
  ]) {
    assert.equal(table.heartbeat(wrong, nothingYet), 'lost');
    assert.equal(table.complete(wrong, { docs: 0, bytes: 0, rejected: 0 }), 'lost');
    assert.equal(table.fail(wrong, boom), 'lost');
  }
  assert.equal(table.heartbeat(ref, nothingYet), 'held');
});

test('a completion that is said twice is held twice, and counts once', () => {
  const { table, events } = setUp();
  table.add(films, object('a.csv'), 1);
  const ref = refOf(leased(table, 'w-1'), 'w-1');
  assert.equal(table.complete(ref, { docs: 1, bytes: 1, rejected: 0 }), 'held');
  assert.equal(table.complete(ref, { docs: 1, bytes: 1, rejected: 0 }), 'held');
  assert.equal(events().filter((event) => event === 'task.succeeded').length, 1);
  assert.equal(table.complete({ ...ref, worker: 'w-2' }, { docs: 1, bytes: 1, rejected: 0 }), 'lost');
});

test('a failed attempt waits longer each time, and the last one fails the task', () => {
  const { table, clock, emitted } = setUp();
  table.add(films, object('a.csv'), 1);
  for (const [attempt, backOffMs] of [
    [1, 100],
    [2, 200],
  ] as const) {
    const lease = leased(table, 'w-1');
    assert.equal(lease.attempt, attempt);
    assert.equal(table.fail(refOf(lease, 'w-1'), boom), 'held');
    assert.equal(table.task(lease.task)?.folded.status, 'retrying');
    clock.nowMs += backOffMs - 1;
    assert.equal(table.lease('w-1'), undefined, 'still backing off');
    clock.nowMs += 1;
  }
  const last = leased(table, 'w-2');
  table.fail(refOf(last, 'w-2'), boom);
  const held = table.task(last.task) ?? assert.fail('held');
  assert.equal(held.folded.status, 'failed');
  assert.deepEqual(held.folded.error, { type: 'Boom', message: 'it went off' });
  assert.match(held.folded.group ?? '', /^g\d+-/);
  assert.equal(held.attempts.length, 3);
  assert.equal(emitted.at(-1)?.error?.stack, 'Boom: it went off');
  assert.equal(table.open, 0);
});

test('a failure that another attempt cannot help ends the task at once', () => {
  const { table } = setUp();
  table.add(films, object('a.csv'), 1);
  const lease = leased(table, 'w-1');
  table.fail(refOf(lease, 'w-1'), { ...boom, retryable: false });
  assert.equal(table.task(lease.task)?.folded.status, 'failed');
  assert.equal(table.task(lease.task)?.folded.attempts, 1);
});

test('an object settles before it is handed out', () => {
  const { table, clock } = setUp();
  table.add({ ...films, settleMs: 500 }, object('a.csv'), 1);
  clock.nowMs += 499;
  assert.equal(table.lease('w-1'), undefined);
  clock.nowMs += 1;
  leased(table, 'w-1');
});

test('finished tasks are forgotten after their retention, or when there are too many', () => {
  const { table, clock, forgotten } = setUp(2);
  for (const name of ['a', 'b', 'c']) table.add(films, object(name), 1);
  const done = ['w-1', 'w-2', 'w-3'].map((worker) => {
    const lease = leased(table, worker);
    table.complete(refOf(lease, worker), { docs: 1, bytes: 1, rejected: 0 });
    clock.nowMs += 10;
    return lease.task;
  });
  table.tick();
  assert.deepEqual(forgotten, done.slice(0, 1), 'one too many');
  clock.nowMs += timings.retentionMs;
  table.tick();
  assert.deepEqual(forgotten, done);
  assert.equal(table.task(done[2] ?? ''), undefined);
});

test('what an earlier owner left in process counts as a lost attempt', () => {
  const { table, clock, emitted } = setUp();
  table.add(films, object('a.csv'), 2, { attempt: 2, worker: 'w-9' });
  assert.deepEqual(
    emitted.map(({ event, attempt, worker }) => [event, attempt, worker]),
    [
      ['task.created', undefined, undefined],
      ['attempt.lost', 2, 'w-9'],
    ],
  );
  clock.nowMs += 1_000;
  assert.equal(leased(table, 'w-1').attempt, 3);
  table.add(films, object('b.csv'), 2, { attempt: 3, worker: 'w-9' });
  assert.equal(table.task(taskId(films, object('b.csv')))?.folded.status, 'failed', 'it was the last');
  table.add(films, object('c.csv'), 2, { attempt: 1 });
  assert.equal(leased(table, 'w-1').attempt, 2, 'an attempt that had ended is not lost again');
});

test('a source that somebody else owns now is let go', () => {
  const { table } = setUp();
  table.add(films, object('a.csv'), 1);
  table.add(prices, object('p'), 1);
  const ref = refOf(leased(table, 'w-1'), 'w-1');
  table.dropSource('acme.films.catalog');
  assert.equal(table.size, 1);
  assert.equal(table.complete(ref, { docs: 1, bytes: 1, rejected: 0 }), 'lost');
});
