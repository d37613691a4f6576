/** Names and lines of log objects. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { logObjectKey, partitionOf } from '../../src/logs/logLayout.ts';
import { isNestedDeeperThan } from '../../src/logs/nesting.ts';
import { LineSplitter } from '../../src/logs/splitLines.ts';

test('a log object is named by the hour of shipping, its process and a sequence', () => {
  const shippedMs = Date.UTC(2026, 2, 1, 9, 59, 59, 999);
  assert.equal(logObjectKey('w-7', shippedMs, 12), `dt=2026-03-01/hr=09/w-7-${shippedMs}-12.ndjson.gz`);
  assert.equal(logObjectKey('../a b/ü', 0, 0), 'dt=1970-01-01/hr=00/.._a_b__-0-0.ndjson.gz');
  assert.equal(logObjectKey('', 0, 0), 'dt=1970-01-01/hr=00/_-0-0.ndjson.gz');
  const partition = partitionOf(logObjectKey('w-7', shippedMs, 12));
  assert.deepEqual(partition, { startMs: Date.UTC(2026, 2, 1, 9), endMs: Date.UTC(2026, 2, 1, 10) });
});

test('a partition is read from any level of a key, and nothing else is taken for one', () => {
  const day = { startMs: Date.UTC(2026, 1, 28), endMs: Date.UTC(2026, 2, 1) };
  assert.deepEqual(partitionOf('dt=2026-02-28/x.log'), day);
  assert.deepEqual(partitionOf('cluster/dt=2026-02-28/'), day);
  assert.deepEqual(partitionOf('dt=2026-02-28/hr=24/x'), day);
  assert.deepEqual(partitionOf('a/dt=2026-02-28/hr=23/b/c'), { startMs: day.endMs - 3_600_000, endMs: day.endMs });
  for (const key of [
    '',
    'x.log',
    'dt=2026-02-28',
    'dt=2026-02-30/x',
    'dt=2026-13-01/x',
    'xdt=2026-02-28/x',
    'dt=2026-2-8/x',
  ])
    assert.equal(partitionOf(key), undefined, key);
});

test('lines are the same however the bytes arrive', () => {
  const text = fc
    .array(fc.constantFrom('a', 'bc', '\n', '\r', '\r\n', 'ü', ''), { maxLength: 60 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (text, sizes) => {
      const all = Buffer.from(text);
      const splitter = new LineSplitter(5);
      const lines: { text: string; offsetBytes: number; isTooLong: boolean }[] = [];
      const take = (line: { bytes: Buffer; offsetBytes: number; isTooLong: boolean }) =>
        lines.push({ text: line.bytes.toString('latin1'), offsetBytes: line.offsetBytes, isTooLong: line.isTooLong });
      for (let at = 0, turn = 0; at < all.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        for (const line of splitter.push(all.subarray(at, at + size))) take(line);
        at += size;
      }
      const rest = splitter.rest();
      if (rest) take(rest);

      let offsetBytes = 0;
      const expected = all
        .toString('latin1')
        .split('\n')
        .flatMap((line, index, every) => {
          const start = offsetBytes;
          offsetBytes += line.length + 1;
          if (index === every.length - 1 && line === '') return [];
          const content = line.endsWith('\r') ? line.slice(0, -1) : line;
          return [{ text: content, offsetBytes: start, isTooLong: content.length > 5 }];
        });
      assert.deepEqual(
        lines.map((line) => (line.isTooLong ? { ...line, text: '' } : line)),
        expected.map((line) => (line.isTooLong ? { ...line, text: '' } : line)),
      );
    }),
    { seed: 20261123, numRuns: 1000 },
  );
});

test('of an endless line only the beginning is held', () => {
  const splitter = new LineSplitter(10_000);
  const chunk = Buffer.alloc(1000, 'x');
  for (let turn = 0; turn < 100; turn++) assert.deepEqual([...splitter.push(chunk)], []);
  const [line, next] = splitter.push(Buffer.from('x\nshort\n'));
  assert.ok(line?.isTooLong && line.bytes.length === 4096 && line.offsetBytes === 0);
  assert.ok(next && !next.isTooLong && next.bytes.toString() === 'short' && next.offsetBytes === 100_002);
});

test('nesting is counted outside strings only', () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  assert.equal(isNestedDeeperThan(500, deep(500)), false);
  assert.equal(isNestedDeeperThan(500, deep(501)), true);
  assert.equal(isNestedDeeperThan(500, `{"a":${deep(500)}}`), true);
  assert.equal(isNestedDeeperThan(500, JSON.stringify({ a: '['.repeat(2000), b: '\\"[['.repeat(900) })), false);
  assert.equal(isNestedDeeperThan(2, '[[1],[2],[3],[4],[5]]'), false);
});
