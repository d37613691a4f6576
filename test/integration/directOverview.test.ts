/** The logs themselves give the overviews that the index gives, over what writers may write; and stop when told to. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { connect } from '../../src/backends/connect.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import type { Provenance } from '../../src/model/answer.ts';
import { taskEvents } from '../../src/model/record.ts';
import { indexFixture, nowMs, putLogs, query } from './indexFixture.ts';

const startMs = Date.UTC(2026, 10, 22);
const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 3) => fc.option(arbitrary, { nil: undefined, freq });
const line = fc.record(
  {
    ts: fc.constantFrom(0, 1, 1000, 60_000, 7_200_000).map((ms) => startMs + ms),
    task: maybe(fc.constantFrom('t-1', 't-2', 't-3'), 6),
    event: maybe(fc.constantFrom(...taskEvents), 6),
    level: maybe(fc.constantFrom<unknown>('info', 'error', 3)),
    attempt: maybe(fc.nat(3)),
    account: maybe(fc.constantFrom('acme', 'globex')),
    worker: maybe(fc.constantFrom('w-1', 'w-2'), 6),
    error: maybe(
      fc.record({
        type: fc.constantFrom('TypeError', 'RangeError'),
        message: fc.constantFrom('a', 'b'),
        stack: fc.constantFrom('TypeError: a\n    at readRow (/app/src/rows.ts:3:9)', ''),
      }),
    ),
    http: maybe(fc.record({ status: fc.constantFrom<unknown>(503, '503', [1, 'x'], true) })),
  },
  { requiredKeys: ['ts'] },
);
const queries = [
  '',
  'status:failed',
  'worker:w-1',
  'http.status:503',
  'since:2026-11-22T00:00:01Z',
  'at:2026-11-22T00:00:01Z',
];

test('the logs give the overviews that the index gives', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 5, maxLength: 40 }), async (written) => {
      await using fixture = await indexFixture();
      await fixture.logs.put('a.ndjson', Buffer.from(written.map((each) => `${JSON.stringify(each)}\n`).join('')));
      await indexLogs({ logs: fixture.logs, index: fixture.index, limits: { records: 9 } });
      const environment = {
        name: 'here',
        coordinators: [],
        logs: fixture.logs.url,
        index: fixture.index.url,
        paths: [],
      };
      const connection = connect(environment, { cacheDirectory: fixture.directory, memoryLimitMb: 256 });
      const { overview } = connection;
      try {
        for (const text of queries) {
          const asked = query(text);
          const both = async (ask: (mode: 'index' | 'direct') => Promise<object>): Promise<void> => {
            assert.deepEqual(withoutPlace(await ask('index')), withoutPlace(await ask('direct')), text);
          };
          await both((mode) => overview.groups(asked, mode, { limit: 3 }));
          for (const field of ['status', 'worker', 'level', 'http.status', 'group']) {
            await both((mode) => overview.facets(asked, field, mode, { limit: 2 }));
          }
          await both((mode) => overview.histogram(asked, mode, {}));
          await both((mode) => overview.lanes(asked, mode, { limit: 5 }));
          await both(async (mode) => {
            const { fields, ...told } = await overview.fields(asked, mode, { limit: 50 });
            // Which values are examples is left open where there are many: held against memory elsewhere.
            return { ...told, fields: fields.map((field) => ({ ...field, examples: field.examples.length })) };
          });
        }
        for (const field of ['worker', 'http.status']) {
          for (const prefix of ['', 'W', '5']) {
            const values = (mode: 'index' | 'direct') => overview.values(field, mode, { prefix, limit: 10 });
            assert.deepEqual((await values('index')).values, (await values('direct')).values);
          }
        }
      } finally {
        await connection.close();
      }
    }),
    { numRuns: 8, seed: 20261123, endOnFailure: true },
  );
});

/** But for where it came from, how long that took, and how sure it is: of a range, the logs never are. */
function withoutPlace(answer: object): unknown {
  const {
    from: _from,
    totalIs: _totalIs,
    summary,
    ...rest
  } = answer as {
    from?: Provenance[];
    totalIs?: string;
    summary?: { total: number };
  };
  return { ...rest, total: summary?.total ?? ('total' in answer ? answer.total : undefined) };
}

test('auto asks the logs where there is no index, and says so; with neither it says what is missing', async () => {
  await using fixture = await indexFixture();
  await putLogs(fixture.logs, 8);
  const options = { cacheDirectory: fixture.directory, memoryLimitMb: 256, nowMs: () => nowMs };
  const here = { name: 'here', coordinators: [], logs: fixture.logs.url, index: fixture.index.url, paths: [] };
  const connection = connect(here, options);
  try {
    const { summary, values } = await connection.overview.facets(query(''), 'account', 'auto', { limit: 10 });
    assert.deepEqual([summary.total, values.length, summary.from[0]?.backend], [7, 3, 'direct']);
    assert.match(summary.from[0]?.note ?? '', /there is no index/);
    await assert.rejects(connection.overview.sql('SELECT 1', { limit: 1 }), { code: 'missing' });
  } finally {
    await connection.close();
  }
  const live = connect({ name: 'live', coordinators: ['http://127.0.0.1:9'], paths: [] }, options);
  try {
    await assert.rejects(live.overview.groups(query(''), 'live', { limit: 1 }), { code: 'environment' });
    await assert.rejects(live.overview.sql('SELECT 1', { limit: 1 }), { code: 'environment' });
  } finally {
    await live.close();
  }
});

test('every overview stops with the reason of its signal, of either place', async () => {
  await using fixture = await indexFixture();
  await putLogs(fixture.logs, 8);
  await indexLogs({ logs: fixture.logs, index: fixture.index });
  const here = { name: 'here', coordinators: [], logs: fixture.logs.url, index: fixture.index.url, paths: [] };
  const connection = connect(here, { cacheDirectory: fixture.directory, memoryLimitMb: 256 });
  const reason = new Error('enough');
  const everything = query('');
  try {
    for (const mode of ['index', 'direct', 'auto'] as const) {
      // Before the work, and while it runs: the first progress is told in its midst.
      for (const when of ['before', 'during']) {
        const controller = new AbortController();
        if (when === 'before') controller.abort(reason);
        else queueMicrotask(() => controller.abort(reason));
        const asked = { signal: controller.signal, limit: 10, prefix: '' };
        const { overview } = connection;
        const answers = await Promise.allSettled([
          overview.groups(everything, mode, asked),
          overview.fields(everything, mode, asked),
          overview.values('worker', mode, asked),
          overview.facets(everything, 'status', mode, asked),
          overview.histogram(everything, mode, asked),
          overview.lanes(everything, mode, asked),
          overview.sql('SELECT 1', asked),
        ]);
        for (const answer of answers)
          assert.equal(answer.status === 'rejected' && answer.reason, reason, `${mode} ${when}`);
      }
    }
    assert.ok((await connection.overview.groups(everything, 'index', { limit: 1 })).total === 0, 'still answers');
  } finally {
    await connection.close();
  }
});
