/** The timeline's lanes, its messages, and the page that shows them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timelineHtml } from '../../src/extension/panels/timelineHtml.ts';
import { attemptsIn, queriesOfAttempts, timelinePieces } from '../../src/extension/panels/timelinePieces.ts';
import type { LaneSpan } from '../../src/model/overview/answers.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import type { FoldedTask } from '../../src/model/task.ts';
import { tickText } from '../../src/extension/plainTime.ts';
import { isTimelineRequest, isTimelineUpdate, timelineOf, type TimelinePiece } from '../../src/model/timeline.ts';
import { timeTicks } from '../../src/model/timeTicks.ts';

function piece(task: string, worker: string, startMs: number, endMs: number): TimelinePiece {
  return { task, worker, status: 'running', startMs, endMs, text: `text of ${task}` };
}

function task(id: string, worker: string, firstTs: number, lastTs: number, attempts = 1): FoldedTask {
  return { task: id, worker, status: 'failed', attempts, firstTs, lastTs, durationMs: lastTs - firstTs };
}

function span(task: string, attempt: number, startMs: number, endMs: number): LaneSpan {
  return { task, attempt, status: 'failed', startMs, endMs, isOpen: false };
}

const timeline = timelineOf(
  [
    piece('b', 'w-10', 5, 20),
    piece('a', 'w-2', 10, 30),
    piece('c', 'w-2', 20, 40),
    piece('d', 'w-2', 31, 35),
    piece('e', '', 0, 1),
  ],
  {
    title: 'prod',
    subtitle: (startMs, endMs) => `${startMs} to ${endMs}`,
    tick: (ms, widthMs) => `${ms}/${widthMs}`,
    zoneMs: () => 0,
  },
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

test('says what it spans, and marks moments of it', () => {
  assert.equal(timeline.subtitle, '0 to 40');
  assert.deepEqual(
    timeline.ticks.map(({ label }) => label),
    ['0/10', '10/10', '20/10', '30/10', '40/10'],
  );
});

test('of no tasks there is nothing to draw', () => {
  const words = { title: 'prod', subtitle: () => 'x', tick: () => 'x', zoneMs: () => 0 };
  const empty = timelineOf([], words);
  assert.deepEqual(empty, { title: 'prod', subtitle: '', startMs: 0, endMs: 0, ticks: [], lanes: [] });
});

test('the marks of an axis are few, on whole units of the clock, and days begin at the midnight of the zone', () => {
  const hour = 3_600_000;
  const start = Date.UTC(2026, 10, 20, 11, 7);
  const days = timeTicks(start, start + 5 * 24 * hour, 2 * hour);
  assert.equal(days.widthMs, 24 * hour);
  assert.deepEqual(
    days.atMs.map((ms) => new Date(ms).toISOString()),
    [21, 22, 23, 24, 25].map((day) => `2026-11-${day - 1}T22:00:00.000Z`),
  );
  for (const span of [0, 1, 999, 61_000, 7 * hour, 400 * 24 * hour, 90_000 * 24 * hour]) {
    const { atMs, widthMs } = timeTicks(start, start + span, 0);
    assert.ok(atMs.length <= 8, `${span}`);
    assert.ok(atMs.every((ms) => ms >= start && ms <= start + span && ms % widthMs === 0));
  }
});

test('a mark tells the time of day as exactly as the marks stand apart, and the date where a day begins', () => {
  const at = (hours: number, minutes = 0, ms = 0) => new Date(2026, 10, 23, hours, minutes, 0, ms).getTime();
  assert.equal(tickText(at(0), 3_600_000), '2026-11-23');
  assert.equal(tickText(at(12), 86_400_000), '2026-11-23');
  assert.equal(tickText(at(14, 5), 300_000), '14:05');
  assert.equal(tickText(at(14, 5), 5000), '14:05:00');
  assert.equal(tickText(at(14, 5, 20), 10), '14:05:00.020');
});

test('attempts are drawn in the lanes of the workers that ran them, a task whole where they are not all known', () => {
  const tasks = [task('tried', 'w-2', 0, 90, 2), task('ahead', 'w-9', 0, 50, 3), task('new', 'w-1', 5, 6)];
  const answer = {
    lanes: [
      { worker: 'w-1', spans: [span('tried', 1, 10, 20), span('ahead', 1, 1, 2)] },
      { worker: 'w-2', spans: [span('tried', 2, 70, 90)] },
    ],
    totalIs: 'exact',
    from: [],
  } as const;
  const { pieces, whole } = timelinePieces(tasks, attemptsIn([answer]));
  assert.deepEqual(
    pieces.map((each) => [each.task, each.worker, each.startMs, each.endMs]),
    [
      ['tried', 'w-1', 10, 20],
      ['tried', 'w-2', 70, 90],
      ['ahead', 'w-9', 0, 50],
      ['new', 'w-1', 5, 6],
    ],
  );
  assert.equal(whole, 2);
  assert.match(pieces[0]?.text ?? '', /^tried, failed, .+ · 10 ms · attempt 1 of 2 · w-1$/);
  const cut = attemptsIn([{ ...answer, totalIs: 'atLeast' }]);
  assert.equal(timelinePieces(tasks, cut).whole, 3, 'of an answer that was cut short an attempt may be missing');
});

test('the attempts of any number of tasks are asked for by queries that are understood', () => {
  const tasks = Array.from({ length: 1000 }, (_, at) => task(`${'x'.repeat(30)} "${at}"`, 'w-1', at, at + 5));
  let asked = 0;
  for (const text of queriesOfAttempts(tasks)) {
    const parsed = parseQuery(text, { nowMs: 0 });
    assert.ok(parsed.kind === 'query', text.slice(0, 200));
    assert.ok(parsed.query.time.sinceMs !== undefined && parsed.query.time.untilMs !== undefined);
    asked += JSON.stringify(parsed.query.where).match(/"field":"task"/g)?.length ?? 0;
  }
  assert.equal(asked, 1000);
  assert.deepEqual(queriesOfAttempts([]), []);
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
