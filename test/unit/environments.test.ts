/** Environments are validated whole: what is wrong is refused with its path, and secrets are never repeated. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EnvironmentProblem } from '../../src/model/environment.ts';
import { parseEnvironments } from '../../src/model/parseEnvironments.ts';
import { version } from '../../src/model/version.ts';

function problems(value: unknown): readonly EnvironmentProblem[] {
  const parsed = parseEnvironments(value);
  assert.equal(parsed.kind, 'problems', `accepted ${JSON.stringify(value)}`);
  return parsed.kind === 'problems' ? parsed.problems : [];
}

function onlyProblem(value: unknown): EnvironmentProblem {
  const all = problems(value);
  assert.equal(all.length, 1, JSON.stringify(all));
  return all[0] ?? assert.fail();
}

const logs = 's3://bucket/logs';

test('an environment with everything is read as it was written', () => {
  const environment = {
    name: 'production',
    coordinators: ['http://10.0.0.1:7070', 'https://ingest.example.com/coordinator'],
    logs,
    index: 'file:///var/index',
    clickhouse: 'https://clickhouse.example.com:8443/?database=ingest',
    s3: { endpoint: 'http://127.0.0.1:9000', region: 'eu-central-1', profile: 'ingest', forcePathStyle: true },
    retain: '90d',
    paths: [{ from: '/build/service', to: 'service' }],
    repository: 'git@example.com:team/ingest.git',
  };
  assert.deepEqual(parseEnvironments([environment]), { kind: 'environments', environments: [environment] });
});

test('a list and an object that holds one are the same', () => {
  const list = [{ name: 'a', logs }];
  assert.deepEqual(parseEnvironments({ $schema: 'x', environments: list }), parseEnvironments(list));
});

test('what was left out is empty or absent, never a default address', () => {
  assert.deepEqual(parseEnvironments([{ name: 'a', logs }]), {
    kind: 'environments',
    environments: [{ name: 'a', coordinators: [], logs, paths: [] }],
  });
});

test('an environment that is wrong does not take those beside it with it', () => {
  const good = { name: 'good', coordinators: [], logs, paths: [] };
  for (const [beside, path] of [
    [{ name: 'bad', logs: '/var/logs' }, 'environments[1].logs'],
    [{ logs }, 'environments[1].name'],
    [{ name: 'good', index: logs }, 'environments[1].name'],
    [{ name: 'bad', logs, typo: 1 }, 'environments[1].typo'],
  ] as const) {
    const parsed = parseEnvironments([{ name: 'good', logs }, beside]);
    assert.ok(parsed.kind === 'problems');
    assert.deepEqual(
      parsed.problems.map((problem) => problem.path),
      [path],
    );
    assert.deepEqual(parsed.sound, [good]);
  }
});

test('no environments is a valid list', () => {
  assert.deepEqual(parseEnvironments([]), { kind: 'environments', environments: [] });
});

for (const [what, value, path, expected] of [
  ['text', 'nonsense', 'environments', /an array/],
  ['an object without a list', {}, 'environments', /an array.*nothing/],
  ['an item that is no object', [1], 'environments[0]', /an object, got 1/],
  ['a missing name', [{ logs }], 'environments[0].name', /nothing/],
  [
    'a retention without a unit',
    [{ name: 'a', logs, retain: '90' }],
    'environments[0].retain',
    /a duration .* "90d", got "90"/,
  ],
  ['a retention of minutes', [{ name: 'a', logs, retain: '5m' }], 'environments[0].retain', /a day or more/],
  ['a retention that is a number', [{ name: 'a', logs, retain: 90 }], 'environments[0].retain', /a duration .* got 90/],
  ['a blank name', [{ name: ' ', logs }], 'environments[0].name', /empty text/],
  ['a name with a line break', [{ name: 'a\nb', logs }], 'environments[0].name', /name/],
  [
    'a second environment of the same name',
    [
      { name: 'a', logs },
      { name: 'a', logs },
    ],
    'environments[1].name',
    /unique/,
  ],
  ['an environment with no place to ask', [{ name: 'a' }], 'environments[0]', /no place/],
  ['an unknown key', [{ name: 'a', logs, indx: 'file:///x' }], 'environments[0].indx', /unknown key.*index/],
  ['an unknown key beside the list', { environments: [], other: 1 }, 'other', /unknown key/],
  ['coordinators that are no list', [{ name: 'a', coordinators: 'http://x' }], 'environments[0].coordinators', /array/],
  [
    'a coordinator without a scheme',
    [{ name: 'a', coordinators: ['host:1'] }],
    'environments[0].coordinators[0]',
    /http/,
  ],
  ['logs at a path', [{ name: 'a', logs: '/var/logs' }], 'environments[0].logs', /file:\/\/\//],
  ['logs over http', [{ name: 'a', logs: 'http://x/logs' }], 'environments[0].logs', /s3:\/\/bucket/],
  ['a file URL with a host', [{ name: 'a', logs: 'file://var/logs' }], 'environments[0].logs', /three slashes/],
  [
    'a bucket with a name too short',
    [{ name: 'a', index: 's3://b/x' }],
    'environments[0].index',
    /3 to 63 .*got "s3:\/\/b\/x"/,
  ],
  ['a bucket that is missing', [{ name: 'a', index: 's3:///x' }], 'environments[0].index', /bucket/],
  ['an s3 that is text', [{ name: 'a', logs, s3: 'x' }], 'environments[0].s3', /an object/],
  ['an unknown key of s3', [{ name: 'a', logs, s3: { zone: 'x' } }], 'environments[0].s3.zone', /region/],
  [
    'a flag that is text',
    [{ name: 'a', logs, s3: { forcePathStyle: 'yes' } }],
    'environments[0].s3.forcePathStyle',
    /true/,
  ],
  [
    'a mapping without its end',
    [{ name: 'a', logs, paths: [{ from: '/x' }] }],
    'environments[0].paths[0].to',
    /workspace/,
  ],
  [
    'an unknown preset',
    [{ name: 'a', logs, fields: 'ECS' }],
    'environments[0].fields',
    /ecs, opentelemetry, pino or logstash/,
  ],
] as const) {
  test(`refuses ${what}, with its path and what was expected`, () => {
    const problem = onlyProblem(value);
    assert.equal(problem.path, path);
    assert.match(problem.message, expected);
  });
}

test('every problem is reported, not the first only', () => {
  const paths = problems([
    { name: 'a', logs: 1, index: 2 },
    { name: 3, logs },
  ]).map((problem) => problem.path);
  assert.deepEqual(paths, ['environments[0].logs', 'environments[0].index', 'environments[1].name']);
});

for (const [what, environment] of [
  ['a secret key of S3', { name: 'a', logs, s3: { secretAccessKey: 'hunter2' } }],
  ['an access key', { name: 'a', logs, s3: { accessKeyId: 'hunter2' } }],
  ['a token', { name: 'a', logs, token: 'hunter2' }],
  ['a password in a coordinator', { name: 'a', coordinators: ['http://user:hunter2@host'] }],
  ['a password in the logs', { name: 'a', logs: 's3://user:hunter2@bucket/x' }],
  ['a password in ClickHouse', { name: 'a', clickhouse: 'https://user:hunter2@host' }],
  ['a password parameter', { name: 'a', clickhouse: 'https://host/?password=hunter2' }],
  ['a password in an endpoint', { name: 'a', logs, s3: { endpoint: 'http://user:hunter2@host' } }],
  ['a token in the repository', { name: 'a', logs, repository: 'https://hunter2@example.com/x.git' }],
  ['a password in a URL of the wrong kind', { name: 'a', logs: 'ftp://user:hunter2@host' }],
] as const) {
  test(`refuses ${what} with advice, without repeating it`, () => {
    const { message } = onlyProblem([environment]);
    assert.match(message, /AWS provider chain/);
    assert.doesNotMatch(message, /hunter2/);
  });
}

test('the version of the product is that of its package', () => {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  assert.equal(version, (JSON.parse(text) as { version: string }).version);
});
