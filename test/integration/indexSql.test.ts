/** Read-only SQL over the index: what it sees, that it agrees with the index's own answers, and that nothing gets out. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { readOnlySql } from '../../src/index/readOnlySql.ts';
import type { FoldedTask } from '../../src/model/task.ts';
import { type IndexFixture, indexFixture, keysOf, lines, putLogs, query } from './indexFixture.ts';

async function indexed(fixture: IndexFixture, objects = 12): Promise<void> {
  await putLogs(fixture.logs, objects);
  await fixture.logs.put(
    'dt=2026-11-22/hr=23/x-1-1.ndjson',
    lines(
      {
        task: 'bad',
        event: 'attempt.started',
        attempt: 1,
        worker: 'w-9',
        build: { commit: 'c1' },
        http: { status: 503 },
      },
      { task: 'bad', event: 'attempt.failed', attempt: 1, error: { type: 'TypeError', message: 'no x' } },
      { task: 'bad', event: 'task.failed', error: { type: 'TypeError', message: 'no x' }, bytes: 2 ** 53 - 1 },
    ),
  );
  await indexLogs({ logs: fixture.logs, index: fixture.index, limits: { records: 7, objects: 4 } });
}

test('tells of tasks and records what the index itself does', async () => {
  await using fixture = await indexFixture();
  await indexed(fixture);
  const index = await fixture.reader();
  const { tasks } = await index.search(query(''), { limit: 100 });
  const { columns, rows, hasMore } = await readOnlySql(index, 'SELECT * FROM tasks ORDER BY task;', { maxRows: 100 });
  assert.equal(hasMore, false);
  const names = columns.map(({ name }) => name);
  const told = rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
  assert.deepEqual(told, tasks.toSorted((a, b) => (a.task < b.task ? -1 : 1)).map(rowOf));
  const { records } = await index.records(query(''), { limit: 1000 });
  const counted = await readOnlySql(index, 'SELECT count(*) AS n, min(ts) AS first FROM main.records', { maxRows: 10 });
  const first = records.reduce((least, { tsMs }) => Math.min(least, tsMs), Number.POSITIVE_INFINITY);
  assert.deepEqual(counted.rows, [[records.length, new Date(first).toISOString()]]);
  const found = await readOnlySql(index, "SELECT rest->>'$.http.status' FROM records WHERE rest IS NOT NULL", {
    maxRows: 9,
  });
  assert.deepEqual(found.rows, [['503']]);
});

function rowOf(task: FoldedTask): object {
  return {
    task: task.task,
    account: task.account ?? null,
    collection: task.collection ?? null,
    source: task.source ?? null,
    coordinator: task.coordinator ?? null,
    worker: task.worker ?? null,
    status: task.status,
    attempts: task.attempts,
    first_ts: new Date(task.firstTs).toISOString(),
    last_ts: new Date(task.lastTs).toISOString(),
    duration_ms: task.durationMs,
    key: task.key ?? null,
    bytes: task.bytes ?? null,
    docs: task.docs ?? null,
    error_type: task.error?.type ?? null,
    error_message: task.error?.message ?? null,
    failure_group: task.group ?? null,
    build_service: task.build?.service ?? null,
    build_version: task.build?.version ?? null,
    build_commit: task.build?.commit ?? null,
    build_repository: task.build?.repository ?? null,
  };
}

const allowed = [
  'WITH failed AS (SELECT task FROM tasks WHERE status = $$failed$$) SELECT count(*) FROM records JOIN failed USING (task)',
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT * FROM n',
  'SELECT t.task, r.n FROM tasks t, LATERAL (SELECT count(*) n FROM records r WHERE r.task = t.task) r',
  'SELECT unnest(fields) AS token FROM records',
  'FROM records SELECT event, count(*) GROUP BY ALL ORDER BY ALL',
  'SELECT task FROM tasks UNION SELECT task FROM records EXCEPT SELECT NULL',
  'SELECT i, (SELECT max(ts) FROM records) FROM range(3) t(i)',
  'SELECT row_number() OVER (PARTITION BY account ORDER BY ts) FROM Records -- a remark',
  'VALUES (1, 2)',
  'DESCRIBE records',
  'SELECT 1.5::DECIMAL(5, 2), [1], {a: 1}, MAP {1: 2}, task::VARCHAR FROM tasks',
  'SELECT * FROM tasks USING SAMPLE 50% (system, 1) UNION ALL SELECT * FROM tasks',
];

test('runs one SELECT of any shape', async () => {
  await using fixture = await indexFixture();
  await indexed(fixture);
  const index = await fixture.reader();
  for (const sql of allowed) {
    const { rows } = await readOnlySql(index, sql, { maxRows: 1000 });
    assert.ok(rows.length > 0, sql);
  }
});

test('refuses whatever reaches for files, settings, the catalogue, other engines or other statements', async () => {
  await using fixture = await indexFixture();
  await indexed(fixture);
  const secret = join(fixture.directory, 'secret.csv');
  await writeFile(secret, 'password\nhunter2\n');
  const index = await fixture.reader();
  const segment = join(fixture.directory, 'index', (await keysOf(fixture.index, 'segments/'))[0] ?? assert.fail());
  const attacks = [
    '',
    '   ; ',
    '-- nothing',
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP VIEW records',
    `SELECT * FROM '${secret}'`,
    `SELECT * FROM "${secret}"`,
    `SELECT * FROM read_csv('${secret}')`,
    `SELECT * FROM READ_CSV_AUTO('${secret}')`,
    `SELECT * FROM read_text('${secret}')`,
    `SELECT * FROM read_blob('${segment}')`,
    `SELECT * FROM read_parquet('${segment}')`,
    `SELECT * FROM '${segment}'`,
    `SELECT * FROM parquet_metadata('${segment}')`,
    `SELECT (SELECT content FROM read_text('${secret}'))`,
    `SELECT * FROM records WHERE task IN (SELECT password FROM '${secret}')`,
    `SELECT * FROM records ORDER BY (SELECT count(*) FROM read_text('${secret}'))`,
    `WITH x AS (SELECT * FROM read_text('${secret}')) SELECT * FROM x`,
    `WITH x AS (WITH "${secret}" AS (SELECT 1) SELECT 1) SELECT * FROM "${secret}"`,
    `SELECT * FROM (WITH hidden AS (SELECT 1) SELECT * FROM hidden), hidden`,
    `SELECT * FROM (WITH duckdb_settings AS (SELECT 1) SELECT 1), duckdb_settings`,
    `SELECT * FROM (WITH "${segment}" AS (SELECT 1) SELECT * FROM "${segment}")`,
    `SELECT * FROM glob('/*')`,
    `SELECT * FROM sniff_csv('${secret}')`,
    `SELECT * FROM read_json('${secret}')`,
    `SELECT * FROM query('SELECT 1')`,
    `SELECT * FROM query_table('records')`,
    `COPY records TO '${join(fixture.directory, 'out.csv')}'`,
    `COPY (SELECT 1) TO '${join(fixture.directory, 'out.csv')}'`,
    `EXPORT DATABASE '${fixture.directory}'`,
    `IMPORT DATABASE '${fixture.directory}'`,
    `ATTACH '${join(fixture.directory, 'x.db')}'`,
    'DETACH memory',
    'INSTALL httpfs',
    'LOAD httpfs',
    'PRAGMA database_list',
    'CALL duckdb_settings()',
    "SET memory_limit = '100GB'",
    'RESET lock_configuration',
    'SET enable_external_access = true',
    'CREATE TABLE t AS SELECT 1',
    'CREATE MACRO m() AS 1',
    'CREATE OR REPLACE VIEW records AS SELECT 1',
    'INSERT INTO records SELECT * FROM records',
    'DELETE FROM records',
    'UPDATE records SET task = 1',
    'DROP VIEW records',
    'BEGIN',
    'EXPLAIN ANALYZE SELECT 1',
    'PREPARE p AS SELECT 1',
    'EXECUTE p',
    'USE memory',
    'CHECKPOINT',
    'SHOW TABLES',
    'SHOW ALL TABLES',
    'SELECT * FROM duckdb_settings()',
    'SELECT * FROM duckdb_secrets()',
    'SELECT * FROM duckdb_views()',
    'SELECT * FROM pragma_database_list()',
    'SELECT * FROM information_schema.tables',
    'SELECT * FROM pg_catalog.pg_class',
    'SELECT * FROM sqlite_master',
    'SELECT * FROM memory.main.records',
    'SELECT * FROM system.main.duckdb_settings',
    "SELECT current_setting('temp_directory')",
    "SELECT getenv('HOME')",
    "SELECT 'temp_directory'.current_setting()",
    "SELECT system.main.current_setting('temp_directory')",
    'SELECT 1\0; DROP VIEW records',
    'SELECT * FROM records r, r.fields',
    'FROM (SHOW TABLES)',
    `FROM (DESCRIBE SELECT * FROM read_text('${secret}'))`,
    'SELECT * FROM histogram_values(records, ts)',
    `SELECT list_transform([1], lambda x: (SELECT count(*) FROM '${secret}'))`,
    "SELECT getvariable('x')",
    "SELECT json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT repeat('x', 1000000000)",
    "SELECT lpad('x', 1000000000, 'y')",
    "SELECT format('{:>1000000000}', 1)",
    'SELECT $1',
    'SELECT ?',
    'SELECT nothing FROM records',
    'SELEC 1',
    `SELECT * FROM ${'(SELECT * FROM '.repeat(100)}'${secret}'${')'.repeat(100)}`,
    `SELECT '${'x'.repeat(100_000)}'`,
  ];
  for (const sql of attacks) {
    await assert.rejects(
      readOnlySql(index, sql, { maxRows: 10 }),
      (error) =>
        error instanceof Error && 'code' in error && error.code === 'statement' && !error.message.includes('hunter2'),
      sql.slice(0, 200),
    );
  }
  assert.equal((await keysOf(fixture.index, 'segments/')).length > 0, true);
  const { rows } = await readOnlySql(index, 'SELECT count(*) > 0 FROM records', { maxRows: 1 });
  assert.deepEqual(rows, [[true]], 'the index is as it was');
});

test('gives the first rows of too many, and says so', async () => {
  await using fixture = await indexFixture();
  await indexed(fixture);
  const index = await fixture.reader();
  const capped = await readOnlySql(index, 'SELECT i FROM range(1000000) t(i) ORDER BY i', { maxRows: 3 });
  assert.deepEqual([capped.rows, capped.hasMore], [[[0], [1], [2]], true]);
  const whole = await readOnlySql(index, 'SELECT i FROM range(3) t(i)', { maxRows: 3 });
  assert.deepEqual([whole.rows.length, whole.hasMore], [3, false]);
});

const endless = 'SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range <> b.range + 0.5';

test('stops when it is cancelled, and at its limits of time and memory', async () => {
  await using fixture = await indexFixture();
  await indexed(fixture);
  const index = await fixture.reader();
  const reason = new Error('enough');
  await assert.rejects(readOnlySql(index, endless, { maxRows: 1, signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const asked = readOnlySql(index, endless, { maxRows: 1, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 100);
  await assert.rejects(asked, reason);
  await assert.rejects(readOnlySql(index, endless, { maxRows: 1, timeLimitMs: 200 }), { code: 'timeLimit' });
  const greedy = "SELECT list(i::VARCHAR || '-' || i) FROM range(100000000) t(i)";
  await assert.rejects(readOnlySql(index, greedy, { maxRows: 1, memoryLimitMb: 64 }), { code: 'memory' });
  const large = 'SELECT md5(i::VARCHAR) AS a FROM range(3000000) t(i) ORDER BY a OFFSET 2999999';
  const limits = { maxRows: 1, memoryLimitMb: 64, spillLimitMb: 8 };
  await assert.rejects(readOnlySql(index, large, limits), { code: 'memory' });
  const { rows } = await readOnlySql(index, 'SELECT 1', { maxRows: 1 });
  assert.deepEqual(rows, [[1]]);
});

test('an index without segments has the same tables, empty', async () => {
  await using fixture = await indexFixture();
  await fixture.logs.put('broken.ndjson', Buffer.from('{"broken\n'));
  await indexLogs({ logs: fixture.logs, index: fixture.index });
  const index = await fixture.reader();
  for (const table of ['records', 'tasks']) {
    const { columns, rows } = await readOnlySql(index, `SELECT * FROM ${table}`, { maxRows: 10 });
    assert.ok(columns.length > 20);
    assert.deepEqual(rows, []);
  }
});
