/** Holds tasks that are put together from the sides of several segments to `foldTask` of all their records. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { idHash } from '../../src/index/idHash.ts';
import { foldedOf, mergedCells } from '../../src/index/tasks/taskPage.ts';
import { TaskTable } from '../../src/index/tasks/taskTable.ts';
import { foldTask } from '../../src/model/fold.ts';
import { type LogRecord, taskEvents } from '../../src/model/record.ts';
import { taskStatuses } from '../../src/model/task.ts';
import { tasksOf } from './segmentTasksFixture.ts';

const seed = Number(process.env['FC_SEED'] ?? 20261126);

const some = <T>(...values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 3 });

const record = fc
  .record({
    task: fc.constantFrom('t', 't-2', 'ü'),
    tsMs: fc.integer({ min: -3, max: 6 }),
    event: fc.constantFrom(...taskEvents, 'log'),
    attempt: some(0, 1, 2, 3, 2 ** 53 - 1),
    account: some('acme', 'globex'),
    worker: some('w-1', 'w-2', 'w-3'),
    key: some('a', 'b'),
    bytes: some(0, 5, 2 ** 53 - 1),
    docs: some(1, 2),
    error: some({ type: '' }, { type: 'A' }, { type: 'A', message: 'no' }, { message: 'x\u001fy', stack: 's' }),
    group: some('g1-1', 'g1-2'),
    build: some({ commit: 'c1' }, { commit: 'c2', service: 's' }),
  })
  .map((fields) => {
    const present = Object.entries(fields).filter(([, value]) => value !== undefined);
    // Only what is absent was left out.
    return Object.fromEntries(present) as unknown as LogRecord;
  });

test('tasks of several segments are settled as foldTask folds, or known not to be', () => {
  let [settled, runs] = [0, 0];
  fc.assert(
    fc.property(
      fc.array(fc.array(record, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (segments, isRepeated) => {
        const table = new TaskTable();
        for (const [at, records] of (isRepeated ? [...segments, ...segments] : segments).entries()) {
          table.begin([{ key: `segment-${at}`, tasks: tasksOf(records) }])();
        }
        const byTask = Map.groupBy(segments.flat(), ({ task }) => task ?? '');
        assert.equal(table.size, byTask.size);
        let shown = 0;
        for (const segment of table.segments) for (const each of segment.hidden) shown += 1 - each;
        assert.equal(shown, byTask.size);
        for (const [task, records] of byTask) {
          const parts = table.partsOf(task);
          const [first] = parts;
          assert.ok(first);
          const { segment, at } = first;
          const expected = foldTask(records);
          runs += 1;
          assert.deepEqual(
            [
              segment.hidden[at],
              segment.firstMs[at],
              segment.lastMs[at],
              segment.attempts[at],
              taskStatuses[segment.status[at] ?? 9],
            ],
            [0, expected.firstTs, expected.lastTs, expected.attempts, expected.status],
          );
          assert.ok(parts.every((part) => part.segment.reachMs >= expected.lastTs));
          const { cells, isSettled } = mergedCells(parts);
          const folded = foldedOf(cells);
          const { status, attempts, firstTs, lastTs, durationMs } = folded;
          assert.deepEqual(
            [status, attempts, firstTs, lastTs, durationMs],
            [expected.status, expected.attempts, expected.firstTs, expected.lastTs, expected.durationMs],
          );
          if (!isSettled) continue;
          settled += 1;
          assert.deepEqual(folded, expected);
        }
      },
    ),
    { numRuns: 600, seed },
  );
  assert.ok(settled > runs / 4, `${settled} of ${runs} settled: the rest would say nothing`);
});

test('a table finds each of many tasks, and none that it has not', () => {
  const table = new TaskTable();
  for (let number = 0; number < 5; number++) {
    const records = Array.from({ length: 3_000 }, (_, at) => ({
      task: `task-${number * 2_500 + at}`,
      tsMs: at,
      event: 'task.created',
    }));
    table.begin([{ key: `segment-${number}`, tasks: tasksOf(records) }])();
  }
  assert.equal(table.size, 4 * 2_500 + 3_000);
  for (let task = 0; task < table.size; task++) {
    const parts = table.partsOf(`task-${task}`);
    assert.equal(parts.length, task % 2_500 < 500 && task >= 2_500 && task < 12_500 ? 2 : 1, `task-${task}`);
    for (const { segment, at } of parts) assert.equal(segment.tasks.ids.at(at), `task-${task}`);
  }
  for (const unknown of ['', 'task', 'task-', 'task-13000', 'TASK-1']) assert.deepEqual(table.partsOf(unknown), []);
});

test('tasks of which no record counts are in a segment but not in the table', () => {
  const table = new TaskTable();
  const records = ['a', 'b', 'c'].map((task) => ({ task, tsMs: 1, event: 'task.created' }));
  const tasks = tasksOf(records);
  const gone = [0, 1, 2].find((at) => tasks.ids.at(at) === 'b') ?? -1;
  table.begin([{ key: 'one', tasks, gone: new Set([gone]) }])();
  assert.equal(table.size, 2);
  assert.deepEqual(table.partsOf('b'), []);
  table.begin([{ key: 'two', tasks: tasksOf(records.slice(1, 2)) }])();
  assert.deepEqual([table.size, table.partsOf('b').map(({ segment }) => segment.key)], [3, ['two']]);
});

test('tasks whose ids have one hash are told apart, in one segment and in several', () => {
  const byHash = Map.groupBy(
    Array.from({ length: 400_000 }, (_, at) => `task-${at}`),
    (id) => idHash(Buffer.from(id)),
  );
  const sharing = [...byHash.values()].filter(({ length }) => length > 1);
  assert.ok(sharing.length > 5, 'so many ids share some hashes');
  const segmentOf = (ids: readonly string[]) => tasksOf(ids.map((task) => ({ task, tsMs: 1, event: 'task.created' })));
  const [firsts, seconds] = [sharing.map(([id = '']) => id), sharing.map(([, id = '']) => id)];
  const table = new TaskTable();
  table.begin([{ key: 'firsts', tasks: segmentOf(firsts) }])();
  table.begin([
    { key: 'seconds', tasks: segmentOf(seconds) },
    { key: 'both', tasks: segmentOf([...seconds, ...firsts]) },
  ])();
  table.begin([{ key: 'again', tasks: segmentOf([...firsts, ...seconds]) }])();
  assert.equal(table.size, 2 * sharing.length);
  const keysOf = (id: string) => table.partsOf(id).map(({ segment }) => segment.key);
  for (const id of firsts) assert.deepEqual(keysOf(id).sort(), ['again', 'both', 'firsts'], id);
  for (const id of seconds) assert.deepEqual(keysOf(id).sort(), ['again', 'both', 'seconds'], id);
});
