/** What a field mapping means: which value becomes a canonical field, and that no other is lost. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { FieldMapping, type Fields } from '../../src/model/fieldMapping/fieldMapping.ts';
import { presetNames, presets } from '../../src/model/fieldMapping/presets.ts';
import { type Target, targets } from '../../src/model/fieldMapping/targets.ts';
import type { Json } from '../../src/model/json.ts';
import { type LogRecord, parseRecord } from '../../src/model/record.ts';

function read(fields: Fields, value: Json): LogRecord {
  const parsed = new FieldMapping(fields).parse(value);
  assert.ok(parsed.kind === 'record', JSON.stringify(parsed));
  return parsed.record;
}

/** What becomes of one value at `path`, beside a time. */
function readOne(target: Target, value: Json): object {
  const { tsMs: _time, event, ...fields } = read({ map: { 'a.b': target } }, { ts: 0, a: { b: value } });
  return event === 'log' ? fields : { event, ...fields };
}

test('canonical names hold beside the mapping, and before it', () => {
  const fields: Fields = { map: { job: 'task', when: 'ts' } };
  assert.deepEqual(read(fields, { ts: 5, task: 't', job: 'j', when: 7 }), {
    tsMs: 5,
    event: 'log',
    task: 't',
    rest: { job: 'j', when: 7 },
  });
});

test('a canonical name with a value that does not fit leaves its field to the mapping, and the value where it was', () => {
  const record = read(
    { map: { job: 'task', when: 'ts', 'event.action': 'event' } },
    { ts: 'soon', when: 7, task: 12, job: 'j', event: { action: 'task.created', kind: 'x' } },
  );
  assert.deepEqual(record, {
    tsMs: 7,
    event: 'task.created',
    task: 'j',
    rest: { ts: 'soon', task: 12, event: { kind: 'x' } },
  });
});

test('of several paths for a field the first that fits gives it; the others stay', () => {
  const fields: Fields = { map: { a: 'worker', b: 'worker', c: 'worker' } };
  assert.deepEqual(read(fields, { ts: 0, c: 'third', b: 'second', a: 1 }), {
    tsMs: 0,
    event: 'log',
    worker: 'second',
    rest: { c: 'third', a: 1 },
  });
});

test('the map of an environment counts before its preset', () => {
  const fields: Fields = { preset: 'pino', map: { msg: 'source', note: 'message' } };
  assert.deepEqual(read(fields, { time: 0, level: 30, msg: 'm', note: 'n' }), {
    tsMs: 0,
    event: 'log',
    level: 'info',
    source: 'm',
    message: 'n',
  });
});

test('a map may give a canonical name another meaning', () => {
  const fields: Fields = { map: { ts: 'ts:s', source: 'worker', worker: 'coordinator' } };
  assert.deepEqual(read(fields, { ts: 1.5, source: 'w', worker: 'c', coordinator: 3 }), {
    tsMs: 1500,
    event: 'log',
    worker: 'w',
    coordinator: 'c',
    rest: { coordinator: 3 },
  });
  assert.deepEqual(read(fields, { ts: 1, source: 7, worker: null }), { tsMs: 1000, event: 'log', rest: { source: 7 } });
});

test('keys with dots and nested ones are the same path', () => {
  const fields: Fields = { map: { 'a.b.c': 'task' } };
  for (const value of [{ a: { b: { c: 't' } } }, { 'a.b.c': 't' }, { 'a.b': { c: 't' } }, { a: { 'b.c': 't' } }]) {
    assert.deepEqual(read(fields, { ts: 0, ...value }), { tsMs: 0, event: 'log', task: 't' }, JSON.stringify(value));
  }
});

test('an object goes when all it held has moved; one that was empty, and what is in arrays, stays', () => {
  const fields: Fields = { map: { 'a.b': 'task', 'a.c.d': 'worker', 'e.f': 'account', 'g.h': 'source' } };
  const value = { ts: 0, a: { b: 't', c: { d: 'w' } }, e: {}, g: [{ h: 's' }] };
  assert.deepEqual(read(fields, value), {
    tsMs: 0,
    event: 'log',
    task: 't',
    worker: 'w',
    rest: { e: {}, g: [{ h: 's' }] },
  });
  assert.deepEqual(value.a, { b: 't', c: { d: 'w' } }, 'what was read is left alone');
});

const stays = (b: Json): object => ({ rest: { a: { b } } });
for (const [target, value, expected] of [
  ['task', 't', { task: 't' }],
  ['task', 7, stays(7)],
  ['task', true, stays(true)],
  ['task', ['t'], stays(['t'])],
  ['task', { c: 't' }, stays({ c: 't' })],
  ['attempt', 2, { attempt: 2 }],
  ['attempt', '2', { attempt: 2 }],
  ['attempt', '02', stays('02')],
  ['attempt', 1.5, stays(1.5)],
  ['attempt', -1, stays(-1)],
  ['bytes', '9007199254740993', stays('9007199254740993')],
  ['event', 'task.failed', { event: 'task.failed' }],
  ['error.stack', 'at f', { error: { stack: 'at f' } }],
  ['build.commit', 'abc', { build: { commit: 'abc' } }],
  ['level', 'ERROR', { level: 'error' }],
  ['level', 'Warning', { level: 'warn', ...stays('Warning') }],
  ['level', 'NOTICE', { level: 'info', ...stays('NOTICE') }],
  ['level', 'AUDIT', { level: 'AUDIT' }],
  ['level', '__proto__', { level: '__proto__' }],
  ['level', 30, stays(30)],
  ['level:pino', 50, { level: 'error' }],
  ['level:pino', 35, { level: 'info', ...stays(35) }],
  ['level:pino', 5, { level: 'trace', ...stays(5) }],
  ['level:pino', 1e9, { level: 'fatal', ...stays(1e9) }],
  ['level:pino', 'warn', { level: 'warn' }],
  ['level:opentelemetry', 17, { level: 'error' }],
  ['level:opentelemetry', 24, { level: 'fatal', ...stays(24) }],
  ['level:opentelemetry', 0, stays(0)],
  ['level:opentelemetry', 25, stays(25)],
  ['level:syslog', 3, { level: 'error' }],
  ['level:syslog', 5, { level: 'info', ...stays(5) }],
  ['level:syslog', 8, stays(8)],
] as const) {
  test(`${target} of ${JSON.stringify(value)} is ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(readOne(target, value), expected);
  });
}

for (const [target, value, tsMs, isKept] of [
  ['ts', '2026-11-23T11:00:00.25+01:00', Date.UTC(2026, 10, 23, 10, 0, 0, 250), false],
  ['ts', '2026-11-23T10:00:00.250000Z', Date.UTC(2026, 10, 23, 10, 0, 0, 250), false],
  ['ts', '2026-11-23T10:00:00.250001Z', Date.UTC(2026, 10, 23, 10, 0, 0, 250), true],
  ['ts', 1795428000250, 1795428000250, false],
  ['ts', '1795428000250', 1795428000250, false],
  ['ts', 1795428000250.5, 1795428000250, true],
  ['ts:s', 1795428000, 1795428000000, false],
  ['ts:s', 1795428000.123, 1795428000123, false],
  ['ts:s', 1795428000.1234, 1795428000123, true],
  ['ts:us', 1795428000250000, 1795428000250, false],
  ['ts:us', 1795428000250001, 1795428000250, true],
  ['ts:us', '2026-11-23T10:00:00Z', Date.UTC(2026, 10, 23, 10), false],
  ['ts:ns', '1795428000250000000', 1795428000250, false],
  ['ts:ns', '1795428000250000001', 1795428000250, true],
] as const) {
  test(`${target} of ${JSON.stringify(value)} is a time${isKept ? ', and stays as it says more' : ''}`, () => {
    const expected = { tsMs, event: 'log', ...(isKept ? { rest: { a: { b: value } } } : {}) };
    assert.deepEqual(read({ map: { 'a.b': target } }, { a: { b: value } }), expected);
  });
}

test('a record without a time is rejected, and told where one was looked for', () => {
  const reason = (fields: Fields, value: Json): string => {
    const parsed = new FieldMapping(fields).parse(value);
    return parsed.kind === 'rejected' ? parsed.reason : assert.fail(JSON.stringify(parsed));
  };
  assert.equal(reason('ecs', { message: 'no' }), 'no ts, and no @timestamp');
  assert.equal(reason('ecs', { '@timestamp': 'soon', ts: 'now' }), '@timestamp is not a time: "soon"');
  assert.equal(reason('ecs', { ts: 'now' }), 'ts is not a time: "now"');
  assert.equal(reason({ map: { 'a.b': 'ts:ns' } }, { a: { b: '0' } }), 'a.b is not a time: "0"');
  assert.equal(reason({ map: { a: 'task' } }, { a: 't' }), 'no ts');
  assert.equal(reason('pino', [1]), 'not a JSON object');
});

test('text where the task log has an object can be given a meaning of its own', () => {
  const fields: Fields = { map: { error: 'error.message', 'error.code': 'error.type' } };
  assert.deepEqual(read(fields, { ts: 0, error: 'no' }), { tsMs: 0, event: 'log', error: { message: 'no' } });
  assert.deepEqual(read(fields, { ts: 0, error: { code: 'E', message: 'm', at: 1 } }), {
    tsMs: 0,
    event: 'log',
    error: { type: 'E', message: 'm' },
    rest: { error: { at: 1 } },
  });
});

test('level is one of the six words under its own name too, whatever a mapping says of it', () => {
  assert.deepEqual(read('logstash', { ts: 0, level: 'ERROR' }), { tsMs: 0, event: 'log', level: 'error' });
  assert.deepEqual(read({ map: {} }, { ts: 0, level: 'crit' }), {
    tsMs: 0,
    event: 'log',
    level: 'fatal',
    rest: { level: 'crit' },
  });
});

test('fields named __proto__ are data like any other, on the way to a mapped one too', () => {
  const parsed = read(
    { map: { '__proto__.task': 'task' } },
    JSON.parse('{"ts":0,"__proto__":{"task":"t","polluted":1},"a":{"__proto__":2}}') as Json,
  );
  assert.equal(parsed.task, 't');
  assert.equal(JSON.stringify(parsed.rest), '{"__proto__":{"polluted":1},"a":{"__proto__":2}}');
  assert.equal((parsed as { polluted?: number }).polluted, undefined);
});

test('a mapping changes nothing of a record in the format of the task log', () => {
  const record = {
    ts: '2026-11-23T10:00:00.250Z',
    level: 'warn',
    event: 'attempt.failed',
    task: 't',
    attempt: 1,
    error: { type: 'E', message: 'm', stack: 's', code: 3 },
    build: { commit: 'c', dirty: true },
    http: { status: 503 },
  };
  for (const preset of presetNames)
    assert.deepEqual(new FieldMapping(preset).parse(record), parseRecord(record), preset);
});

// Nothing is lost: every leaf of a record is in the canonical fields or, with its path and type, in `rest`.

type Leaf = readonly [path: string, value: string | number | boolean];

function leavesOf(value: Json | undefined, path = ''): Leaf[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object') return [[path, value]];
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap((element) => leavesOf(element, path));
  return Object.entries(value).flatMap(([key, member]) => leavesOf(member, path === '' ? key : `${path}.${key}`));
}

function canonicalValue(record: LogRecord, field: string): Json | undefined {
  const { tsMs, rest: _rest, ...fields } = record;
  const values = Object.fromEntries(leavesOf({ ts: tsMs, ...fields } as unknown as Json));
  return values[field];
}

const canonical = Object.keys(targets).filter((name) => !name.includes(':')) as Target[];
const anyValue = fc.oneof(
  fc.constantFrom<Json>(
    'error',
    'ERROR',
    'warning',
    'AUDIT',
    'attempt.failed',
    '',
    '3',
    '2026-11-23T10:00:00.25Z',
    'x',
  ),
  fc.constantFrom<Json>(0, 3, 17, 18, 35, 50, 1.5, -1, 1795428000250, 1795428000250001, '1795428000250000001'),
  fc.constantFrom<Json>(true, false, null, [], ['a', 1], {}, { c: 'd' }, [{ task: 't' }]),
);

/** Puts a value at a path, as a key with dots or nested, unless something else is in the way. */
function put(record: Record<string, Json>, path: string, value: Json, isDotted: boolean): void {
  const keys = isDotted ? [path] : path.split('.');
  let holder = record;
  for (const key of keys.slice(0, -1)) {
    const next = holder[key] ?? (holder[key] = {});
    if (typeof next !== 'object' || Array.isArray(next)) return;
    holder = next as Record<string, Json>;
  }
  const last = keys.at(-1) ?? '';
  // A copy: JSON text never leads to one object in two places.
  if (!Object.hasOwn(holder, last)) holder[last] = structuredClone(value);
}

for (const preset of presetNames) {
  test(`nothing is lost by the preset ${preset}`, () => {
    const map: Readonly<Record<string, Target>> = { 'own.job': 'task', 'own.at': 'ts:s', worker: 'account' };
    const entries: (readonly [string, Target])[] = [
      ...Object.entries(map),
      ...presets[preset],
      ...canonical.map((name) => [name, name] as const),
    ];
    const paths = [...new Set([...entries.map(([path]) => path), 'pid', 'error.code', 'labels', 'err', 'body', 'a.b'])];
    const placed = fc.tuple(fc.constantFrom(...paths), anyValue, fc.boolean());
    const mapping = new FieldMapping({ preset, map });
    fc.assert(
      fc.property(fc.array(placed, { maxLength: 14 }), (fields) => {
        const input: Record<string, Json> = {};
        for (const [path, value, isDotted] of fields) put(input, path, value, isDotted);
        if (!Object.hasOwn(input, 'own')) input['own'] = { at: 1795428000 };
        const before = structuredClone(input);
        const parsed = mapping.parse(input);
        assert.deepEqual(input, before);
        if (parsed.kind === 'rejected') return;
        const left = leavesOf(parsed.record.rest);
        const used = new Set<string>();
        for (const [path, value] of leavesOf(input)) {
          const at = left.findIndex((leaf) => leaf[0] === path && leaf[1] === value);
          if (at >= 0) {
            left.splice(at, 1);
            continue;
          }
          const moved = entries.find(([from, target]) => {
            const field = target.split(':')[0] ?? target;
            if (from !== path || used.has(field)) return false;
            const fitted = targets[target](value);
            // The task log's own `ts` counts in whole milliseconds.
            const isWhole = fitted?.isExact === true || path === 'ts';
            return isWhole && fitted?.value === canonicalValue(parsed.record, field);
          });
          assert.ok(moved, `${path}: ${JSON.stringify(value)} is lost by ${JSON.stringify(parsed.record)}`);
          used.add(moved[1].split(':')[0] ?? '');
        }
        assert.deepEqual(left, [], 'nothing is invented');
      }),
      { seed: 20261123, numRuns: 1500 },
    );
  });
}

test('any JSON is read or rejected', () => {
  const key = fc.oneof(
    fc.constantFrom('ts', 'err', 'error', 'level', 'labels', '@fields', 'attributes', 'body'),
    fc.string(),
  );
  const { value } = fc.letrec<{ value: Json; object: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      anyValue,
      fc.string(),
      fc.array(tie('value'), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  }));
  for (const preset of presetNames) {
    const mapping = new FieldMapping(preset);
    fc.assert(
      fc.property(value, (json) => {
        const parsed = mapping.parse(JSON.parse(JSON.stringify(json)));
        if (parsed.kind === 'rejected') assert.ok(parsed.reason.length < 300);
      }),
      { seed: 20261123, numRuns: 500 },
    );
  }
});

test('a key of nothing but dots costs no more than its length', () => {
  const dots = '.'.repeat(4 * 1024 * 1024);
  const record = read('ecs', { ts: 0, [dots]: 1, [`log${dots}`]: 2 });
  assert.deepEqual(
    Object.keys(record.rest ?? {}).map((name) => name.length),
    [dots.length, dots.length + 3],
  );
});
