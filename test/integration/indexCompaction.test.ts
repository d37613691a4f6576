/** Merging segments changes what an index costs, never what it answers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectGarbage } from '../../src/index/collectGarbage.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import type { LogIndex } from '../../src/index/logIndex.ts';
import { type Manifest, manifestKey } from '../../src/index/manifest.ts';
import { ManifestStore } from '../../src/index/manifestStore.ts';
import {
  assertIndexedOnce,
  type IndexFixture,
  indexFixture,
  keysOf,
  lines,
  makeOlder,
  putLogs,
  query,
  WatchedStore,
} from './indexFixture.ts';

const oneByOne = { objects: 1 };

test('small segments are merged, without the rows of replaced objects', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const reader = await fixture.reader();
  await logs.put('same.ndjson', lines({ task: 'old' }, { task: 'old' }));
  await indexLogs({ logs, index });
  await logs.put('same.ndjson', lines({ task: 'new' }));
  await putLogs(logs, 40);
  const summary = await indexLogs({ logs, index, limits: oneByOne });
  assert.equal(summary.segments, 41);
  const status = await reader.status();
  assert.ok(status.segments < 16, `${status.segments} segments`);
  const { manifest } = await new ManifestStore(index).newest();
  assert.ok(manifest.segments.reduce((sum, entry) => sum + entry.records, 0) <= status.records + 2);
  await assertIndexedOnce(reader, logs);
  assert.equal((await reader.search(query('id:old'), { limit: 1 })).total, 0);
});

test('a merge that another commit comes before is committed after it', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 8);
  let commits = 0;
  const contested = new WatchedStore(index, {
    async beforePut(key) {
      if (!key.startsWith('manifest/') || ++commits !== 9) return;
      await logs.put('late.ndjson', lines({ task: 'late' }));
      // No segment is small by this measure, so this one merges nothing.
      await indexLogs({ logs, index, limits: { records: 1 } });
    },
  });
  await indexLogs({ logs, index: contested, limits: oneByOne });
  const { manifest } = await new ManifestStore(index).newest();
  assert.equal(manifest.segments.length, 2);
  await assertIndexedOnce(await fixture.reader(), logs);
});

test('of two that merge the same segments one wins and the other takes its own back', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 8);
  let commits = 0;
  const contested = new WatchedStore(index, {
    async beforePut(key) {
      if (!key.startsWith('manifest/') || ++commits !== 9) return;
      await logs.put('late.ndjson', lines({ task: 'late' }, {}, {}, {}, {}, {}, {}, {}, {}));
      await indexLogs({ logs, index });
    },
  });
  await indexLogs({ logs, index: contested, limits: oneByOne });
  const { manifest } = await new ManifestStore(index).newest();
  assert.equal(manifest.segments.length, 2);
  const merged = (await keysOf(index, 'segments/')).length;
  assert.equal(merged, 8 + 1 + 1, 'the eight, the late one and one merge');
  await assertIndexedOnce(await fixture.reader(), logs);
});

/** A reader of seven segments in a remote store, while whose first question the seven and an eighth become one. */
async function readerOfSeven(
  fixture: IndexFixture,
  thenCollect: (manifest: Manifest) => Promise<void>,
): Promise<LogIndex> {
  const { logs, index } = fixture;
  await putLogs(logs, 7);
  await indexLogs({ logs, index, limits: oneByOne });
  let isFirst = true;
  const beforeGet = async (key: string) => {
    if (!key.startsWith('segments/') || !isFirst) return;
    isFirst = false;
    await logs.put('eighth.ndjson', lines({ task: 'eighth' }, { task: 'eighth' }, { task: 'eighth' }));
    await indexLogs({ logs, index });
    const { manifest } = await new ManifestStore(index).newest();
    assert.equal(manifest.segments.length, 1, 'the eight are one now');
    await thenCollect(manifest);
  };
  return await fixture.reader(new WatchedStore(index, { beforeGet }, 's3://bucket/index'));
}

test('a reader that holds an old manifest answers from it while segments are merged and garbage is collected', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const reader = await readerOfSeven(fixture, async (manifest) => {
    await makeOlder(index, 20 * 3_600_000, manifestKey(manifest.number));
    assert.ok((await collectGarbage(index, manifest)) > 0, 'manifests are gone, their segments are not');
  });
  const { records, source } = await reader.records(query(''), { limit: 1000 });
  assert.equal(source.manifest, 7);
  assert.ok(records.length > 0 && records.every(({ task }) => task !== 'eighth'));
  await assertIndexedOnce(reader, logs);
});

test('one that is so slow that its segments are gone begins anew from the newest manifest', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const reader = await readerOfSeven(fixture, async (manifest) => {
    await collectGarbage(index, manifest, { objectsMs: -1, manifestsMs: -1 });
  });
  const { records } = await reader.records(query('id:eighth'), { limit: 10 });
  assert.equal(records.length, 3);
  await assertIndexedOnce(reader, logs);
});

test('what is no longer named is deleted after the grace period, and not before', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const reader = await fixture.reader();
  await putLogs(logs, 40);
  await indexLogs({ logs, index, limits: oneByOne });
  const { manifest } = await new ManifestStore(index).newest();
  const grace = { objectsMs: 60_000, manifestsMs: 60_000 };
  assert.equal(await collectGarbage(index, manifest, grace), 0);
  await makeOlder(index, 120_000, manifestKey(manifest.number));
  await collectGarbage(index, manifest, grace);
  const named = [...manifest.segments, ...manifest.ledger].map((entry) => entry.key).sort();
  assert.deepEqual([...(await keysOf(index, 'segments/')), ...(await keysOf(index, 'ledger/'))].sort(), named);
  assert.equal((await keysOf(index, 'manifest/')).length, 1);
  await assertIndexedOnce(reader, logs);
  await logs.put('more.ndjson', lines({ task: 'more' }));
  assert.equal((await indexLogs({ logs, index })).objects, 1, 'indexing goes on from there');
  await assertIndexedOnce(reader, logs);
});
