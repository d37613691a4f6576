import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { BackendError } from '../../src/backends/backendError.ts';
import { type Connection, connect } from '../../src/backends/connect.ts';
import type { Environment } from '../../src/model/environment.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import type { Query } from '../../src/model/query/query.ts';
import type { FoldedTask } from '../../src/model/task.ts';
import { LogFolder, taskRecords } from './logFolder.ts';
import { deadUrl, startLoopbackCoordinator } from '../rigs/loopbackCoordinator.ts';

const hourMs = 3_600_000;

class OpenConnection implements AsyncDisposable {
  readonly asked: Connection;

  constructor(folder: LogFolder, environment: Partial<Environment>, nowMs = Date.now()) {
    this.asked = connect(
      { name: 'test', coordinators: [], paths: [], ...environment },
      { cacheDirectory: join(folder.path, 'cache'), memoryLimitMb: 256, nowMs: () => nowMs },
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.asked.close();
  }
}

function query(text: string): Query {
  const parsed = parseQuery(text, { nowMs: Date.now() });
  assert.equal(parsed.kind, 'query', text);
  return parsed.query;
}

const idsOf = (answer: { readonly tasks: readonly FoldedTask[] }) => answer.tasks.map(({ task }) => task);

/** Four tasks that ended in the last hours, shipped and, unless told otherwise, indexed. */
async function history(options: { readonly indexed?: boolean } = {}) {
  const folder = await LogFolder.create();
  const nowMs = Date.now();
  for (let hour = 1; hour <= 4; hour++) {
    await folder.ship(...taskRecords(`t-${hour}`, nowMs - hour * hourMs, { failed: hour % 2 === 0 }));
  }
  const places = { logs: folder.urlOf('logs'), index: folder.urlOf('index') };
  if (options.indexed ?? true) {
    await using connection = new OpenConnection(folder, places);
    const pass = await connection.asked.indexPass({});
    assert.deepEqual([pass.objects, pass.records], [4, 16]);
  }
  return { folder, places, nowMs };
}

suite('connect', () => {
  test('answers from live and index together, live first for a task that both know', async () => {
    const { folder, places, nowMs } = await history();
    await using _folder = folder;
    const newer = {
      task: 't-2',
      status: 'running',
      attempts: 2,
      firstTs: nowMs - 2 * hourMs,
      lastTs: nowMs,
      durationMs: 0,
    } as const;
    const only = {
      task: 'live',
      status: 'running',
      attempts: 1,
      firstTs: nowMs - 1000,
      lastTs: nowMs - 1,
      durationMs: 0,
    } as const;
    await using coordinator = await startLoopbackCoordinator('c-1', [newer, only]);
    await using connection = new OpenConnection(folder, { ...places, coordinators: [coordinator.url] });
    const answer = await connection.asked.search(query(''), 'auto', { limit: 10 });
    assert.deepEqual(idsOf(answer), ['t-2', 'live', 't-1', 't-3', 't-4']);
    const [merged] = answer.tasks;
    assert.deepEqual([merged?.status, merged?.attempts, merged?.account], ['running', 2, 'acme']);
    assert.deepEqual([answer.summary.total, answer.summary.totalIs], [5, 'exact']);
    assert.deepEqual(
      answer.summary.from.map(({ backend, partial }) => [backend, partial]),
      [
        ['live', false],
        ['index', false],
      ],
    );
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await connection.asked.search(query(''), 'auto', { limit: 2, ...(cursor ? { cursor } : {}) });
      paged.push(...idsOf(page));
      ({ cursor } = page);
    } while (cursor !== undefined);
    assert.deepEqual(paged, idsOf(answer));
  });

  test('does not show as running what live knows to have ended', async () => {
    const folder = await LogFolder.create();
    await using _folder = folder;
    const nowMs = Date.now();
    await folder.ship(...taskRecords('t-1', nowMs - 1000).slice(0, 3));
    await folder.ship(...taskRecords('t-2', nowMs - 500).slice(0, 3));
    const places = { logs: folder.urlOf('logs'), index: folder.urlOf('index') };
    const ended = {
      task: 't-1',
      status: 'succeeded',
      attempts: 1,
      firstTs: nowMs - 4000,
      lastTs: nowMs,
      durationMs: 0,
    } as const;
    await using coordinator = await startLoopbackCoordinator('c-1', [ended]);
    await using connection = new OpenConnection(folder, { ...places, coordinators: [coordinator.url] });
    await connection.asked.indexPass({});
    const answer = await connection.asked.search(query('status:running'), 'auto', { limit: 10 });
    // The coordinator was asked for running tasks only; t-1, which the index shows as running, was asked for by id.
    assert.deepEqual(idsOf(answer), ['t-2']);
    assert.ok(coordinator.asked.includes('/tasks/t-1'));
  });

  test('answers from the logs when the index folder is gone, and says so', async () => {
    const { folder, places } = await history();
    await using _folder = folder;
    await using connection = new OpenConnection(folder, places);
    assert.equal((await connection.asked.search(query(''), 'auto', { limit: 10 })).summary.from[0]?.backend, 'index');
    await rm(join(folder.path, 'index'), { recursive: true });
    const answer = await connection.asked.search(query('status:failed'), 'auto', { limit: 10 });
    assert.deepEqual(idsOf(answer), ['t-2', 't-4']);
    const [from] = answer.summary.from;
    assert.deepEqual([from?.backend, from?.partial], ['direct', false]);
    assert.match(from?.note ?? '', /^there is no index at file:.*\/index yet, so the logs were read: /);
    const { detail } = await connection.asked.task('t-2', 'auto', {});
    assert.equal(detail?.records.length, 4);
    assert.equal((await connection.asked.records(query('timed'), 'auto', { limit: 10 })).records.length, 2);
    await assert.rejects(
      connection.asked.search(query(''), 'index', { limit: 10 }),
      (error) => error instanceof BackendError && error.code === 'missing',
    );
  });

  test('answers from the logs when the index is damaged', async () => {
    const { folder, places } = await history();
    await using _folder = folder;
    const files = await readdir(join(folder.path, 'index'), { recursive: true });
    const sides = files.filter((file) => file.endsWith('.side'));
    assert.ok(sides.length > 0);
    for (const side of sides) await truncate(join(folder.path, 'index', side), 10);
    await using connection = new OpenConnection(folder, places);
    const answer = await connection.asked.search(query(''), 'auto', { limit: 10 });
    assert.equal(answer.tasks.length, 4);
    const [from] = answer.summary.from;
    assert.equal(from?.backend, 'direct');
    assert.match(from?.note ?? '', /damaged/);
  });

  test('answers from the logs when the index is behind them', async () => {
    const { folder, places, nowMs } = await history();
    await using _folder = folder;
    await folder.ship(...taskRecords('t-new', nowMs + hourMs));
    await using connection = new OpenConnection(folder, places, nowMs + hourMs);
    const answer = await connection.asked.search(query(''), 'auto', { limit: 10 });
    assert.deepEqual(idsOf(answer), ['t-new', 't-1', 't-2', 't-3', 't-4']);
    assert.match(answer.summary.from[0]?.note ?? '', /index is behind the logs/);
  });

  test('stays with an old index that has all there is', async () => {
    const { folder, places, nowMs } = await history();
    await using _folder = folder;
    await using connection = new OpenConnection(folder, places, nowMs + hourMs);
    const answer = await connection.asked.search(query(''), 'auto', { limit: 10 });
    assert.deepEqual([answer.summary.from[0]?.backend, answer.summary.from[0]?.note], ['index', undefined]);
  });

  test('is partial, not lost, when every coordinator is dead', async () => {
    const { folder, places } = await history();
    await using _folder = folder;
    const dead = await deadUrl();
    await using connection = new OpenConnection(folder, { ...places, coordinators: [dead] });
    const answer = await connection.asked.search(query(''), 'auto', { limit: 10 });
    assert.equal(answer.tasks.length, 4);
    assert.equal(answer.summary.totalIs, 'atLeast');
    const [live, index] = answer.summary.from;
    assert.deepEqual([live?.backend, live?.partial, index?.backend, index?.partial], ['live', true, 'index', false]);
    assert.ok(live?.note?.includes(dead));
    assert.equal((await connection.asked.task('t-1', 'auto', {})).detail?.task.task, 't-1');
    const { coordinators } = await connection.asked.liveSnapshot(10, {});
    assert.deepEqual(
      coordinators.map(({ kind }) => kind),
      ['down'],
    );
  });

  test('is denied where all places are for want of credentials, and says once what to do for each', async (t) => {
    const folder = await LogFolder.create();
    await using _folder = folder;
    const server = createServer((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/xml' });
      response.end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
      const before = process.env[name];
      process.env[name] = 'test';
      t.after(() => (before === undefined ? delete process.env[name] : (process.env[name] = before)));
    }
    const { port } = server.address() as AddressInfo;
    const s3 = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', forcePathStyle: true };
    await using connection = new OpenConnection(folder, { logs: 's3://bucket/logs', index: 's3://bucket/index', s3 });
    await assert.rejects(connection.asked.search(query('status:failed'), 'auto', { limit: 10 }), (error) => {
      assert.ok(error instanceof BackendError);
      assert.equal(error.code, 'denied');
      assert.equal(error.reasons.length, 2);
      assert.match(error.message, /s3:\/\/bucket\/index.*AWS credentials/);
      return true;
    });
  });

  test('tells every reason when no place can answer', async () => {
    await using folder = await LogFolder.create();
    const dead = await deadUrl();
    await using connection = new OpenConnection(folder, {
      coordinators: [dead],
      index: folder.urlOf('index'),
    });
    for (const asking of [
      connection.asked.search(query(''), 'auto', { limit: 10 }),
      connection.asked.task('t', 'auto', {}),
    ]) {
      await assert.rejects(asking, (error) => {
        assert.ok(error instanceof BackendError);
        assert.equal(error.code, 'nowhere');
        assert.deepEqual(
          error.reasons.map(({ code }) => code),
          ['unreachable', 'missing'],
        );
        assert.ok(error.message.includes(dead) && error.message.includes('no index at'));
        return true;
      });
    }
  });

  test('says what an environment lacks', async () => {
    await using folder = await LogFolder.create();
    await using connection = new OpenConnection(folder, {});
    const { asked } = connection;
    for (const asking of [
      asked.search(query(''), 'auto', { limit: 1 }),
      asked.search(query(''), 'live', { limit: 1 }),
      asked.search(query(''), 'index', { limit: 1 }),
      asked.search(query(''), 'direct', { limit: 1 }),
      asked.records(query(''), 'auto', { limit: 1 }),
      asked.task('t', 'auto', {}),
      asked.indexPass({}),
    ]) {
      await assert.rejects(asking, (error) => error instanceof BackendError && error.code === 'environment');
    }
    assert.deepEqual((await asked.liveSnapshot(1, {})).coordinators, []);
  });

  test('joins a live task with its records, from the logs where the index has none yet', async () => {
    const { folder, places, nowMs } = await history();
    await using _folder = folder;
    await folder.ship(...taskRecords('new', nowMs).slice(0, 3));
    const task = {
      task: 'new',
      status: 'running',
      attempts: 1,
      worker: 'w-9',
      firstTs: nowMs - 3000,
      lastTs: nowMs,
      durationMs: 0,
    } as const;
    await using coordinator = await startLoopbackCoordinator('c-1', [task]);
    await using connection = new OpenConnection(folder, { ...places, coordinators: [coordinator.url] });
    const answer = await connection.asked.task('new', 'auto', {});
    assert.deepEqual(
      [answer.detail?.task.worker, answer.detail?.task.account, answer.detail?.records.length],
      ['w-9', 'acme', 3],
    );
    assert.deepEqual(
      answer.from.map(({ backend }) => backend),
      ['live', 'index', 'direct'],
    );
  });

  test('gives the same tasks from the index and from the logs', async () => {
    const { folder, places } = await history();
    await using _folder = folder;
    await using connection = new OpenConnection(folder, places);
    for (const text of [
      '',
      'status:failed',
      'timed',
      '-http.status:503',
      'since:150m',
      'sort:docs',
      'worker:w-1 reading',
    ]) {
      const [index, direct] = await Promise.all([
        connection.asked.search(query(text), 'index', { limit: 10 }),
        connection.asked.search(query(text), 'direct', { limit: 10 }),
      ]);
      assert.deepEqual(direct.tasks, index.tasks, text);
      assert.equal(direct.summary.total, index.summary.total, text);
    }
  });

  test('stops when cancelled, whatever is being asked', async () => {
    const { folder, places } = await history();
    await using _folder = folder;
    await using coordinator = await startLoopbackCoordinator('c-1');
    coordinator.misbehave = () => true;
    await using connection = new OpenConnection(folder, { ...places, coordinators: [coordinator.url] });
    const reason = new Error('enough');
    for (const ask of [
      (signal: AbortSignal) => connection.asked.search(query(''), 'auto', { limit: 1, signal }),
      (signal: AbortSignal) => connection.asked.task('t-1', 'auto', { signal }),
      (signal: AbortSignal) => connection.asked.liveSnapshot(1, { signal }),
    ]) {
      const controller = new AbortController();
      coordinator.asked.length = 0;
      const asking = ask(controller.signal);
      while (coordinator.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
      controller.abort(reason);
      await assert.rejects(asking, (error) => error === reason);
    }
    const aborted = AbortSignal.abort(reason);
    for (const mode of ['auto', 'live', 'index', 'direct'] as const) {
      await assert.rejects(
        connection.asked.search(query(''), mode, { limit: 1, signal: aborted }),
        (error) => error === reason,
        mode,
      );
      await assert.rejects(
        connection.asked.records(query(''), mode, { limit: 1, signal: aborted }),
        (error) => error === reason,
        mode,
      );
    }
  });
});
