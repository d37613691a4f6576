/** The backends against the harness's own coordinators and logs, from a landing file to the same task told by each. */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../../src/backends/connect.ts';
import { startHarness } from '../../src/harness/startHarness.ts';
import type { SearchAnswer } from '../../src/model/answer.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import type { Query } from '../../src/model/query/query.ts';

const src = resolve(import.meta.dirname, '../../src/harness');

function query(text: string): Query {
  const parsed = parseQuery(text, { nowMs: Date.now() });
  assert.equal(parsed.kind, 'query', text);
  return parsed.query;
}

/** By task id, as the clocks of coordinator and worker may order the tasks differently. */
function outcomes(answer: SearchAnswer): Map<string, unknown[]> {
  return new Map(
    answer.tasks.map(({ task, status, attempts, docs, worker }) => [task, [status, attempts, docs, worker]]),
  );
}

test('live tells of the tasks of every coordinator while they run, the logs tell the same after', {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-trace-harness-'));
  const store = pathToFileURL(join(folder, 'store')).href;
  for (const source of ['eu', 'us', 'ap']) {
    const landing = join(folder, 'store', 'landing', 'acme', 'orders', source);
    await mkdir(landing, { recursive: true });
    await writeFile(join(landing, 'a.csv'), 'id,name\n1,one\n2,two\n');
  }
  const harness = await startHarness({
    storeUrl: store,
    coordinators: 2,
    workers: 1,
    faults: 'none',
    once: false,
    samplesDirectory: resolve(import.meta.dirname, '../../node_modules/vega-datasets/data'),
    entryPoints: { coordinator: join(src, 'coordinator/main.ts'), worker: join(src, 'worker/main.ts') },
    log: () => undefined,
  });
  const [first = ''] = harness.coordinators;
  // One is named, the other is its peer.
  const connection = connect(
    { name: 'harness', coordinators: [first], logs: harness.logs, paths: [] },
    { cacheDirectory: join(folder, 'cache'), memoryLimitMb: 256 },
  );
  try {
    const wanted = query('account:acme collection:orders is:done docs:2');
    let live: SearchAnswer;
    // Each turn waits for the coordinators; the test's own limit ends it.
    do live = await connection.search(wanted, 'live', { limit: 10 });
    while (live.tasks.length < 3 && (await delay(50, true)));
    assert.equal(live.summary.from.length, 2);
    assert.deepEqual(new Set(live.tasks.map(({ source }) => source)), new Set(['ap', 'eu', 'us']));
    const [task] = live.tasks;
    assert.ok(task);
    const one = await connection.task(task.task, 'live', {});
    assert.deepEqual(
      one.detail?.attempts.map(({ attempt, status }) => [attempt, status]),
      [[1, 'finished']],
    );
    const snapshot = await connection.liveSnapshot(10, {});
    assert.deepEqual(
      snapshot.coordinators.map(({ kind }) => kind),
      ['up', 'up'],
    );
    await harness.stop();
    // Every process ships what it holds before it ends.
    const then = await connection.search(wanted, 'auto', { limit: 10 });
    assert.deepEqual(outcomes(then), outcomes(live));
    assert.deepEqual(
      then.summary.from.map(({ backend, partial }) => [backend, partial]),
      [
        ['live', true],
        ['direct', false],
      ],
    );
  } finally {
    await harness.stop();
    await connection.close();
    await rm(folder, { recursive: true, force: true });
  }
});
