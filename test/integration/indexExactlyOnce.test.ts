/** However many indexers run, and wherever they are killed: each record is in the index once. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { collectGarbage } from '../../src/index/collectGarbage.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { manifestKey } from '../../src/index/manifest.ts';
import { ManifestStore } from '../../src/index/manifestStore.ts';
import type { IndexPassSummary } from '../../src/model/indexPass.ts';
import {
  assertIndexedOnce,
  indexFixture,
  type IndexFixture,
  keysOf,
  lines,
  makeOlder,
  putLogs,
  query,
  WatchedStore,
} from './indexFixture.ts';

const program = join(import.meta.dirname, 'indexProcess.ts');

/** Runs an indexer in a process of its own; `undefined` when it was killed. */
async function runIndexer(fixture: IndexFixture, ...kill: string[]): Promise<IndexPassSummary | undefined> {
  const child = spawn(process.execPath, [program, fixture.logs.url, fixture.index.url, ...kill], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal === 'SIGKILL') return undefined;
  assert.equal(code, 0);
  return JSON.parse(output) as IndexPassSummary;
}

test('four indexer processes at once index each record once', async () => {
  await using fixture = await indexFixture();
  await putLogs(fixture.logs, 30);
  const summaries = await Promise.all(Array.from({ length: 4 }, () => runIndexer(fixture)));
  assert.equal(
    summaries.reduce((sum, summary) => sum + (summary?.objects ?? 0), 0),
    30,
    'no object is claimed by two',
  );
  await assertIndexedOnce(await fixture.reader(), fixture.logs);
});

test('a killed indexer loses nothing and leaves nothing doubled, whatever it was writing', async () => {
  await using fixture = await indexFixture();
  await putLogs(fixture.logs, 8);
  let killed = 0;
  // A commit is a segment, a ledger part and a manifest: nine puts for eight objects in threes, then the freshness.
  for (let put = 1; put <= 4; put++) {
    for (const moment of ['before', 'after']) {
      await putLogs(fixture.logs, 8 + killed * 3);
      if ((await runIndexer(fixture, String(put), moment)) === undefined) killed += 1;
    }
  }
  assert.ok(killed >= 6, `${killed} indexers were killed`);
  assert.ok(await runIndexer(fixture));
  await assertIndexedOnce(await fixture.reader(), fixture.logs);
});

test('whoever loses the race for a commit drops what the winner has indexed and commits the rest', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 6);
  const firstOnly = new WatchedStore(logs, { lists: (key) => /w-[0-2]-/.test(key) });
  let winner: IndexPassSummary | undefined;
  const contested = new WatchedStore(index, {
    async beforePut(key) {
      if (key.startsWith('manifest/') && !winner) winner = await indexLogs({ logs: firstOnly, index });
    },
  });
  const loser = await indexLogs({ logs, index: contested });
  assert.equal(winner?.objects, 3);
  assert.equal(loser.objects, 3);
  await assertIndexedOnce(await fixture.reader(), logs);
  assert.equal((await keysOf(index, 'segments/')).length, 2, 'the loser takes its first segment back');
});

test('whoever loses everything commits nothing', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 4);
  let winner: IndexPassSummary | undefined;
  const contested = new WatchedStore(index, {
    async beforePut(key) {
      if (key.startsWith('manifest/') && !winner) winner = await indexLogs({ logs, index });
    },
  });
  const loser = await indexLogs({ logs, index: contested });
  assert.deepEqual([winner?.objects, loser.objects, loser.segments], [4, 0, 0]);
  assert.deepEqual(await keysOf(index, 'manifest/'), ['manifest/00000000000000000001.json']);
  await assertIndexedOnce(await fixture.reader(), logs);
});

test('a commit whose answer was lost is known as ones own when it is tried again', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 4);
  const forgetful = new WatchedStore(index, {
    async afterPut(key, result) {
      return key.startsWith('manifest/') ? { kind: 'refused' } : result;
    },
  });
  const summary = await indexLogs({ logs, index: forgetful });
  assert.equal(summary.objects, 4);
  await assertIndexedOnce(await fixture.reader(), logs);
});

for (const moment of ['committing', 'merging'] as const) {
  test(`an indexer that sleeps while ${moment}, for so long that its number is free again, loses and doubles nothing`, async () => {
    await using fixture = await indexFixture();
    const { logs, index } = fixture;
    const first = moment === 'merging' ? 9 : 1;
    await putLogs(logs, 8);
    let slept = false;
    const sleepy = new WatchedStore(index, {
      async beforePut(key) {
        if (slept || key !== manifestKey(first)) return;
        slept = true;
        for (let commit = 0; commit < 3; commit++) {
          await logs.put(`later-${commit}.ndjson`, lines({ task: 'later' }));
          await indexLogs({ logs, index, limits: { records: 1 } });
        }
        const { manifest } = await new ManifestStore(index).newest();
        await makeOlder(index, 48 * 3_600_000, manifestKey(manifest.number));
        await collectGarbage(index, manifest);
        assert.ok(!(await keysOf(index, 'manifest/')).includes(key), 'it is free again');
      },
    });
    await indexLogs({ logs, index: sleepy, limits: { objects: 1 } });
    assert.ok(slept);
    await assertIndexedOnce(await fixture.reader(), logs);
    await logs.put('last.ndjson', lines({ task: 'last' }));
    await indexLogs({ logs, index });
    await assertIndexedOnce(await fixture.reader(), logs);
  });
}

test('a commit is known as ones own when others have committed after it, before it was answered', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 4);
  let isFirst = true;
  const slow = new WatchedStore(index, {
    async afterPut(key, result) {
      if (!key.startsWith('manifest/') || !isFirst) return result;
      isFirst = false;
      await logs.put('more.ndjson', lines({ task: 'more' }));
      await indexLogs({ logs, index });
      return result;
    },
  });
  assert.equal((await indexLogs({ logs, index: slow })).objects, 4);
  await assertIndexedOnce(await fixture.reader(), logs);
});

test('an object written anew replaces its earlier records, back to an old content too', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const reader = await fixture.reader();
  const first = lines({ task: 'a', event: 'task.failed' }, { task: 'b' });
  const second = lines({ task: 'a', event: 'task.succeeded' });
  await logs.put('other.ndjson', lines({ task: 'c' }));
  for (const [content, statuses] of [
    [first, ['b pending', 'a failed']],
    [second, ['a succeeded']],
    [first, ['b pending', 'a failed']],
  ] as const) {
    await logs.put('same.ndjson', content);
    await indexLogs({ logs, index });
    const { tasks } = await reader.search(query('id:a,b sort:firstTs'), { limit: 10 });
    assert.deepEqual(
      tasks.map((task) => `${task.task} ${task.status}`),
      statuses,
    );
    await assertIndexedOnce(reader, logs);
  }
});

test('an object that changes while it is read is indexed as it is then', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 3);
  await logs.put('z.ndjson', lines({ task: 'old' }));
  const changing = new WatchedStore(logs, {});
  // The listing is at its end when the last key is yielded, and reading begins after it.
  const list = changing.list.bind(changing);
  changing.list = async function* (options) {
    yield* list(options);
    await logs.put('z.ndjson', lines({ task: 'new' }, { task: 'new' }));
  };
  const summary = await indexLogs({ logs: changing, index });
  assert.equal(summary.objects, 4);
  await assertIndexedOnce(await fixture.reader(), logs);
  assert.equal((await indexLogs({ logs, index })).objects, 0);
});

test('many small commits merge their ledger parts and forget nothing', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 40);
  const summary = await indexLogs({ logs, index, limits: { objects: 1 } });
  assert.equal(summary.segments, 40);
  const again = await indexLogs({ logs, index });
  assert.equal(again.objects, 0);
  await assertIndexedOnce(await fixture.reader(), logs);
});

test('a reader answers while indexers commit, each time from a whole index', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  const reader = await fixture.reader();
  await putLogs(logs, 30);
  let committed = 0;
  const seen: number[] = [];
  const watched = new WatchedStore(index, {
    async afterPut(key, result) {
      if (key.startsWith('manifest/') && result.kind === 'stored') {
        committed += 1;
        const [{ records }, status] = await Promise.all([reader.records(query(''), { limit: 1000 }), reader.status()]);
        assert.equal(records.length, status.records);
        seen.push(records.length);
      }
      return result;
    },
  });
  await indexLogs({ logs, index: watched, limits: { objects: 3 } });
  assert.equal(committed, 11, 'ten batches, and the merge of their segments');
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(seen).size, 10, 'it grows with each batch, and a merge changes nothing');
});
