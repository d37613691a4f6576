import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { foldAttempts, foldTask } from '../../src/model/fold.ts';
import { type LogRecord, taskEvents } from '../../src/model/record.ts';

function record(tsMs: number, event: string, more: Partial<LogRecord> = {}): LogRecord {
  return { tsMs, event, task: 't', ...more };
}

test('a task without an attempt is pending', () => {
  const task = foldTask([record(10, 'task.created', { account: 'acme' })]);
  assert.deepEqual(task, {
    task: 't',
    account: 'acme',
    status: 'pending',
    attempts: 0,
    firstTs: 10,
    lastTs: 10,
    durationMs: 0,
  });
});

for (const [event, status] of [
  ['task.assigned', 'assigned'],
  ['attempt.started', 'running'],
  ['attempt.progress', 'running'],
  ['attempt.finished', 'running'],
  ['attempt.failed', 'retrying'],
  ['attempt.lost', 'retrying'],
] as const)
  test(`after ${event} the task is ${status}`, () => {
    assert.equal(foldTask([record(1, 'task.created'), record(2, event, { attempt: 1 })]).status, status);
  });

test('the later terminal event decides when there are both, whatever comes after it', () => {
  const failed = record(5, 'task.failed');
  const succeeded = record(6, 'task.succeeded');
  assert.equal(foldTask([succeeded, failed]).status, 'succeeded');
  assert.equal(
    foldTask([record(7, 'task.failed'), succeeded, record(9, 'attempt.started', { attempt: 4 })]).status,
    'failed',
  );
});

test('the latest attempt by number decides, even when an earlier attempt speaks later', () => {
  const task = foldTask([
    record(1, 'attempt.started', { attempt: 1, worker: 'w-1' }),
    record(2, 'attempt.started', { attempt: 2, worker: 'w-2' }),
    record(9, 'attempt.failed', { attempt: 1, worker: 'w-1', error: { type: 'Late' } }),
  ]);
  assert.equal(task.status, 'running');
  assert.equal(task.worker, 'w-2');
  assert.equal(task.attempts, 2);
  assert.deepEqual(task.error, { type: 'Late' });
});

test('log records count for nothing but the times', () => {
  const task = foldTask([
    record(5, 'task.created'),
    record(1, 'log', { worker: 'w-9', attempt: 7 }),
    record(90, 'log', { error: { type: 'Noise' } }),
  ]);
  assert.deepEqual(task, { task: 't', status: 'pending', attempts: 0, firstTs: 1, lastTs: 90, durationMs: 89 });
});

test('the error is the terminal one, else that of the last failed attempt', () => {
  const attempt1 = record(2, 'attempt.failed', { attempt: 1, error: { type: 'First', stack: 's' }, group: 'g1' });
  const attempt2 = record(3, 'attempt.lost', { attempt: 2, error: { type: 'Second' }, group: 'g2' });
  assert.deepEqual(foldTask([attempt2, attempt1]).error, { type: 'Second' });
  assert.equal(foldTask([attempt2, attempt1]).group, 'g2');
  assert.deepEqual(foldTask([attempt1, attempt2, record(4, 'task.failed', { error: { type: 'Final' } })]).error, {
    type: 'Final',
  });
  assert.deepEqual(foldTask([attempt1, attempt2, record(4, 'task.failed')]).error, { type: 'Second' });
});

test('folds attempts by number, each with its own worker and outcome', () => {
  const attempts = foldAttempts([
    record(7, 'attempt.finished', { attempt: 2, worker: 'w-2' }),
    record(1, 'task.assigned', { attempt: 1, worker: 'w-1', coordinator: 'c-1' }),
    record(3, 'attempt.lost', { attempt: 1, error: { type: 'LeaseExpired' } }),
    record(5, 'attempt.started', { attempt: 2, worker: 'w-2' }),
  ]);
  assert.deepEqual(attempts, [
    {
      attempt: 1,
      status: 'lost',
      worker: 'w-1',
      coordinator: 'c-1',
      firstTs: 1,
      lastTs: 3,
      error: { type: 'LeaseExpired' },
    },
    { attempt: 2, status: 'finished', worker: 'w-2', firstTs: 5, lastTs: 7 },
  ]);
});

test('a last attempt that did not tell its end ended with its task, and no other one did', () => {
  const records = [
    record(1, 'attempt.started', { attempt: 1, worker: 'w-1' }),
    record(4, 'attempt.started', { attempt: 2, worker: 'w-2' }),
  ];
  assert.deepEqual(foldAttempts([...records, record(9, 'task.succeeded')]), [
    { attempt: 1, status: 'running', worker: 'w-1', firstTs: 1, lastTs: 1 },
    { attempt: 2, status: 'finished', worker: 'w-2', firstTs: 4, lastTs: 9 },
  ]);
  const error = { type: 'TypeError' };
  assert.deepEqual(foldAttempts([...records, record(9, 'task.failed', { worker: 'c-1', error })])[1], {
    attempt: 2,
    status: 'failed',
    worker: 'w-2',
    firstTs: 4,
    lastTs: 9,
    error,
  });
  const told = [...records, record(6, 'attempt.failed', { attempt: 2 }), record(9, 'task.failed')];
  assert.equal(foldAttempts(told)[1]?.lastTs, 6);
});

test('refuses to fold nothing', () => {
  assert.throws(() => foldTask([]), RangeError);
});

test('order of arrival and duplicates change nothing', () => {
  const arbitrary = fc.record(
    {
      tsMs: fc.integer({ min: 0, max: 6 }),
      event: fc.constantFrom(...taskEvents, 'log', 'custom'),
      task: fc.constant('t'),
      attempt: fc.integer({ min: 1, max: 3 }),
      account: fc.constantFrom('a', 'b'),
      worker: fc.constantFrom('w-1', 'w-2'),
      coordinator: fc.constantFrom('c-1', 'c-2'),
      bytes: fc.nat(3),
      error: fc.record(
        { type: fc.constantFrom('E', 'F'), message: fc.constantFrom('m', 'n') },
        { noNullPrototype: true },
      ),
      group: fc.constantFrom('g', 'h'),
      build: fc.record({ commit: fc.constantFrom('x', 'y') }, { noNullPrototype: true }),
    },
    { requiredKeys: ['tsMs', 'event', 'task'], noNullPrototype: true },
  );
  const shuffled = fc
    .array(arbitrary, { minLength: 1, maxLength: 12 })
    .chain((records) =>
      fc.tuple(fc.constant(records), fc.shuffledSubarray([...records, ...records], { minLength: records.length * 2 })),
    );
  fc.assert(
    fc.property(shuffled, ([records, again]) => {
      assert.deepEqual(foldTask(again), foldTask(records));
      assert.deepEqual(foldAttempts(again), foldAttempts(records));
    }),
    { seed: 20261123, numRuns: 500 },
  );
});
