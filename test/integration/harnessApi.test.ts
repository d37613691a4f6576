/** Holds the coordinators of a running harness to docs/coordinator-api.openapi.json. */

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type RunningHarness, startHarness } from '../../src/harness/startHarness.ts';
import type { Lease } from '../../src/harness/wire.ts';
import { isJsonObject, type JsonObject } from '../../src/model/json.ts';
import { bundleHarness, type HarnessBundles } from '../rigs/harnessBundles.ts';
import { until } from '../rigs/until.ts';

const token = 'a-token-of-this-test';
const file = join(import.meta.dirname, '../../docs/coordinator-api.openapi.json');
const openApi = JSON.parse(await readFile(file, 'utf8')) as OpenApi;

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Answer>> };
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, Answer & { readonly $ref?: string }>>;
}
interface Answer {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false });
ajv.addFormat('uri', { type: 'string', validate: (text: string) => URL.canParse(text) });
ajv.addVocabulary(['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'components']);
ajv.addSchema(openApi, 'api');

/** Schemas refer to each other within the document: they are validated as parts of it. */
function validate(pointer: string, value: unknown, what: string): void {
  const check = ajv.compile({ $ref: `api#${pointer}` });
  assert.ok(check(value), `${what}: ${ajv.errorsText(check.errors)}\n${JSON.stringify(value).slice(0, 2_000)}`);
}

function escaped(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** What was asked and answered, to see at the end that nothing of the document was left out. */
const answered = new Set<string>();

interface Asked {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers: Headers;
}

/** Asks, and holds request and response to the document. `path` is the template, `at` the real path. */
async function ask(
  method: 'GET' | 'POST',
  path: string,
  {
    at = path,
    body,
    headers = {},
    base = url(),
  }: { at?: string; body?: unknown; headers?: Readonly<Record<string, string>>; base?: string } = {},
): Promise<Asked> {
  const response = await fetch(`${base}${at}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { status } = response;
  const operationPath = `/paths/${escaped(path)}/${method.toLowerCase()}`;
  const declared = openApi.paths[path]?.[method.toLowerCase()]?.responses[String(status)];
  assert.ok(declared, `${method} ${path} answered ${status}, which is not documented: ${text.slice(0, 300)}`);
  const pointer = declared.$ref?.slice(1) ?? `${operationPath}/responses/${status}`;
  const answer = declared.$ref ? openApi.components.responses[declared.$ref.split('/').at(-1) ?? ''] : declared;
  answered.add(`${method} ${path} ${status}`);
  if (!answer?.content?.['application/json']) return { status, body: {}, headers: response.headers };
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  const value: unknown = JSON.parse(text);
  validate(`${pointer}/content/application~1json/schema`, value, `${method} ${at} ${status}`);
  assert.ok(isJsonObject(value));
  return { status, body: value, headers: response.headers };
}

let bundles: HarnessBundles;
let folder: string;
let harness: RunningHarness;

function url(index = 0): string {
  return harness.coordinators[index] ?? assert.fail('a coordinator');
}

before(async () => {
  bundles = await bundleHarness();
  folder = await mkdtemp(join(tmpdir(), 'harness-api-'));
  // No workers: this test is the worker, and nothing changes behind its back.
  harness = await startHarness({
    storeUrl: pathToFileURL(folder).href,
    coordinators: 2,
    workers: 0,
    faults: 'none',
    once: true,
    samplesDirectory: bundles.samplesDirectory,
    entryPoints: bundles.entryPoints,
    env: { ...process.env, INGEST_TRACE_TOKEN: token },
    timings: { leaseMs: 60_000, retryMs: 60_000 },
    log: () => undefined,
  });
  for (const base of harness.coordinators) {
    await until(
      `${base} has listed its sources`,
      async () => (await ask('GET', '/health', { base })).body['status'] === 'ok',
    );
  }
});

after(async () => {
  await harness.stop();
  await bundles.remove();
  await rm(folder, { recursive: true, force: true });
});

function textOf(value: unknown): string {
  assert.ok(typeof value === 'string', `${JSON.stringify(value)} is a text`);
  return value;
}

async function leaseOne(worker: string): Promise<Lease> {
  const { status, body } = await ask('POST', '/lease', { body: { worker, waitMs: 5_000 } });
  assert.equal(status, 200);
  // Just held to the document.
  return body['lease'] as unknown as Lease;
}

function refOf(lease: Lease, worker: string) {
  return { worker, task: lease.task, attempt: lease.attempt, epoch: lease.epoch };
}

test('health, sources, workers and peers answer as documented', async () => {
  const health = await ask('GET', '/health');
  assert.equal(health.status, 200);
  assert.match(textOf(health.body['coordinator']), /^c-[12]$/);
  const sources = await ask('GET', '/sources');
  assert.equal((sources.body['sources'] as unknown[]).length, health.body['sources']);
  await leaseOne('w-health');
  const workers = await ask('GET', '/workers');
  assert.ok(JSON.stringify(workers.body).includes('w-health'));
  assert.deepEqual((await ask('GET', '/peers')).body, { peers: [url(1)] });
  assert.deepEqual((await ask('GET', '/peers', { base: url(1) })).body, { peers: [url(0)] });
});

test('the sources of the cluster are shared out, none twice', async () => {
  const names = await Promise.all(
    harness.coordinators.map(async (base) => {
      const { body } = await ask('GET', '/sources', { base });
      return (body['sources'] as JsonObject[]).map((each) => `${textOf(each['account'])}/${textOf(each['source'])}`);
    }),
  );
  assert.ok(names.every((own) => own.length > 0));
  assert.equal(new Set(names.flat()).size, names.flat().length);
});

test('tasks are listed, filtered and paged', async () => {
  const all = await ask('GET', '/tasks', { at: '/tasks?limit=1000' });
  const tasks = all.body['tasks'] as JsonObject[];
  assert.ok(tasks.length > 10);
  const account = textOf(tasks[0]?.['account']);
  const own = await ask('GET', '/tasks', { at: `/tasks?limit=1000&account=${account}&status=pending&status=assigned` });
  assert.deepEqual(
    (own.body['tasks'] as JsonObject[]).map(({ task }) => task),
    tasks.filter((each) => each['account'] === account).map(({ task }) => task),
  );
  const seen: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask('GET', '/tasks', { at: `/tasks?limit=7${cursor === undefined ? '' : `&cursor=${cursor}`}` });
    seen.push(...(page.body['tasks'] as JsonObject[]).map(({ task }) => task));
    cursor = page.body['cursor'] as string | undefined;
  } while (cursor !== undefined);
  assert.deepEqual(
    seen,
    tasks.map(({ task }) => task),
  );
  const one = await ask('GET', '/tasks/{id}', { at: `/tasks/${textOf(seen[0])}` });
  assert.equal(one.body['task'], seen[0]);
  assert.ok(Array.isArray(one.body['attempts']));
});

test('what is not documented is refused: parameters, values, paths, methods', async () => {
  for (const [path, at] of [
    ['/health', '/health?verbose=1'],
    ['/tasks', '/tasks?acount=acme'],
    ['/tasks', '/tasks?status=done'],
    ['/tasks', '/tasks?limit=0'],
    ['/tasks', '/tasks?cursor=x'],
    ['/tasks/stream', '/tasks/stream?limit=1'],
    ['/sources', '/sources?a'],
    ['/workers', '/workers?a='],
    ['/peers', '/peers?a=1'],
  ] as const) {
    const { status, body } = await ask('GET', path, { at });
    assert.equal(status, 400, at);
    assert.match(textOf((body['error'] as JsonObject)['code']), /^(unknown_parameter|bad_value)$/);
  }
  const { tasks } = (await ask('GET', '/tasks', { at: '/tasks?limit=1' })).body as { tasks: JsonObject[] };
  assert.equal((await ask('GET', '/tasks/{id}', { at: `/tasks/${textOf(tasks[0]?.['task'])}?x=1` })).status, 400);
  assert.equal((await ask('GET', '/tasks/{id}', { at: '/tasks/no-such-task' })).status, 404);
  assert.equal((await ask('GET', '/tasks/{id}', { at: '/tasks/%E0%A4%A' })).status, 404);
  for (const path of Object.keys(openApi.paths)) {
    const at = path.replace('{id}', 'x');
    const wrong = openApi.paths[path]?.['get'] ? 'DELETE' : 'GET';
    const response = await fetch(url() + at, { method: wrong, headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 405, path);
    validate('/components/schemas/Error', await response.json(), path);
    assert.ok(response.headers.get('allow'));
  }
  const nowhere = await fetch(`${url()}/toString`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(nowhere.status, 404);
  validate('/components/schemas/Error', await nowhere.json(), 'no such path');
});

test('every path wants the token', async () => {
  for (const [path, methods] of Object.entries(openApi.paths)) {
    const method = methods['get'] ? 'GET' : 'POST';
    for (const authorization of ['', 'Bearer', `Bearer ${token}x`, `Basic ${token}`]) {
      const { status, headers } = await ask(method, path, {
        at: path.replace('{id}', 'x'),
        headers: { authorization },
        ...(method === 'POST' ? { body: {} } : {}),
      });
      assert.equal(status, 401, `${path} with '${authorization}'`);
      assert.equal(headers.get('www-authenticate'), 'Bearer');
    }
  }
});

test('a worker leases, reports and completes; a late answer is refused', async () => {
  const lease = await leaseOne('w-1');
  const ref = refOf(lease, 'w-1');
  assert.equal((await ask('POST', '/heartbeat', { body: { ...ref, docs: 1, bytes: 2 } })).status, 200);
  const running = await ask('GET', '/tasks/{id}', { at: `/tasks/${lease.task}` });
  assert.equal(running.body['status'], 'running');
  assert.equal((await ask('POST', '/heartbeat', { body: { ...ref, epoch: 99, docs: 1, bytes: 2 } })).status, 409);
  assert.equal((await ask('POST', '/complete', { body: { ...ref, docs: 3, bytes: 4, rejected: 0 } })).status, 200);
  const done = await ask('GET', '/tasks/{id}', { at: `/tasks/${lease.task}` });
  assert.deepEqual([done.body['status'], done.body['docs']], ['succeeded', 3]);
  const failure = { error: { type: 'Late', message: 'too late' }, retryable: true };
  assert.equal((await ask('POST', '/fail', { body: { ...ref, ...failure } })).status, 409);
  assert.equal(
    (await ask('POST', '/complete', { body: { ...ref, attempt: 2, docs: 3, bytes: 4, rejected: 0 } })).status,
    409,
  );

  const second = await leaseOne('w-1');
  const error = { type: 'Boom', message: 'it went off', stack: 'Boom: it went off\n    at fuse (/x/src/fuse.ts:1:1)' };
  assert.equal((await ask('POST', '/fail', { body: { ...refOf(second, 'w-1'), error, retryable: true } })).status, 200);
  const failed = await ask('GET', '/tasks/{id}', { at: `/tasks/${second.task}` });
  assert.equal(failed.body['status'], 'retrying');
  assert.match(textOf(failed.body['group']), /^g\d+-/);
  assert.deepEqual((failed.body['attempts'] as JsonObject[])[0]?.['error'], error);
});

test('a long poll ends without a task when there is none', async () => {
  // Leases everything that one coordinator has.
  let last = 200;
  for (let leases = 0; last === 200 && leases < 500; leases++) {
    last = (await ask('POST', '/lease', { body: { worker: 'w-greedy', waitMs: 0 }, base: url(1) })).status;
  }
  assert.equal(last, 204);
  assert.equal((await ask('POST', '/lease', { body: { worker: 'w-greedy', waitMs: 250 }, base: url(1) })).status, 204);
});

test('bodies that are wrong are refused', async () => {
  const ref = { worker: 'w', task: 't', attempt: 1, epoch: 1 };
  for (const [path, body] of [
    ['/lease', {}],
    ['/lease', { worker: '' }],
    ['/lease', { worker: 'w', waitMs: 1e9 }],
    ['/lease', { worker: 'w', wait: 1 }],
    ['/lease', []],
    ['/heartbeat', { ...ref, docs: -1, bytes: 0 }],
    ['/heartbeat', { ...ref, attempt: '1', docs: 0, bytes: 0 }],
    ['/complete', { ...ref, docs: 1, bytes: 1 }],
    ['/fail', { ...ref, retryable: true }],
    ['/fail', { ...ref, error: { stack: 5 }, retryable: true }],
    ['/fail', { ...ref, error: {} }],
  ] as const) {
    assert.equal((await ask('POST', path, { body })).status, 400, `${path} ${JSON.stringify(body)}`);
  }
  for (const path of ['/lease', '/heartbeat', '/complete', '/fail']) {
    assert.equal((await ask('POST', path, { at: `${path}?x=1`, body: {} })).status, 400);
    assert.equal((await ask('POST', path, { body: {}, headers: { 'content-type': 'text/plain' } })).status, 415);
    assert.equal((await ask('POST', path, { body: { filler: 'x'.repeat(1 << 20) } })).status, 413);
  }
});

test('the stream begins with a snapshot and then tells of changes that match', async () => {
  const ending = new AbortController();
  const { body: listed } = await ask('GET', '/tasks', { at: '/tasks?status=pending&limit=1' });
  const account = textOf((listed['tasks'] as JsonObject[])[0]?.['account']);
  const response = await fetch(`${url()}/tasks/stream?status=pending&account=${account}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: ending.signal,
  });
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  answered.add('GET /tasks/stream 200');
  const events = readEvents(response);
  const snapshot = await next(events);
  assert.equal(snapshot.event, 'snapshot');
  const { tasks } = snapshot.data as { tasks: JsonObject[] };
  assert.ok(tasks.length > 0);
  for (const task of tasks) {
    validate('/components/schemas/Task', task, 'snapshot');
    assert.deepEqual([task['status'], task['account']], ['pending', account]);
  }
  const ids = new Set(tasks.map(({ task }) => task));
  let lease = await leaseOne('w-stream');
  while (!ids.has(lease.task)) lease = await leaseOne('w-stream');
  const gone = await next(events);
  assert.equal(gone.event, 'gone');
  assert.deepEqual(gone.data, { task: lease.task }, 'it is pending no longer');
  ending.abort();
});

test('every documented answer has been seen', () => {
  const documented = Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) =>
      Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
    ),
  );
  // Those are asked for without `ask`, with a method that is not documented.
  const missing = documented.filter((each) => !each.endsWith(' 405') && !answered.has(each));
  assert.deepEqual(missing, []);
});

interface ServerEvent {
  readonly event: string;
  readonly data: JsonObject;
}

async function next(events: AsyncIterator<ServerEvent>): Promise<ServerEvent> {
  const { value, done } = await events.next();
  assert.ok(!done, 'the stream goes on');
  return value;
}

async function* readEvents(response: Response): AsyncGenerator<ServerEvent, void> {
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) as JsonObject };
    }
  }
}
