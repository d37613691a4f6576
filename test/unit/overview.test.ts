/** The counting that index and logs share: buckets of time, tallies in bounded memory, lanes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { FacetTally } from '../../src/model/overview/facetTally.ts';
import { FieldTally } from '../../src/model/overview/fieldTally.ts';
import { groupFailures } from '../../src/model/overview/groupFailures.ts';
import { countBuckets, histogramOf } from '../../src/model/overview/histogramOf.ts';
import { bucketWidth } from '../../src/model/overview/timeBuckets.ts';
import { ValueTally } from '../../src/model/overview/valueTally.ts';
import { lanesOf, laneRange, spansOf, touches } from '../../src/model/overview/workerSpans.ts';
import { foldAttempts, foldTask } from '../../src/model/fold.ts';
import { frameOf } from '../../src/stacktrace/frameOf.ts';

test('any range of time is cut into at most 60 buckets, of the least width that does', () => {
  assert.equal(bucketWidth(5, 5), 1);
  assert.equal(bucketWidth(0, 59), 1);
  assert.equal(bucketWidth(0, 60), 10);
  assert.equal(bucketWidth(0, 3_600_000), 300_000);
  const moment = fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.integer({ min: 1.7e12, max: 1.8e12 }));
  fc.assert(
    fc.property(fc.array(moment, { minLength: 1, maxLength: 20 }), (moments) => {
      const tasks = moments.map((lastTs) => ({ lastTs, status: 'failed' as const }));
      const width = bucketWidth(Math.min(...moments), Math.max(...moments));
      const { buckets } = histogramOf(countBuckets(tasks, width), width);
      assert.ok(buckets.length >= 1 && buckets.length <= 60, `${buckets.length}`);
      for (const { startMs, endMs, count } of buckets) {
        assert.equal(count, moments.filter((ms) => ms >= startMs && ms < endMs).length);
      }
      assert.ok((buckets[0]?.count ?? 0) > 0 && (buckets.at(-1)?.count ?? 0) > 0, 'begins and ends with tasks');
    }),
    { seed: 20261123, numRuns: 300 },
  );
  assert.deepEqual(histogramOf([], 10), { buckets: [], widthMs: 10 });
});

test('values are counted exactly while they fit, and the frequent ones are kept beyond', () => {
  const tally = new ValueTally(10);
  for (const value of [503, '503', true, 'true', 503]) tally.add(value);
  assert.ok(tally.isExact);
  assert.deepEqual(tally.top(2), [
    { value: 503, count: 2 },
    { value: true, count: 1 },
  ]);
  for (let number = 0; number < 1000; number++) {
    tally.add(`rare-${number}`);
    if (number % 2 === 0) tally.add('frequent');
  }
  assert.ok(tally.size <= 10);
  assert.ok(!tally.isExact);
  assert.equal(tally.top(1)[0]?.value, 'frequent');
});

test('a field list of hostile records stays within its bounds and says so', () => {
  const tally = new FieldTally(100);
  for (let number = 0; number < 5000; number++) {
    tally.add({ tsMs: number, event: 'log', rest: { [`path-${number}`]: 'x'.repeat(1000) } });
  }
  assert.equal(tally.size, 100);
  assert.equal(tally.isWhole, false);
  assert.equal(tally.records, 5000);
  const [ts, event, path] = tally.top(3);
  assert.deepEqual([ts?.path, event?.path, ts?.count], ['event', 'ts', 5000]);
  assert.equal(path?.examples[0], 'x'.repeat(200));
});

test('facets count what is missing and what is not listed', () => {
  const tally = new FacetTally();
  for (const values of [['a'], ['a', 'b'], [], ['c'], [5, '5']]) tally.add(values);
  assert.deepEqual(tally.top(1), { values: [{ value: 'a', count: 2 }], rest: { values: 4, count: 4 }, missing: 1 });
});

test('a task.failed that repeats what its attempts said is no further failure; duplicates are none either', () => {
  const failure = { group: 'g', task: 't', tsMs: 1, object: 'o', offsetBytes: 0, sample: 'first' };
  const [group] = groupFailures([
    { ...failure, event: 'attempt.failed', attempt: 1 },
    { ...failure, event: 'attempt.failed', attempt: 1, object: 'again' },
    { ...failure, event: 'attempt.failed', attempt: 2, tsMs: 5 },
    { ...failure, event: 'task.failed', tsMs: 6, sample: 'last' },
    { ...failure, event: 'task.failed', task: 'other', tsMs: 2 },
    { group: 'g', event: 'log', tsMs: 3, object: 'o', offsetBytes: 9, sample: 'x' },
  ]);
  assert.deepEqual(group, { group: 'g', count: 4, tasks: 2, firstTs: 1, lastTs: 6, latest: 'last' });
});

test('an attempt that has not ended is open, and in its lane at any later moment', () => {
  const started = { tsMs: 10, event: 'attempt.started', task: 't', attempt: 1, worker: 'w-1', account: 'acme' };
  const lost = { tsMs: 20, event: 'attempt.lost', task: 't', attempt: 1, coordinator: 'c-1' };
  const again = { tsMs: 30, event: 'attempt.started', task: 't', attempt: 2, worker: 'w-2' };
  const records = [again, lost, started];
  const [first, second] = spansOf(foldTask(records), foldAttempts(records));
  assert.deepEqual(first, {
    worker: 'w-1',
    span: {
      task: 't',
      attempt: 1,
      status: 'lost',
      startMs: 10,
      endMs: 20,
      isOpen: false,
      coordinator: 'c-1',
      account: 'acme',
    },
  });
  assert.equal(second?.span.isOpen, true);
  const at = (atMs: number) =>
    [first, second].filter((each) => each && touches(each.span, laneRange({ time: {}, atMs })));
  assert.deepEqual(
    [9, 10, 20, 21, 30, 1e9].map((ms) => at(ms).map((each) => each?.worker)),
    [[], ['w-1'], ['w-1'], [], ['w-2'], ['w-2']],
  );
  const ended = [...records, { tsMs: 40, event: 'task.succeeded', task: 't' }];
  assert.ok(spansOf(foldTask(ended), foldAttempts(ended)).every(({ span }) => !span.isOpen));
  assert.deepEqual(
    lanesOf(spansOf(foldTask(ended), foldAttempts(ended))).map(({ worker }) => worker),
    ['w-1', 'w-2'],
  );
});

test('the frame of a group is the innermost of the code itself', () => {
  const stack =
    'TypeError: x\n    at node:internal/fs:1:1\n    at readRow (/app/src/rows.ts:3:9)\n    at main (/app/src/main.ts:1:1)';
  assert.equal(frameOf(stack).frame, 'at readRow (/app/src/rows.ts:3:9)');
  assert.deepEqual([frameOf(undefined), frameOf('no stack at all')], [{}, {}]);
  // The root cause is all the runtime's: what called it is told.
  const caused = `Error: no landing
    at land (/app/src/land.ts:7:1) {
  [cause]: Error: no page
      at readPage (/app/src/pages.ts:5:3)
      at main (/app/src/main.ts:1:1) {
    [cause]: Error: incorrect header check
        at genericNodeError (node:internal/errors:985:15)
        at Zlib.zlibOnError [as onerror] (node:zlib:191:17)
  }
}`;
  assert.equal(frameOf(caused).frame, 'at readPage (/app/src/pages.ts:5:3)');
  const runtime = 'Error: x\n    at genericNodeError (node:internal/errors:985:15)';
  assert.equal(frameOf(runtime).frame, 'at genericNodeError (node:internal/errors:985:15)');
});
