import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { BackendError } from '../../src/backends/backendError.ts';
import { DirectBackend } from '../../src/backends/directBackend.ts';
import type { Progress } from '../../src/backends/taskBackend.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import type { Query } from '../../src/model/query/query.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { StoreError } from '../../src/store/storeError.ts';
import { LogFolder, taskRecords } from './logFolder.ts';

const nowMs = Date.parse('2026-11-23T12:00:00Z');
const hourMs = 3_600_000;

function query(text: string): Query {
  const parsed = parseQuery(text, { nowMs });
  assert.equal(parsed.kind, 'query', text);
  return parsed.query;
}

/** Forty tasks, one each hour, every fourth failed; each hour's records in one object. */
async function fortyHours(): Promise<LogFolder> {
  const folder = await LogFolder.create();
  for (let hour = 0; hour < 40; hour++) {
    await folder.ship(...taskRecords(taskAt(hour), endOf(hour), { failed: hour % 4 === 0 }));
  }
  return folder;
}

function taskAt(hour: number): string {
  return `t-${String(hour).padStart(2, '0')}`;
}

/** Hours are counted back from now. */
function endOf(hour: number): number {
  return nowMs - 1000 - hour * hourMs;
}

suite('DirectBackend.search', () => {
  test('folds the tasks of the logs and gives the matching ones, newest first', async () => {
    await using folder = await fortyHours();
    const backend = new DirectBackend({ logs: folder.logs });
    const answer = await backend.search(query('account:acme status:failed http.status:503 "TIMED out"'), {
      limit: 100,
    });
    assert.deepEqual(
      answer.tasks.map(({ task }) => task),
      Array.from({ length: 10 }, (_, at) => taskAt(at * 4)),
    );
    const [newest] = answer.tasks;
    assert.deepEqual(
      { ...newest, group: undefined },
      {
        task: 't-00',
        account: 'acme',
        collection: 'orders',
        source: 's3',
        coordinator: 'c-1',
        worker: 'w-1',
        status: 'failed',
        attempts: 1,
        firstTs: endOf(0) - 3000,
        lastTs: endOf(0),
        durationMs: 3000,
        error: { type: 'TimeoutError', message: 'read timed out' },
        group: undefined,
      },
    );
    assert.ok(newest?.group);
    const { total, totalIs, from } = answer.summary;
    assert.deepEqual([total, totalIs], [10, 'exact']);
    assert.deepEqual([from[0]?.backend, from[0]?.objects, from[0]?.partial], ['direct', 40, false]);
  });

  test('takes different terms from different records, and a negated one from none', async () => {
    await using folder = await fortyHours();
    const backend = new DirectBackend({ logs: folder.logs });
    const of = async (text: string) => (await backend.search(query(text), { limit: 100 })).summary.total;
    assert.equal(await of('reading timed'), 10);
    assert.equal(await of('reading -timed'), 30);
    assert.equal(await of('-http.status:200 -event:task.failed'), 0);
  });

  test('reads back no further than the newest page needs, and goes on from there', async () => {
    await using folder = await fortyHours();
    const backend = new DirectBackend({ logs: folder.logs });
    const first = await backend.search(query('status:failed'), { limit: 2 });
    assert.deepEqual(
      first.tasks.map(({ task }) => task),
      ['t-00', 't-04'],
    );
    assert.equal(first.summary.totalIs, 'atLeast');
    assert.ok((first.summary.from[0]?.objects ?? 40) < 20, `read ${first.summary.from[0]?.objects} objects`);
    assert.equal(first.summary.from[0]?.partial, false);
    const seen = first.tasks.map(({ task }) => task);
    for (let { cursor } = first; cursor !== undefined; ) {
      const next = await backend.search(query('status:failed'), { limit: 3, cursor });
      seen.push(...next.tasks.map(({ task }) => task));
      ({ cursor } = next);
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 10 }, (_, at) => taskAt(at * 4)),
    );
  });

  test('does not stop before a task of the page is known from its start', async () => {
    await using folder = await LogFolder.create();
    // Its end is the newest of all, its beginning the oldest, and there its only failed attempt.
    const long = taskRecords('long', nowMs - 1000, { tookMs: 30 * hourMs, account: 'early' });
    await folder.ship(...long.slice(0, 2));
    for (let hour = 1; hour < 20; hour++) await folder.ship(...taskRecords(taskAt(hour), endOf(hour)));
    await folder.ship(...long.slice(2));
    const answer = await new DirectBackend({ logs: folder.logs }).search(query('-account:early'), { limit: 1 });
    assert.deepEqual(
      answer.tasks.map(({ task }) => task),
      ['t-01'],
    );
  });

  test('reads the hours around the range, so that a task at its edge is whole', async () => {
    await using folder = await LogFolder.create();
    const [created, started, ...later] = taskRecords('edge', nowMs, { tookMs: hourMs });
    assert.ok(created && started);
    await folder.ship(created, started);
    await folder.ship(...later);
    await folder.ship(...taskRecords('before', nowMs - 5 * hourMs));
    const answer = await new DirectBackend({ logs: folder.logs }).search(query('since:1m'), { limit: 10 });
    assert.deepEqual(
      answer.tasks.map(({ task, account, durationMs }) => [task, account, durationMs]),
      [['edge', 'acme', hourMs]],
    );
    assert.equal(answer.summary.from[0]?.partial, false);
  });

  test('says when a task began before the logs that were read', async () => {
    await using folder = await LogFolder.create();
    const [created, started, ...later] = taskRecords('long', nowMs - 1, { tookMs: 30 * hourMs });
    assert.ok(created && started);
    await folder.ship(created, started);
    await folder.ship(...later.map((record) => ({ ...record, ts: nowMs - 1 })));
    const answer = await new DirectBackend({ logs: folder.logs }).search(query('since:1h'), { limit: 10 });
    assert.equal(answer.tasks.length, 1);
    assert.equal(answer.summary.from[0]?.partial, true);
    assert.match(answer.summary.from[0]?.note ?? '', /1 tasks began before/);
  });

  for (const [what, limits] of [
    ['objects', { maxObjects: 5 }],
    ['bytes', { maxBytes: 1000 }],
    ['records', { maxRecords: 20 }],
  ] as const) {
    test(`stops at its limit of ${what}, newest first, and says how far it came`, async () => {
      await using folder = await fortyHours();
      const answer = await new DirectBackend({ logs: folder.logs, limits }).search(query(''), { limit: 100 });
      assert.equal(answer.tasks[0]?.task, 't-00');
      assert.ok(answer.tasks.length < 10);
      assert.deepEqual([answer.summary.totalIs, answer.summary.from[0]?.partial], ['atLeast', true]);
      assert.match(answer.summary.from[0]?.note ?? '', /stopped at .* back to 2026-11-2.*: narrow/);
    });
  }

  test('reads any layout, and names lines and objects that it cannot read', async () => {
    await using folder = await LogFolder.create();
    await folder.put(
      'app/worker.log',
      taskRecords('plain', nowMs)
        .map((each) => JSON.stringify(each))
        .join('\r\n'),
    );
    await folder.put('app/broken.log', 'not JSON\n{"ts":"today"}\n');
    await folder.logs.put('app/cut.gz', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]));
    const answer = await new DirectBackend({ logs: folder.logs }).search(query(''), { limit: 10 });
    assert.deepEqual(
      answer.tasks.map(({ task }) => task),
      ['plain'],
    );
    assert.equal(answer.summary.from[0]?.partial, true);
    assert.match(answer.summary.from[0]?.note ?? '', /3 lines could not be read, first app\//);
  });

  test('is partial when an object cannot be read, and fails when none can', async () => {
    await using folder = await LogFolder.create();
    await folder.ship(...taskRecords('good', nowMs));
    const bad = await folder.ship(...taskRecords('bad', nowMs - hourMs));
    const answer = await new DirectBackend({ logs: failing(folder.logs, (key) => key === bad) }).search(query(''), {
      limit: 10,
    });
    assert.equal(answer.tasks.length, 1);
    assert.match(answer.summary.from[0]?.note ?? '', /1 log object could not be read, first dt=.*: no entry/);
    await assert.rejects(
      new DirectBackend({ logs: failing(folder.logs, () => true) }).search(query(''), { limit: 10 }),
      (error) => error instanceof BackendError && error.code === 'denied',
    );
  });

  test('answers with nothing, and says why, where there are no logs', async () => {
    await using folder = await LogFolder.create();
    const answer = await new DirectBackend({ logs: folder.logs }).search(query(''), { limit: 10 });
    assert.deepEqual([answer.tasks, answer.summary.totalIs], [[], 'exact']);
    assert.match(answer.summary.from[0]?.note ?? '', /no log objects/);
  });

  test('finds the tasks in flight at a moment', async () => {
    await using folder = await fortyHours();
    const backend = new DirectBackend({ logs: folder.logs });
    const at = new Date(endOf(7) - 1000).toISOString();
    const answer = await backend.search(query(`at:${at}`), { limit: 10 });
    assert.deepEqual(
      answer.tasks.map(({ task }) => task),
      ['t-07'],
    );
  });

  test('reports progress, and stops reading when cancelled', async () => {
    await using folder = await fortyHours();
    const backend = new DirectBackend({ logs: folder.logs });
    const reason = new Error('enough');
    const controller = new AbortController();
    const reports: Progress[] = [];
    await assert.rejects(
      backend.search(query(''), {
        limit: 100,
        signal: controller.signal,
        onProgress: (progress) => {
          reports.push(progress);
          if (progress.done === 3) controller.abort(reason);
        },
      }),
      (error) => error === reason,
    );
    assert.deepEqual(reports[0], { done: 1, total: 40, unit: 'objects' });
    assert.ok(reports.length < 10, `${reports.length} objects were read`);
    await assert.rejects(
      backend.search(query(''), { limit: 100, signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
  });

  test('refuses a cursor that is none', async () => {
    await using folder = await LogFolder.create();
    await assert.rejects(
      new DirectBackend({ logs: folder.logs }).search(query(''), { limit: 10, cursor: 'x' }),
      (error) => error instanceof BackendError && error.code === 'badCursor',
    );
  });
});

suite('DirectBackend.task', () => {
  test('gives the task with its attempts and records, and reads no further back than its beginning', async () => {
    await using folder = await fortyHours();
    const answer = await new DirectBackend({ logs: folder.logs }).task('t-05', {});
    assert.equal(answer.detail?.task.task, 't-05');
    assert.deepEqual(
      answer.detail?.records.map(({ event }) => event),
      ['task.created', 'attempt.started', 'log', 'task.succeeded'],
    );
    assert.equal(answer.detail?.attempts.length, 1);
    assert.ok((answer.from[0]?.objects ?? 40) < 12);
  });

  test('reads all logs before it says that there is no such task', async () => {
    await using folder = await fortyHours();
    const answer = await new DirectBackend({ logs: folder.logs }).task('nobody', {});
    assert.deepEqual([answer.detail, answer.from[0]?.objects], [undefined, 40]);
  });
});

suite('DirectBackend.records and pull', () => {
  test('gives the newest matching records, from their task what they lack', async () => {
    await using folder = await fortyHours();
    const backend = new DirectBackend({ logs: folder.logs });
    const answer = await backend.records(query('account:acme timed'), { limit: 3 });
    assert.deepEqual(
      answer.records.map(({ task }) => task),
      ['t-00', 't-04', 't-08'],
    );
    assert.equal(answer.totalIs, 'atLeast');
    const all = await backend.records(query('account:acme timed since:20h'), { limit: 100 });
    assert.deepEqual([all.records.length, all.totalIs], [5, 'exact']);
  });

  test('says that no record meets a term about tasks', async () => {
    await using folder = await fortyHours();
    const answer = await new DirectBackend({ logs: folder.logs }).records(query('is:slow'), { limit: 3 });
    assert.deepEqual(answer.records, []);
    assert.match(answer.from[0]?.note ?? '', /is:slow asks about tasks/);
  });

  test('pulls the raw lines, oldest hour first', async () => {
    await using folder = await LogFolder.create();
    // Spaces and field order show that the lines are the writer's own.
    await folder.put(
      'dt=2026-11-23/hr=11/b.ndjson',
      '{ "task":"t-2",  "ts":"2026-11-23T11:00:01Z", "level":"error" }\n',
    );
    await folder.put('dt=2026-11-23/hr=10/a.ndjson', '{ "level":"error", "ts":"2026-11-23T10:00:01Z" }\n{"ts":1}\nx\n');
    const pulled = new DirectBackend({ logs: folder.logs }).pull(query('level:error'), {});
    const lines: string[] = [];
    for await (const line of pulled.lines) lines.push(line);
    assert.deepEqual(lines, [
      '{ "level":"error", "ts":"2026-11-23T10:00:01Z" }',
      '{ "task":"t-2",  "ts":"2026-11-23T11:00:01Z", "level":"error" }',
    ]);
    assert.deepEqual([pulled.provenance().objects, pulled.provenance().partial], [2, true]);
  });

  test('pulls by what the lines take from their task', async () => {
    await using folder = await fortyHours();
    await folder.ship(...taskRecords('other', nowMs, { account: 'other' }));
    const pulled = new DirectBackend({ logs: folder.logs }).pull(query('account:other'), {});
    const lines: string[] = [];
    for await (const line of pulled.lines) lines.push(line);
    assert.equal(lines.length, 4);
  });

  test('fails where the log root cannot be listed', async () => {
    await using folder = await LogFolder.create();
    await folder.put('a', '');
    await rm(join(folder.path, 'logs'), { recursive: true });
    const store: ObjectStore = {
      ...failing(folder.logs, () => true),
      list: () => {
        throw new StoreError('unreachable', 'no route to it');
      },
    };
    await assert.rejects(
      new DirectBackend({ logs: store }).records(query(''), { limit: 1 }),
      (error) => error instanceof BackendError && error.code === 'unreachable',
    );
  });
});

/** The store, but for the keys that may not be read. */
function failing(store: ObjectStore, isDenied: (key: string) => boolean): ObjectStore {
  return {
    url: store.url,
    list: (options) => store.list(options),
    listFolders: (prefix, signal) => store.listFolders(prefix, signal),
    head: (key, signal) => store.head(key, signal),
    get: (key, options) =>
      isDenied(key) ? Promise.reject(new StoreError('denied', 'no entry')) : store.get(key, options),
    put: (key, body, options) => store.put(key, body, options),
    delete: (key, signal) => store.delete(key, signal),
    close: () => store.close(),
  };
}
