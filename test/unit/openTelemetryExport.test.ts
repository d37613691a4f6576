/** OpenTelemetry exports: a line of many records, each found with its own text, and typed values as plain JSON. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { elementSpans } from '../../src/logs/elementSpans.ts';
import { splitExport } from '../../src/logs/splitExport.ts';
import { FieldMapping } from '../../src/model/fieldMapping/fieldMapping.ts';
import type { Json } from '../../src/model/json.ts';

function split(json: string): ReturnType<typeof splitExport> {
  return splitExport(JSON.parse(json) as Json, json);
}

/** What is left of a record of OpenTelemetry's: here all of it, as nothing in it is mapped but the time. */
function plain(record: object): unknown {
  const parsed = new FieldMapping('opentelemetry').parse({ timeUnixNano: '1000000', ...record });
  assert.ok(parsed.kind === 'record', JSON.stringify(parsed));
  assert.equal(parsed.record.tsMs, 1);
  return parsed.record.rest;
}

test('each record is split off with its own text, its resource and scope, and a line of its own', () => {
  const json =
    '{ "resourceLogs" : [ {"resource":{"attributes":[{"key":"r","value":{"intValue":"1"}}]},"schemaUrl":"u","scopeLogs":[' +
    '{"scope":{"name":"ä"},"logRecords":[{"body":{"stringValue":"ü]}"}} , {"flags":1}]},{"logRecords":[{"flags":2}]}]},' +
    '{"scopeLogs":[{"logRecords":[{"flags":3}]}]} ], "more":true}';
  const parts = split(json) ?? [];
  const resource = { attributes: { r: 1 } };
  const of1 = { export: { more: true }, resourceLogs: { schemaUrl: 'u' }, resource };
  assert.deepEqual(
    parts.map((part) => (part.kind === 'record' ? part.value : part)),
    [
      { body: { stringValue: 'ü]}' }, ...of1, scope: { name: 'ä' } },
      { flags: 1, ...of1, scope: { name: 'ä' } },
      { flags: 2, ...of1 },
      { flags: 3, export: { more: true } },
    ],
  );
  assert.deepEqual(
    parts.map(({ start }) => start),
    ['{"body"', '{"flags":1', '{"flags":2', '{"flags":3'].map((text) => json.indexOf(text)),
  );
  for (const part of parts) {
    const [again, ...others] = split(part.raw) ?? [];
    assert.deepEqual(others, []);
    assert.ok(again?.kind === 'record' && part.kind === 'record');
    assert.deepEqual(again.value, part.value, 'its line says the same');
  }
});

test('what is not of the expected form is rejected by itself, with its reason and place', () => {
  const json =
    '{"resourceLogs":[7,{"scopeLogs":[{"logRecords":[null,{"flags":1},{"scope":"own"}],"scope":{}},{"logRecords":{}},[]]}]}';
  assert.deepEqual(
    split(json)?.map((part) => [part.kind === 'rejected' ? part.reason : part.value, part.start]),
    [
      ['in resourceLogs, but has no scopeLogs', json.indexOf('7')],
      ['in logRecords, but is no object', json.indexOf('null')],
      [{ flags: 1, scope: {} }, json.indexOf('{"flags')],
      ['a log record with a scope of its own within an export', json.indexOf('{"scope":"own"')],
      ['in scopeLogs, but has no logRecords', json.indexOf('{"logRecords":{}')],
      ['in scopeLogs, but has no logRecords', json.indexOf('[]')],
    ],
  );
  for (const empty of ['{"resourceLogs":[]}', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[]}]}]}']) {
    assert.deepEqual(split(empty), [{ kind: 'rejected', start: 0, reason: 'an export of no log records', raw: empty }]);
  }
});

test('a line that is no export is left whole', () => {
  for (const json of ['{"timeUnixNano":"1"}', '{"resourceLogs":{}}', '[{"resourceLogs":[]}]', '7', 'null']) {
    assert.equal(split(json), undefined, json);
  }
});

test('of members of one name the last counts, as for JSON.parse, however they are written', () => {
  const json = '{"l":[1,2],"\\u006c":[ {"a":"]"} ,3],"k":{"l":[4]}}';
  const spans = elementSpans(json, 0, 'l') ?? [];
  assert.deepEqual(
    spans.map(({ start, end }) => json.slice(start, end)),
    ['{"a":"]"}', '3'],
  );
  assert.equal(elementSpans('{"l":[1],"l":2}', 0, 'l'), undefined);
  assert.equal(elementSpans('{}', 0, 'l'), undefined);
  assert.equal(elementSpans('"l"', 0, 'l'), undefined);
  assert.deepEqual(elementSpans('{"l":[]}', 0, 'l'), []);
});

test('elements stand where their text is, in JSON of any form and spacing', () => {
  const space = fc.constantFrom('', ' ', '\t', '\r\n', '  ');
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue({ maxDepth: 3 })),
      fc.jsonValue({ maxDepth: 2 }),
      space,
      (elements, other, gap) => {
        const texts = elements.map((element) => JSON.stringify(element, undefined, gap.length === 2 ? 2 : 0));
        const list = `[${gap}${texts.join(`${gap},${gap}`)}${gap}]`;
        const json = `${gap}{${gap}"o"${gap}:${gap}${JSON.stringify(other)}${gap},${gap}"l"${gap}:${gap}${list}${gap},"p":1${gap}}`;
        const spans = elementSpans(json, 0, 'l') ?? [];
        assert.deepEqual(
          spans.map(({ start, end }) => json.slice(start, end)),
          texts,
        );
      },
    ),
    { seed: 20261123, numRuns: 500 },
  );
});

test('typed values become plain JSON of the same type', () => {
  const attribute = (key: string, value: Json): object => ({ key, value });
  const attributes = [
    attribute('text', { stringValue: 't' }),
    attribute('yes', { boolValue: true }),
    attribute('whole', { intValue: '42' }),
    attribute('number', { intValue: -7 }),
    attribute('huge', { intValue: '9007199254740993' }),
    attribute('half', { doubleValue: 0.5 }),
    attribute('none', { doubleValue: 'NaN' }),
    attribute('list', { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }, {}] } }),
    attribute('empty', { arrayValue: {} }),
    attribute('map', { kvlistValue: { values: [{ key: 'k', value: { boolValue: false } }] } }),
    { key: 'nothing' },
  ];
  assert.deepEqual(plain({ attributes, body: { kvlistValue: { values: [attribute('b', { intValue: '1' })] } } }), {
    attributes: {
      text: 't',
      yes: true,
      whole: 42,
      number: -7,
      huge: '9007199254740993',
      half: 0.5,
      none: 'NaN',
      list: ['a', 1, null],
      empty: [],
      map: { k: false },
      nothing: null,
    },
    body: { b: 1 },
  });
});

test('what is not exactly a typed value stays as it is', () => {
  for (const value of [
    { bytesValue: 'AAEC' },
    { stringValue: 7 },
    { intValue: 'many' },
    { intValue: '1', stringValue: 't' },
    { arrayValue: { values: [], more: 1 } },
    { kvlistValue: { values: [{ key: 'k' }, { key: 'k' }] } },
    { otherValue: 1 },
    7,
  ]) {
    assert.deepEqual(plain({ attributes: [{ key: 'k', value }] }), { attributes: { k: value } }, JSON.stringify(value));
  }
  for (const attributes of [
    [
      { key: 'k', value: {} },
      { key: 'k', value: {} },
    ],
    [{ key: 'k', value: {}, more: 1 }],
    [{ key: 1, value: {} }],
    ['k'],
  ]) {
    assert.deepEqual(plain({ attributes }), { attributes }, JSON.stringify(attributes));
  }
});

test('an attribute named __proto__ is one like any other', () => {
  const attributes = [
    { key: '__proto__', value: { kvlistValue: { values: [{ key: 'x', value: { intValue: '1' } }] } } },
  ];
  assert.equal(JSON.stringify(plain({ attributes })), '{"attributes":{"__proto__":{"x":1}}}');
});

test('what OTLP types reads as the same record as its plain form', () => {
  const typed = (value: Json): Json => {
    if (value === null) return {};
    if (typeof value === 'string') return { stringValue: value };
    if (typeof value === 'boolean') return { boolValue: value };
    if (typeof value === 'number')
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    return Array.isArray(value)
      ? { arrayValue: { values: value.map(typed) } }
      : { kvlistValue: { values: listed(value) } };
  };
  const listed = (value: object): Json =>
    Object.entries(value).map(([key, member]) => ({ key, value: typed(member as Json) }));
  const key = fc.constantFrom('ingest.task', 'task', 'ingest.attempt', 'exception.type', 'service.name', 'http', 'n');
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean());
  const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(fc.string(), leaf, { maxKeys: 3 }));
  const attributes = fc.dictionary(key, value, { maxKeys: 5 });
  const fields = new FieldMapping('opentelemetry');
  fc.assert(
    fc.property(attributes, attributes, fc.string(), (own, ofResource, body) => {
      const around = { timeUnixNano: '1795428000250000000', severityNumber: 9 };
      const one = { ...around, body, attributes: own, resource: { attributes: ofResource } };
      const same = (json: object): Json => JSON.parse(JSON.stringify(json)) as Json;
      const other = {
        ...around,
        body: typed(body),
        attributes: listed(own),
        resource: { attributes: listed(ofResource) },
      };
      assert.deepEqual(fields.parse(same(other)), fields.parse(same(one)));
    }),
    { seed: 20261123, numRuns: 500 },
  );
});

test('every record of an export is read or rejected, however it is damaged', () => {
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<Json>({ timeUnixNano: '1' }, { body: {} }, { scope: {} }) },
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
  );
  const listOf = (name: string, item: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.array(item, { maxLength: 3 }).map((items): Json => ({ [name]: items, schemaUrl: 'u' })),
      },
      fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Json>,
    );
  const exported = fc.array(listOf('scopeLogs', listOf('logRecords', piece)), { maxLength: 3 });
  const items = (value: Json | undefined, name: string): readonly Json[] | undefined => {
    const list = value === undefined ? undefined : (value as { readonly [name: string]: Json } | null)?.[name];
    return Array.isArray(list) ? list : undefined;
  };
  const fields = new FieldMapping('opentelemetry');
  fc.assert(
    fc.property(exported, (resourceLogs) => {
      const json = JSON.stringify({ resourceLogs });
      const value = JSON.parse(json) as Json;
      let expected = 0;
      for (const ofResource of items(value, 'resourceLogs') ?? []) {
        const scopes = items(ofResource, 'scopeLogs') ?? [undefined];
        for (const ofScope of scopes) expected += items(ofScope, 'logRecords')?.length ?? 1;
      }
      const parts = split(json) ?? [];
      assert.equal(parts.length, Math.max(1, expected));
      assert.ok(parts.every(({ start }, index) => index === 0 || start > (parts[index - 1]?.start ?? 0)));
      for (const part of parts) if (part.kind === 'record') fields.parse(part.value);
    }),
    { seed: 20261123, numRuns: 1000 },
  );
});
