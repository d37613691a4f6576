/** The command's counts, groups, fields, lanes and SQL as a real process: lines, exit codes, and nothing else on stdout. */

import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { until } from '../rigs/until.ts';
import { type IndexFixture, indexFixture } from './indexFixture.ts';

const cli = process.env['INGEST_TRACE_CLI'] ?? join(import.meta.dirname, '../../dist/cli.mjs');

const stack = 'TypeError: cannot read "x"\n    at readRow (/build/service/src/rows.ts:3:9)\n    at node:internal/x:1:1';
const error = { type: 'TypeError', message: 'cannot read \u001b[2J"x"', stack };
const at = (minutes: number) => Date.UTC(2026, 10, 23, 10, minutes);
const records = [
  { ts: at(0), event: 'task.created', task: 't-2' },
  { ts: at(0), event: 'task.created', task: 't-3' },
  {
    ts: at(0),
    event: 'attempt.started',
    task: 't-1',
    attempt: 1,
    worker: 'w-1',
    account: 'acme',
    http: { status: 503 },
  },
  { ts: at(1), event: 'attempt.failed', task: 't-1', attempt: 1, worker: 'w-1', error },
  { ts: at(2), event: 'attempt.started', task: 't-1', attempt: 2, worker: 'w-2', http: { status: '503' } },
  { ts: at(3), event: 'task.failed', task: 't-1', error },
  { ts: at(4), event: 'attempt.failed', task: 't-2', attempt: 1, worker: 'w-2', account: 'acme', error },
  { ts: at(5), event: 'task.succeeded', task: 't-3', account: 'globex' },
  { ts: at(6), message: 'no task' },
];

let fixture: IndexFixture | undefined;
let [logs, index] = ['', ''];

before(async () => {
  assert.ok(existsSync(cli), `${cli} is missing: run 'npm run build' first`);
  fixture = await indexFixture();
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  await fixture.logs.put('dt=2026-11-23/hr=10/w-1-1795428000000-0.ndjson', Buffer.from(text));
  await indexLogs({ logs: fixture.logs, index: fixture.index });
  [logs, index] = [fixture.logs.url, fixture.index.url];
});

after(async () => {
  await fixture?.[Symbol.asyncDispose]();
});

function start(...args: readonly string[]): ChildProcessWithoutNullStreams {
  const { directory } = fixture ?? assert.fail('started before the fixture');
  const home = join(directory, 'home');
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: home, XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home, TZ: 'UTC' },
  });
  child.stdin.end();
  return child;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

const run = (...args: readonly string[]) => ended(start(...args));

/** Every line of stdout is JSON; the exit code is 0. */
async function json(...args: readonly string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await run(...args, '--json');
  assert.deepEqual([code, stderr], [0, ''], args.join(' '));
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function summaryOf(line: Record<string, unknown> | undefined): Record<string, unknown> {
  return line?.['summary'] as Record<string, unknown>;
}

const places = () => [
  ['--index', index],
  ['--logs', logs],
];

test('groups tells each cause with how often it struck, from the index and from the logs alike', async () => {
  for (const place of places()) {
    const [group, ...rest] = await json('groups', 'account:acme', ...place);
    assert.deepEqual(rest, []);
    assert.match(String(group?.['group']), /^g\d+-/);
    const { type, message, count, tasks, firstTs, lastTs, frame, frameAt } = group ?? {};
    assert.deepEqual(
      { type, message, count, tasks, firstTs, lastTs, frame },
      {
        type: 'TypeError',
        message: error.message,
        count: 2,
        tasks: 2,
        firstTs: at(1),
        lastTs: at(4),
        frame: 'at readRow (/build/service/src/rows.ts:3:9)',
      },
    );
    const { function: name, line1 } = frameAt as { function?: string; line1?: number };
    assert.deepEqual([name, line1], ['readRow', 3]);
  }
  const { stdout } = await run('groups', '--index', index);
  assert.match(stdout, /readRow[^\n]*TypeError: cannot read \S*"x"/);
  assert.ok(!stdout.includes('\u001b'), 'no control characters');
});

test('fields tells each path with its types, how many records have it, and examples', async () => {
  for (const place of places()) {
    const fields = await json('fields', ...place);
    const status = fields.find(({ path }) => path === 'http.status');
    assert.deepEqual(
      [status?.['count'], new Set(status?.['types'] as string[]), new Set(status?.['examples'] as unknown[])],
      [2, new Set(['number', 'string']), new Set([503, '503'])],
    );
    assert.equal(fields[0]?.['count'], records.length);
    const some = await json('fields', 'worker:w-2', '--limit', '2', ...place);
    assert.equal(some.length, 2);
  }
});

test('search --group-by counts tasks by value, then says what is not listed', async () => {
  for (const place of places()) {
    const [first, last] = await json('search', '--group-by', 'account', '--limit', '1', ...place);
    assert.deepEqual(first, { field: 'account', value: 'acme', count: 2 });
    const { total, missing, rest } = summaryOf(last);
    assert.deepEqual({ total, missing, rest }, { total: 3, missing: 0, rest: { values: 1, count: 1 } });
    const statuses = await json('search', 'since:2026-11-20', '--group-by', 'status', ...place);
    const counts = Object.fromEntries(statuses.slice(0, -1).map(({ value, count }) => [String(value), count]));
    assert.deepEqual(counts, { failed: 1, retrying: 1, succeeded: 1 });
  }
});

test('search --histogram counts tasks over time, by status', async () => {
  for (const place of places()) {
    const lines = await json('search', '--histogram', ...place);
    const buckets = lines.slice(0, -1) as { startTs: number; endTs: number; count: number; byStatus: object }[];
    assert.deepEqual(
      buckets.map(({ count }) => count).reduce((sum, count) => sum + count),
      3,
    );
    assert.equal(buckets[0]?.startTs, at(3));
    assert.deepEqual(buckets.at(-1)?.byStatus, { succeeded: 1 });
    const { total, widthMs } = summaryOf(lines.at(-1));
    assert.deepEqual([total, widthMs], [3, (buckets[0]?.endTs ?? 0) - at(3)]);
  }
  const { stdout } = await run('search', '--histogram', '--index', index);
  assert.match(stdout, /SUCCEEDED[^]*█/);
});

test('workers --at tells who ran what then', async () => {
  for (const place of places()) {
    const ran = await json('workers', '--at', '2026-11-23T10:02:30Z', ...place);
    assert.deepEqual(
      ran.map(({ worker, task, attempt, status, account }) => [worker, task, attempt, status, account]),
      [['w-2', 't-1', 2, 'failed', 'acme']],
      'its attempt told no end, and ended with the task',
    );
    assert.deepEqual(await json('workers', '--at', '2026-11-23T10:03:30Z', ...place), []);
    const before10 = await json('workers', '--at', '2026-11-23T10:00:30Z', ...place);
    assert.deepEqual(
      before10.map(({ worker, task, attempt, status, account, isOpen }) => [
        worker,
        task,
        attempt,
        status,
        account,
        isOpen,
      ]),
      [['w-1', 't-1', 1, 'failed', 'acme', false]],
    );
    const none = await json('workers', '--at', '2026-11-23T10:00:30Z', 'account:globex', ...place);
    assert.deepEqual(none, []);
  }
});

test('sql prints an object per row, keeps to its limit, and says that there is more', async () => {
  const rows = await json('sql', 'SELECT task, status, status AS task FROM tasks ORDER BY 1', '--index', index);
  assert.deepEqual(rows[0], { task: 't-1', status: 'failed', task_2: 'failed' });
  assert.equal(rows.length, 3);
  const capped = await run('sql', 'SELECT * FROM records', '--limit', '2', '--index', index, '--json');
  assert.deepEqual([capped.code, capped.stdout.trim().split('\n').length], [0, 2]);
  assert.match(capped.stderr, /There are more than these 2 rows/);
});

test('what is wrongly asked exits with 2 and says what was expected', async () => {
  const cases: [args: string[], expected: RegExp][] = [
    [['sql', '--index', index], /Expected a statement/],
    [['sql', 'SELECT 1', '--logs', logs], /--logs/],
    [['sql', 'DROP VIEW records', '--index', index], /expected a SELECT statement/],
    [['sql', "SELECT * FROM read_text('/etc/passwd')", '--index', index], /read_text is not available/],
    [['sql', 'SELECT nothing FROM tasks', '--index', index], /"nothing" not found/],
    [['search', '--histogram', '--group-by', 'status', '--index', index], /exclude each other/],
    [['groups', 'status:', '--index', index], /column 8/],
    [['groups', '--coordinator', 'http://127.0.0.1:9'], /coordinators forget/],
    [['search', '--histogram', '--coordinator', 'http://127.0.0.1:9'], /coordinators forget/],
    [['workers', '--at', 'yesterday', '--index', index], /--at: expected a time/],
    [['fields', '--limit', '0', '--index', index], /--limit expects a whole number/],
  ];
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await run(...args);
    assert.deepEqual([code, stdout], [2, ''], `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, expected);
  }
});

test('an index that is not there is a failure of sql, and the logs answer the rest with a remark', async () => {
  const gone = `${index}-gone`;
  const sql = await run('sql', 'SELECT 1', '--index', gone);
  assert.deepEqual([sql.code, sql.stdout], [1, '']);
  assert.match(sql.stderr, /there is no index/);
  const groups = await run('groups', '--index', gone, '--logs', logs, '--json');
  assert.equal(groups.stdout.trim().split('\n').length, 1);
  assert.match(groups.stderr, /the logs were read/);
});

test('Ctrl-C stops a statement, with 130', async () => {
  const child = start(
    'sql',
    'SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range <> b.range + 0.5',
    '--index',
    index,
  );
  const end = ended(child);
  // The folder that the statement's engine spills to is there once the statement is about to run.
  const home = join(fixture?.directory ?? assert.fail(), 'home');
  await until('the statement has an engine', async () =>
    (await readdir(home, { recursive: true })).some((name) => /sql-[0-9a-f]+$/.test(name)),
  );
  child.kill('SIGINT');
  const { code, stdout } = await end;
  assert.deepEqual([code, stdout], [130, '']);
});
