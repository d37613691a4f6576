/** Task-log shipping: nothing is lost when the store refuses, and writers feel it. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { LogShipper, type LogShipperOptions, UnshippedRecordsError } from '../../src/harness/logShipper.ts';
import { readObjectText } from '../../src/harness/readObjectText.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import type { ObjectStore, PutOptions, PutResult } from '../../src/store/objectStore.ts';
import { StoreError } from '../../src/store/storeError.ts';

/** A real store whose writes can be held or made to fail. */
class TroubledStore extends FileStore {
  failures = 0;
  failAfterWriting = false;
  gate: Promise<void> | undefined;

  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<PutResult> {
    await this.gate;
    const fails = this.failures > 0;
    if (fails) this.failures--;
    if (!fails || this.failAfterWriting) {
      const result = await super.put(key, body, options);
      if (!fails) return result;
    }
    throw new StoreError('unreachable', 'the store is away');
  }
}

async function setUp(t: TestContext, options: Partial<LogShipperOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'log-shipper-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const logs = new TroubledStore(pathToFileURL(folder).href);
  const problems: unknown[] = [];
  const shipper = new LogShipper({
    logs,
    process: 'w-1.7',
    shipMs: 60_000,
    retryMs: 1,
    nowMs: () => Date.UTC(2026, 10, 23, 5, 6, 7),
    onProblem: (error) => problems.push(error),
    ...options,
  });
  return { logs, shipper, problems };
}

/** The records of every object, in order of their keys. */
async function shipped(logs: ObjectStore): Promise<{ keys: string[]; numbers: unknown[] }> {
  const keys: string[] = [];
  const numbers: unknown[] = [];
  for await (const { key } of logs.list()) {
    keys.push(key);
    const object = await logs.get(key);
    assert.ok(object);
    const body = await Array.fromAsync(object.body);
    const lines = gunzipSync(Buffer.concat(body)).toString().trimEnd().split('\n');
    for (const line of lines) numbers.push((JSON.parse(line) as { n: unknown }).n);
  }
  return { keys, numbers };
}

test('records leave in batches, in order, under the keys of the log layout', async (t) => {
  const { logs, shipper } = await setUp(t);
  shipper.append({ n: 1 });
  shipper.append({ n: 2 });
  await shipper.flush();
  shipper.append({ n: 3 });
  await shipper.close();
  const epochMs = Date.UTC(2026, 10, 23, 5, 6, 7);
  assert.deepEqual(await shipped(logs), {
    keys: [0, 1].map((sequence) => `dt=2026-11-23/hr=05/w-1.7-${epochMs}-${sequence}.ndjson.gz`),
    numbers: [1, 2, 3],
  });
});

test('a full batch leaves by itself', async (t) => {
  const { logs, shipper } = await setUp(t, { maxBatchBytes: 20 });
  for (let n = 0; n < 10; n++) shipper.append({ n });
  await shipper.close();
  assert.deepEqual((await shipped(logs)).numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.ok((await shipped(logs)).keys.length > 1);
});

for (const failAfterWriting of [false, true]) {
  test(`a failed write is repeated until it succeeds${failAfterWriting ? ', also when it had arrived' : ''}`, async (t) => {
    const { logs, shipper, problems } = await setUp(t);
    logs.failures = 3;
    logs.failAfterWriting = failAfterWriting;
    shipper.append({ n: 1 });
    await shipper.flush();
    shipper.append({ n: 2 });
    await shipper.close();
    assert.equal(problems.length, 3);
    assert.deepEqual((await shipped(logs)).numbers, [1, 2]);
  });
}

test('flush waits for what is on its way, and for what came meanwhile', async (t) => {
  const { logs, shipper } = await setUp(t);
  const gate = Promise.withResolvers<void>();
  logs.gate = gate.promise;
  shipper.append({ n: 1 });
  const first = shipper.flush();
  shipper.append({ n: 2 });
  const second = shipper.flush();
  let isFlushed = false;
  const noted = (async () => {
    await second;
    isFlushed = true;
  })();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isFlushed, false);
  gate.resolve();
  await Promise.all([first, noted]);
  assert.ok(isFlushed);
  assert.deepEqual((await shipped(logs)).numbers, [1, 2]);
  await shipper.close();
});

test('writers wait while the buffer is full', async (t) => {
  const { logs, shipper } = await setUp(t, { maxBatchBytes: 10, maxBufferedBytes: 30 });
  const gate = Promise.withResolvers<void>();
  logs.gate = gate.promise;
  await shipper.ready();
  for (let n = 0; n < 10; n++) shipper.append({ n });
  let isReady = false;
  const ready = (async () => {
    await shipper.ready();
    isReady = true;
  })();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isReady, false);
  gate.resolve();
  await ready;
  assert.ok(isReady);
  await shipper.close();
  assert.equal((await shipped(logs)).numbers.length, 10);
});

test('closing says how much could not be shipped in time', async (t) => {
  const { logs, shipper } = await setUp(t);
  logs.failures = Number.POSITIVE_INFINITY;
  shipper.append({ n: 1 });
  shipper.append({ n: 2 });
  await assert.rejects(
    shipper.close(20),
    (error) => error instanceof UnshippedRecordsError && error.message.startsWith('2 task log records'),
  );
});

test('text of an object survives characters that are cut by chunks', async () => {
  const bytes = Buffer.from('grün');
  const body = (async function* () {
    for (const byte of bytes) yield Uint8Array.of(byte);
  })();
  const info = { key: 'k', sizeBytes: bytes.byteLength, etag: 'e', lastModifiedMs: 0 };
  assert.equal(await readObjectText({ info, body }), 'grün');
});
