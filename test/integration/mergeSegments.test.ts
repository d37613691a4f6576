/** Holds a merged segment to the segments that it was made of: row by row, cell by cell, without the versions that do not count. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readParquetRows } from '../../src/index/parquet/readParquetRows.ts';
import { segmentColumns } from '../../src/index/segmentColumns.ts';
import { mergeSegments } from '../../src/index/segments/rewriteSegments.ts';
import { SegmentBuilder } from '../../src/index/segments/segmentBuilder.ts';
import type { LocalSegment } from '../../src/index/segments/segmentWriter.ts';
import { hostileLine } from '../rigs/hostileLines.ts';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';

const seed = 20261126;
const columns = [...segmentColumns.map(({ name }) => name), 'object_version'];

async function rowsOf(segments: readonly LocalSegment[]): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const { file, records } of segments) {
    rows.push(...(await readParquetRows(file, { columns, ranges: [{ start: 0, end: records }] })));
  }
  const placeOf = (row: Record<string, unknown>) =>
    `${String(row['object'])} ${String(row['offset_bytes']).padStart(9)}`;
  return rows.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
}

function pathsOf(segments: readonly LocalSegment[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { paths } of segments) {
    for (const [path, count] of Object.entries(paths ?? {})) counts.set(path, (counts.get(path) ?? 0) + count);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

test('a merged segment has the rows of its inputs as they stood, but for those of superseded versions', async () => {
  const folder = await temporaryFolder('merge');
  try {
    const objects = fc.sample(fc.array(hostileLine, { minLength: 40, maxLength: 200 }), { seed, numRuns: 9 });
    const inputs: LocalSegment[] = [];
    const builder = new SegmentBuilder({ directory: folder.path, records: 1e6, bytes: 1e9 });
    for (const [number, lines] of objects.entries()) {
      // A few plain ones, so that tasks lie in several segments.
      const plain = Array.from({ length: 30 }, (_, at) => Buffer.from(plainLine(at, number)));
      const text = Buffer.concat([...lines, ...plain].flatMap((line) => [line, Buffer.from('\n')]));
      await builder.read(`object-${number}`, `version-${number}`, text);
      if (number % 3 === 2) inputs.push(...(await builder.finish()));
    }
    assert.equal(inputs.length, 3);
    const whole = await mergeSegments(inputs, [], join(folder.path, 'whole'));
    assert.ok(whole);
    assert.deepEqual(await rowsOf([whole]), await rowsOf(inputs));
    assert.deepEqual(pathsOf([whole]), pathsOf(inputs));
    const gathered = inputs.map(({ gatheredBytes = 0 }) => gatheredBytes);
    assert.ok((whole.gatheredBytes ?? 0) > Math.max(...gathered));
    assert.ok((whole.gatheredBytes ?? 0) <= gathered.reduce((sum, bytes) => sum + bytes));
    assert.deepEqual([whole.minTs, whole.maxTs], [least(inputs, 'minTs'), -least(inputs, 'maxTs', -1)]);
    const superseded = ['version-1', 'version-4', 'version-5'];
    const part = await mergeSegments(inputs, superseded, join(folder.path, 'part'));
    assert.ok(part);
    const kept = (await rowsOf(inputs)).filter((row) => !superseded.includes(String(row['object_version'])));
    assert.ok(kept.length > 200 && kept.length < whole.records);
    assert.deepEqual(await rowsOf([part]), kept);
    const none = await mergeSegments(
      inputs,
      objects.map((_, at) => `version-${at}`),
      join(folder.path, 'none'),
    );
    assert.equal(none, undefined);
  } finally {
    await folder.remove();
  }
});

function plainLine(at: number, object: number): string {
  const task = `task-${at}`;
  const error = { type: 'E', message: `no ${at}`, stack: `E: no ${at}\n    at f (src/f.ts:${object}:1)` };
  const record = { ts: 1_790_000_000_000 + at * 1000 + object, task, attempt: 1, worker: `w-${object}`, http: { at } };
  return JSON.stringify(at % 5 === 0 ? { ...record, event: 'attempt.failed', error } : record);
}

function least(segments: readonly LocalSegment[], name: 'minTs' | 'maxTs', sign = 1): number {
  return Math.min(...segments.map((segment) => sign * segment[name]));
}
