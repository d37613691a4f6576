/** Holds the pages of the newest tasks to a plain sort of all of them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { TaskTable } from '../../src/index/tasks/taskTable.ts';
import type { TableSegment } from '../../src/index/tasks/tableSegment.ts';
import { topTasks } from '../../src/index/tasks/topTasks.ts';
import { tasksOf } from './segmentTasksFixture.ts';

const seed = Number(process.env['FC_SEED'] ?? 20261126);

test('tasks that ended at one moment are in the order of their ids, wherever they lie', () => {
  const segment = fc.uniqueArray(fc.record({ id: fc.nat(40), tsMs: fc.integer({ min: 0, max: 3 }) }), {
    minLength: 1,
    maxLength: 8,
    selector: ({ id }) => id,
  });
  fc.assert(
    fc.property(
      fc.array(segment, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 6 }),
      (segments, limit) => {
        const table = new TaskTable();
        const last = new Map<string, number>();
        for (const [number, tasks] of segments.entries()) {
          const records = tasks.map(({ id, tsMs }) => ({ task: `t-${id}`, tsMs, event: 'task.created' }));
          for (const { task, tsMs } of records) last.set(task, Math.max(tsMs, last.get(task) ?? tsMs));
          const times = records.map(({ tsMs }) => tsMs);
          const bounds = { minTs: Math.min(...times), maxTs: Math.max(...times) };
          table.begin([{ key: `segment-${number}`, tasks: tasksOf(records), ...bounds }])();
        }
        const expected = [...last].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([task]) => task);
        const order = {
          descending: true,
          mayLack: false,
          valuesOf: (each: TableSegment) => each.lastMs,
          mostOf: (each: TableSegment) => each.boundReachMs,
        };
        const newestFirst = table.segments.toSorted((a, b) => b.boundReachMs - a.boundReachMs);
        const got: string[] = [];
        for (;;) {
          const task = got.at(-1);
          const after = task === undefined ? {} : { after: { task, value: last.get(task) ?? 0 } };
          const { places } = topTasks(newestFirst, () => undefined, order, { limit, ...after });
          if (places.length === 0) break;
          got.push(...places.map(({ segment: { tasks }, at }) => tasks.ids.at(at) ?? ''));
        }
        assert.deepEqual(got, expected);
      },
    ),
    { numRuns: 300, seed },
  );
});
