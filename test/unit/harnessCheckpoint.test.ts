/** Checkpoints: what an owner leaves is what the next one finds, and of two owners only one goes on. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Checkpoint, checkpointKey, OwnershipLostError } from '../../src/harness/coordinator/checkpoint.ts';
import { OwnedSource } from '../../src/harness/coordinator/ownedSource.ts';
import { TaskTable } from '../../src/harness/coordinator/taskTable.ts';
import { landingUrl, type Source } from '../../src/harness/source.ts';
import { readObjectText } from '../../src/harness/readObjectText.ts';
import type { LeaseRef } from '../../src/harness/wire.ts';
import { FileStore } from '../../src/store/fileStore.ts';

const names = { account: 'acme', collection: 'films', source: 'catalog' };

async function storeOf(t: TestContext): Promise<FileStore> {
  const folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return new FileStore(pathToFileURL(folder).href);
}

function options(store: FileStore, coordinator: string) {
  const source: Source = { ...names, url: landingUrl(store.url, names) };
  return { store, source, coordinator, nowMs: () => 1_000 };
}

test('the next owner finds what the last one wrote, under the next epoch', async (t) => {
  const store = await storeOf(t);
  const first = await Checkpoint.open(options(store, 'c-1'));
  assert.equal(first.epoch, 1);
  assert.equal(first.resumed.done.size, 0);
  const done = new Map([['a.csv', { etag: 'x', status: 'succeeded', docs: 3, bytes: 9 } as const]]);
  const inProcess = new Map([
    ['b.csv', { etag: 'y', attempt: 2, worker: 'w-1' }],
    ['c.csv', { etag: 'z', attempt: 1 }],
  ]);
  await first.write({ done, inProcess });
  const second = await Checkpoint.open(options(store, 'c-2'));
  assert.equal(second.epoch, 2);
  assert.deepEqual(second.resumed, { done, inProcess });
});

test('an owner that was followed by another one can write no more', async (t) => {
  const store = await storeOf(t);
  const first = await Checkpoint.open(options(store, 'c-1'));
  const second = await Checkpoint.open(options(store, 'c-1'));
  await assert.rejects(first.write(first.resumed), OwnershipLostError);
  await second.write(second.resumed);
  await second.write(second.resumed);
});

test('of owners that come at once each gets an epoch of its own, and one of them stays', async (t) => {
  const store = await storeOf(t);
  const opened = await Promise.allSettled(['c-1', 'c-2', 'c-3'].map((id) => Checkpoint.open(options(store, id))));
  const owners = opened.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  assert.equal(new Set(owners.map(({ epoch }) => epoch)).size, owners.length);
  const written = await Promise.allSettled(owners.map((owner) => owner.write(owner.resumed)));
  assert.equal(written.filter(({ status }) => status === 'fulfilled').length, 1);
});

for (const [what, text] of [
  ['no JSON', '{"version":1'],
  ['another version', '{"version":2,"owner":{"coordinator":"c","epoch":1},"done":{},"inProcess":{}}'],
  ['a broken entry', '{"version":1,"owner":{"coordinator":"c","epoch":1},"done":{"a":{}},"inProcess":{}}'],
] as const) {
  test(`a checkpoint that is ${what} is refused and left alone`, async (t) => {
    const store = await storeOf(t);
    const key = checkpointKey(options(store, 'c-1').source);
    await store.put(key, Buffer.from(text));
    const before = await store.head(key);
    await assert.rejects(Checkpoint.open(options(store, 'c-1')), /checkpoint/);
    assert.equal((await store.head(key))?.etag, before?.etag);
  });
}

test('a restarted owner does not ingest again what its checkpoint holds', async (t) => {
  const store = await storeOf(t);
  const { source } = options(store, 'c-1');
  for (const name of ['a', 'b', 'c']) await store.put(`landing/acme/films/catalog/${name}.csv`, Buffer.from(name));
  const signal = new AbortController().signal;

  async function start() {
    const checkpoint = await Checkpoint.open(options(store, 'c-1'));
    const owned = new OwnedSource(source, new FileStore(source.url), checkpoint, store.url);
    const table = new TaskTable(
      {
        coordinator: 'c-1',
        timings: { leaseMs: 1_000, maxAttempts: 3, retryMs: 0, retentionMs: 1_000 },
        maxFinished: 100,
        nowMs: () => 1_000,
        random: () => 0,
      },
      { emitted: () => undefined, changed: (task) => owned.taskChanged(task), forgotten: () => undefined },
    );
    await owned.list(table, signal);
    return { owned, table };
  }

  const shipped: string[] = [];
  const first = await start();
  assert.equal(first.table.open, 3);
  const refs = ['w-1', 'w-2'].map((worker): LeaseRef => {
    const lease = first.table.lease(worker) ?? assert.fail('a lease');
    return { worker, task: lease.task, attempt: lease.attempt, epoch: lease.epoch };
  });
  const [done, running] = refs;
  assert.ok(done && running);
  first.table.complete(done, { docs: 1, bytes: 1, rejected: 0 });
  await first.owned.save(first.table, async () => {
    const written = await store.get(checkpointKey(source));
    assert.ok(written && !(await readObjectText(written)).includes('succeeded'), 'not yet in the checkpoint');
    shipped.push('logs');
  });
  assert.deepEqual(shipped, ['logs'], 'the log is made durable before the checkpoint');

  // The first owner is gone without a word; a second one takes over.
  const second = await start();
  assert.deepEqual(second.owned.doneCounts, { ingested: 1, failed: 0 });
  assert.equal(second.table.open, 2);
  assert.equal(second.table.task(running.task)?.folded.status, 'retrying');
  assert.equal(second.table.task(running.task)?.attempts[0]?.status, 'lost');
  assert.equal(
    second.table.complete(running, { docs: 1, bytes: 1, rejected: 0 }),
    'lost',
    'the old lease counts no more',
  );
  assert.equal(second.table.task(done.task), undefined);
});

test('an object that is replaced is ingested again, and its old version decides nothing more', async (t) => {
  const store = await storeOf(t);
  const { source } = options(store, 'c-1');
  const key = 'landing/acme/films/catalog/a.csv';
  await store.put(key, Buffer.from('one'));
  const owned = new OwnedSource(
    source,
    new FileStore(source.url),
    await Checkpoint.open(options(store, 'c-1')),
    store.url,
  );
  const table = new TaskTable(
    {
      coordinator: 'c-1',
      timings: { leaseMs: 1_000, maxAttempts: 3, retryMs: 0, retentionMs: 1_000 },
      maxFinished: 100,
      nowMs: () => 1_000,
      random: () => 0,
    },
    { emitted: () => undefined, changed: (task) => owned.taskChanged(task), forgotten: () => undefined },
  );
  const signal = new AbortController().signal;
  await owned.list(table, signal);
  const old = table.lease('w-1') ?? assert.fail('a lease');
  await store.put(key, Buffer.from('another one'));
  await owned.list(table, signal);
  table.complete({ worker: 'w-1', task: old.task, attempt: 1, epoch: old.epoch }, { docs: 1, bytes: 3, rejected: 0 });
  assert.deepEqual(owned.doneCounts, { ingested: 0, failed: 0 });
  assert.notEqual(table.lease('w-1')?.task, old.task);
});
