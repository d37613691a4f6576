/** Settings and environments as the extension reads them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coordinatorOrigins } from '../../src/extension/settings/coordinatorOrigins.ts';
import { mergeEnvironments } from '../../src/extension/settings/environmentList.ts';
import { readSettings } from '../../src/extension/settings/settings.ts';
import type { Environment } from '../../src/model/environment.ts';

const reader = (values: Readonly<Record<string, unknown>>) => (key: string) => values[key];
const environment = (name: string): Environment => ({ name, coordinators: [], logs: 'file:///logs', paths: [] });

test('reads defaults where nothing is set, frozen', () => {
  const { settings, problems } = readSettings(reader({}));
  assert.deepEqual(problems, []);
  assert.equal(settings.liveRefreshSeconds, 2);
  assert.deepEqual(settings.environments, []);
  assert.ok(Object.isFrozen(settings));
});

test('refuses a bad number with its path, and takes the default', () => {
  for (const value of [0, -1, 1.5, '5', Number.NaN, 1e9]) {
    const { settings, problems } = readSettings(reader({ 'search.limit': value }));
    assert.equal(settings.searchLimit, 100);
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['ingestTrace.search.limit'],
    );
  }
});

test('takes a list of folders, and nothing else for it', () => {
  assert.deepEqual(readSettings(reader({ 'frames.sourceMaps': ['maps', '/m'] })).settings.sourceMapFolders, [
    'maps',
    '/m',
  ]);
  for (const value of ['maps', [''], [1], {}]) {
    const { settings, problems } = readSettings(reader({ 'frames.sourceMaps': value }));
    assert.deepEqual(settings.sourceMapFolders, []);
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['ingestTrace.frames.sourceMaps'],
    );
  }
});

test('refuses environments with the path of the bad value', () => {
  const { settings, problems } = readSettings(reader({ environments: [{ name: 'a', logs: 'ftp://x' }] }));
  assert.deepEqual(settings.environments, []);
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['ingestTrace.environments[0].logs'],
  );
});

test('the first source that names an environment wins, and the other one is told', () => {
  const { environments, problems } = mergeEnvironments([
    { from: 'the settings', environments: [environment('a'), environment('b')], problems: [] },
    {
      from: 'ingest-trace.json of app',
      environments: [environment('b'), environment('c')],
      problems: [{ path: 'environments[2].logs', message: 'expected a URL' }],
    },
  ]);
  assert.deepEqual(
    environments.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? '', /^environments\[2\]\.logs in ingest-trace\.json of app: expected a URL$/);
  assert.match(problems[1] ?? '', /"b" of ingest-trace\.json of app is not used: the settings name one like it first/);
});

test('a token belongs to an origin, whatever the path of the URL', () => {
  assert.deepEqual(
    coordinatorOrigins([
      { coordinators: ['http://a:7070/x', 'http://a:7070', 'https://b'] },
      { coordinators: ['http://a:7070/', 'no url'] },
    ]),
    ['http://a:7070', 'https://b'],
  );
});
