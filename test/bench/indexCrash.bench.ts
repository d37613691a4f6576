/**
 * The crash test of the index, for as long as one likes: `node test/bench/indexCrash.bench.ts [SEED] [KILLS] [s3]`. Prints the
 * seed first: what is written, and where and when indexers are killed, follows from it. With `s3` everything lies on a real S3
 * server. Fails when a record is lost, doubled or changed, or a reject is not listed.
 */

import { pathToFileURL } from 'node:url';
import { LogIndex } from '../../src/index/logIndex.ts';
import { ManifestStore } from '../../src/index/manifestStore.ts';
import type { S3Options } from '../../src/model/environment.ts';
import { openStore } from '../../src/store/openStore.ts';
import { crashRun } from '../rigs/crashRun.ts';
import { assertAccountedFor, assertCollectable, settle } from '../rigs/crashVerdict.ts';
import { missingForS3, startS3Server } from '../rigs/s3Server.ts';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';

const [seedText = String(Date.now() % 1_000_000), killsText = '300', place = 'folder'] = process.argv.slice(2);
const [seed, kills] = [Number(seedText), Number(killsText)];
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(kills) || !['folder', 's3'].includes(place)) {
  console.error('Usage: indexCrash [SEED] [KILLS] [s3]');
  process.exit(2);
}
console.log(`seed ${seed}, ${kills} kills, ${place === 's3' ? 'on S3' : 'in a folder'}`);

await using cleanUp = new AsyncDisposableStack();
const folder = await temporaryFolder('crash');
cleanUp.defer(() => folder.remove());
const [root, s3] = await rootOf(place);
const logs = openStore(`${root}/logs`, s3);
cleanUp.defer(() => logs.close());
const index = openStore(`${root}/index`, s3);
cleanUp.defer(() => index.close());

const startMs = performance.now();
const run = await crashRun({
  seed,
  kills,
  logs,
  index,
  directory: folder.path,
  ...(s3 ? { s3 } : {}),
  onKill: (done) => {
    if (done % 50 === 0) console.log(`${done} killed, ${seconds()} s`);
  },
});
await settle(logs, index);
const reader = await LogIndex.open({ store: index, cacheDirectory: `${folder.path}/cache`, memoryLimitMb: 512 });
cleanUp.defer(() => reader.close());
const counts = await assertAccountedFor(reader, run.logs.objects);
const { manifest } = await new ManifestStore(index).newest();
await assertCollectable(index);
const { atRequest, atMoment, afterStop } = run.kills;
console.log(
  `${atRequest} killed at a request to the store, ${atMoment} at some moment, ${afterStop} after they had been stopped; ` +
    `${manifest.number} commits; ${run.problems.length} passes failed and were tried again`,
);
for (const problem of new Set(run.problems)) console.log(`  ${problem}`);
console.log(
  `${counts.objects} objects, written anew ${run.logs.rewrites} times: ${counts.records} records and ${counts.rejects} rejects, ` +
    `each as it was written; ${seconds()} s`,
);

async function rootOf(kind: string): Promise<readonly [string, S3Options | undefined]> {
  if (kind !== 's3') return [pathToFileURL(folder.path).href, undefined];
  const missing = missingForS3();
  if (missing !== undefined) throw new Error(missing);
  const server = await startS3Server();
  cleanUp.defer(() => server.stop());
  Object.assign(process.env, server.credentials);
  const options = { endpoint: server.endpoint, region: server.region, forcePathStyle: true };
  return [`s3://${await server.createBucket()}`, options];
}

function seconds(): number {
  return Math.round((performance.now() - startMs) / 1000);
}
