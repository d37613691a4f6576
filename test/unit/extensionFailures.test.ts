/** Failures counted by the line of source at which they began. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoted } from '../../src/extension/filterTerm.ts';
import { byLine, failurePlaces } from '../../src/extension/sources/failurePlaces.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';

const stackAt = (line1: number) =>
  `TypeError: x\n    at parse (node:internal/json:1:1)\n    at readRow (/srv/app/readRow.ts:${line1}:5)\n    at run (/srv/app/run.ts:3:1)`;

function failed(task: string, tsMs: number, line1: number, more: Partial<LogRecord> = {}): LogRecord {
  return { tsMs, event: 'attempt.failed', task, error: { type: 'TypeError', stack: stackAt(line1) }, ...more };
}

test('counts tasks, not attempts, at the innermost frame of the code itself, and names the latest worker', () => {
  const [first, second, ...others] = failurePlaces([
    failed('a', 1000, 12, { worker: 'w-1', group: 'g1-a' }),
    failed('a', 3000, 12, { worker: 'w-2', group: 'g1-a' }),
    failed('b', 2000, 12, { worker: 'w-3', group: 'g1-b' }),
    failed('c', 500, 40),
    { tsMs: 1, event: 'task.failed', task: 'd', error: { type: 'Error' } },
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual([first?.frame.line1, first?.tasks.size, first?.worker, first?.lastTs], [12, 2, 'w-2', 3000]);
  assert.deepEqual([...(first?.groups ?? [])], ['g1-a', 'g1-b']);
  assert.deepEqual([second?.frame.line1, second?.worker], [40, undefined]);
});

test('a failure of the runtime counts where the code called it', () => {
  const stack = `Error: no page
    at readPage (/srv/app/pages.ts:5:3) {
  [cause]: Error: incorrect header check
      at genericNodeError (node:internal/errors:985:15)
}`;
  const [place, ...others] = failurePlaces([{ tsMs: 1, event: 'attempt.failed', task: 'a', error: { stack } }]);
  assert.deepEqual(others, []);
  assert.deepEqual([place?.frame.file, place?.frame.line1], ['/srv/app/pages.ts', 5]);
  assert.equal(place?.trace.frames.length, 1, 'the frames beside it are those of its own trace');
});

test('keeps deploys apart until their lines are known, then joins those that lead to one line', () => {
  const places = failurePlaces([
    failed('a', 1000, 12, { worker: 'w-1', build: { commit: 'aaaaaaa' } }),
    failed('b', 2000, 15, { worker: 'w-2', build: { commit: 'bbbbbbb' } }),
    failed('a', 3000, 15, { worker: 'w-3', build: { commit: 'bbbbbbb' } }),
  ]);
  assert.deepEqual(
    places.map(({ commit, tasks }) => [commit, tasks.size]),
    [
      ['aaaaaaa', 1],
      ['bbbbbbb', 2],
    ],
  );
  const [line, ...others] = byLine(places.map((place) => ({ ...place, nowLine1: 15 })));
  assert.deepEqual(others, []);
  assert.deepEqual([line?.line1, line?.tasks.size, line?.worker], [15, 2, 'w-3']);
  // A line that one of them is known to be of is no guess.
  const near = places.map((place) => ({ ...place, nowLine1: 15, isNear: true as const }));
  assert.equal(byLine(near)[0]?.isNear, true);
  const [sure] = places.map((place) => ({ ...place, nowLine1: 15 }));
  assert.ok(sure);
  assert.deepEqual([byLine([...near, sure])[0]?.isNear, byLine([sure, ...near])[0]?.isNear], [undefined, undefined]);
});

test('asks for the name of any file as a phrase that parses', () => {
  for (const name of ['a.ts', 'it"s.ts', 'back\\slash.ts', 'two words.py', '(x).go']) {
    const parsed = parseQuery(`event:attempt.failed,task.failed since:1d ${quoted(name)}`, { nowMs: 0 });
    assert.equal(parsed.kind, 'query', name);
  }
});
