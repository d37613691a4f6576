/** The command as a real process, bundled as users get it: answers, exit codes, what is on stdout, and how it ends. */

import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { HeldStore } from '../rigs/heldStore.ts';

const cli = process.env['INGEST_TRACE_CLI'] ?? join(import.meta.dirname, '../../dist/cli.mjs');

let folder = '';
let logs = '';
let index = '';

const stack = `TypeError: cannot read "x"\n    at readRow (/build/service/src/rows.ts:3:9)\n    at ingest (/build/service/src/ingest.ts:2:3)`;
const taskRecords = [
  { ts: '2026-11-23T10:00:00.000Z', event: 'task.created', task: 't-1', account: 'acme', collection: 'orders' },
  {
    ts: '2026-11-23T10:00:01.000Z',
    event: 'task.assigned',
    task: 't-1',
    attempt: 1,
    worker: 'w-1',
    coordinator: 'c-1',
  },
  { ts: '2026-11-23T10:00:02.000Z', event: 'attempt.started', task: 't-1', attempt: 1, worker: 'w-1' },
  {
    ts: '2026-11-23T10:00:03.000Z',
    level: 'error',
    event: 'attempt.failed',
    task: 't-1',
    attempt: 1,
    worker: 'w-1',
    message: 'bad \u001b[31mrow\u001b[2J',
    error: { type: 'TypeError', message: 'cannot read "x"', stack },
  },
  {
    ts: '2026-11-23T10:00:04.000Z',
    event: 'task.failed',
    task: 't-1',
    error: { type: 'TypeError', message: 'cannot read "x"', stack },
  },
];
const others = Array.from({ length: 2000 }, (_, number) => ({
  ts: Date.UTC(2026, 10, 23, 9, 0, 0, number),
  event: 'task.succeeded',
  task: `s-${number}`,
  account: 'other',
}));

before(async () => {
  assert.ok(existsSync(cli), `${cli} is missing: run 'npm run build' first`);
  folder = await mkdtemp(join(tmpdir(), 'ingest-trace-cli-'));
  const hour = join(folder, 'logs/dt=2026-11-23/hr=10');
  await mkdir(hour, { recursive: true });
  const lines = [...taskRecords, ...others].map((record) => `${JSON.stringify(record)}\n`).join('');
  await writeFile(join(hour, 'w-1-1795428000000-0.ndjson.gz'), gzipSync(`${lines}{"broken\n`));
  logs = pathToFileURL(join(folder, 'logs')).href;
  index = pathToFileURL(join(folder, 'index')).href;
  await mkdir(join(folder, 'work/service/src'), { recursive: true });
  await writeFile(join(folder, 'work/service/src/rows.ts'), 'function readRow() {\n  //\n  return row.x;\n}\n');
  await writeFile(join(folder, 'work/service/src/ingest.ts'), 'function ingest() {\n  readRow();\n}\n');
});

after(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON lines. */
  readonly json: () => Record<string, unknown>[];
}

interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function start(args: readonly string[], options: StartOptions = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [cli, ...args], {
    cwd: options.cwd ?? folder,
    // A home of its own: neither the user's environments nor their cache.
    env: {
      PATH: process.env['PATH'],
      HOME: join(folder, 'home'),
      XDG_CONFIG_HOME: join(folder, 'home/config'),
      XDG_CACHE_HOME: join(folder, 'home/cache'),
      ...options.env,
    },
  });
}

async function end(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const json = () =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, stdout, stderr, json };
}

interface Summary {
  readonly total: number;
  readonly totalIs: string;
  readonly from: readonly { readonly backend: string; readonly note?: string }[];
}

/** The last line of a search. */
function summaryOf(ended: Ended): Summary {
  const last = ended.json().at(-1) ?? assert.fail(`no output: ${ended.stderr}`);
  return last['summary'] as Summary;
}

async function run(args: readonly string[], options: StartOptions & { readonly input?: string } = {}): Promise<Ended> {
  const child = start(args, options);
  child.stdin.end(options.input ?? '');
  return end(child);
}

async function listening(listener: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

test('search reads the logs: a folded task per line, then the summary, and nothing else on stdout', async () => {
  const ended = await run(['search', 'status:failed', '--logs', logs, '--json']);
  const [task, , ...rest] = ended.json();
  assert.deepEqual(rest, []);
  assert.equal(task?.['task'], 't-1');
  assert.equal(task?.['status'], 'failed');
  assert.equal(task?.['worker'], 'w-1');
  assert.equal(task?.['lastTs'], Date.parse('2026-11-23T10:00:04.000Z'));
  const { total, totalIs, from } = summaryOf(ended);
  assert.deepEqual([total, totalIs, from.map(({ backend }) => backend)], [1, 'atLeast', ['direct']]);
  // One line of the log is broken.
  assert.equal(ended.code, 3, ended.stderr);
});

test('index, index status, and search in the index', async () => {
  const indexed = await run(['index', '--logs', logs, '--index', index, '--json']);
  assert.equal(indexed.code, 0, indexed.stderr);
  const pass = indexed.json().at(-1);
  assert.deepEqual(
    [pass?.['objects'], pass?.['records'], pass?.['rejected']],
    [1, taskRecords.length + others.length, 1],
  );
  const again = (await run(['index', '--logs', logs, '--index', index, '--json'])).json().at(-1);
  assert.equal(again?.['objects'], 0);

  const status = await run(['index', 'status', '--index', index, '--json']);
  const [held, ...rest] = status.json();
  assert.deepEqual(rest, []);
  assert.deepEqual([held?.['records'], held?.['tasks'], held?.['rejected']], [2005, 2001, 1]);
  const [rejected] = (await run(['index', 'status', '--rejected', '--index', index, '--json'])).json();
  assert.match(String(rejected?.['key']), /w-1-1795428000000-0/);
  assert.equal(rejected?.['reason'], 'not JSON');
  assert.equal(typeof rejected?.['offset'], 'number');

  const found = await run(['search', 'account:acme', '--index', index, '--json']);
  assert.equal(found.code, 0, found.stderr);
  assert.equal(found.json()[0]?.['task'], 't-1');
});

test('a limit is kept by option and by query, and the total tells what is left', async () => {
  for (const args of [['account:other', '--limit', '3'], ['account:other limit:3']]) {
    const ended = await run(['search', ...args, '--logs', logs, '--json']);
    assert.equal(ended.json().length, 4);
    assert.equal(summaryOf(ended).total, others.length);
  }
});

test('a query need not be quoted, and its negated terms are no options', async () => {
  const { json } = await run(['search', 'account:acme', '-status:succeeded', '--logs', logs, '--json']);
  assert.equal(json()[0]?.['task'], 't-1');
});

test('task prints the folded task, its attempts, then its records in order', async () => {
  const { json, code } = await run(['task', 't-1', '--logs', logs, '--json']);
  const [task, attempt, ...records] = json();
  assert.equal(task?.['status'], 'failed');
  assert.deepEqual([attempt?.['attempt'], attempt?.['status']], [1, 'failed']);
  assert.deepEqual(
    records.map(({ event }) => event),
    taskRecords.map(({ event }) => event),
  );
  assert.equal(code, 3);
});

test('task for people resolves stack frames to files, and keeps a log from painting the screen', async () => {
  const cwd = join(folder, 'work');
  const { stdout } = await run(['task', 't-1', '--logs', logs, '--map', '/build/service=service'], { cwd });
  assert.match(stdout, /t-1 +failed after 1 attempt/);
  assert.match(stdout, /service\/src\/rows\.ts:3:9 +readRow/);
  assert.match(stdout, /service\/src\/ingest\.ts:2:3 +ingest/);
  // The failed attempt and the failed task hold the same stack: it is shown once.
  assert.equal(stdout.split('rows.ts').length, 2);
  assert.ok(!stdout.includes('\u001b'));
});

test('a task that is nowhere is a failure that says where was looked', async () => {
  await run(['index', '--logs', logs, '--index', index]);
  const { code, stdout, stderr } = await run(['task', 'nope', '--index', index, '--json']);
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /no task nope in index file:/);
});

test('records prints matching records, newest first, and where each was read', async () => {
  const { json } = await run(['records', 'task:t-1 has:error', '--logs', logs, '--json']);
  assert.deepEqual(
    json().map(({ event }) => event),
    ['task.failed', 'attempt.failed'],
  );
  const origin = json()[0]?.['_origin'] as { object: string; offsetBytes: number };
  assert.match(origin.object, /^dt=2026-11-23\/hr=10\//);
  assert.ok(origin.offsetBytes > 0);
  assert.equal(typeof json()[0]?.['_group'], 'string');
});

test('logs pull prints the lines as they were written', async () => {
  const { stdout } = await run(['logs', 'pull', 'account:acme worker:w-1', '--logs', logs, '--json']);
  const wanted = taskRecords.filter(({ worker }) => worker === 'w-1').map((record) => JSON.stringify(record));
  for (const line of wanted) assert.ok(stdout.split('\n').includes(line), line);
});

test('logs pull --out leaves a whole file', async () => {
  const { json } = await run(['logs', 'pull', 'task:t-1', '--logs', logs, '--out', 'pulled.ndjson', '--json']);
  const text = await readFile(join(folder, 'pulled.ndjson'), 'utf8');
  assert.equal(text, taskRecords.map((record) => `${JSON.stringify(record)}\n`).join(''));
  assert.deepEqual(json(), [
    { lines: taskRecords.length, bytes: Buffer.byteLength(text), out: join(folder, 'pulled.ndjson') },
  ]);
});

test('trace reads stdin and files, and gives every frame of the contract', async () => {
  const args = ['trace', '--workspace', 'work', '--map', '/build/service=service', '--json'];
  const piped = await run([...args, '-'], { input: `2026-11-23 ERROR failed\n${stack}\n` });
  assert.equal(piped.code, 0, piped.stderr);
  const [frame] = piped.json();
  assert.deepEqual(Object.keys(frame ?? {}), [
    'trace',
    'index',
    'language',
    'raw',
    'function',
    'readable',
    'module',
    'file',
    'line',
    'column',
    'inApp',
    'resolved',
    'why',
    'ran',
    'now',
  ]);
  const { path } = (frame?.['resolved'] ?? assert.fail('not resolved')) as { path: string };
  assert.equal(path, join(folder, 'work/service/src/rows.ts'));
  await writeFile(join(folder, 'crash.txt'), stack);
  assert.deepEqual((await run([...args, 'crash.txt'])).json(), piped.json());
  const human = await run(['trace', 'crash.txt', '--workspace', 'work']);
  assert.match(human.stdout, /rows\.ts:3:9 +readRow/);
});

test('trace maps bundles that lie elsewhere by a folder of source maps', async () => {
  await mkdir(join(folder, 'release/assets'), { recursive: true });
  const map = { version: 3, sources: ['webpack://app/./service/src/rows.ts'], names: [], mappings: 'AAEA' };
  await writeFile(join(folder, 'release/assets/app.js.map'), JSON.stringify(map));
  const args = ['trace', '--workspace', 'work', '--source-maps', 'release', '--json'];
  const { json } = await run(args, { input: 'Error: x\n    at a (https://app.example/assets/app.js:1:1)\n' });
  const resolved = (json()[0]?.['resolved'] ?? assert.fail('not resolved')) as { path: string; line: number };
  assert.deepEqual([resolved.path, resolved.line], [join(folder, 'work/service/src/rows.ts'), 3]);
});

for (const [what, args, expected] of [
  ['no call', [], /Usage: ingest-trace/],
  ['an unknown call', ['serch'], /"serch".*search, task, records/],
  ['an unknown option', ['search', '--lmit', '3'], /--lmit/],
  ['no place to ask', ['search', 'x'], /--env NAME/],
  ['a path in place of a URL', ['search', '--logs', '/var/logs'], /did you mean file:\/\/\/var\/logs/],
  ['a coordinator that is no URL', ['search', '--coordinator', 'localhost:1'], /--coordinator: expected an http/],
  ['an environment and an address', ['search', '--env', 'a', '--logs', 'file:///x'], /exclude each other/],
  ['a password in a URL', ['search', '--coordinator', 'http://u:hunter2@h'], /user name or password/],
  ['an id that is missing', ['task', '--logs', 'file:///x'], /id of a task/],
  ['a limit that is no number', ['search', '--limit', 'many', '--logs', 'file:///x'], /whole number/],
  ['a folder that is not there', ['trace', '--workspace', '/nowhere'], /no folder/],
  ['source maps that are not there', ['trace', '--source-maps', '/nowhere'], /--source-maps: .*no folder/],
  ['a mapping without =', ['trace', '--map', 'x'], /FROM=TO/],
] as const) {
  test(`${what} is wrong use: exit code 2, what was expected on stderr, and nothing on stdout`, async () => {
    const { code, stdout, stderr } = await run([...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /hunter2|\n {4}at /);
    assert.equal(stdout, '');
  });
}

test('a mistake in the query is pointed at with a caret', async () => {
  const query = 'account:acme since:yesterdayish';
  const { code, stdout, stderr } = await run(['search', query, '--logs', logs, '--json']);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  const [, shown = '', pointer = ''] = stderr.split('\n');
  assert.equal(shown.trim(), query);
  const column = Number(/column (\d+)/.exec(stderr)?.[1]);
  assert.equal(pointer.indexOf('^') - shown.indexOf(query), column - 1);
});

test('help and version are for stdout', async () => {
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /harness up/);
  const own = await run(['search', '--help']);
  assert.equal(own.code, 0);
  assert.match(own.stdout, /--limit N/);
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  assert.equal((await run(['--version'])).stdout, `${version}\n`);
});

test('what cannot be reached is a failure in words, not a stack', async () => {
  const { code, stdout, stderr } = await run(['search', 'x', '--coordinator', 'http://127.0.0.1:9', '--json']);
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /127\.0\.0\.1:9/);
  assert.doesNotMatch(stderr, /\n {4}at /);
});

test('environments are found by name in the nearest folder above, then in the user config', async () => {
  const inner = join(folder, 'project/deep/er');
  const config = join(folder, 'home/config/ingest-trace');
  await mkdir(inner, { recursive: true });
  await mkdir(config, { recursive: true });
  await writeFile(join(folder, 'project/ingest-trace.json'), JSON.stringify([{ name: 'near', logs }]));
  await writeFile(
    join(config, 'ingest-trace.json'),
    JSON.stringify({
      environments: [
        { name: 'near', logs: 'file:///nowhere' },
        { name: 'mine', logs },
      ],
    }),
  );
  for (const args of [['--env', 'near'], ['--env', 'mine'], []]) {
    const { json, stderr } = await run(['search', 'status:failed', '--json', ...args], { cwd: inner });
    assert.equal(json()[0]?.['task'], 't-1', stderr);
  }
  const unknown = await run(['search', '--env', 'theirs'], { cwd: inner });
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /"theirs".*near.*near, mine/s);
  await writeFile(join(inner, 'ingest-trace.json'), '{"environments": [{"name": "x", "log": "hunter2"}]}');
  const invalid = await run(['search', '--env', 'near'], { cwd: inner });
  assert.equal(invalid.code, 2);
  assert.match(invalid.stderr, /environments\[0\]\.log: unknown key/);
  const beside = JSON.stringify([
    { name: 'x', log: 'hunter2' },
    { name: 'sound', logs },
  ]);
  await writeFile(join(inner, 'ingest-trace.json'), beside);
  const sound = await run(['search', 'status:failed', '--json', '--env', 'sound'], { cwd: inner });
  assert.equal(sound.json()[0]?.['task'], 't-1', 'one beside it that is wrong takes nothing away');
  assert.match(sound.stderr, /is not valid:\n {2}environments\[0\]\.log: unknown key/);
  assert.doesNotMatch(sound.stderr, /hunter2/);
  assert.equal((await run(['search', '--env', 'x'], { cwd: inner })).code, 2);
  await writeFile(join(inner, 'ingest-trace.json'), '{"password": hunter2}');
  const broken = await run(['search', '--env', 'near'], { cwd: inner });
  assert.equal(broken.code, 2);
  assert.match(broken.stderr, /not valid JSON/);
  assert.doesNotMatch(broken.stderr, /hunter2/);
});

test('a coordinator gets the token of the process environment, and nobody else hears of it', async () => {
  const seen = new Set<string | undefined>();
  await using server = await listening((request, response) => {
    seen.add(request.headers.authorization);
    response.writeHead(403).end();
  });
  const env = { INGEST_TRACE_TOKEN: 'hunter2' };
  const { code, stdout, stderr } = await run(['search', 'x', '--coordinator', server.url], { env });
  assert.equal(code, 1);
  assert.deepEqual([...seen], ['Bearer hunter2']);
  assert.doesNotMatch(stdout + stderr, /hunter2/);
});

test('workers are listed as their coordinators have them', async () => {
  await using server = await listening((request, response) => {
    const answers: Record<string, unknown> = {
      '/health': { status: 'ok', coordinator: 'c-1', uptimeMs: 1, tasks: {}, workers: 1 },
      '/peers': { peers: [] },
      '/tasks': { tasks: [] },
      '/workers': { workers: [{ worker: 'w-1', task: 't-1', attempt: 2, lastHeartbeatTs: 1 }] },
    };
    const answer = answers[new URL(request.url ?? '', 'http://x').pathname];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const { code, json, stderr } = await run(['workers', '--coordinator', server.url, '--json']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(json(), [
    { worker: 'w-1', task: 't-1', attempt: 2, lastHeartbeatTs: 1, coordinator: 'c-1', url: server.url },
  ]);
});

test('Ctrl-C stops the work and exits with 130, and a half-written file is gone', async () => {
  await using store = await HeldStore.start();
  const out = join(folder, 'held');
  await mkdir(out);
  for (const args of [
    ['search', 'x'],
    ['logs', 'pull', 'x', '--out', join(out, 'lines.ndjson')],
  ]) {
    const child = start([...args, '--logs', store.url, '--endpoint', store.endpoint], { env: store.env });
    const ended = end(child);
    const read = await store.read();
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    await read.dropped;
    assert.equal(code, 130, stderr);
    assert.equal(stdout, '');
    assert.doesNotMatch(stderr, /\n {4}at /);
  }
  assert.deepEqual(await readdir(out), []);
});

test('Ctrl-C ends index --watch', async () => {
  const child = start(['index', '--watch', '--logs', logs, '--index', `${index}-watched`, '--json']);
  const ended = end(child);
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  const { code, json } = await ended;
  assert.equal(code, 130);
  assert.equal(json()[0]?.['objects'], 1);
});

test('index --watch outlives a damaged index, and builds it anew once it is deleted', async () => {
  const folderOfIndex = join(folder, 'index-damaged');
  const child = start(['index', '--watch', '--logs', logs, '--index', pathToFileURL(folderOfIndex).href, '--json']);
  const ended = end(child);
  await once(child.stdout, 'data');
  await writeFile(join(folderOfIndex, 'manifest/00000000000000009999.json'), '{');
  let told = '';
  for await (const chunk of on(child.stderr, 'data')) if (/is damaged/.test((told += String(chunk[0])))) break;
  assert.match(told, /Delete it and build it again from the logs\. It is tried again\.\n$/);
  await rm(folderOfIndex, { recursive: true });
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  const { code, json } = await ended;
  assert.equal(code, 130);
  assert.deepEqual(
    json().map(({ objects }) => objects),
    [1, 1],
  );
});

test('index --watch refuses to begin with a damaged index', async () => {
  const manifest = join(folder, 'index-broken/manifest');
  await mkdir(manifest, { recursive: true });
  await writeFile(join(manifest, '00000000000000000001.json'), '{');
  const broken = pathToFileURL(join(folder, 'index-broken')).href;
  const { code, stderr } = await run(['index', '--watch', '--logs', logs, '--index', broken]);
  assert.equal(code, 1);
  assert.match(stderr, /index-broken is damaged/);
});

test('what is no file is not replaced by one', async () => {
  const { code, stderr } = await run(['logs', 'pull', '--logs', logs, '--out', folder]);
  assert.equal(code, 2);
  assert.match(stderr, /--out: .* is no regular file/);
  await writeFile(join(folder, 'linked.ndjson'), 'before');
  await symlink(join(folder, 'linked.ndjson'), join(folder, 'link'));
  await run(['logs', 'pull', 'task:t-1', '--logs', logs, '--out', join(folder, 'link')]);
  assert.match(await readFile(join(folder, 'linked.ndjson'), 'utf8'), /t-1/);
});

test('Ctrl-C ends a trace that waits for its text', async () => {
  const child = start(['trace']);
  const ended = end(child);
  // It has listed the workspace by the time that it takes what is written.
  child.stdin.write('x'.repeat(1_000_000), () => child.kill('SIGINT'));
  assert.equal((await ended).code, 130);
});

test('the command ends when whoever started it with a channel is gone, and does not wait for that', async () => {
  const withChannel = (args: readonly string[]) =>
    spawn(process.execPath, [cli, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
  const finished = withChannel(['--version']);
  assert.deepEqual(await once(finished, 'exit'), [0, null]);
  const watching = withChannel(['index', '--watch', '--logs', logs, '--index', `${index}-left`, '--json']);
  const exited = once(watching, 'exit');
  assert.ok(watching.stdout);
  await once(watching.stdout, 'data');
  watching.disconnect();
  assert.deepEqual(await exited, [130, null]);
});

test('a disk that is full is told in words', async (t) => {
  if (!existsSync('/dev/full')) return t.skip('there is no /dev/full here: Linux only');
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [cli, 'search', '--logs', logs], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  assert.ok(child.stderr);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  assert.deepEqual(await once(child, 'close'), [1, null]);
  assert.match(stderr, /^ingest-trace: cannot print: ENOSPC[^\n]*\n$/);
});

test('records are not asked of coordinators alone', async () => {
  const { code, stdout, stderr } = await run(['records', '--coordinator', 'http://127.0.0.1:1']);
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /coordinators hold no records: --index URL or --logs URL/);
});

test('an answer for people says up to when it is complete', async () => {
  const empty = join(folder, 'told-index');
  const at = pathToFileURL(empty).href;
  await run(['index', '--logs', logs, '--index', at]);
  const { code, stdout, stderr } = await run(['search', 'status:faild', '--index', at]);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^0 tasks, in .+, from the index \(complete up to \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d; /,
  );
  assert.match(stderr, /No task is ever status:faild; it is pending, assigned/);
  const records = await run(['records', 'is:live', '--index', at]);
  assert.match(records.stderr, /is:live asks about tasks: no record meets it by itself/);
  const rejected = await run(['index', 'status', '--rejected', '--index', at]);
  assert.match(rejected.stdout, /^\S+ at byte \d+: [^:]+: \S/);
});

test('a log root without log objects is told', async () => {
  const nothing = pathToFileURL(join(folder, 'no-such-logs')).href;
  const { code, stdout, stderr } = await run(['index', '--logs', nothing, '--index', `${nothing}-index`]);
  assert.equal(code, 0);
  assert.match(stdout, /^Indexed 0 records of 0 objects/);
  assert.match(stderr, /There are no log objects at file:.*no-such-logs: check the URL\./);
});

test('help stands before a call, too, and a file that is not there is told in words', async () => {
  const { code, stdout } = await run(['help', 'search']);
  assert.equal(code, 0);
  assert.match(stdout, /^Usage: ingest-trace search /);
  assert.match((await run(['help'])).stdout, /^Usage: ingest-trace CALL/);
  const { code: failed, stderr } = await run(['trace', join(folder, 'none.txt')]);
  assert.equal(failed, 1);
  assert.match(stderr, /none\.txt cannot be read: there is no such file\.\n$/);
});

test('half of a call is told how it goes on', async () => {
  const { code, stderr } = await run(['logs']);
  assert.equal(code, 2);
  assert.match(stderr, /logs needs a further word\. Known calls: logs pull\./);
});

test('a reader that stops reading ends the command quietly', async () => {
  const child = start(['logs', 'pull', 'account:other', '--logs', logs]);
  const closed = once(child, 'close');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = (await closed) as [number];
  assert.equal(stderr, '');
  assert.equal(code, 0);
});

test('an index that is gone is answered for by the logs, and the answer says so', async () => {
  const args = ['search', 'status:failed', '--logs', logs, '--index', `${index}-gone`, '--json'];
  const ended = await run(args);
  assert.equal(ended.json()[0]?.['task'], 't-1');
  const { from } = summaryOf(ended);
  assert.deepEqual(from[0]?.backend, 'direct');
  assert.match(from[0]?.note ?? '', /index/);
});

test('harness up --once ingests its sources, indexes what was logged, and leaves no process behind', async () => {
  const landing = join(folder, 'landing');
  const store = pathToFileURL(join(folder, 'store')).href;
  await mkdir(landing);
  await writeFile(join(landing, 'a.csv'), 'id,name\n1,one\n2,two\n');
  await writeFile(join(landing, 'b.csv'), 'id,name\n3,three\n');
  const source = { account: 'acme', collection: 'numbers', source: 'files', url: pathToFileURL(landing).href };
  await writeFile(join(folder, 'sources.json'), JSON.stringify([source]));
  const args = ['--store', store, '--coordinators', '1', '--workers', '1', '--sources', 'sources.json', '--once'];
  const { code, json, stderr } = await run(['harness', 'up', ...args, '--json']);
  assert.equal(code, 0, stderr);
  const [first, last, ...rest] = json();
  assert.deepEqual(rest, []);
  assert.deepEqual(Object.keys(first ?? {}), ['coordinators', 'store', 'logs']);
  assert.deepEqual(Object.keys(last ?? {}), ['tasks', 'succeeded', 'failed', 'docs', 'bytes', 'ms']);
  assert.deepEqual([last?.['tasks'], last?.['succeeded'], last?.['failed'], last?.['docs']], [2, 2, 0, 3]);
  // Every log that was shipped is in the index: the coordinators' last words too.
  const again = await run(['index', '--logs', String(first?.['logs']), '--index', `${store}/index`, '--json']);
  assert.equal(again.json().at(-1)?.['objects'], 0);
  const found = await run(['search', 'account:acme status:succeeded', '--index', `${store}/index`, '--json']);
  assert.equal(summaryOf(found).total, 2);
});

test('a harness that is told something wrong says what', async () => {
  const store = pathToFileURL(join(folder, 'never')).href;
  for (const [args, expected] of [
    [['--store', store, '--workers', '0'], /--workers expects a whole number/],
    [['--store', store, '--sources', 'nowhere.json'], /nowhere\.json/],
    [['--store', store, '--faults', 'nowhere.json'], /nowhere\.json/],
    [[], /--store is missing/],
  ] as const) {
    const { code, stdout, stderr } = await run(['harness', 'up', ...args, '--json']);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, expected);
  }
});

test('Ctrl-C ends a harness and all its processes', async () => {
  const store = pathToFileURL(join(folder, 'stopped')).href;
  const child = start(['harness', 'up', '--store', store, '--sources', 'sources.json', '--json']);
  const ended = end(child);
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  const { code, json } = await ended;
  assert.equal(code, 130);
  const [first, ...rest] = json();
  assert.deepEqual(rest, []);
  const coordinators = (first ?? assert.fail('no first line'))['coordinators'] as string[];
  for (const url of coordinators) await assert.rejects(fetch(`${url}/health`));
});
