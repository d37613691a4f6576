/** What a draft tells of itself, by which it is written before it grows too large. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SegmentDraft } from '../../src/index/segments/segmentDraft.ts';

test('fields count for the memory that they take, even where all records have the same ones', () => {
  const draft = new SegmentDraft();
  const list = Array.from({ length: 1000 }, (_, at) => at);
  for (let at = 0; at < 300; at++) draft.add({ tsMs: at, event: 'log', rest: { list } }, 'v');
  assert.ok(draft.bytes > 300 * 1000 * 4, `${draft.bytes} are told`);
  draft.clear();
  assert.equal(draft.bytes, 0);
});
