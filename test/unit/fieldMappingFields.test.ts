/** The `fields` of an environment: what is wrong is refused with its place, and the schemas say the same. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { presetNames } from '../../src/model/fieldMapping/presets.ts';
import { targets } from '../../src/model/fieldMapping/targets.ts';
import { parseEnvironments } from '../../src/model/parseEnvironments.ts';

const root = join(import.meta.dirname, '../..');
const schema = JSON.parse(readFileSync(join(root, 'media/ingest-trace.schema.json'), 'utf8')) as object;
const isAccepted = new Ajv({ strict: false }).compile(schema);

function environments(fields: unknown): unknown {
  return { environments: [{ name: 'a', logs: 's3://bucket/logs', fields }] };
}

for (const fields of [
  ...presetNames,
  { preset: 'ecs' },
  { map: {} },
  { map: { 'labels.job-id': 'task', '@t': 'ts:ns', __x__: 'error.stack' } },
  { preset: 'pino', map: { level: 'level:syslog' } },
]) {
  test(`takes ${JSON.stringify(fields)} as it was written`, () => {
    const parsed = parseEnvironments(environments(fields));
    assert.ok(parsed.kind === 'environments', JSON.stringify(parsed));
    assert.deepEqual(parsed.environments[0]?.fields, fields);
    assert.ok(isAccepted(environments(fields)));
  });
}

const at = 'environments[0].fields';
for (const [fields, ...expected] of [
  ['ECS', [at, /^expected ecs, opentelemetry, pino or logstash or an object \{"preset", "map"\}, got "ECS"$/]],
  [null, [at, /got null/]],
  [['ecs'], [at, /got an array/]],
  ['toString', [at, /got "toString"/]],
  [{}, [at, /expected preset, map or both/]],
  [{ preset: 'ecs', maps: {} }, [`${at}.maps`, /unknown key; known keys are preset, map/]],
  [{ preset: 7 }, [`${at}.preset`, /ecs.*got 7/]],
  [{ map: [] }, [`${at}.map`, /an object.*got an array/]],
  [{ map: { a: 'tsk' } }, [`${at}.map["a"]`, /canonical field.*build\.commit.*got "tsk"/]],
  [{ map: { a: 'constructor' } }, [`${at}.map["a"]`, /got "constructor"/]],
  [{ map: { a: 'error' } }, [`${at}.map["a"]`, /got "error"/]],
  [{ map: { a: 'group' } }, [`${at}.map["a"]`, /got "group"/]],
  [{ map: { a: ['task'] } }, [`${at}.map["a"]`, /got an array/]],
  [{ map: { 'a..b': 'task' } }, [`${at}.map["a..b"]`, /keys joined by single dots/]],
  [{ map: { '.a': 'task' } }, [`${at}.map[".a"]`, /keys joined/]],
  [{ map: { '': 'task' } }, [`${at}.map[""]`, /keys joined/]],
  [
    { preset: 'x', map: { 'a.': 'tsk' } },
    [`${at}.preset`, /ecs/],
    [`${at}.map["a."]`, /keys joined/],
    [`${at}.map["a."]`, /canonical/],
  ],
] as const) {
  test(`refuses ${JSON.stringify(fields)}`, () => {
    const parsed = parseEnvironments(environments(fields));
    assert.ok(parsed.kind === 'problems');
    assert.deepEqual(
      parsed.problems.map(({ path }) => path),
      expected.map(([path]) => path),
    );
    for (const [index, [, message]] of expected.entries()) assert.match(parsed.problems[index]?.message ?? '', message);
    assert.ok(!isAccepted(environments(fields)), 'the schema refuses it too');
  });
}

test('a path with a control character is refused', () => {
  const parsed = parseEnvironments(environments({ map: { 'a\nb': 'task' } }));
  assert.ok(parsed.kind === 'problems');
  assert.match(parsed.problems[0]?.message ?? '', /control characters/);
});

test('the schema and the documentation name every preset and every field', () => {
  const text = JSON.stringify(schema);
  assert.ok(text.includes(`"enum":${JSON.stringify(Object.keys(targets))}`));
  assert.ok(text.includes(`"enum":${JSON.stringify(presetNames)}`));
  const page = readFileSync(join(root, 'docs/field-mapping.md'), 'utf8');
  for (const name of [...presetNames, ...Object.keys(targets)]) assert.ok(page.includes(`\`${name}\``), name);
});
