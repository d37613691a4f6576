/** Holds the index's overviews to plain counting in memory, over whatever writers may write. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { facetCounts } from '../../src/index/facetCounts.ts';
import { failureGroups } from '../../src/index/failureGroups.ts';
import { fieldList } from '../../src/index/fieldList.ts';
import { fieldValues } from '../../src/index/fieldValues.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import type { LogIndex } from '../../src/index/logIndex.ts';
import { taskHistogram } from '../../src/index/taskHistogram.ts';
import { workerLanes } from '../../src/index/workerLanes.ts';
import { readLogObject } from '../../src/logs/readLogObject.ts';
import { foldAttempts, foldTask } from '../../src/model/fold.ts';
import type { FieldValue } from '../../src/model/overview/answers.ts';
import { foldedField, foldedFieldNames } from '../../src/model/overview/foldedFields.ts';
import { visitFields } from '../../src/model/overview/recordFields.ts';
import { matchRecord, matchTask } from '../../src/model/query/matchTask.ts';
import type { Query } from '../../src/model/query/query.ts';
import { type LogRecord, taskEvents } from '../../src/model/record.ts';
import type { Attempt, FoldedTask } from '../../src/model/task.ts';
import { indexFixture, query } from './indexFixture.ts';

const startMs = Date.UTC(2026, 10, 22);
const values = fc.oneof(
  fc.constantFrom<unknown>(0, 503, 503.5, -7, 1e21, true, false, null, '503', 'x', '', '2026-11-01T00:00:00.003Z'),
  fc.constantFrom<unknown>([], {}, [503, 'x', 503], { code: 503 }, [{ code: '503' }, { code: null }], { 'a.b': 1 }),
);
const sometimes = <T>(arbitrary: fc.Arbitrary<T>, freq = 3) => fc.option(arbitrary, { nil: undefined, freq });
const stacks = ['at readRow (/app/src/rows.ts:3:9)', 'at main (/app/src/main.ts:9:1)', 'at x (node:fs:1:1)', ''];
const error = fc.record(
  {
    type: fc.constantFrom('TypeError', 'RangeError'),
    message: fc.constantFrom('timed out', 'bad row 7', ''),
    stack: fc.constantFrom(...stacks).map((frame) => `TypeError: bad\n    ${frame}`),
  },
  { requiredKeys: [] },
);
const line = fc.record(
  {
    ts: fc.constantFrom(0, 1, 2, 5, 1000, 60_000, 86_400_000, 86_400_001).map((ms) => startMs + ms),
    task: sometimes(fc.constantFrom('t-1', 't-2', 't-3', 'tÄ😀'), 6),
    event: sometimes(fc.constantFrom(...taskEvents, 'custom'), 9),
    level: sometimes(fc.oneof(fc.constantFrom('info', 'error'), values)),
    attempt: sometimes(fc.oneof(fc.nat(3), fc.constantFrom<unknown>('2', 1.5))),
    account: sometimes(fc.constantFrom('acme', 'globex')),
    collection: sometimes(fc.constantFrom('orders', 'a%')),
    coordinator: sometimes(fc.constantFrom('c-1', 'c-2')),
    worker: sometimes(fc.constantFrom('w-1', 'w-2', 'w-10'), 6),
    message: sometimes(fc.constantFrom('timed out', '503')),
    bytes: sometimes(fc.constantFrom<unknown>(0, 5, 2 ** 53 - 1, '5')),
    error: sometimes(fc.oneof({ weight: 5, arbitrary: error }, { weight: 1, arbitrary: values })),
    'error.type': sometimes(values, 2),
    build: sometimes(fc.record({ commit: fc.constantFrom('c1', 'c2'), extra: values }, { requiredKeys: [] })),
    group: sometimes(values, 2),
    http: sometimes(fc.oneof(values, fc.record({ status: values }))),
    'http.status': sometimes(values),
    'odd\u001fname': sometimes(values, 2),
  },
  { requiredKeys: ['ts'] },
);
const dataset = fc.array(fc.array(line, { minLength: 1, maxLength: 14 }), { minLength: 1, maxLength: 3 });
const queries = [
  '',
  'status:failed',
  'account:acme',
  '-worker:w-1',
  'http.status:503 or',
  'since:2026-11-22T00:00:01Z',
  'until:2026-11-22T00:00:01Z timed',
  'at:2026-11-22T00:00:01Z',
  'is:retried',
  'has:error',
].map((text) => query(text.replace(/ or$/, '')));

interface Told {
  readonly task: FoldedTask;
  readonly attempts: readonly Attempt[];
  readonly own: readonly LogRecord[];
}

interface Memory {
  readonly records: readonly LogRecord[];
  readonly tasks: readonly Told[];
}

test('overviews of the index are what counting in memory comes to', async () => {
  await fc.assert(
    fc.asyncProperty(dataset, async (objects) => {
      await using fixture = await indexFixture();
      const records: LogRecord[] = [];
      for (const [number, lines] of [...objects, ...objects.slice(0, 1)].entries()) {
        const key = `${number}.ndjson`;
        await fixture.logs.put(key, Buffer.from(lines.map((each) => `${JSON.stringify(each)}\n`).join('')));
        for await (const batch of readLogObject(fixture.logs, key)) {
          for (const read of batch) if (read.kind === 'record') records.push(read.record);
        }
      }
      await indexLogs({ logs: fixture.logs, index: fixture.index, limits: { records: 7, objects: 2 } });
      const index = await fixture.reader();
      const byTask = Map.groupBy(
        records.filter((record) => record.task !== undefined),
        (record) => record.task ?? '',
      );
      const tasks = [...byTask.values()].map((own) => ({ task: foldTask(own), attempts: foldAttempts(own), own }));
      const memory = { records, tasks };
      for (const [number, asked] of queries.entries()) {
        // Some fields of each query, so that all are asked of several.
        const fields = [...foldedFieldNames, ...otherFields].filter((_, at) => at % 4 === number % 4);
        await compareFacets(index, asked, memory, fields);
        await compareHistogram(index, asked, memory);
        await compareGroups(index, asked, memory);
        await compareLanes(index, asked, memory);
        await compareFields(index, asked, memory);
      }
      await compareValues(index, memory);
    }),
    { numRuns: 8, seed: 20261123, endOnFailure: true },
  );
});

const otherFields = [
  'level',
  'event',
  'attempt',
  'message',
  'http.status',
  'http',
  'error.stack',
  'build.extra',
  'nothing',
];

async function compareFacets(
  index: LogIndex,
  asked: Query,
  { tasks }: Memory,
  fields: readonly string[],
): Promise<void> {
  const matching = tasks.filter(({ task, own }) => matchTask(asked, task, own));
  for (const field of fields) {
    const counts = new Map<FieldValue, number>();
    let missing = 0;
    for (const { task, own } of matching) {
      const held = new Set<FieldValue>();
      const folded = foldedFieldNames.find((name) => name === field);
      if (folded) {
        const value = foldedField(task, folded);
        if (value !== undefined) held.add(value);
      } else for (const record of own) for (const value of valuesOf(record, field)) held.add(value);
      if (held.size === 0) missing++;
      for (const value of held) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const got = await facetCounts(index, asked, field, { limit: 2 });
    const all = [...counts.values()];
    assert.equal(got.total, matching.length, field);
    assert.equal(got.missing, missing, `${field} missing`);
    for (const { value, count } of got.values) assert.equal(counts.get(value), count, `${field}:${value}`);
    assert.equal(got.values.length + got.rest.values, all.length, `${field} values`);
    assert.deepEqual(
      got.values.map(({ count }) => count),
      all.sort((a, b) => b - a).slice(0, 2),
      `${field} order`,
    );
    assert.equal(
      got.values.reduce((sum, { count }) => sum + count, got.rest.count),
      all.reduce((sum, count) => sum + count, 0),
      `${field} rest`,
    );
  }
}

/** Of all types but `group`'s, as a query finds them. */
function valuesOf(record: LogRecord, field: string): FieldValue[] {
  const found: FieldValue[] = [];
  visitFields(record, (path, type, value) => {
    if (path === field && type !== 'time' && value !== undefined) found.push(value);
  });
  return found;
}

async function compareHistogram(index: LogIndex, asked: Query, { tasks }: Memory): Promise<void> {
  const matching = tasks.filter(({ task, own }) => matchTask(asked, task, own)).map(({ task }) => task);
  const { buckets, widthMs, total } = await taskHistogram(index, asked);
  assert.equal(total, matching.length);
  assert.ok(buckets.length <= 60);
  for (const [at, { startMs: start, endMs, count, byStatus }] of buckets.entries()) {
    const own = matching.filter(({ lastTs }) => lastTs >= start && lastTs < endMs);
    assert.deepEqual([start % widthMs, endMs - start, count], [0, widthMs, own.length]);
    if (at > 0) assert.equal(start, buckets[at - 1]?.endMs);
    for (const { status } of own) {
      assert.equal(byStatus[status], own.filter((each) => each.status === status).length);
    }
  }
  assert.equal(
    buckets.reduce((sum, { count }) => sum + count, 0),
    matching.length,
  );
}

async function compareGroups(index: LogIndex, asked: Query, { records, tasks }: Memory): Promise<void> {
  const matching = new Set(tasks.filter(({ task, own }) => matchTask(asked, task, own)).map(({ task }) => task.task));
  const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = asked.time;
  const failures = records.filter(
    (record) =>
      record.group !== undefined &&
      record.tsMs >= sinceMs &&
      record.tsMs < untilMs &&
      (record.task === undefined ? matchRecord(asked, record) : matching.has(record.task)),
  );
  const { groups, total } = await failureGroups(index, asked, { limit: 100 });
  assert.deepEqual(new Set(groups.map(({ group }) => group)), new Set(failures.map(({ group }) => group)));
  assert.equal(total, groups.length);
  for (const group of groups) {
    const own = failures.filter((record) => record.group === group.group);
    const seen = new Set<string>();
    for (const { task, event, attempt, worker, tsMs } of own) {
      const others = own.some((other) => other.task === task && other.event !== 'task.failed');
      if (task !== undefined && event === 'task.failed' && others) continue;
      seen.add(JSON.stringify([task, event, attempt, worker, tsMs]));
    }
    const ids = new Set(own.flatMap(({ task }) => task ?? []));
    const times = own.map(({ tsMs }) => tsMs);
    assert.deepEqual(
      [group.count, group.tasks, group.firstTs, group.lastTs],
      [seen.size, ids.size, Math.min(...times), Math.max(...times)],
    );
    const latest = own.filter(({ tsMs }) => tsMs === group.lastTs);
    assert.ok(latest.some(({ error: told }) => told?.type === group.type && told?.message === group.message));
  }
  const counts = groups.map(({ count }) => count);
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => b - a),
    'most frequent first',
  );
}

async function compareLanes(index: LogIndex, asked: Query, { tasks }: Memory): Promise<void> {
  const terms: Query = { text: '', time: {}, ...(asked.where ? { where: asked.where } : {}) };
  const expected = tasks
    .filter(({ task, own }) => matchTask(terms, task, own))
    .flatMap(({ task, attempts }) =>
      attempts
        .filter(({ worker }) => worker !== undefined)
        .map((attempt) => ({ attempt, task, isOpen: isOpen(task, attempt) }))
        .filter(({ attempt: { firstTs, lastTs }, isOpen: open }) => {
          const { sinceMs, untilMs } = asked.time;
          if (sinceMs !== undefined && lastTs < sinceMs && !open) return false;
          if (untilMs !== undefined && firstTs >= untilMs) return false;
          return asked.atMs === undefined || (firstTs <= asked.atMs && (open || asked.atMs <= lastTs));
        }),
    )
    .map(({ attempt: { attempt, worker, status, firstTs, lastTs, coordinator }, task, isOpen: open }) =>
      JSON.stringify([worker, task.task, attempt, status, firstTs, lastTs, open, coordinator, task.account]),
    );
  const { lanes, hasMore } = await workerLanes(index, asked, { limit: 1000 });
  assert.equal(hasMore, false);
  const got = lanes.flatMap(({ worker, spans }) =>
    spans.map((span) =>
      JSON.stringify([
        worker,
        span.task,
        span.attempt,
        span.status,
        span.startMs,
        span.endMs,
        span.isOpen,
        span.coordinator,
        span.account,
      ]),
    ),
  );
  assert.deepEqual(got.sort(), expected.sort());
}

function isOpen(task: FoldedTask, { attempt, status }: Attempt): boolean {
  const hasEnded = task.status === 'succeeded' || task.status === 'failed';
  return !hasEnded && attempt === task.attempts && (status === 'assigned' || status === 'running');
}

async function compareFields(index: LogIndex, asked: Query, { records, tasks }: Memory): Promise<void> {
  const taskOf = new Map(tasks.map(({ task }) => [task.task, task]));
  const matching = records.filter((record) => matchRecord(asked, record, taskOf.get(record.task ?? '')));
  const expected = new Map<string, { types: Map<string, number>; any: number; values: Set<FieldValue> }>();
  for (const record of matching) {
    const held = new Map<string, Set<string>>();
    visitFields(record, (path, type, value) => {
      const field = expected.get(path) ?? { types: new Map(), any: 0, values: new Set() };
      expected.set(path, field);
      const types = held.get(path) ?? new Set();
      held.set(path, types.add(type));
      if (value !== undefined) {
        types.add('any');
        field.values.add(value);
      }
    });
    for (const [path, types] of held) {
      const field = expected.get(path);
      for (const type of types) {
        if (!field) continue;
        if (type === 'any') field.any++;
        else field.types.set(type, (field.types.get(type) ?? 0) + 1);
      }
    }
  }
  const { fields, total, records: looked } = await fieldList(index, asked, { limit: 500 });
  assert.equal(looked, matching.length);
  assert.equal(total, expected.size);
  assert.deepEqual(fields.map(({ path }) => path).sort(), [...expected.keys()].sort());
  for (const { path, types, typeCounts, count, examples } of fields) {
    const { types: counted, any, values: held } = expected.get(path) ?? assert.fail(path);
    assert.deepEqual(new Map(Object.entries(typeCounts)), new Map([...counted].sort(byOrder(types))), path);
    assert.equal(count, any > 0 ? any : counted.get('object'), path);
    assert.equal(examples.length, Math.min(5, held.size), `${path}: ${JSON.stringify(examples)}`);
    for (const example of examples) assert.ok(held.has(example), `${path}: ${example}`);
  }
}

function byOrder(types: readonly string[]) {
  return ([a]: readonly [string, number], [b]: readonly [string, number]) => types.indexOf(a) - types.indexOf(b);
}

async function compareValues(index: LogIndex, { records }: Memory): Promise<void> {
  for (const field of ['account', 'http.status', 'level', 'group', 'attempt']) {
    const counts = new Map<FieldValue, number>();
    for (const record of records) {
      for (const value of new Set(valuesOf(record, field))) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const { values: got } = await fieldValues(index, field, { prefix: '', limit: 100 });
    assert.deepEqual(new Map(got.map(({ value, count }) => [value, count])), counts, field);
  }
}
