/** Log objects that are read by several threads at once: the same index comes of it, and nothing of them stays. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexLogs } from '../../src/index/indexLogs.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { assertIndexedOnce, indexFixture, keysOf, lines, putLogs, query, WatchedStore } from './indexFixture.ts';

test('several threads index each object once, with its rejects', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 40);
  await logs.put('dt=2026-11-22/hr=23/odd.ndjson', Buffer.from('{"ts":1}\nno JSON\n'));
  await logs.put('dt=2026-11-22/hr=23/damaged.ndjson.gz', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]));
  // Runs of a few records each, so that each thread has many.
  const pass = await indexLogs({ logs, index, threads: 3, limits: { records: 10 } });
  assert.equal(pass.objects, 42);
  assert.ok(pass.segments > 3, `${pass.segments} segments`);
  const reader = await fixture.reader();
  await assertIndexedOnce(reader, logs);
  const rejected = await Array.fromAsync(reader.rejected());
  assert.deepEqual(rejected.map(({ object, offsetBytes }) => `${object} ${offsetBytes}`).sort(), [
    'dt=2026-11-22/hr=23/damaged.ndjson.gz 0',
    'dt=2026-11-22/hr=23/odd.ndjson 9',
  ]);
});

test('a pass in threads keeps what it had committed when it is cancelled, and gives the reason', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 30);
  const controller = new AbortController();
  const reason = new Error('enough');
  const onProgress = ({ done }: { readonly done: number }) => {
    if (done === 12) controller.abort(reason);
  };
  const limits = { records: 10 };
  await assert.rejects(indexLogs({ logs, index, threads: 2, limits, signal: controller.signal, onProgress }), reason);
  await indexLogs({ logs, index, threads: 2, limits });
  await assertIndexedOnce(await fixture.reader(), logs);
});

test('what fails in one lane ends the others, and the next pass does the rest', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 30);
  let puts = 0;
  const full = new WatchedStore(index, {
    beforePut: (key) =>
      key.startsWith('segments/') && ++puts === 3 ? Promise.reject(new Error('no space left')) : Promise.resolve(),
  });
  await assert.rejects(indexLogs({ logs, index: full, threads: 2, limits: { records: 10 } }), /no space left/);
  const { objects } = await indexLogs({ logs, index, threads: 2 });
  assert.ok(objects > 0);
  const reader = await fixture.reader();
  await assertIndexedOnce(reader, logs);
  assert.equal((await reader.search(query(''), { limit: 100 })).total, 7);
});

test('field mappings hold in threads too', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const { FieldMapping } = await import('../../src/model/fieldMapping/fieldMapping.ts');
  await logs.put('a.ndjson', lines({ job: { id: 't-1' }, event: 'task.failed' }));
  await indexLogs({ logs, index, threads: 1, fields: new FieldMapping({ map: { 'job.id': 'task' } }) });
  assert.ok((await keysOf(index, 'segments/')).length > 0);
  const reader = await fixture.reader();
  assert.deepEqual((await reader.search(query('id:t-1'), { limit: 1 })).tasks[0]?.status, 'failed');
});

test('an object is asked for while the one before it is still coming', { timeout: 30_000 }, async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  for (const name of ['a', 'b']) await logs.put(`${name}.ndjson`, lines({ message: name }));
  const asked = Promise.withResolvers<void>();
  // The first comes once the second was asked for, and else never.
  const gated: ObjectStore = {
    url: logs.url,
    list: (options) => logs.list(options),
    listFolders: (...call) => logs.listFolders(...call),
    head: (...call) => logs.head(...call),
    async get(...call) {
      if (call[0] === 'b.ndjson') asked.resolve();
      else await asked.promise;
      return await logs.get(...call);
    },
    put: (...call) => logs.put(...call),
    delete: (...call) => logs.delete(...call),
    close: () => logs.close(),
  };
  const { objects, records } = await indexLogs({ logs: gated, index });
  assert.deepEqual([objects, records], [2, 2]);
});
