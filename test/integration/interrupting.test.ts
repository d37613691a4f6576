/** Whatever is asked can be interrupted before, while and after it is answered, stops its work then, and says how far it is. */

import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { test } from 'node:test';
import { DirectBackend } from '../../src/backends/directBackend.ts';
import { IndexBackend } from '../../src/backends/indexBackend.ts';
import type { AskOptions, Progress, TaskBackend } from '../../src/backends/taskBackend.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { assertIndexedOnce, indexFixture, keysOf, putLogs, query, WatchedStore } from './indexFixture.ts';

type Operation = (options: AskOptions) => Promise<unknown>;

function operationsOf(backend: TaskBackend): Readonly<Record<string, Operation>> {
  const all = query('');
  const { overview } = backend;
  assert.ok(overview);
  const asked = (options: AskOptions) => ({ ...options, limit: 10, prefix: '' });
  return {
    search: (options) => backend.search(all, asked(options)),
    task: (options) => backend.task('task-1', options),
    records: (options) => backend.records(all, asked(options)),
    groups: (options) => overview.groups(all, asked(options)),
    fields: (options) => overview.fields(all, asked(options)),
    values: (options) => overview.values('worker', asked(options)),
    facets: (options) => overview.facets(all, 'status', asked(options)),
    histogram: (options) => overview.histogram(all, options),
    lanes: (options) => overview.lanes(all, asked(options)),
    ...(overview.sql
      ? { sql: (options) => overview.sql?.('SELECT count(*) FROM records', asked(options)) ?? assert.fail() }
      : {}),
  };
}

/** A store that gives nothing but manifests until told to, and counts what it was asked for. */
class Gate {
  readonly store: ObjectStore;
  gets = 0;
  #isOpen = false;
  #arrived = Promise.withResolvers<void>();
  #opened = Promise.withResolvers<void>();

  constructor(store: ObjectStore, url: string) {
    this.store = new WatchedStore(
      store,
      {
        beforeGet: async (key, signal) => {
          if (key.startsWith('manifest/') || key === 'freshness.json') return;
          this.gets += 1;
          this.#arrived.resolve();
          if (this.#isOpen) return;
          // As a store does: whoever interrupts does not wait for the answer.
          await Promise.race([this.#opened.promise, abortOf(signal)]);
          signal?.throwIfAborted();
        },
      },
      url,
    );
  }

  /** Resolves once something waits. */
  get arrived(): Promise<void> {
    return this.#arrived.promise;
  }

  open(): void {
    this.#isOpen = true;
    this.#opened.resolve();
  }
}

async function abortOf(signal: AbortSignal | undefined): Promise<unknown> {
  return signal ? await once(signal, 'abort') : await new Promise(() => undefined);
}

const reason = new Error('enough');

/** Before: nothing is asked for. During: it does not wait for what is under way. After: nothing is left of it. */
async function assertInterruptible(name: string, gate: Gate, operation: Operation): Promise<void> {
  const before = gate.gets;
  await assert.rejects(
    operation({ signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
    `${name}, before`,
  );
  assert.equal(gate.gets, before, `${name}: nothing was read`);

  const during = new AbortController();
  const asked = operation({ signal: during.signal });
  await Promise.race([gate.arrived, asked]);
  during.abort(reason);
  await assert.rejects(asked, (error) => error === reason, `${name}, while it runs`);

  gate.open();
  const after = new AbortController();
  const reports: Progress[] = [];
  await operation({ signal: after.signal, onProgress: (progress) => reports.push(progress) });
  const last = reports.at(-1);
  assert.ok(
    last && last.done === last.total && last.done > 0,
    `${name} says that all is done: ${JSON.stringify(last)}`,
  );
  assert.ok(
    // Rows come first, then what is known of tasks.
    reports.every(({ done, total = 0 }, at) => done <= total && (done === 1 || done >= (reports[at - 1]?.done ?? 0))),
    `${name} goes forward: ${JSON.stringify(reports)}`,
  );
  assert.ok(reports.length > 1, `${name} says how far it is on the way: ${JSON.stringify(reports)}`);
  assert.deepEqual(getEventListeners(after.signal, 'abort'), [], `${name} leaves no listener`);
  after.abort(reason);
}

const names = ['search', 'task', 'records', 'groups', 'fields', 'values', 'facets', 'histogram', 'lanes'] as const;

for (const name of [...names, 'sql']) {
  test(`${name} of an index can be interrupted, and tells of the segments that it fetches`, async () => {
    await using fixture = await indexFixture();
    await putLogs(fixture.logs, 6);
    await indexLogs({ logs: fixture.logs, index: fixture.index, limits: { objects: 2 } });
    const gate = new Gate(fixture.index, 's3://bucket/index');
    const backend = new IndexBackend(await fixture.reader(gate.store));
    await assertInterruptible(name, gate, operationsOf(backend)[name] ?? assert.fail());
    const { records } = await backend.records(query(''), { limit: 1000 });
    assert.ok(records.length > 20, 'what comes next is answered');
  });
}

for (const name of names) {
  test(`${name} straight from the logs can be interrupted, and tells of the objects that it reads`, async () => {
    await using fixture = await indexFixture();
    await putLogs(fixture.logs, 6);
    const gate = new Gate(fixture.logs, fixture.logs.url);
    const backend = new DirectBackend({ logs: gate.store });
    await assertInterruptible(name, gate, operationsOf(backend)[name] ?? assert.fail());
  });
}

test('pulling logs can be interrupted, and tells of the objects that it reads', async () => {
  await using fixture = await indexFixture();
  await putLogs(fixture.logs, 6);
  const gate = new Gate(fixture.logs, fixture.logs.url);
  const backend = new DirectBackend({ logs: gate.store });
  await assertInterruptible(
    'pull',
    gate,
    async (options) => await Array.fromAsync(backend.pull(query(''), options).lines),
  );
});

test('indexing can be interrupted, and tells of the objects that it reads', async () => {
  await using fixture = await indexFixture();
  const { logs, index } = fixture;
  await putLogs(logs, 6);
  const gate = new Gate(logs, logs.url);
  await assertInterruptible('index', gate, async (options) => await indexLogs({ logs: gate.store, index, ...options }));
  await assertIndexedOnce(await fixture.reader(), logs);
});

for (const at of ['segments/', 'sides/', 'ledger/', 'manifest/']) {
  test(`interrupted while it puts ${at}…, indexing leaves a whole index, and the next pass does the rest`, async () => {
    await using fixture = await indexFixture();
    const { logs, index } = fixture;
    await putLogs(logs, 12);
    const controller = new AbortController();
    let puts = 0;
    const watched = new WatchedStore(index, {
      async beforePut(key) {
        // The second of its kind: something is committed before.
        if (key.startsWith(at) && ++puts === 2) controller.abort(reason);
      },
    });
    const limits = { objects: 3 };
    await assert.rejects(
      indexLogs({ logs, index: watched, limits, signal: controller.signal }),
      (error) => error === reason,
    );
    assert.ok((await keysOf(index, 'manifest/')).length >= 1);
    const reader = await fixture.reader();
    const { records } = await reader.records(query(''), { limit: 1000 });
    assert.equal((await reader.status()).records, records.length);
    await indexLogs({ logs, index });
    await assertIndexedOnce(reader, logs);
  });
}

test('a question that waits for what a cancelled one began to fetch goes on', async () => {
  await using fixture = await indexFixture();
  await putLogs(fixture.logs, 6);
  await indexLogs({ logs: fixture.logs, index: fixture.index, limits: { objects: 2 } });
  const gate = new Gate(fixture.index, 's3://bucket/index');
  const reader = await fixture.reader(gate.store);
  const controller = new AbortController();
  const first = reader.records(query(''), { limit: 1000, signal: controller.signal });
  await gate.arrived;
  const second = reader.records(query(''), { limit: 1000, signal: new AbortController().signal });
  controller.abort(reason);
  await assert.rejects(first, (error) => error === reason);
  gate.open();
  assert.ok((await second).records.length > 20);
});
