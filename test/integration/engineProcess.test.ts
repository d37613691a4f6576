/** The engine as a real child process: crashes, cancellation, reconfiguring, and its end. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { EngineClient, type EngineClientOptions, type EngineState } from '../../src/engine/engineClient.ts';
import { EngineCrashed, EngineError } from '../../src/engine/engineError.ts';
import type { EngineConfiguration, EngineLog } from '../../src/engine/protocol.ts';
import type { Environment } from '../../src/model/environment.ts';
import { version } from '../../src/model/version.ts';
import { HeldStore } from '../rigs/heldStore.ts';

const entry = join(import.meta.dirname, '../../src/engine/main.ts');

const line = `${JSON.stringify({ ts: '2026-11-23T00:00:00Z', task: 't-1', event: 'task.created', account: 'acme' })}\n`;
const asked = { environment: 'here', query: '', limit: 10, mode: 'direct' } as const;

interface Rig {
  readonly client: EngineClient;
  readonly states: EngineState[];
  readonly log: EngineLog[];
  readonly folder: string;
  readonly configuration: (...environments: readonly Environment[]) => EngineConfiguration;
  readonly pid: () => number;
}

async function rig(t: TestContext, options: Partial<EngineClientOptions> = {}): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-trace-engine-'));
  const log: EngineLog[] = [];
  const states: EngineState[] = [];
  const client = new EngineClient({ entry, onLog: (each) => log.push(each), ...options });
  client.onState((state) => states.push(state));
  t.after(async () => {
    await client.dispose();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    client,
    states,
    log,
    folder,
    configuration: (...environments) => ({ environments, cacheDirectory: join(folder, 'cache'), memoryLimitMb: 256 }),
    pid: () => (client.state.kind === 'running' ? client.state.pid : assert.fail(`engine is ${client.state.kind}`)),
  };
}

async function logsIn(folder: string): Promise<Environment> {
  await mkdir(join(folder, 'logs'), { recursive: true });
  await writeFile(join(folder, 'logs', 'a.ndjson'), line);
  return { name: 'here', coordinators: [], paths: [], logs: pathToFileURL(join(folder, 'logs')).href };
}

function heldEnvironment({ url, endpoint }: HeldStore, name = 'here'): Environment {
  return { name, coordinators: [], paths: [], logs: url, s3: { endpoint, forcePathStyle: true } };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('starts on the first request, and answers from the environment that was configured before', async (t) => {
  const { client, configuration, folder, states } = await rig(t);
  await client.configure(configuration(await logsIn(folder)));
  assert.deepEqual(client.state, { kind: 'idle' });
  const answer = await client.search(asked);
  assert.deepEqual(
    answer.tasks.map(({ task, account }) => [task, account]),
    [['t-1', 'acme']],
  );
  assert.deepEqual(
    states.map(({ kind }) => kind),
    ['starting', 'running'],
  );
  assert.equal((await client.ping()).version, version);
});

test('one task and records are answered too', async (t) => {
  const { client, configuration, folder } = await rig(t);
  await client.configure(configuration(await logsIn(folder)));
  const { detail } = await client.task({ environment: 'here', id: 't-1', mode: 'direct' });
  assert.equal(detail?.task.status, 'pending');
  const { records } = await client.records({ ...asked, query: 'account:acme' });
  assert.equal(records.length, 1);
});

test('a wrong query says in which column it is wrong', async (t) => {
  const { client, configuration, folder } = await rig(t);
  await client.configure(configuration(await logsIn(folder)));
  await assert.rejects(
    client.search({ ...asked, query: 'account:acme since:yesterdayish' }),
    (error) => error instanceof EngineError && error.code === 'query' && (error.column ?? 0) >= 14,
  );
});

test('an unknown environment is refused by name', async (t) => {
  const { client, configuration, folder } = await rig(t);
  await client.configure(configuration(await logsIn(folder)));
  await assert.rejects(
    client.search({ ...asked, environment: 'there' }),
    (error) => error instanceof EngineError && error.code === 'environment' && /"there".*"here"/.test(error.message),
  );
});

test('a process killed in the middle of a request rejects it, and the next request starts another', async (t) => {
  await using store = await HeldStore.start();
  const { client, configuration, pid, states } = await rig(t, { env: store.env });
  await client.configure(configuration(heldEnvironment(store)));
  const interrupted = client.search(asked);
  const read = await store.read();
  const killed = pid();
  process.kill(killed, 'SIGKILL');
  await assert.rejects(interrupted, (error) => {
    assert.ok(error instanceof EngineCrashed);
    assert.equal(error.message, 'The engine process ended (signal SIGKILL). The next request starts it again.');
    return true;
  });
  await read.dropped;
  assert.equal(client.state.kind, 'crashed');
  const next = client.search(asked);
  (await store.read()).answer(line);
  assert.equal((await next).tasks.length, 1);
  assert.notEqual(pid(), killed);
  assert.deepEqual(
    states.map(({ kind }) => kind),
    ['starting', 'running', 'crashed', 'starting', 'running'],
  );
});

test('cancelling stops the work in the engine, and leaves it ready for more', async (t) => {
  await using store = await HeldStore.start();
  const { client, configuration, pid } = await rig(t, { env: store.env });
  await client.configure(configuration(heldEnvironment(store)));
  const controller = new AbortController();
  const cancelled = client.search(asked, { signal: controller.signal });
  const read = await store.read();
  const before = pid();
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(cancelled, reason);
  // The engine has let go of the transfer: nothing but the cancellation ends it.
  await read.dropped;
  const next = client.search(asked);
  (await store.read()).answer(line);
  assert.equal((await next).tasks.length, 1);
  assert.equal(pid(), before);
});

test('a request that is cancelled before it is sent does not start the engine', async (t) => {
  const { client, configuration, folder } = await rig(t);
  await client.configure(configuration(await logsIn(folder)));
  const reason = new Error('never mind');
  await assert.rejects(client.search(asked, { signal: AbortSignal.abort(reason) }), reason);
  assert.equal(client.state.kind, 'idle');
});

test('cancelling after the answer changes nothing, and no listener is left on the signal', async (t) => {
  const { client, configuration, folder } = await rig(t);
  await client.configure(configuration(await logsIn(folder)));
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  await client.search(asked, { signal });
  assert.equal(listeners, 0);
  controller.abort();
  assert.equal((await client.search(asked)).tasks.length, 1);
});

test('progress is reported to the request that asked for it', async (t) => {
  const { client, configuration, folder } = await rig(t);
  await client.configure(configuration(await logsIn(folder)));
  const seen: string[] = [];
  await client.search(asked, { onProgress: ({ unit }) => seen.push(unit) });
  assert.ok(seen.length > 0);
  assert.ok(seen.every((unit) => unit === 'objects'));
});

test('a new configuration counts at once, while a request to the old one ends in peace', async (t) => {
  await using store = await HeldStore.start();
  const { client, configuration, folder } = await rig(t, { env: store.env });
  await client.configure(configuration(heldEnvironment(store)));
  const old = client.search(asked);
  const read = await store.read();
  await client.configure(configuration(await logsIn(folder)));
  assert.deepEqual(
    (await client.search(asked)).tasks.map(({ task }) => task),
    ['t-1'],
  );
  read.answer(line.replace('t-1', 't-old'));
  assert.deepEqual(
    (await old).tasks.map(({ task }) => task),
    ['t-old'],
  );
});

test('the configuration is handed over again after a crash', async (t) => {
  const { client, configuration, folder, pid } = await rig(t);
  await client.configure(configuration());
  await client.ping();
  await client.configure(configuration(await logsIn(folder)));
  const crashed = Promise.withResolvers<void>();
  client.onState(({ kind }) => {
    if (kind === 'crashed') crashed.resolve();
  });
  process.kill(pid(), 'SIGKILL');
  await crashed.promise;
  assert.equal((await client.search(asked)).tasks.length, 1);
});

test('a process that crashes again and again is started after a wait that grows', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-trace-engine-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const broken = join(folder, 'broken.mjs');
  await writeFile(broken, `console.error('cannot start'); process.exit(7);`);
  const waits: number[] = [];
  let nowMs = 0;
  const { client, log } = await rig(t, {
    entry: broken,
    now: () => nowMs,
    random: () => 1,
    delay: async (ms) => {
      waits.push(ms);
      nowMs += ms;
    },
  });
  for (let attempt = 0; attempt < 9; attempt++) {
    await assert.rejects(
      client.ping(),
      (error) => error instanceof EngineCrashed && error.message.includes('exit code 7'),
    );
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000]);
  assert.ok(log.some(({ level, message }) => level === 'error' && message === 'cannot start'));
});

test('disposing rejects what waits, ends the process, and refuses what comes later', async (t) => {
  await using store = await HeldStore.start();
  const { client, configuration, pid } = await rig(t, { env: store.env });
  await client.configure(configuration(heldEnvironment(store)));
  const waiting = client.search(asked);
  await store.read();
  const ended = pid();
  const refused = assert.rejects(waiting, /closed/);
  await client.dispose();
  await refused;
  assert.equal(isAlive(ended), false);
  assert.deepEqual(client.state, { kind: 'disposed' });
  await assert.rejects(client.search(asked), /closed/);
});

test('disposing ends even a process that does not react', async (t) => {
  const { client, pid } = await rig(t, { graceMs: 1 });
  await client.ping();
  const stopped = pid();
  process.kill(stopped, 'SIGSTOP');
  await client.dispose();
  assert.equal(isAlive(stopped), false);
});

test('an engine whose parent dies drops its work and ends', { timeout: 60_000 }, async (t) => {
  await using store = await HeldStore.start();
  const { configuration } = await rig(t);
  const messages = [
    { jsonrpc: '2.0', id: 1, method: 'engine/configure', params: configuration(heldEnvironment(store)) },
    { jsonrpc: '2.0', id: 2, method: 'tasks/search', params: asked },
  ].map((message) => JSON.stringify(message));
  const parent = fork(join(import.meta.dirname, '../fixtures/engineParent.ts'), [entry, ...messages], {
    stdio: 'pipe',
    env: { ...process.env, ...store.env },
  });
  const read = await store.read();
  // The engine has the parent's stdout too: it is closed once both are gone.
  const closed = once(parent, 'close');
  parent.stdout?.resume();
  parent.stderr?.resume();
  parent.kill('SIGKILL');
  await read.dropped;
  await closed;
});

test('no log, error or state holds a token', async (t) => {
  await using store = await HeldStore.start();
  const { client, configuration, log, states } = await rig(t, { env: store.env });
  const token = 'hunter2-secret';
  const environment: Environment = { name: 'here', coordinators: ['http://127.0.0.1:9'], paths: [] };
  await client.configure({
    ...configuration(environment),
    coordinatorTokens: { 'http://127.0.0.1:9': token },
  });
  await assert.rejects(client.search({ ...asked, mode: 'live' }), (error) => {
    assert.ok(error instanceof EngineError);
    assert.equal(error.code, 'unreachable');
    assert.doesNotMatch(JSON.stringify([error.message, error.stack]), new RegExp(token));
    return true;
  });
  assert.doesNotMatch(JSON.stringify([log, states]), new RegExp(token));
});

test('compiled code is kept for the next start, and that of other versions removed', async (t) => {
  const { client, configuration, folder } = await rig(t);
  const own = join(folder, 'cache', `compiled-${version}`);
  await mkdir(join(folder, 'cache', 'compiled-0.0.1', 'v24'), { recursive: true });
  const settings = configuration(await logsIn(folder));
  await client.configure(settings);
  assert.equal((await client.search(asked)).tasks.length, 1);
  await client.dispose();
  const kept = await readdir(own, { recursive: true });
  assert.ok(kept.length > 3, kept.join(' '));
  assert.deepEqual(
    (await readdir(join(folder, 'cache'))).filter((name) => name.startsWith('compiled-')),
    [`compiled-${version}`],
  );

  await using again = new EngineClient({ entry });
  await again.configure(settings);
  assert.equal((await again.search(asked)).tasks.length, 1);
  await again.dispose();

  // A file where the folder should be.
  await rm(own, { recursive: true });
  await writeFile(own, 'in the way');
  await using without = new EngineClient({ entry });
  await without.configure(settings);
  assert.equal((await without.search(asked)).tasks.length, 1);
});
