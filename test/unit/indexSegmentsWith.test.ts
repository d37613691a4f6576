import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockMagic } from '../../src/index/blocks/blockFormat.ts';
import { idHash } from '../../src/index/idHash.ts';
import type { SegmentEntry } from '../../src/index/manifest.ts';
import { segmentsWith } from '../../src/index/tasks/segmentsWith.ts';

/** A segment of which only the side is asked, with the sorted hashes that stand first in it. */
function segment(key: string, ids: readonly string[]) {
  const hashes = Uint32Array.from(ids, (id) => idHash(Buffer.from(id))).sort();
  const bytes = Buffer.alloc(blockMagic.length + 4 * hashes.length);
  for (const [at, hash] of hashes.entries()) bytes.writeUInt32LE(hash, blockMagic.length + 4 * at);
  const side = { key, sizeBytes: bytes.length, sha256: '', tasks: ids.length };
  const entry: SegmentEntry = { key, sizeBytes: 1, sha256: '', records: 1, minTs: 0, maxTs: 0, side };
  return { entry, bytes };
}

test('a task is looked for wherever its hash may stand, and not in a segment without tasks', async () => {
  const ids = Array.from({ length: 3000 }, (_, at) => `task-${at}`);
  // The hashes of a few ids can all lie on one side: they are not where they are to be expected.
  const high = ids.filter((id) => idHash(Buffer.from(id)) > 0.9 * 2 ** 32);
  const segments = [segment('all', ids), segment('none', []), segment('high', high), segment('one', ['task-7'])];
  const bytesOf = new Map(segments.map(({ entry, bytes }) => [entry.side.key, bytes]));
  const readRange = (
    side: { readonly key: string },
    { start, end }: { readonly start: number; readonly end: number },
  ) => {
    assert.ok(end > start, 'stores refuse a range without bytes');
    return Promise.resolve(bytesOf.get(side.key)?.subarray(start, end) ?? assert.fail());
  };
  const entries = segments.map(({ entry }) => entry);
  for (const id of [...ids.slice(0, 300), ...high]) {
    const found = await segmentsWith(id, entries, { readRange });
    const expected = ['all', ...(high.includes(id) ? ['high'] : []), ...(id === 'task-7' ? ['one'] : [])];
    assert.deepEqual(
      found.map(({ key }) => key),
      expected,
      id,
    );
  }
  assert.deepEqual(await segmentsWith('task-3001', entries, { readRange }), []);
});
