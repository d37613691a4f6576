/** Indexers are killed at any moment, again and again: afterwards the index holds what the logs hold, record by record. */

import { test, type TestContext } from 'node:test';
import type { S3Options } from '../../src/model/environment.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { crashRun } from '../rigs/crashRun.ts';
import { assertAccountedFor, assertCollectable, settle } from '../rigs/crashVerdict.ts';
import { indexFixture, onS3 } from './indexFixture.ts';

/** `npm run bench -- indexCrash SEED KILLS` does the same for as long as one likes. */
const seed = 20261126;

async function crash(t: TestContext, kills: number, logs: ObjectStore, index: ObjectStore, s3?: S3Options) {
  await using fixture = await indexFixture();
  const { directory } = fixture;
  const run = await crashRun({ seed, kills, logs, index, directory, ...(s3 ? { s3 } : {}) });
  await settle(logs, index);
  const reader = await fixture.reader(index);
  const counts = await assertAccountedFor(reader, run.logs.objects);
  await assertCollectable(index);
  await assertAccountedFor(reader, run.logs.objects);
  t.diagnostic(`seed ${seed}: ${JSON.stringify({ ...run.kills, ...counts, rewrites: run.logs.rewrites })}`);
}

test('four indexers in a folder, killed 50 times: no record is lost or doubled', async (t) => {
  await using fixture = await indexFixture();
  await crash(t, 50, fixture.logs, fixture.index);
});

test('four indexers on S3, killed 16 times: no record is lost or doubled', async (t) => {
  await onS3(t, async (logs, index, s3) => await crash(t, 16, logs, index, s3));
});
