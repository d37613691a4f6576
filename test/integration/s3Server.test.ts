/** The S3 rig: serves, leaves nothing behind however its user ends, and can be handed on. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { S3Store } from '../../src/store/s3Store.ts';
import { processesBelow, type RunningProcess, stillRunning } from '../rigs/processTree.ts';
import { missingForS3, s3ForTests } from '../rigs/s3Server.ts';
import { skipWithout } from '../rigs/systemPart.ts';
import { until } from '../rigs/until.ts';

test('two servers run at once, each with buckets of its own', async (t) => {
  const first = await s3ForTests(t);
  if (!first) return;
  t.after(() => first.stop());
  const second = await s3ForTests(t);
  if (!second) return;
  t.after(() => second.stop());
  for (const server of [first, second]) {
    Object.assign(process.env, server.credentials);
    const url = `s3://${await server.createBucket()}`;
    const store = new S3Store(url, { endpoint: server.endpoint, region: server.region, forcePathStyle: true });
    assert.equal((await store.put('key', Buffer.from('x'), { onlyIf: 'absent' })).kind, 'stored');
    assert.equal((await store.head('key'))?.sizeBytes, 1);
    await store.close();
  }
});

test('a server ends with the process that started it, even when that is killed', async (t) => {
  const asked = process.env['INGEST_TRACE_TEST_S3_ENDPOINT'];
  delete process.env['INGEST_TRACE_TEST_S3_ENDPOINT'];
  t.after(() => {
    if (asked !== undefined) process.env['INGEST_TRACE_TEST_S3_ENDPOINT'] = asked;
  });
  const missing = missingForS3();
  if (missing !== undefined) {
    skipWithout(t, missing);
    return;
  }
  const rig = join(import.meta.dirname, '../rigs/s3Server.ts');
  const script = `
    import { startS3Server } from ${JSON.stringify(rig)};
    await startS3Server();
    console.log('started');
    setInterval(() => undefined, 1000);`;
  const user = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => user.kill('SIGKILL'));
  const exited = once(user, 'exit');
  const [line] = await once(createInterface({ input: user.stdout }), 'line');
  assert.equal(line, 'started');
  assert.ok(user.pid !== undefined);
  const below: readonly RunningProcess[] = processesBelow(user.pid);
  const daemons = below.filter(({ command }) => /^(ceph-mon|ceph-osd|radosgw)\b/.test(command));
  assert.equal(daemons.length, 3, JSON.stringify(below));
  user.kill('SIGKILL');
  await exited;
  await until('keeper and daemons are gone', () => stillRunning(below).length === 0);
});
