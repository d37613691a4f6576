/**
 * How questions go to indexes that are far larger than memory: `node test/bench/indexPlanner.bench.ts [RECORDS…]`, by default of 100 million and of
 * 1,000 million records (10 million a day). Their sides are made of real ones (`syntheticIndex.ts`) and lie in a store that counts requests and
 * bytes as S3 would be asked for; a real S3's delays come on top. Cold: with nothing in the cache but what earlier questions brought; warm: the
 * median of five more. Takes some ten gigabytes of disk for 1,000 million.
 */

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wholeText } from './markdownTable.ts';
import { bundled } from './shipped.ts';
import { makeSyntheticIndex, recordsOfDay } from './syntheticIndex.ts';

const given = process.argv.slice(2).map(Number);
for (const records of given.length > 0 ? given : [100_000_000, 1_000_000_000]) {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-trace-bench-'));
  try {
    const made = await makeSyntheticIndex(folder, records);
    const [days, sideMb] = [made.records / recordsOfDay, made.sideBytes / 1e6];
    console.log(
      `\n${wholeText(made.records)} records in ${wholeText(made.segments)} segments, ${wholeText(days)} days; sides ${wholeText(sideMb)} MB\n`,
    );
    const file = join(folder, 'synthetic.json');
    await writeFile(file, JSON.stringify(made));
    const asking = await bundled('indexPlannerAsk');
    const { status } = spawnSync(process.execPath, [asking, file, join(folder, 'cache')], { stdio: 'inherit' });
    if (status !== 0) throw new Error(`${records} records: ended with ${status}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
