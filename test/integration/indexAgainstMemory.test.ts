/** Holds the index to the plain meaning of a query: whatever is indexed, it answers as folding and matching in memory do. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import * as fc from 'fast-check';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { LogIndex } from '../../src/index/logIndex.ts';
import { readLogObject } from '../../src/logs/readLogObject.ts';
import { foldTask } from '../../src/model/fold.ts';
import { compareTasks } from '../../src/model/query/compareTasks.ts';
import { inheritedFields } from '../../src/model/query/fields.ts';
import { matchRecord, matchTask } from '../../src/model/query/matchTask.ts';
import type { Comparison, Query, QueryExpression } from '../../src/model/query/query.ts';
import { isFlags, sortFields } from '../../src/model/query/query.ts';
import { type LogRecord, taskEvents } from '../../src/model/record.ts';
import type { FoldedTask } from '../../src/model/task.ts';
import { FileStore } from '../../src/store/fileStore.ts';

const startMs = Date.UTC(2026, 10, 1);
const ids = ['t-1', 't-2', 't-3', 't-10', 'ＴÄ😀', '%_\\'];
const names = ['acme', 'ACME', 'globex', 'a%', '503'];
const texts = ['timed out', 'Timed OUT: Σίσυφος İx', '100%_\\*', '', '2026-11-01T00:00:00.003Z', 'a\u0000b', '503'];
const numbers = [0, 1, 2, 503, 503.5, -7, 1e21, 2 ** 53 - 1];
const moments = [0, 1, 2, 3, 5, 8, 60_000, 60_001].map((ms) => startMs + ms);

const maybe = <T>(arbitrary: fc.Arbitrary<T>, oneIn = 3) =>
  fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const mostly = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 4 });
const mixed = fc.oneof(
  fc.constantFrom<unknown>(...numbers),
  fc.constantFrom<unknown>(...texts, ...names, 'true', 'null'),
  fc.constantFrom<unknown>(true, false, null, [], {}, [null]),
  fc.constantFrom<unknown>([503, 'x'], { code: 503 }, [{ code: '503' }, { code: null }], { 'code.x': 1 }),
);
const canonical = <T>(arbitrary: fc.Arbitrary<T>) =>
  mostly(fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: mixed }));

/** A line as a writer might write it: canonical fields mostly, sometimes of another type, and anything else. */
const line = fc.record(
  {
    ts: fc.oneof(
      fc.constantFrom(...moments),
      fc.constantFrom(...moments).map((ms) => new Date(ms).toISOString()),
      fc.constantFrom(...moments).map((ms) => ms + 0.75),
    ),
    task: canonical(fc.constantFrom(...ids)),
    event: canonical(fc.constantFrom(...taskEvents, 'log', 'custom')),
    level: canonical(fc.constantFrom('info', 'error')),
    attempt: canonical(fc.nat(3)),
    account: canonical(fc.constantFrom(...names)),
    collection: canonical(fc.constantFrom(...names)),
    worker: canonical(fc.constantFrom('w-1', 'w-2')),
    message: canonical(fc.constantFrom(...texts)),
    key: canonical(fc.constantFrom(...texts)),
    bytes: canonical(fc.constantFrom(0, 5, 2 ** 53 - 1)),
    docs: canonical(fc.nat(2)),
    error: canonical(
      fc.record(
        {
          type: fc.constantFrom('TypeError', 'Σ'),
          message: fc.constantFrom(...texts),
          stack: fc.constantFrom(...texts),
        },
        { requiredKeys: [] },
      ),
    ),
    build: canonical(fc.record({ commit: fc.constantFrom('c1', 'c2'), extra: mixed }, { requiredKeys: [] })),
    status: maybe(mixed),
    attempts: maybe(mixed),
    group: maybe(mixed),
    http: maybe(fc.oneof(mixed, fc.record({ status: mixed, 'sta.tus': mixed }, { requiredKeys: [] }))),
    'http.status': maybe(mixed),
    'odd*%\u001fname': maybe(mixed),
  },
  { requiredKeys: ['ts'] },
);

const fields = `
  task event level attempt account collection worker message key bytes docs ts error error.type error.message error.stack
  build build.commit build.extra group status attempts duration firstTs lastTs http http.status http.sta.tus http.code
  http.status.code odd*%\u001fname nothing.here __proto__ constructor`
  .trim()
  .split(/\s+/);

const comparison: fc.Arbitrary<Comparison> = fc.oneof(
  fc
    .constantFrom(...ids, ...names, ...texts, ...numbers.map(String), ...taskEvents, 'true', 'null', 'failed', '503.0')
    .map((value) => ({ kind: 'equals' as const, value })),
  fc
    .constantFrom('t-*', '*a*', 'a*', '*%', '*_*', '*\\*', 'Timed*Σ*x', '5*3', 'fail*', '*e*d', '**')
    .map((pattern) => ({ kind: 'like' as const, pattern })),
  fc
    .record({
      min: fc.constantFrom(...numbers, ...moments),
      max: fc.constantFrom(...numbers, ...moments),
      minInclusive: fc.boolean(),
      maxInclusive: fc.boolean(),
      unit: fc.constantFrom('time', undefined),
      bounds: fc.constantFrom('min', 'max', 'both'),
    })
    .map(({ min, max, minInclusive, maxInclusive, unit, bounds }) => ({
      kind: 'range' as const,
      ...(unit === 'time' ? { unit: 'time' as const } : {}),
      ...(bounds === 'max' ? {} : { min, minInclusive }),
      ...(bounds === 'min' ? {} : { max, maxInclusive }),
    })),
  fc.constant({ kind: 'has' as const }),
);

const leaf: fc.Arbitrary<QueryExpression> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('field' as const), field: fc.constantFrom(...fields), comparison }),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('timed', 'OUT', 'σίσυφοσ', 'ix', '%', '\\', '503', 'typeerror', '')
      .map((text) => ({ kind: 'text' as const, text })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...isFlags).map((flag) => ({ kind: 'is' as const, flag })) },
);

const expression = fc.letrec<{ any: QueryExpression }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      terms: fc.array(tie('any'), { minLength: 1, maxLength: 3 }),
    }),
    tie('any').map((term) => ({ kind: 'not' as const, term })),
  ),
})).any;

const query: fc.Arbitrary<Query> = fc
  .record({
    where: mostly(expression),
    sinceMs: maybe(fc.constantFrom(...moments)),
    untilMs: maybe(fc.constantFrom(...moments)),
    atMs: maybe(fc.constantFrom(...moments), 8),
    sort: maybe(fc.record({ field: fc.constantFrom(...sortFields), descending: fc.boolean() })),
  })
  .map(({ where, sinceMs, untilMs, atMs, sort }) => ({
    text: '',
    ...(where ? { where } : {}),
    time: { ...(sinceMs === undefined ? {} : { sinceMs }), ...(untilMs === undefined ? {} : { untilMs }) },
    ...(atMs === undefined ? {} : { atMs }),
    ...(sort ? { sort } : {}),
  }));

/** Records over several objects, some of them written twice. */
const dataset = fc.array(fc.array(line, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });

test('answers as folding and matching in memory do', async () => {
  await fc.assert(
    fc.asyncProperty(
      dataset,
      fc.array(query, { minLength: 20, maxLength: 20, size: 'max' }),
      async (objects, queries) => {
        const directory = await mkdtemp(join(tmpdir(), 'ingest-trace-test-'));
        const root = pathToFileURL(directory).href;
        const [logs, store] = [new FileStore(`${root}/logs`), new FileStore(`${root}/index`)];
        try {
          const records: LogRecord[] = [];
          for (const [number, lines] of [...objects, ...objects.slice(0, 1)].entries()) {
            const key = `${number}.ndjson`;
            await logs.put(key, Buffer.from(lines.map((each) => `${JSON.stringify(each)}\n`).join('')));
            for await (const batch of readLogObject(logs, key)) {
              for (const read of batch) {
                assert.ok(read.kind === 'record', 'every generated line is a record');
                records.push(read.record);
              }
            }
          }
          // Small limits: a task's records lie in several segments and commits.
          await indexLogs({ logs, index: store, limits: { records: 7, objects: 2 } });
          const index = await LogIndex.open({ store, cacheDirectory: join(directory, 'cache'), memoryLimitMb: 256 });
          try {
            for (const asked of queries) await compareAnswers(index, asked, records);
          } finally {
            await index.close();
          }
        } finally {
          await rm(directory, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: 12, seed: 20261123, endOnFailure: true },
  );
});

test('answers so while objects land one by one, late, twice and written anew, and segments are merged', async () => {
  const step = fc.record({
    /** Objects are few, so that many steps write one anew. */
    object: fc.nat(9),
    lines: fc.array(line, { minLength: 1, maxLength: 5 }),
    isAsked: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 12, maxLength: 16, size: 'max' }),
      fc.array(query, { minLength: 8, maxLength: 8, size: 'max' }),
      async (steps, queries) => {
        const directory = await mkdtemp(join(tmpdir(), 'ingest-trace-test-'));
        const root = pathToFileURL(directory).href;
        const [logs, store] = [new FileStore(`${root}/logs`), new FileStore(`${root}/index`)];
        const index = await LogIndex.open({ store, cacheDirectory: join(directory, 'cache'), memoryLimitMb: 256 });
        try {
          for (const [number, { object, lines, isAsked }] of steps.entries()) {
            const text = lines.map((each) => `${JSON.stringify(each)}\n`).join('');
            await logs.put(`${object}.ndjson`, Buffer.from(text));
            await indexLogs({ logs, index: store, limits: { records: 40 } });
            if (!isAsked && number < steps.length - 1) continue;
            const records: LogRecord[] = [];
            for await (const { key } of logs.list()) {
              for await (const batch of readLogObject(logs, key)) {
                for (const read of batch) if (read.kind === 'record') records.push(read.record);
              }
            }
            for (const asked of queries) await compareAnswers(index, asked, records);
          }
        } finally {
          await index.close();
          await rm(directory, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: 3, seed: Number(process.env['FC_SEED'] ?? 20261123), endOnFailure: true },
  );
});

async function compareAnswers(index: LogIndex, asked: Query, records: readonly LogRecord[]): Promise<void> {
  const byTask = Map.groupBy(
    records.filter((record) => record.task !== undefined),
    (record) => record.task ?? '',
  );
  const tasks = [...byTask.values()].map((own) => ({ task: foldTask(own), own }));
  const expected = tasks
    .filter(({ task, own }) => matchTask(asked, task, own))
    .map(({ task }) => task)
    .sort(compareTasks(asked));

  const got: FoldedTask[] = [];
  let cursor: string | undefined;
  do {
    const page = await index.search(asked, { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
    assert.equal(page.total, expected.length, 'total');
    got.push(...page.tasks);
    cursor = page.cursor;
  } while (cursor !== undefined);
  assert.deepEqual(got, expected);

  const taskOf = new Map(tasks.map(({ task }) => [task.task, task]));
  const expectedRecords = records
    .filter((record) => matchRecord(asked, record, taskOf.get(record.task ?? '')))
    .map((record) => filledIn(record, taskOf.get(record.task ?? '')));
  const page = await index.records(asked, { limit: 1000 });
  assert.deepEqual(sorted(page.records), sorted(expectedRecords));
  const times = page.records.map((record) => record.tsMs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => b - a),
    'newest first',
  );
}

function filledIn(record: LogRecord, task: FoldedTask | undefined): LogRecord {
  const known = inheritedFields.flatMap((field) => (task?.[field] === undefined ? [] : [[field, task[field]]]));
  return { ...Object.fromEntries(known), ...record };
}

function sorted(records: readonly LogRecord[]): string[] {
  return records.map((record) => JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
}
