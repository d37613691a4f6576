/** Compares an index with the logs that a crash run wrote: each line is a record of the index or stands among its rejects, once. */

import assert from 'node:assert/strict';
import { collectGarbage } from '../../src/index/collectGarbage.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import type { LogIndex } from '../../src/index/logIndex.ts';
import { manifestKey } from '../../src/index/manifest.ts';
import { ManifestStore } from '../../src/index/manifestStore.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import { type LogRecord, recordToJson } from '../../src/model/record.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { type ExpectedObject, withUnreadable } from './crashLogs.ts';

export interface CrashCounts {
  readonly objects: number;
  readonly records: number;
  readonly rejects: number;
}

/** Lets an indexer that is not killed do the rest, and have its way with the objects that cannot be read. */
export async function settle(logs: ObjectStore, index: ObjectStore): Promise<void> {
  for (let pass = 0; pass < 20; pass++) {
    const { objects, unread } = await indexLogs({ logs: withUnreadable(logs), index });
    if (objects + unread === 0) return;
  }
  assert.fail('an indexer on its own finds something new again and again');
}

/** What killed indexers left behind goes away, and nothing else does. */
export async function assertCollectable(index: ObjectStore): Promise<void> {
  const { manifest } = await new ManifestStore(index).newest();
  await collectGarbage(index, manifest, { objectsMs: -1, manifestsMs: -1 });
  const sides = manifest.segments.map(({ side }) => side);
  const named = [...manifest.segments, ...sides, ...manifest.ledger, ...manifest.rejected].map(({ key }) => key);
  const left: string[] = [];
  for await (const { key } of index.list()) left.push(key);
  assert.deepEqual(left.sort(), [...named, manifestKey(manifest.number), 'freshness.json'].sort());
}

export async function assertAccountedFor(reader: LogIndex, objects: readonly ExpectedObject[]): Promise<CrashCounts> {
  const all = parseQuery('', { nowMs: Date.now() });
  assert.ok(all.kind === 'query');
  const { records, hasMore } = await reader.records(all.query, { limit: 1_000_000 });
  assert.ok(!hasMore);
  const rejects = await Array.fromAsync(reader.rejected());
  const recordsOf = Map.groupBy(records, (record) => record.origin?.object ?? '');
  const rejectsOf = Map.groupBy(rejects, ({ object }) => object);
  for (const expected of objects) {
    const { key } = expected;
    const found = recordsOf.get(key) ?? [];
    const rejected = (rejectsOf.get(key) ?? []).map(({ offsetBytes }) => offsetBytes);
    assertObject(expected, found, rejected);
    recordsOf.delete(key);
    rejectsOf.delete(key);
  }
  assert.deepEqual([...recordsOf.keys()], [], 'records of objects that nobody wrote');
  assert.deepEqual([...rejectsOf.keys()], [], 'rejects of objects that nobody wrote');
  const status = await reader.status();
  assert.deepEqual([status.records, status.rejected], [records.length, rejects.length]);
  assert.equal(status.tasks, new Set(records.flatMap(({ task }) => task ?? [])).size);
  return { objects: objects.length, records: records.length, rejects: rejects.length };
}

function assertObject(expected: ExpectedObject, found: readonly LogRecord[], rejected: readonly number[]): void {
  const { key, lines, extent } = expected;
  const ends = (lines.at(-1)?.offsetBytes ?? 0) + Buffer.byteLength(`${lines.at(-1)?.text}\n`);
  const good = lines.filter(({ kind }) => kind === 'record');
  const bad = lines.filter(({ kind }) => kind === 'rejected').map(({ offsetBytes }) => offsetBytes);
  const sorted = found.toSorted((a, b) => offsetOf(a) - offsetOf(b));
  const kept = extent === 'unreadable' ? [] : extent === 'cut' ? good.slice(0, sorted.length) : good;
  assert.deepEqual(
    sorted.map((record) => [offsetOf(record), recordToJson(record)]),
    kept.map(({ offsetBytes, text }) => [offsetBytes, canonical(text)]),
    `records of ${key} (${extent})`,
  );
  const cutAt = good[kept.length]?.offsetBytes ?? ends;
  const wanted = { whole: bad, end: [ends], cut: [cutAt], unreadable: [0] }[extent];
  assert.deepEqual(
    rejected.toSorted((a, b) => a - b),
    wanted,
    `rejects of ${key} (${extent})`,
  );
}

/** `log` is what an event is where none is said. */
function canonical(text: string): unknown {
  const { event, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return event === 'log' ? rest : { event, ...rest };
}

function offsetOf({ origin }: LogRecord): number {
  return origin?.offsetBytes ?? -1;
}
