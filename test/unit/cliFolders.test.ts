/** Where the command keeps the user's environments and its cache, on each platform. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { cacheFolder, configFolder } from '../../src/cli/findEnvironment.ts';

const home = '/home/ada';

test('XDG folders count where they are absolute', () => {
  const env = { HOME: home, XDG_CONFIG_HOME: '/c', XDG_CACHE_HOME: 'relative' };
  assert.equal(configFolder(env, 'linux'), join('/c', 'ingest-trace'));
  assert.equal(cacheFolder(env, 'linux'), join(home, '.cache', 'ingest-trace'));
});

test('each platform has its own places', () => {
  assert.equal(configFolder({ HOME: home }, 'linux'), join(home, '.config', 'ingest-trace'));
  assert.equal(configFolder({ HOME: home }, 'darwin'), join(home, 'Library', 'Application Support', 'ingest-trace'));
  assert.equal(cacheFolder({ HOME: home }, 'darwin'), join(home, 'Library', 'Caches', 'ingest-trace'));
  assert.equal(configFolder({ APPDATA: 'roaming' }, 'win32'), join('roaming', 'ingest-trace'));
  assert.equal(cacheFolder({ LOCALAPPDATA: 'local' }, 'win32'), join('local', 'ingest-trace'));
});
