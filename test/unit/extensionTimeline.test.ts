/** The timeline's lanes, its messages, and the page that shows them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timelineHtml } from '../../src/extension/panels/timelineHtml.ts';
import type { FoldedTask } from '../../src/model/task.ts';
import { isTimelineRequest, isTimelineUpdate, timelineOf } from '../../src/model/timeline.ts';

function task(id: string, worker: string | undefined, firstTs: number, lastTs: number): FoldedTask {
  const known = { task: id, status: 'running', attempts: 1, firstTs, lastTs, durationMs: lastTs - firstTs } as const;
  return worker === undefined ? known : { ...known, worker };
}

const timeline = timelineOf(
  'prod',
  [
    task('b', 'w-10', 5, 20),
    task('a', 'w-2', 10, 30),
    task('c', 'w-2', 20, 40),
    task('d', 'w-2', 31, 35),
    task('e', undefined, 0, 1),
  ],
  ({ task }) => `detail of ${task}`,
);

test('gives each worker a lane, in the order in which people count', () => {
  assert.deepEqual(
    timeline.lanes.map(({ worker }) => worker),
    ['', 'w-2', 'w-10'],
  );
  assert.deepEqual([timeline.startMs, timeline.endMs], [0, 40]);
});

test('bars of one row never overlap, and rows are few', () => {
  const lane = timeline.lanes[1];
  assert.deepEqual(
    lane?.bars.map((bar) => [bar.task, bar.row]),
    [
      ['a', 0],
      ['c', 1],
      ['d', 0],
    ],
  );
  assert.equal(lane?.rows, 2);
});

test('an update survives the way to the page, and nothing else passes for one', () => {
  const sent: unknown = JSON.parse(JSON.stringify({ kind: 'timeline', timeline }));
  assert.equal(isTimelineUpdate(sent), true);
  const bad = JSON.parse(JSON.stringify(sent).replace('"running"', '"on fire"')) as unknown;
  for (const value of [
    bad,
    undefined,
    null,
    'timeline',
    { kind: 'timeline' },
    { kind: 'timeline', timeline: { lanes: [{}] } },
  ]) {
    assert.equal(isTimelineUpdate(value), false, JSON.stringify(value));
  }
});

test('only the two requests of the page are taken', () => {
  assert.equal(isTimelineRequest({ kind: 'ready' }), true);
  assert.equal(isTimelineRequest({ kind: 'open', task: 't' }), true);
  for (const value of [{ kind: 'open' }, { kind: 'open', task: 1 }, { kind: 'exec', task: 't' }, 'ready', null]) {
    assert.equal(isTimelineRequest(value), false, JSON.stringify(value));
  }
});

test('the page runs the one script with its nonce and loads nothing else', () => {
  const html = timelineHtml({
    nonce: 'n0',
    cspSource: 'https://res',
    script: 'https://res/t.js',
    style: 'https://res/t.css',
  });
  assert.match(html, /default-src 'none'; style-src https:\/\/res; script-src 'nonce-n0'"/);
  assert.deepEqual(
    [...html.matchAll(/<script[^>]*>/g)].map(([tag]) => tag),
    ['<script nonce="n0" src="https://res/t.js">'],
  );
  assert.doesNotMatch(html, /unsafe|\son\w+=|<style/);
});
