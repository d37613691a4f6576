import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseRecord, parseTimestamp, recordToJson } from '../../src/model/record.ts';

test('reads the canonical fields and keeps every other one as it is', () => {
  const parsed = parseRecord({
    ts: '2026-03-01T10:00:00.250+01:00',
    level: 'error',
    event: 'attempt.failed',
    task: 't-1',
    attempt: 2,
    error: { type: 'TypeError', message: 'no', stack: 'TypeError: no\n    at f (a.ts:1:2)', cause: 'x' },
    build: { commit: 'abc', dirty: true },
    http: { status: 503 },
  });
  assert.deepEqual(parsed, {
    kind: 'record',
    record: {
      tsMs: Date.UTC(2026, 2, 1, 9, 0, 0, 250),
      level: 'error',
      event: 'attempt.failed',
      task: 't-1',
      attempt: 2,
      error: { type: 'TypeError', message: 'no', stack: 'TypeError: no\n    at f (a.ts:1:2)' },
      build: { commit: 'abc' },
      rest: { error: { cause: 'x' }, build: { dirty: true }, http: { status: 503 } },
    },
  });
});

test('keeps a canonical field of the wrong type apart instead of coercing it', () => {
  const parsed = parseRecord({ ts: 0, task: 7, attempt: '2', bytes: 1.5, event: false, error: 'boom' });
  assert.deepEqual(parsed, {
    kind: 'record',
    record: { tsMs: 0, event: 'log', rest: { task: 7, attempt: '2', bytes: 1.5, event: false, error: 'boom' } },
  });
});

test('rejects what is no record, and says why', () => {
  assert.deepEqual(parseRecord([1]), { kind: 'rejected', reason: 'not a JSON object' });
  assert.deepEqual(parseRecord({ task: 't' }), { kind: 'rejected', reason: 'no ts' });
  assert.deepEqual(parseRecord({ ts: 'yesterday' }), { kind: 'rejected', reason: 'ts is not a time: "yesterday"' });
});

test('takes RFC 3339 with a zone and epoch milliseconds as time, and nothing else', () => {
  assert.equal(parseTimestamp('1970-01-01T00:00:01Z'), 1000);
  assert.equal(parseTimestamp('1970-01-01t00:00:01z'), 1000);
  assert.equal(parseTimestamp('1970-01-01 01:00:01+01:00'), 1000);
  assert.equal(parseTimestamp(1500), 1500);
  for (const bad of [
    '1970-01-01T00:00:01',
    '1970-01-01',
    '1970-13-01T00:00:00Z',
    'now',
    '',
    null,
    true,
    1e300,
    Number.NaN,
  ])
    assert.equal(parseTimestamp(bad), undefined, String(bad));
});

test('a field named __proto__ is data like any other', () => {
  const parsed = parseRecord(JSON.parse('{"ts":0,"__proto__":{"polluted":true}}'));
  assert.ok(parsed.kind === 'record');
  assert.deepEqual(Object.keys(parsed.record.rest ?? {}), ['__proto__']);
  assert.equal((parsed.record as { polluted?: boolean }).polluted, undefined);
});

test('what is written as JSON reads back as the same record', () => {
  const text = fc.string();
  const record = fc.record(
    {
      tsMs: fc.integer({ min: -62135596800000, max: 253402300799999 }),
      event: fc.constantFrom('log', 'task.created', 'attempt.failed', 'something.else'),
      task: text,
      attempt: fc.nat(),
      worker: text,
      message: text,
      error: fc.record({ type: text, message: text, stack: text }),
      build: fc.record({ commit: text }),
      bytes: fc.nat(),
      rest: fc.dictionary(fc.constantFrom('http', 'pid', 'ü', 'a.b'), fc.oneof(fc.integer(), text, fc.array(text)), {
        minKeys: 1,
      }),
    },
    { requiredKeys: ['tsMs', 'event'] },
  );
  fc.assert(
    fc.property(record, (original) => {
      const parsed = parseRecord(JSON.parse(JSON.stringify(recordToJson(original))));
      assert.deepEqual(parsed, { kind: 'record', record: JSON.parse(JSON.stringify(original)) });
    }),
    { seed: 20261123, numRuns: 300 },
  );
});

test('a time means the same in the usual spelling, which is read by hand, and in any other', () => {
  const usual = fc
    .tuple(fc.nat(2999), fc.nat(13), fc.nat(32), fc.nat(24), fc.nat(60), fc.nat(60), fc.nat(999))
    .map(([year, month, day, hour, minute, second, ms]) => {
      const two = (value: number) => String(value).padStart(2, '0');
      const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
      return `${date}T${two(hour)}:${two(minute)}:${two(second)}.${String(ms).padStart(3, '0')}Z`;
    });
  fc.assert(
    fc.property(usual, (text) => {
      assert.equal(parseTimestamp(text), parseTimestamp(text.replace('Z', 'z')));
    }),
    { numRuns: 5000 },
  );
  for (const text of [
    '2026-11-23T00:00:00.0x0Z',
    '2026-1a-23T00:00:00.000Z',
    '2026/11/23T00:00:00.000Z',
    ' '.repeat(24),
  ]) {
    assert.equal(parseTimestamp(text), undefined, text);
  }
});

test('JSON of a record shows a canonical field and another value of its name side by side', () => {
  const rest = { level: 35, event: { dataset: 'ingest' }, error: 'boom', build: { commit: 7 }, pid: 1 };
  const record = {
    tsMs: 0,
    event: 'attempt.failed',
    level: 'info',
    error: { message: 'no' },
    build: { version: '1' },
    rest,
  };
  assert.deepEqual(recordToJson(record), {
    ts: '1970-01-01T00:00:00.000Z',
    event: 'attempt.failed',
    level: 'info',
    error: { message: 'no' },
    build: { version: '1', commit: 7 },
    pid: 1,
    _rest: { level: 35, event: { dataset: 'ingest' }, error: 'boom' },
  });
});
