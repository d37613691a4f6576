import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SegmentEntry } from '../../src/index/manifest.ts';
import { IndexTasks, type TaskSources } from '../../src/index/tasks/indexTasks.ts';

test('a question that waits for what another one brings is cancelled at once', { timeout: 10_000 }, async () => {
  const side = { key: 'sides/a', sizeBytes: 1, sha256: '', tasks: 1 };
  const entry: SegmentEntry = { key: 'segments/a', sizeBytes: 1, sha256: '', records: 1, minTs: 0, maxTs: 0, side };
  const brought = Promise.withResolvers<void>();
  const sources: TaskSources = {
    entries: [entry],
    all: [entry],
    superseded: [],
    fileOfSide: ({ key }) => key,
    inRuns: async () => await brought.promise,
    refold: () => Promise.reject(new Error('nothing is superseded')),
  };
  const tasks = new IndexTasks('file:///index', 256);
  const first = tasks.bring(sources);
  const stop = new AbortController();
  const waiting = tasks.bring(sources, stop.signal);
  const reason = new Error('not wanted any more');
  stop.abort(reason);
  await assert.rejects(waiting, reason);
  brought.resolve();
  await first;
});
