/** Frames of the local harness lead to the sources that come with the extension, and nothing else does. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { OwnSources } from '../../src/extension/sources/ownSources.ts';
import type { Frame } from '../../src/stacktrace/trace.ts';

const root = join(import.meta.dirname, '../..');
const own = new OwnSources(root);
const frame = (file: string | undefined): Frame => ({
  raw: 'at run',
  start: 0,
  end: 6,
  line1: 3,
  inApp: true,
  ...(file !== undefined && { file }),
});

test('finds a source of its own by its whole path', async () => {
  const path = join(root, 'src/harness/worker/main.ts');
  const found = await own.find(frame(path));
  assert.deepEqual([found?.path, found?.line1], [path, 3]);
  assert.ok(found && own.has(found));
  assert.ok(!own.has({ ...found }), 'the same file, found in the workspace, is not one of its own');
});

test('takes nothing else for one of its own', async () => {
  for (const file of [
    undefined,
    'src/harness/worker/main.ts',
    '/srv/app/src/harness/worker/main.ts',
    join(root, 'package.json'),
    join(root, 'src/harness/worker/none.ts'),
    join(root, 'src/harness'),
    `${root}/src/../package.json`,
  ])
    assert.equal(await own.find(frame(file)), undefined, String(file));
});
