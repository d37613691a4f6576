/** The index and the logs themselves answer `records` with the same rows, filled in from their tasks alike. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '../../src/backends/connect.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import { LogFolder } from './logFolder.ts';

const nowMs = Date.parse('2026-11-23T12:00:00Z');
const minute = 60_000;

const queries = [
  '',
  'limit:2',
  'event:attempt.failed',
  'worker:w-2',
  'account:acme level:warn',
  '-account:acme',
  'has:coordinator',
  'task:t-1 since:2026-11-23T11:00:00Z',
  'since:2026-11-23T11:59:00Z',
  'nothing',
];

test('records are the same from the index and from the logs', async () => {
  await using folder = await LogFolder.create();
  const long = nowMs - 50 * minute;
  await folder.ship({
    ts: long,
    event: 'task.created',
    task: 't-1',
    account: 'acme',
    collection: 'orders',
    source: 's',
  });
  await folder.ship(
    { ts: long + 1, event: 'task.assigned', task: 't-1', attempt: 1, worker: 'w-1', coordinator: 'c-1' },
    { ts: long + 2, event: 'attempt.failed', task: 't-1', attempt: 1, error: { type: 'E', message: 'no' } },
    { ts: long + 3, event: 'log', message: 'of no task', worker: 'w-9' },
  );
  await folder.ship(
    { ts: nowMs - minute, event: 'task.assigned', task: 't-1', attempt: 2, worker: 'w-2', coordinator: 'c-2' },
    { ts: nowMs - 30_000, level: 'warn', task: 't-1', message: 'names nobody' },
    { ts: nowMs - 29_000, level: 'warn', task: 't-1', account: 'other', message: 'names another account' },
    { ts: nowMs - 28_000, level: 'warn', task: 't-2', message: 'its task has nothing to give' },
  );
  const connection = connect(
    { name: 'e', coordinators: [], logs: folder.urlOf('logs'), index: folder.urlOf('index'), paths: [] },
    { cacheDirectory: join(folder.path, 'cache'), memoryLimitMb: 256, nowMs: () => nowMs },
  );
  try {
    await connection.indexPass({});
    for (const text of queries) {
      const parsed = parseQuery(text, { nowMs });
      assert.equal(parsed.kind, 'query', text);
      const of = async (mode: 'index' | 'direct'): Promise<readonly LogRecord[]> =>
        (await connection.records(parsed.query, mode, { limit: 100 })).records;
      const [indexed, direct] = [await of('index'), await of('direct')];
      assert.deepEqual(sorted(direct), sorted(indexed), text);
      const named = direct.find(({ message }) => message === 'names nobody');
      if (named) assert.deepEqual([named.account, named.source, named.worker], ['acme', 's', 'w-2'], text);
    }
  } finally {
    await connection.close();
  }
});

/** Fields in one order, as they are compared as text; rows stay in theirs. */
function sorted(records: readonly LogRecord[]): string[] {
  return records.map((record) => JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))));
}
