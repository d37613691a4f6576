/** Holds the merging of task parts to `foldTask`: what a merged row calls settled is what folding all records gives. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Database } from '../../src/index/database.ts';
import { foldedRow, foldedRowSql } from '../../src/index/foldedRow.ts';
import { mergeSql, tableRowsSql } from '../../src/index/taskMerge.ts';
import { TaskParts } from '../../src/index/taskSide.ts';
import { foldTask } from '../../src/model/fold.ts';
import { type LogRecord, taskEvents } from '../../src/model/record.ts';

const some = <T>(...values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 3 });

const record = fc
  .record({
    tsMs: fc.integer({ min: -3, max: 6 }),
    event: fc.constantFrom(...taskEvents, 'log'),
    attempt: some(0, 1, 2, 3, 2 ** 53 - 1),
    account: some('acme', 'globex'),
    worker: some('w-1', 'w-2', 'w-3'),
    key: some('a', 'b'),
    bytes: some(0, 5, 2 ** 53 - 1),
    docs: some(1, 2),
    error: some({}, { type: 'A' }, { type: 'A', message: 'no' }, { message: 'x\u001fy', stack: 's' }),
    group: some('g1-1', 'g1-2'),
    build: some({ commit: 'c1' }, { commit: 'c2', service: 's' }),
  })
  .map((fields) => {
    const present = Object.entries({ task: 't', ...fields }).filter(([, value]) => value !== undefined);
    // Only what is absent was left out.
    return Object.fromEntries(present) as unknown as LogRecord;
  });

test('merged parts are settled as foldTask folds, or known not to be', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ingest-trace-test-'));
  const database = await Database.open({
    memoryLimitMb: 256,
    temporaryDirectory: join(directory, 'spill'),
    directories: [directory],
  });
  let settled = 0;
  let runs = 0;
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(record, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (segments, isRepeated) => {
          const row = await database.use(async (connection) => {
            const relations: string[] = [];
            for (const [at, records] of (isRepeated ? [...segments, ...segments] : segments).entries()) {
              const parts = new TaskParts();
              for (const each of records) parts.add(each);
              const staged = await parts.stage(connection, `part_${at}`);
              relations.push(`SELECT *, false AS unsettled FROM (${staged?.selectSql})`);
            }
            const merged = `(${mergeSql(`(${relations.join(' UNION ALL ')})`)})`;
            const rows = await (
              await connection.run(
                `SELECT ${foldedRowSql} AS row, m.torn FROM (${tableRowsSql(merged)}) f, (SELECT torn FROM ${merged}) m`,
              )
            ).getRowObjectsJS();
            assert.equal(rows.length, 1);
            return rows[0];
          });
          const folded = foldedRow(row?.['row']);
          assert.ok(folded);
          const expected = foldTask(segments.flat());
          runs += 1;
          const { status, attempts, firstTs, lastTs, durationMs } = folded.task;
          assert.deepEqual(
            { status, attempts, firstTs, lastTs, durationMs },
            {
              status: expected.status,
              attempts: expected.attempts,
              firstTs: expected.firstTs,
              lastTs: expected.lastTs,
              durationMs: expected.durationMs,
            },
          );
          if (!folded.isSettled || row?.['torn'] === true) return;
          settled += 1;
          assert.deepEqual(folded.task, expected);
        },
      ),
      { numRuns: 400, seed: Number(process.env['FC_SEED'] ?? 20261123) },
    );
    assert.ok(settled > runs / 4, `${settled} of ${runs} settled: the rest would say nothing`);
  } finally {
    database.close();
    await rm(directory, { recursive: true, force: true });
  }
});
