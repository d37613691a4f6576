/** The ClickHouse rig is the real engine: tables with the indexes that the project needs, inserts, queries, typed errors. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clickHouseForTests } from '../rigs/clickhouse.ts';

test('a MergeTree with a bloom filter and a text index takes records and finds them', async (t) => {
  const engine = await clickHouseForTests(t);
  if (!engine) return;
  t.after(() => engine.close());
  const { client } = engine;
  await client.command({
    query: `
      CREATE TABLE records (
        ts DateTime64(3, 'UTC'), account LowCardinality(String), task String, message String, rest JSON,
        INDEX task_bloom task TYPE bloom_filter GRANULARITY 1,
        INDEX message_text message TYPE text(tokenizer = 'splitByNonAlpha')
      ) ENGINE = MergeTree ORDER BY (account, ts) SETTINGS index_granularity = 128`,
    clickhouse_settings: { allow_experimental_full_text_index: 1 },
  });
  const values = Array.from({ length: 5000 }, (_, at) => ({
    ts: 1_790_000_000_000 + at,
    account: at % 2 === 0 ? 'acme' : 'globex',
    task: `t-${at}`,
    message: at === 4321 ? 'connection timed out after 30 s' : `row ${at} is fine`,
    rest: { http: { status: at % 10 === 0 ? 503 : 200 } },
  }));
  await client.insert({ table: 'records', values, format: 'JSONEachRow' });

  const found = await client.query({
    query: `SELECT task, account, toUnixTimestamp64Milli(ts) AS ts FROM records WHERE hasAllTokens(message, 'timed out')`,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  assert.deepEqual(await found.json(), [{ task: 't-4321', account: 'globex', ts: 1_790_000_004_321 }]);

  const one = await client.query({
    query: 'SELECT count() AS n FROM records WHERE task = {task:String}',
    query_params: { task: 't-77' },
    format: 'JSONEachRow',
  });
  assert.equal(Number((await one.json<{ n: string }>())[0]?.n), 1);

  const typed = await client.query({
    query: 'SELECT count() AS n FROM records WHERE rest.http.status = 503',
    format: 'JSONEachRow',
  });
  assert.equal(Number((await typed.json<{ n: string }>())[0]?.n), 500);

  // Both indexes are there to skip granules, and are used.
  for (const [where, index] of [
    [`task = 't-77'`, 'task_bloom'],
    [`hasAllTokens(message, 'timed out')`, 'message_text'],
  ]) {
    const plan = await client.query({
      query: `EXPLAIN indexes = 1 SELECT * FROM records WHERE ${where}`,
      format: 'TabSeparated',
    });
    assert.match(await plan.text(), new RegExp(`Name: ${index}`));
  }

  await assert.rejects(client.query({ query: 'SELECT * FROM no_such_table', format: 'JSONEachRow' }), {
    type: 'UNKNOWN_TABLE',
  });
});
