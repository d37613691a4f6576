import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { foldTask } from '../../src/model/fold.ts';
import type { Json } from '../../src/model/json.ts';
import { compareCodePoints, compareTasks } from '../../src/model/query/compareTasks.ts';
import { formatQuery } from '../../src/model/query/formatQuery.ts';
import { evaluateKnown, matchRecord, matchTask, taskOnlyTerms } from '../../src/model/query/matchTask.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import type { Query } from '../../src/model/query/query.ts';
import { type LogRecord, parseRecord } from '../../src/model/record.ts';
import type { FoldedTask } from '../../src/model/task.ts';

const nowMs = Date.parse('2026-11-23T12:00:00Z');
const startMs = Date.parse('2026-11-23T10:00:00Z');

function query(text: string): Query {
  const parsed = parseQuery(text, { nowMs });
  assert.equal(parsed.kind, 'query', text);
  return parsed.query;
}

function record(fields: { readonly [name: string]: Json }): LogRecord {
  const parsed = parseRecord({ ts: startMs, ...fields });
  assert.equal(parsed.kind, 'record');
  return parsed.record;
}

/** A failed task of two attempts, the first with worker w-1, that took two minutes. */
const records: readonly LogRecord[] = [
  record({
    task: 't-1',
    event: 'task.created',
    account: 'acme',
    collection: 'orders',
    source: 's3-eu',
    key: 'a/b.csv',
  }),
  record({ ts: startMs + 1000, task: 't-1', event: 'attempt.started', attempt: 1, worker: 'w-1' }),
  record({
    ts: startMs + 2000,
    task: 't-1',
    event: 'attempt.failed',
    attempt: 1,
    worker: 'w-1',
    error: {
      type: 'TimeoutError',
      message: 'Read TIMED out',
      stack: 'TimeoutError: …\n    at read (src/worker.ts:4:2)',
    },
    http: { status: 503, 'retry.after': [1, 2], headers: [{ name: 'etag' }] },
  }),
  record({
    ts: startMs + 3000,
    task: 't-1',
    message: 'second try',
    'http.status': '504',
    tags: ['x', 'y'],
    ok: false,
    nothing: { at: null, all: {} },
    seen: '2026-11-23T09:00:00+01:00',
  }),
  record({ ts: startMs + 120_000, task: 't-1', event: 'task.failed', attempt: 2, worker: 'w-2', bytes: '12' }),
];
const task = foldTask([
  ...records,
  record({ ts: startMs + 110_000, task: 't-1', event: 'attempt.started', attempt: 2, worker: 'w-2' }),
]);

suite('matchTask', () => {
  for (const text of [
    '',
    'account:acme',
    'id:t-1',
    'account:acme,other',
    'worker:w-1',
    'worker:w-2',
    'worker:w-1 worker:w-2',
    'status:failed',
    'key:a/*',
    'key:*b*csv',
    'key:a/b.csv',
    'timed',
    '"timed OUT"',
    'timeouterror',
    '"src/worker.ts:4"',
    'SECOND',
    'error.type:TimeoutError',
    'error.stack:*worker.ts*',
    'http.status:503',
    'http.status:504',
    'http.status:>=503',
    'http.status:500..510',
    'http.retry.after:2',
    'http.headers.name:etag',
    'has:http',
    'has:error',
    'has:http.headers',
    'tags:y',
    'ok:false',
    'bytes:12',
    'seen:<2026-11-23T08:30:00Z',
    'seen:>=2026-11-23T08:00:00Z',
    'duration:2m',
    'duration:>1m',
    'attempts:2',
    'attempts:>1',
    'event:log',
    'attempt:1',
    'ts:2026-11-23',
    'firstTs:2026-11-23T10:00:00Z',
    'lastTs:>3h',
    'is:done',
    'is:slow',
    'is:retried',
    'is:live,done',
    '(account:other or timed)',
    '-(account:other or status:succeeded)',
    '-account:other',
    'since:2026-11-23T10:02:00Z',
    'until:2026-11-23T10:00:00.001Z',
    'at:2026-11-23T10:01:00Z',
  ]) {
    test(`finds by '${text}'`, () => assert.equal(matchTask(query(text), task, records), true));
  }

  for (const text of [
    'account:Acme',
    'account:acm',
    'account:*acm',
    'key:a/b',
    'key:b*',
    'key:a/b.csv*b.csv',
    'http.status:503.5',
    'http.status:>503',
    'http:503',
    'http.status.x:503',
    'has:nothing',
    'has:nothing.at',
    'nothing.at:null',
    'bytes:>5',
    'ok:0',
    'is:live',
    'duration:>2m',
    'attempts:3',
    '-timed',
    '-worker:w-1',
    '-(account:acme status:failed)',
    'since:2026-11-23T10:02:00.001Z',
    'until:2026-11-23T10:00:00Z',
    'at:2026-11-23T10:02:01Z',
    'at:2026-11-23T09:59:59Z',
    'constructor:x',
    'has:__proto__',
  ]) {
    test(`does not find by '${text}'`, () => assert.equal(matchTask(query(text), task, records), false));
  }

  test('finds a task that has not ended at any later moment', () => {
    const running = foldTask(records.slice(0, 2));
    assert.equal(matchTask(query('at:now'), running, []), true);
  });

  test('keeps the fields of a folded task apart from what a writer calls by their names', () => {
    const odd = record({ task: 't-2', attempts: 9, duration: 1e9, group: 'mine', status: 'failed', firstTs: 5 });
    const folded = foldTask([odd]);
    for (const text of ['attempts:9', 'duration:>1h', 'group:mine', 'firstTs:<2000-01-01']) {
      assert.equal(matchTask(query(text), folded, [odd]), false, text);
    }
    assert.equal(matchTask(query('status:failed'), folded, [odd]), true);
  });

  test('looks into values nested deeper than any stack', () => {
    let deep: Json = 'found';
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    const nested = record({ task: 't-3', deep });
    assert.equal(matchTask(query('deep:found'), foldTask([nested]), [nested]), true);
    assert.equal(matchTask(query('deep:lost'), foldTask([nested]), [nested]), false);
  });

  test('takes lower case code point by code point', () => {
    const greek = record({ task: 't-4', message: 'ΤΕΛΟΣ İstanbul' });
    const found = (text: string) => matchTask(query(text), foldTask([greek]), [greek]);
    assert.equal(found('τελοσ'), true);
    assert.equal(found('istanbul'), true);
  });

  test('says the same of a query written back', () => {
    const field = fc.constantFrom('account', 'http.status', 'duration', 'tags', 'has', 'is', 'nothing');
    const value = fc.constantFrom('acme', '503', '>5', '1..600', '*m*', 'y', 'live', 'http', '"503"', '2m');
    const term = fc.tuple(fc.constantFrom('', '-'), field, value).map(([sign, name, text]) => `${sign}${name}:${text}`);
    const group = fc.tuple(term, term, term).map(([a, b, c]) => `(${a} ${b} or ${c})`);
    fc.assert(
      fc.property(fc.array(fc.oneof(term, group), { maxLength: 4 }), (terms) => {
        const parsed = parseQuery(terms.join(' '), { nowMs });
        fc.pre(parsed.kind === 'query');
        const again = query(formatQuery(parsed.query));
        assert.equal(matchTask(again, task, records), matchTask(parsed.query, task, records));
      }),
      { numRuns: 1000, seed: 20261123 },
    );
  });
});

suite('matchRecord', () => {
  const [created, , failed] = records;
  assert.ok(created && failed);

  test('matches a record by itself', () => {
    assert.equal(matchRecord(query('timed http.status:503'), failed), true);
    assert.equal(matchRecord(query('timed http.status:504'), failed), false);
  });

  test('fills in account to worker from the task, where the record has none', () => {
    assert.equal(matchRecord(query('account:acme timed'), failed), false);
    assert.equal(matchRecord(query('account:acme timed'), failed, task), true);
    assert.equal(matchRecord(query('worker:w-2'), failed, task), false);
    assert.equal(matchRecord(query('worker:w-2'), created, task), true);
    assert.equal(matchRecord(query('status:failed'), failed, task), false);
  });

  test('takes since inclusive and until exclusive', () => {
    assert.equal(matchRecord(query('since:2026-11-23T10:00:02Z'), failed), true);
    assert.equal(matchRecord(query('until:2026-11-23T10:00:02Z'), failed), false);
  });

  test('meets nothing that asks about tasks, and names what does', () => {
    const text = 'at:2026-11-23T10:00:02Z is:slow attempts:2 -duration:>5m';
    for (const term of text.split(' ').slice(0, 3)) assert.equal(matchRecord(query(term), failed, task), false, term);
    assert.deepEqual(taskOnlyTerms(query(text)), ['at:', 'is:slow', 'attempts:', 'duration:']);
  });
});

suite('evaluateKnown', () => {
  const verdict = (text: string) =>
    evaluateKnown(query(text).where, (leaf) => (leaf.kind !== 'text' ? undefined : leaf.text === 'yes'));

  test('is unknown only where the unknown makes a difference', () => {
    assert.equal(verdict('a:1'), undefined);
    assert.equal(verdict('-a:1'), undefined);
    assert.equal(verdict('a:1 no'), false);
    assert.equal(verdict('a:1 yes'), undefined);
    assert.equal(verdict('(a:1 or yes)'), true);
    assert.equal(verdict('(a:1 or no)'), undefined);
    assert.equal(verdict('-(a:1 no)'), true);
  });
});

suite('compareTasks', () => {
  const of = (id: string, fields: Partial<FoldedTask> = {}): FoldedTask => ({
    task: id,
    status: 'running',
    attempts: 1,
    firstTs: 0,
    lastTs: 0,
    durationMs: 0,
    ...fields,
  });
  const order = (text: string, tasks: FoldedTask[]) => tasks.sort(compareTasks(query(text))).map((each) => each.task);

  test('puts the newest first, ties by id', () => {
    assert.deepEqual(order('', [of('b'), of('c', { lastTs: 5 }), of('a')]), ['c', 'a', 'b']);
  });

  test('puts tasks without the field last, either way', () => {
    const tasks = [of('none'), of('low', { bytes: 1 }), of('high', { bytes: 2 })];
    assert.deepEqual(order('sort:bytes', tasks), ['high', 'low', 'none']);
    assert.deepEqual(order('sort:bytes-asc', tasks), ['low', 'high', 'none']);
  });

  test('compares ids as their UTF-8 bytes do', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        assert.equal(Math.sign(compareCodePoints(a, b)), Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { numRuns: 2000, seed: 20261123 },
    );
  });
});
