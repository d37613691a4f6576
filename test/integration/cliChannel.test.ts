/** A command that was started with a channel ends with whoever holds the other end. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';

const cli = join(import.meta.dirname, '../../dist/cli.mjs');

test('the harness ends when the process that started it is gone', async (t) => {
  const store = await temporaryFolder('channel');
  t.after(() => store.remove());
  const child = fork(cli, ['harness', 'up', '--json', '--store', pathToFileURL(store.path).href], {
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.stdout);
  const [first] = await once(createInterface({ input: child.stdout }), 'line');
  assert.ok(JSON.parse(String(first)).coordinators.length > 0);
  // What the operating system does when the other process ends, however it ends.
  child.disconnect();
  const [code] = await once(child, 'exit');
  assert.equal(code, 130);
});

test('a channel keeps no finished command alive', async () => {
  const child = fork(cli, ['--version'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});
