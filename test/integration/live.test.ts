import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { BackendError } from '../../src/backends/backendError.ts';
import { LiveBackend } from '../../src/backends/liveBackend.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import type { Query } from '../../src/model/query/query.ts';
import type { FoldedTask } from '../../src/model/task.ts';
import { deadUrl, startLoopbackCoordinator } from '../rigs/loopbackCoordinator.ts';

const nowMs = Date.parse('2026-11-23T12:00:00Z');

function query(text: string): Query {
  const parsed = parseQuery(text, { nowMs });
  assert.equal(parsed.kind, 'query', text);
  return parsed.query;
}

function task(id: string, fields: Partial<FoldedTask> = {}): FoldedTask {
  const { firstTs = nowMs - 5000, lastTs = nowMs - 1000 } = fields;
  const base = { task: id, account: 'acme', status: 'running', attempts: 1, worker: 'w-1' } as const;
  return { ...base, ...fields, firstTs, lastTs, durationMs: lastTs - firstTs };
}

class OpenLive extends LiveBackend implements AsyncDisposable {
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function live(coordinators: readonly string[], timeoutMs = 2000): OpenLive {
  return new OpenLive({ coordinators, timeoutMs, nowMs: () => nowMs, tokenFor: () => 'secret-token' });
}

suite('LiveBackend', () => {
  test('asks the configured coordinators and their peers, each once', async () => {
    await using a = await startLoopbackCoordinator('c-1', [task('t-1')]);
    await using b = await startLoopbackCoordinator('c-2', [task('t-2', { lastTs: nowMs })]);
    a.peers = { peers: [{ id: 'c-2', url: `${b.url}/` }, { url: 'file:///etc/passwd' }, 5] };
    b.peers = [a.url];
    // The same coordinator by another name.
    await using backend = live([a.url, a.url.replace('127.0.0.1', 'localhost')]);
    const answer = await backend.search(query(''), { limit: 10 });
    assert.deepEqual(
      answer.tasks.map((each) => each.task),
      ['t-2', 't-1'],
    );
    assert.deepEqual([answer.summary.total, answer.summary.totalIs], [2, 'exact']);
    assert.deepEqual(
      answer.summary.from.map(({ partial, freshness }) => [partial, freshness]),
      [
        [false, nowMs],
        [false, nowMs],
      ],
    );
    const askedForTasks = [...a.asked, ...b.asked].filter((path) => path.startsWith('/tasks?'));
    assert.equal(askedForTasks.length, 2);
    assert.ok([...a.authorizations, ...b.authorizations].every((header) => header === 'Bearer secret-token'));
  });

  test('an answer that only trickles in is given up', async () => {
    await using a = await startLoopbackCoordinator('c-1', [task('t-1')]);
    const trickles: NodeJS.Timeout[] = [];
    a.misbehave = (path, response) => {
      if (path !== '/tasks') return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      trickles.push(setInterval(() => response.write(' '), 20));
      return true;
    };
    // Enough for /health to be answered, which comes before.
    const limits = { timeoutMs: 2000, deadlineMs: 1500 };
    await using backend = new OpenLive({ coordinators: [a.url], ...limits, nowMs: () => nowMs });
    try {
      const { summary } = await backend.search(query(''), { limit: 10 });
      assert.match(summary.from[0]?.note ?? '', /no whole answer within 1\.5 s/);
    } finally {
      for (const trickle of trickles) clearInterval(trickle);
    }
  });

  test('pushes what a coordinator can filter, and judges the rest itself', async () => {
    await using a = await startLoopbackCoordinator('c-1', [
      task('t-1', { status: 'failed', error: { message: 'timed out' } }),
      task('t-2', { status: 'failed', error: { message: 'denied' } }),
      task('t-3', { account: 'other', status: 'failed' }),
      task('t-4'),
    ]);
    await using backend = live([a.url]);
    const answer = await backend.search(query('account:acme,second status:failed -status:nope duration:>1s timed'), {
      limit: 10,
    });
    assert.deepEqual(
      answer.tasks.map((each) => each.task),
      ['t-1'],
    );
    const parameters = new URLSearchParams(a.asked.find((path) => path.startsWith('/tasks?'))?.split('?')[1]);
    assert.deepEqual(parameters.getAll('account'), ['acme', 'second']);
    assert.deepEqual(parameters.getAll('status'), ['failed']);
    // t-2's log records may say `timed` all the same: live cannot tell, and says so.
    assert.equal(answer.summary.totalIs, 'atLeast');
    assert.match(answer.summary.from[0]?.note ?? '', /1 held tasks left out/);
  });

  test('reads every page of a coordinator, and hands out pages of its own', async () => {
    const all = Array.from({ length: 1234 }, (_, at) =>
      task(`t-${String(at).padStart(4, '0')}`, { lastTs: nowMs + at }),
    );
    await using a = await startLoopbackCoordinator('c-1', all);
    await using backend = live([a.url]);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const answer = await backend.search(query('limit:500'), { limit: 10, ...(cursor ? { cursor } : {}) });
      seen.push(...answer.tasks.map((each) => each.task));
      ({ cursor } = answer);
    } while (cursor !== undefined);
    assert.deepEqual(seen, all.map((each) => each.task).reverse());
  });

  test('names a dead coordinator and answers from the others', async () => {
    await using a = await startLoopbackCoordinator('c-1', [task('t-1')]);
    const dead = await deadUrl();
    a.peers = { peers: [{ url: dead }] };
    await using backend = live([a.url]);
    const answer = await backend.search(query(''), { limit: 10 });
    assert.equal(answer.tasks.length, 1);
    assert.equal(answer.summary.totalIs, 'atLeast');
    const [, down] = answer.summary.from;
    assert.deepEqual([down?.url, down?.partial], [dead, true]);
    assert.match(down?.note ?? '', /connection refused/);
    const snapshot = await backend.snapshot(10, {});
    assert.deepEqual(
      snapshot.map(({ kind, url }) => [kind, url]),
      [
        ['up', a.url],
        ['down', dead],
      ],
    );
  });

  for (const [what, misbehave, reason] of [
    ['hangs', () => true, /no (?:answer within 1|whole answer within 5) s/],
    ['answers garbage', (_path, response) => Boolean(response.end('<html>')), /something else than a coordinator/],
    ['answers another JSON', (_path, response) => Boolean(response.end('{"tasks":5}')), /something else/],
    ['answers 500', (_path, response) => Boolean(response.writeHead(500).end()), /status 500/],
    ['wants another token', (_path, response) => Boolean(response.writeHead(401).end()), /does not accept the token/],
    ['breaks off', (_path, response) => Boolean(response.destroy()), /broke the connection off/],
    [
      'stops amid its answer',
      (_path, response) => response.writeHead(200, { 'content-length': '100' }).write('{') || true,
      // undici's own limits are coarse: either may be the first to notice.
      /no (?:answer within 1|whole answer within 5) s/,
    ],
  ] as const satisfies readonly (readonly [string, Parameters<typeof misbehaving>[0], RegExp])[]) {
    test(`is not held up by a coordinator that ${what}`, async () => {
      await using good = await startLoopbackCoordinator('c-1', [task('t-1')]);
      await using bad = await misbehaving(misbehave);
      // Enough for the one that answers, however busy the machine.
      await using backend = live([good.url, bad.url], 1000);
      const answer = await backend.search(query(''), { limit: 10 });
      assert.equal(answer.tasks.length, 1);
      const note = answer.summary.from.find(({ url }) => url === bad.url)?.note ?? '';
      assert.match(note, reason);
      assert.doesNotMatch(note, /secret/);
    });
  }

  test('leaves out what is no task, and says so', async () => {
    await using a = await startLoopbackCoordinator('c-1');
    // As a coordinator of another version might.
    a.tasks = [task('t-1'), { ...task('t-2'), status: 'paused' as 'running' }, { ...task('t-3'), task: '' }];
    await using backend = live([a.url]);
    const answer = await backend.search(query(''), { limit: 10 });
    assert.equal(answer.tasks.length, 1);
    assert.match(answer.summary.from[0]?.note ?? '', /2 of its tasks could not be understood/);
  });

  test('fails with every reason when no coordinator answers', async () => {
    const [one, two] = [await deadUrl(), await deadUrl()];
    await using backend = live([one, two]);
    await assert.rejects(backend.search(query(''), { limit: 10 }), (error) => {
      assert.ok(error instanceof BackendError);
      assert.equal(error.code, 'unreachable');
      assert.ok(error.message.includes(one) && error.message.includes(two));
      return true;
    });
  });

  test('asks for a token where every coordinator wants one', async () => {
    await using bad = await misbehaving((_path, response) => Boolean(response.writeHead(401).end()));
    await using backend = live([bad.url]);
    await assert.rejects(backend.search(query(''), { limit: 10 }), (error) => {
      assert.ok(error instanceof BackendError);
      assert.equal(error.code, 'denied');
      assert.match(error.message, /Set Coordinator Token/);
      assert.doesNotMatch(error.message, /secret|Check that the system runs/);
      return true;
    });
  });

  test('finds one task with its attempts, wherever it is held', async () => {
    await using a = await startLoopbackCoordinator('c-1', [task('id with/slash?', { attempts: 1 })]);
    await using b = await startLoopbackCoordinator('c-2', [task('id with/slash?', { attempts: 2 })]);
    await using backend = live([a.url, b.url]);
    const { detail } = await backend.task('id with/slash?', {});
    assert.equal(detail?.task.attempts, 2);
    assert.deepEqual(
      detail?.attempts.map(({ attempt, worker }) => [attempt, worker]),
      [
        [1, 'w-1'],
        [2, 'w-1'],
      ],
    );
    assert.equal((await backend.task('nobody', {})).detail, undefined);
  });

  test('takes the newer of one task held twice', async () => {
    await using a = await startLoopbackCoordinator('c-1', [task('t-1', { attempts: 1, lastTs: nowMs })]);
    await using b = await startLoopbackCoordinator('c-2', [task('t-1', { attempts: 2, status: 'failed' })]);
    await using backend = live([a.url, b.url]);
    const answer = await backend.search(query(''), { limit: 10 });
    assert.deepEqual(
      answer.tasks.map(({ status }) => status),
      ['failed'],
    );
  });

  test('says that it holds no records', async () => {
    await using backend = live(['http://127.0.0.1:1']);
    const answer = await backend.records(query(''), { limit: 10 });
    assert.deepEqual([answer.records, answer.from[0]?.partial], [[], true]);
  });

  test('stops when cancelled: before, and while a coordinator hangs', async () => {
    await using a = await misbehaving(() => true);
    await using backend = live([a.url]);
    const reason = new Error('enough');
    await assert.rejects(
      backend.search(query(''), { limit: 10, signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
    const controller = new AbortController();
    const asking = backend.search(query(''), { limit: 10, signal: controller.signal });
    while (a.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    await assert.rejects(asking, (error) => error === reason);
  });
});

async function misbehaving(misbehave: Awaited<ReturnType<typeof startLoopbackCoordinator>>['misbehave']) {
  const coordinator = await startLoopbackCoordinator('bad');
  coordinator.misbehave = misbehave;
  return coordinator;
}
