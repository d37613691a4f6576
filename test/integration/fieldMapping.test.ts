/** Logs of other formats, asked in canonical fields: in the index, straight from the logs, and by the command. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { type Connection, connect } from '../../src/backends/connect.ts';
import { parseEnvironments } from '../../src/model/parseEnvironments.ts';
import { FieldMapping, type Fields } from '../../src/model/fieldMapping/fieldMapping.ts';
import { logObjectKey } from '../../src/logs/logLayout.ts';
import type { LogLine } from '../../src/logs/logLines.ts';
import { readLogObject } from '../../src/logs/readLogObject.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { nowMs, query } from './indexFixture.ts';
import { LogFolder } from './logFolder.ts';

const shippedMs = Date.UTC(2026, 10, 23, 10, 0, 5);
const limit = { limit: 100 };

function fixture(name: string): string {
  return readFileSync(join(import.meta.dirname, '../fixtures/logFormats', `${name}.ndjson`), 'utf8');
}

async function shipped(text: string): Promise<{ readonly folder: LogFolder; readonly key: string }> {
  const folder = await LogFolder.create();
  const key = logObjectKey('w-7', shippedMs, 1);
  await folder.put(key, text);
  return { folder, key };
}

/** As the engine and the command connect: by what an environment says. */
function connected(folder: LogFolder, fields: Fields): Connection {
  const environment = { name: 'e', logs: folder.urlOf('logs'), index: folder.urlOf('index'), fields };
  const parsed = parseEnvironments([environment]);
  assert.ok(parsed.kind === 'environments', JSON.stringify(parsed));
  const [only] = parsed.environments;
  return connect(only ?? assert.fail(), {
    cacheDirectory: join(folder.path, 'cache'),
    memoryLimitMb: 256,
    nowMs: () => nowMs + 86_400_000,
  });
}

async function linesOf(folder: LogFolder, key: string, preset: Fields): Promise<LogLine[]> {
  const batches = await Array.fromAsync(readLogObject(folder.logs, key, { fields: new FieldMapping(preset) }));
  return batches.flat();
}

for (const [file, fields, own] of [
  ['ecs-pino', 'ecs', 'http.response.status_code:206 host.hostname:worker-7 event.dataset:ingest'],
  ['ecs-winston', 'ecs', 'http.status:206 error.code:BAD_ROW build.version:2.4.1'],
  ['pino', 'pino', 'http.status:206 err.row:>16 hostname:worker-7'],
  ['logstash-winston', 'logstash', '@fields.http.status:206 @fields.code:BAD_ROW'],
  ['logstash-log4js', { preset: 'logstash', map: { service: 'build.service' } }, 'build.service:ingest-worker'],
  ['opentelemetry', 'opentelemetry', 'attributes.http.status:206 resource.attributes.process.pid:4711'],
  ['opentelemetry-records', 'opentelemetry', 'build.commit:9f2c4e1 has:instrumentationScope'],
] as const) {
  test(`${file}: index and logs find the task by canonical fields, and by what is left of its own`, async () => {
    const { folder } = await shipped(fixture(file));
    await using _folder = folder;
    const connection = connected(folder, fields);
    try {
      const summary = await connection.indexPass({});
      assert.deepEqual([summary.records, summary.rejected], [5, 0]);
      const canonical = 'task:orders-0017 account:acme worker:w-7 status:retrying level:error "reading \'length\'"';
      for (const text of [canonical, own, 'attempts:1 event:attempt.failed', 'ts:<2026-11-23T10:00:03Z level:debug']) {
        const index = await connection.search(query(text), 'index', limit);
        const direct = await connection.search(query(text), 'direct', limit);
        assert.deepEqual(
          index.tasks.map(({ task, status, attempts, lastTs }) => [task, status, attempts, lastTs]),
          [['orders-0017', 'retrying', 1, Date.UTC(2026, 10, 23, 10, 0, 3, 250)]],
          text,
        );
        assert.deepEqual(direct.tasks, index.tasks, text);
      }
      const records = await connection.records(query(''), 'index', limit);
      assert.equal(records.records.length, 5);
      assert.deepEqual((await connection.records(query(''), 'direct', limit)).records, records.records);
    } finally {
      await connection.close();
    }
  });
}

test('an export of many records gives each its own place, where its text is, however often it is indexed', async () => {
  const text = `\ufeff${fixture('opentelemetry').replace('worker is up', 'wörker is üp')}`;
  const { folder, key } = await shipped(text);
  await using _folder = folder;
  const connection = connected(folder, 'opentelemetry');
  try {
    await connection.indexPass({});
    assert.equal((await connection.indexPass({})).objects, 0);
    const { records } = await connection.records(query(''), 'index', limit);
    const stored = gunzipSync(await bytesOf(folder, key));
    const places = records.map(({ origin }) => origin?.offsetBytes ?? -1).sort((a, b) => a - b);
    assert.equal(new Set(places).size, 5);
    for (const place of places) {
      assert.equal(stored.subarray(place, place + 16).toString(), '{"timeUnixNano":');
    }
    // Written anew, with one record less: the index has what is there now.
    await folder.put(key, text.split('\n')[0] ?? '');
    assert.equal((await connection.indexPass({})).records, 3);
    assert.equal((await connection.records(query(''), 'index', limit)).records.length, 3);
  } finally {
    await connection.close();
  }
});

test('logs pull gives of an export the records that match, as exports that read as the same records', async () => {
  const { folder, key } = await shipped(fixture('opentelemetry'));
  await using _folder = folder;
  const connection = connected(folder, 'opentelemetry');
  try {
    const pulled = await Array.fromAsync((await connection.pullLogs(query('task:orders-0017'), {})).lines);
    assert.equal(pulled.length, 3);
    await folder.put('pulled.ndjson', pulled.join('\n'));
    const again = await linesOf(folder, 'pulled.ndjson', 'opentelemetry');
    const first = await linesOf(folder, key, 'opentelemetry');
    const withoutOrigin = (lines: readonly LogLine[]): unknown[] =>
      lines.map((line) => (line.kind === 'record' ? { ...line.record, origin: undefined } : line));
    assert.deepEqual(withoutOrigin(again), withoutOrigin(first.slice(1, 4)));
  } finally {
    await connection.close();
  }
});

test('of a damaged export the sound records are read, and each other part is listed with its place', async () => {
  const line =
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1795428000250000000"},{"body":"ü"},7]}]}]}';
  const { folder, key } = await shipped(`${line}\n{"body":"no time"}\n`);
  await using _folder = folder;
  const lines = await linesOf(folder, key, 'opentelemetry');
  assert.equal(lines.filter(({ kind }) => kind === 'record').length, 1);
  const noTime =
    'no ts, and no timeUnixNano or Timestamp or timestamp or observedTimeUnixNano or ObservedTimestamp or observed_timestamp';
  assert.deepEqual(
    lines.flatMap((each) => (each.kind === 'rejected' ? [[each.reason, each.offsetBytes]] : [])),
    [
      [noTime, line.indexOf('{"body"')],
      ['in logRecords, but is no object', Buffer.byteLength(line.slice(0, line.indexOf('7]')))],
      [noTime, Buffer.byteLength(line) + 1],
    ],
  );
});

test('records of several formats under one root: canonical ones are read beside the mapped', async () => {
  const canonicalLine = '{"ts":"2026-11-23T10:00:06Z","event":"task.failed","task":"orders-0017","account":"acme"}';
  const { folder } = await shipped(`${fixture('ecs-pino')}${canonicalLine}\n`);
  await using _folder = folder;
  const connection = connected(folder, 'ecs');
  try {
    const { tasks } = await connection.search(query('account:acme'), 'direct', limit);
    assert.deepEqual(
      tasks.map(({ task, status, error }) => [task, status, error?.type]),
      [['orders-0017', 'failed', 'TypeError']],
    );
  } finally {
    await connection.close();
  }
});

test('an index keeps to the field mapping that it was built with', async () => {
  const { folder, key } = await shipped(fixture('pino'));
  await using _folder = folder;
  const index = new FileStore(folder.urlOf('index'));
  const pass = (fields?: Fields) =>
    indexLogs({ logs: folder.logs, index, ...(fields === undefined ? {} : { fields: new FieldMapping(fields) }) });
  assert.equal((await pass('pino')).records, 5);
  for (const other of ['ecs', { preset: 'pino', map: { host: 'worker' } }, undefined] as const) {
    await assert.rejects(pass(other), {
      name: 'IndexError',
      code: 'otherFields',
      message: /built with .*"preset":"pino"/,
    });
  }
  await folder.put(key.replace('-1.', '-2.'), fixture('pino'));
  assert.equal((await pass({ preset: 'pino', map: {} })).records, 5, 'the same, said in another way');
});

test('the command takes a preset or a file with --fields', async () => {
  const { folder } = await shipped(fixture('pino'));
  await using _folder = folder;
  const file = join(folder.path, 'fields.json');
  await writeFile(file, JSON.stringify({ preset: 'pino', map: { hostname: 'coordinator' } }));
  const run = async (...args: readonly string[]): Promise<unknown[]> => {
    const main = join(import.meta.dirname, '../../src/cli/main.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args, '--json'], { cwd: folder.path });
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  };
  const [task] = await run('search', 'account:acme', '--logs', folder.urlOf('logs'), '--fields', 'pino');
  assert.equal((task as { task: string }).task, 'orders-0017');
  const index = ['--index', folder.urlOf('index')];
  await run('index', '--logs', folder.urlOf('logs'), '--fields', file, ...index);
  const [indexed] = await run('search', 'coordinator:worker-7', ...index);
  assert.equal((indexed as { task: string }).task, 'orders-0017');
  await assert.rejects(run('search', '--logs', folder.urlOf('logs'), '--fields', 'Pino'), {
    code: 2,
    stderr: /--fields: expected ecs, opentelemetry, pino or logstash, or a file/,
  });
});

async function bytesOf(folder: LogFolder, key: string): Promise<Buffer> {
  const stored = await folder.logs.get(key);
  const chunks: Uint8Array[] = [];
  for await (const chunk of stored?.body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}
