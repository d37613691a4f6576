/** Merging keeps segments few and large at a bounded cost, however small the commits are. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SegmentEntry } from '../../src/index/manifest.ts';
import { fanIn, planMerge } from '../../src/index/planMerge.ts';
import { seededRandom } from '../rigs/seededRandom.ts';

const limits = { records: 250_000, bytes: 64 * 2 ** 20, gatheredBytes: 2 ** 29 };
/** Tiers below half of the limit: 1 to 7 records, 8 to 63, … */
const tiers = Math.ceil(Math.log(limits.records / 2) / Math.log(fanIn));

function segment(records: number, bytesPerRecord = 30): SegmentEntry {
  const side = { key: '', sizeBytes: records, sha256: '', tasks: records };
  return { key: '', sizeBytes: records * bytesPerRecord, sha256: '', records, minTs: 0, maxTs: 0, side };
}

interface Outcome {
  readonly segments: readonly SegmentEntry[];
  readonly most: number;
  readonly records: number;
  readonly written: number;
}

/** Commits of so many records, each merged as far as it goes, as an indexer does after a pass. */
function commit(sizes: Iterable<number>, bytesPerRecord?: number): Outcome {
  let segments: SegmentEntry[] = [];
  let [most, records, written] = [0, 0, 0];
  for (const size of sizes) {
    segments.push(segment(size, bytesPerRecord));
    records += size;
    for (let inputs = planMerge(segments, limits); inputs.length > 0; inputs = planMerge(segments, limits)) {
      assert.ok(inputs.length > 1, 'each merge leaves fewer segments than there were');
      const merged = inputs.reduce((sum, entry) => sum + entry.records, 0);
      assert.ok(merged <= limits.records);
      written += merged;
      const gone = new Set(inputs);
      segments = [...segments.filter((entry) => !gone.has(entry)), segment(merged, bytesPerRecord)];
    }
    most = Math.max(most, segments.length);
  }
  return { segments, most, records, written };
}

function assertFew({ segments, most, records, written }: Outcome): void {
  const large = records / (limits.records / 2);
  assert.ok(most <= large + tiers * fanIn, `${most} segments at most`);
  const left = segments.filter((entry) => entry.records < limits.records / 2).length;
  assert.ok(left <= tiers * (fanIn - 1), `${left} small ones remain`);
  assert.ok(written <= records * (tiers + 2), `each record was written ${(written / records).toFixed(1)} times more`);
}

test('10 million records in 100,000 tiny commits become few segments', () => {
  const outcome = commit(Array.from({ length: 100_000 }, () => 100));
  assertFew(outcome);
  assert.equal(outcome.records, 10_000_000);
});

test('so do commits of all sizes', () => {
  for (const seed of [1, 2, 3]) {
    const random = seededRandom(seed);
    assertFew(commit(Array.from({ length: 20_000 }, () => 1 + Math.floor(random() ** 6 * 20_000))));
  }
});

test('and commits of single records', () => {
  assertFew(commit(Array.from({ length: 100_000 }, () => 1)));
});

test('large records are merged up to a size in bytes', () => {
  const { segments, records } = commit(
    Array.from({ length: 500 }, () => 1000),
    10_000,
  );
  assert.ok(segments.every(({ sizeBytes }) => sizeBytes <= limits.bytes));
  const fewest = (records * 10_000) / limits.bytes;
  assert.ok(segments.length <= fewest * 2, `${segments.length} segments`);
});

test('what is large, and what is little, is left as it is', () => {
  assert.deepEqual(
    planMerge(
      Array.from({ length: 50 }, () => segment(125_000)),
      limits,
    ),
    [],
  );
  assert.deepEqual(
    planMerge(
      Array.from({ length: 7 }, () => segment(10)),
      limits,
    ),
    [],
  );
  assert.equal(
    planMerge(
      Array.from({ length: 8 }, () => segment(10)),
      limits,
    ).length,
    8,
  );
  assert.equal(
    planMerge(
      Array.from({ length: 8 }, () => segment(124_000)),
      limits,
    ).length,
    2,
  );
});

test('what compresses well is merged no further than its rows can be gathered', () => {
  const large = (gatheredBytes: number) =>
    planMerge(
      Array.from({ length: 20 }, () => ({ ...segment(10_000), gatheredBytes })),
      limits,
    ).length;
  assert.equal(large(2 ** 20), 20);
  assert.equal(large(2 ** 26), 8);
  assert.equal(large(2 ** 28 - 1), 2);
  assert.equal(large(2 ** 28), 0);
});
