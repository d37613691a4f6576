/** The whole local ingest system, as processes: nothing lost, nothing twice, failures as declared, logs that tell it all. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import { demoFaults, type FaultKind } from '../../src/harness/faults.ts';
import type { HarnessSummary } from '../../src/harness/harnessTally.ts';
import { type HarnessOptions, type RunningHarness, startHarness } from '../../src/harness/startHarness.ts';
import { listLogObjects } from '../../src/logs/listLogObjects.ts';
import { readLogObject } from '../../src/logs/readLogObject.ts';
import { foldAttempts, foldTask } from '../../src/model/fold.ts';
import { type Json, type JsonObject, parseJson } from '../../src/model/json.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { FoldedTask } from '../../src/model/task.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { openStore } from '../../src/store/openStore.ts';
import { bundleHarness, type HarnessBundles } from '../rigs/harnessBundles.ts';
import { s3ForTests } from '../rigs/s3Server.ts';
import { until } from '../rigs/until.ts';

const repository = join(import.meta.dirname, '../..');

let bundles: HarnessBundles;

before(async () => {
  bundles = await bundleHarness();
});

after(() => bundles.remove());

type Overrides = Partial<HarnessOptions> & Pick<HarnessOptions, 'storeUrl'>;

function start(overrides: Overrides): Promise<RunningHarness> {
  return startHarness({
    coordinators: 2,
    workers: 3,
    faults: 'none',
    once: true,
    samplesDirectory: bundles.samplesDirectory,
    entryPoints: bundles.entryPoints,
    log: () => undefined,
    ...overrides,
  });
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'harness-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What a task's log says, and the task that it folds to. */
interface LoggedTask {
  readonly folded: FoldedTask;
  readonly records: readonly LogRecord[];
}

async function readLogs(harness: RunningHarness): Promise<{ tasks: LoggedTask[]; processes: Set<string> }> {
  const byTask = new Map<string, LogRecord[]>();
  const processes = new Set<string>();
  const logs = openStore(harness.logs);
  for await (const { key } of listLogObjects(logs)) {
    processes.add(/\/([cw]-\d+)\.\d+-\d+-\d+\.ndjson\.gz$/.exec(key)?.[1] ?? key);
    for await (const batch of readLogObject(logs, key)) {
      for (const line of batch) {
        assert.ok(line.kind === 'record', `${key}: every line is a record`);
        const { task } = line.record;
        if (task === undefined) continue;
        const records = byTask.get(task);
        if (records) records.push(line.record);
        else byTask.set(task, [line.record]);
      }
    }
  }
  const tasks = [...byTask.values()].map((records) => ({ folded: foldTask(records), records }));
  return { tasks, processes };
}

/** The documents that `landing/` holds, by key and row: read here with none of the harness's readers. */
async function landedDocuments(store: ObjectStore): Promise<Map<string, JsonObject>> {
  const documents = new Map<string, JsonObject>();
  for await (const { key } of store.list({ prefix: 'landing/' })) {
    const object = await store.get(key);
    assert.ok(object);
    const stored = Buffer.concat(await Array.fromAsync(object.body));
    let text: string;
    try {
      text = (key.endsWith('.gz') ? gunzipSync(stored) : stored).toString();
    } catch (error) {
      // Damaged on purpose.
      assert.ok(error instanceof Error && 'code' in error);
      continue;
    }
    for (const [row, document] of rowsOf(key, text).entries()) documents.set(`${key} ${row}`, document);
  }
  return documents;
}

function rowsOf(key: string, text: string): readonly JsonObject[] {
  if (/\.csv(\.gz)?$/.test(key)) return parse(text, { columns: true, cast: false }) as JsonObject[];
  if (/\.ndjson(\.gz)?$/.test(key))
    return text
      .trimEnd()
      .split('\n')
      .map((line) => parseJson(line) as JsonObject);
  const value = parseJson(text);
  // Cut short on purpose: then it is no JSON.
  return value === undefined ? [] : (value as readonly JsonObject[]);
}

/** Every document in `collections/`, as often as it is there. */
async function visibleDocuments(store: ObjectStore, folder: string): Promise<Map<string, JsonObject[]>> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '256MB' });
  const connection = await instance.connect();
  const documents = new Map<string, JsonObject[]>();
  try {
    for await (const { key } of store.list({ prefix: 'collections/' })) {
      assert.match(key, /^collections\/[^/]+\/[^/]+\/[^/]+\.parquet$/);
      const object = await store.get(key);
      assert.ok(object);
      const file = join(folder, 'one.parquet');
      await writeFile(file, Buffer.concat(await Array.fromAsync(object.body)));
      const metadata = await connection.runAndReadAll(
        `SELECT decode(key) k, decode(value) v FROM parquet_kv_metadata('${file}')`,
      );
      const mixed = new Set<string>();
      for (const { k, v } of metadata.getRowObjectsJS()) {
        if (k === 'ingest_trace.mixed' || k === 'ingest_trace.json')
          for (const name of JSON.parse(textOf(v)) as string[]) mixed.add(name);
      }
      const rows = await connection.runAndReadAll(`SELECT * FROM read_parquet('${file}')`);
      for (const { _key, _row, ...fields } of rows.getRowObjectsJS()) {
        const document = Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [name, fieldOf(value, mixed.has(name))]),
        );
        assert.ok(typeof _key === 'string' && typeof _row === 'bigint');
        const id = `${_key} ${_row}`;
        const known = documents.get(id);
        if (known) known.push(document);
        else documents.set(id, [document]);
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return documents;
}

function textOf(value: unknown): string {
  assert.ok(typeof value === 'string');
  return value;
}

function fieldOf(value: unknown, isMixed: boolean): Json {
  if (typeof value === 'bigint') return Number(value);
  if (isMixed && typeof value === 'string') return parseJson(value) ?? value;
  return value as Json;
}

/** CSV has text only: a typed value stands for the text that it came from. Absent and null are one in a column. */
function sameField(landed: Json | undefined, visible: Json | undefined, isCsv: boolean): boolean {
  if (!isCsv) return JSON.stringify(landed ?? null) === JSON.stringify(visible ?? null);
  if (visible === null || visible === undefined) return landed === '';
  if (typeof visible === 'number') return Number(landed) === visible && landed !== '';
  return landed === (typeof visible === 'boolean' ? String(visible) : visible);
}

function assertSameDocument(id: string, landed: JsonObject, visible: JsonObject): void {
  const isCsv = /\.csv(\.gz)? \d+$/.test(id);
  for (const name of new Set([...Object.keys(landed), ...Object.keys(visible)])) {
    assert.ok(
      sameField(landed[name], visible[name], isCsv),
      `${id}: ${name} is ${JSON.stringify(landed[name])} in landing, ${JSON.stringify(visible[name])} in collections`,
    );
  }
}

/** @returns how many documents are visible */
async function assertExactlyOnce(
  storeUrl: string,
  folder: string,
  ingestedKeys: ReadonlySet<string>,
  s3?: HarnessOptions['s3'],
): Promise<number> {
  const store = openStore(storeUrl, s3);
  try {
    const landed = await landedDocuments(store);
    const visible = await visibleDocuments(store, folder);
    for (const [id, copies] of visible) {
      assert.equal(copies.length, 1, `${id} is visible once`);
      assert.ok(ingestedKeys.has(id.slice(0, id.lastIndexOf(' '))), `${id} is of an object that was ingested`);
      assertSameDocument(id, landed.get(id) ?? assert.fail(`${id} was landed`), copies[0] ?? {});
    }
    for (const id of landed.keys()) {
      if (ingestedKeys.has(id.slice(0, id.lastIndexOf(' ')))) assert.ok(visible.has(id), `${id} is visible`);
    }
    return visible.size;
  } finally {
    await store.close();
  }
}

function keysOf(tasks: readonly LoggedTask[], status: string): Set<string> {
  return new Set(tasks.filter(({ folded }) => folded.status === status).map(({ folded }) => folded.key ?? ''));
}

function assertSummary(summary: HarnessSummary, tasks: readonly LoggedTask[]): void {
  const ended = (status: string): FoldedTask[] =>
    tasks.map(({ folded }) => folded).filter((task) => task.status === status);
  assert.deepEqual(
    {
      tasks: tasks.length,
      succeeded: ended('succeeded').length,
      failed: ended('failed').length,
      docs: ended('succeeded').reduce((sum, { docs = 0 }) => sum + docs, 0),
      bytes: ended('succeeded').reduce((sum, { bytes = 0 }) => sum + bytes, 0),
    },
    {
      tasks: summary.tasks,
      succeeded: summary.succeeded,
      failed: summary.failed,
      docs: summary.docs,
      bytes: summary.bytes,
    },
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && error.code === 'ESRCH');
    return false;
  }
}

test('with faults: every document of an ingested object is there exactly once, and each failure tells its line', async (t) => {
  const folder = await temporaryFolder(t);
  const storeUrl = pathToFileURL(join(folder, 'store')).href;
  const harness = await start({ storeUrl, faults: 'demo', env: { ...process.env, INGEST_TRACE_COMMIT: 'c0ffee' } });
  const pids = harness.processes().map(({ pid }) => pid);
  const summary = await harness.done;
  for (const pid of pids) assert.ok(pid !== undefined && !isAlive(pid), 'no process is left');

  const { tasks, processes } = await readLogs(harness);
  assertSummary(summary, tasks);
  assert.deepEqual([...processes].sort(), ['c-1', 'c-2', 'w-1', 'w-2', 'w-3'], 'every process ships its log');
  assert.equal(await assertExactlyOnce(storeUrl, folder, keysOf(tasks, 'succeeded')), summary.docs);

  const taskOf = (kind: FaultKind): LoggedTask => {
    const { account, source } = demoFaults.find((fault) => fault.kind === kind) ?? assert.fail(kind);
    return tasks.find(({ folded }) => folded.account === account && folded.source === source) ?? assert.fail(kind);
  };
  for (const [kind, type, attempts, files] of [
    ['damagedGzip', 'DamagedGzipError', 3, ['readDecoded.ts', 'jsonRows.ts', 'ingestObject.ts']],
    ['truncatedJson', 'TruncatedObjectError', 3, ['jsonRows.ts', 'ingestObject.ts']],
    ['typeConflict', 'TypeConflictError', 1, ['documentTable.ts', 'ingestObject.ts']],
    ['missingObject', 'MissingObjectError', 3, ['readDecoded.ts', 'csvRows.ts', 'ingestObject.ts']],
  ] as const) {
    const { folded, records } = taskOf(kind);
    assert.deepEqual([folded.status, folded.error?.type, folded.attempts], ['failed', type, attempts], kind);
    assert.ok(folded.group, kind);
    assert.equal(folded.build?.commit, 'c0ffee');
    const stacks = records.filter(({ event }) => event === 'attempt.failed').map(({ error }) => error?.stack ?? '');
    assert.equal(stacks.length, attempts, `${kind}: each attempt tells its stack`);
    for (const stack of stacks) {
      for (const file of [...files, 'attempt.ts', 'worker.ts']) {
        assert.ok(stack.includes(`${join(repository, 'src/harness/worker', file)}:`), `${kind}, ${file}:\n${stack}`);
      }
    }
  }
  assert.match(
    taskOf('damagedGzip').records.find(({ error }) => error?.stack)?.error?.stack ?? '',
    /\[cause\]: Error: /,
  );

  const killed = taskOf('killWorker');
  assert.equal(killed.folded.status, 'succeeded');
  assert.deepEqual(
    foldAttempts(killed.records).map(({ status }) => status),
    ['lost', 'finished'],
  );
  const slow = taskOf('slowObject');
  assert.equal(slow.folded.status, 'succeeded');
  assert.ok(slow.records.filter(({ event }) => event === 'attempt.progress').length > 3, 'it tells of its progress');
});

test('a coordinator that is killed comes back, resumes from its checkpoint, and nothing is ingested twice', async (t) => {
  const folder = await temporaryFolder(t);
  const storeUrl = pathToFileURL(join(folder, 'store')).href;
  const harness = await start({ storeUrl, coordinators: 1, workers: 2 });
  const pid = harness.processes().find(({ kind }) => kind === 'coordinator')?.pid ?? assert.fail('runs');
  const store = openStore(storeUrl);
  await until(
    'some of the work is checkpointed',
    async () => {
      for await (const { key } of store.list({ prefix: 'checkpoints/' })) {
        const object = await store.get(key);
        const text = object && Buffer.concat(await Array.fromAsync(object.body)).toString();
        if (text?.includes('"status":"succeeded"')) return true;
      }
      return undefined;
    },
    { everyMs: 20 },
  );
  process.kill(pid, 'SIGKILL');
  const summary = await harness.done;
  await store.close();
  const { tasks } = await readLogs(harness);
  assert.equal(keysOf(tasks, 'succeeded').size, 83, 'every object is ingested in the end');
  assert.equal(tasks.length, 83);
  assert.equal(await assertExactlyOnce(storeUrl, folder, keysOf(tasks, 'succeeded')), 23_639);
  assert.equal(summary.failed, 0);
  // Who was checkpointed before the end was not handed out again after it.
  const again = tasks.filter(({ records }) => records.filter(({ event }) => event === 'task.succeeded').length > 1);
  assert.ok(again.length < tasks.length / 2, `${again.length} of ${tasks.length} ran again`);
});

test('a second run finds everything ingested', async (t) => {
  const folder = await temporaryFolder(t);
  const storeUrl = pathToFileURL(folder).href;
  const first = await (await start({ storeUrl })).done;
  assert.equal(first.succeeded, 83);
  const second = await (await start({ storeUrl, coordinators: 1, workers: 1 })).done;
  assert.deepEqual({ ...second, ms: 0 }, { tasks: 0, succeeded: 0, failed: 0, docs: 0, bytes: 0, ms: 0 });
});

test('own sources: only what the file names is read, bad rows are rejected where they stand', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'in/deep'), { recursive: true });
  await writeFile(join(folder, 'in/deep/rows.ndjson'), '{"a":1,"_row":"mine","A":2}\nnot json\n{"a":"x"}\n');
  await writeFile(join(folder, 'in/empty.csv'), '');
  const sources = join(folder, 'sources.json');
  const url = pathToFileURL(join(folder, 'in')).href;
  await writeFile(sources, JSON.stringify([{ account: 'me', collection: 'own', source: 'files', url }]));
  const storeUrl = pathToFileURL(join(folder, 'store')).href;
  const harness = await start({ storeUrl, sources, coordinators: 1, workers: 1 });
  assert.deepEqual(
    { ...(await harness.done), ms: 0, bytes: 0 },
    { tasks: 2, succeeded: 2, failed: 0, docs: 2, bytes: 0, ms: 0 },
  );
  const store = openStore(storeUrl);
  const key = `${url}/deep/rows.ndjson`;
  assert.deepEqual(
    [...(await visibleDocuments(store, folder))],
    [
      [`${key} 0`, [{ a: 1, _row_2: 'mine', A_2: 2 }]],
      [`${key} 2`, [{ a: 'x', _row_2: null, A_2: null }]],
    ],
  );
  const rejects = await Array.fromAsync(store.list({ prefix: 'rejects/me/own/' }));
  assert.equal(rejects.length, 1);
  const text = await readFile(join(folder, 'store', rejects[0]?.key ?? ''), 'utf8');
  const { reason, ...reject } = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual(reject, { key, row: 1, offset: 28, raw: 'not json' });
  assert.match(textOf(reason), /^not JSON: /);
  assert.deepEqual(await Array.fromAsync(store.list({ prefix: 'landing/' })), [], 'no samples');
});

test('stopping ends every process, and what was under way is taken up by the next run', async (t) => {
  const folder = await temporaryFolder(t);
  const storeUrl = pathToFileURL(join(folder, 'store')).href;
  const ending = new AbortController();
  const harness = await start({ storeUrl, once: false, signal: ending.signal });
  const pids = harness.processes().map(({ pid }) => pid);
  assert.equal(pids.length, 5);
  ending.abort();
  const stopped = await harness.done;
  for (const pid of pids) assert.ok(pid !== undefined && !isAlive(pid));
  const rest = await (await start({ storeUrl })).done;
  const { tasks } = await readLogs(harness);
  assert.equal(keysOf(tasks, 'succeeded').size, tasks.length);
  assert.ok(stopped.succeeded + rest.succeeded >= 83);
  await assertExactlyOnce(storeUrl, folder, keysOf(tasks, 'succeeded'));
});

test('the processes end by themselves when their supervisor is killed', async (t) => {
  const folder = await temporaryFolder(t);
  const supervisor = fork(join(import.meta.dirname, 'harnessSupervisorProcess.ts'), {
    env: {
      ...process.env,
      HARNESS_OPTIONS: JSON.stringify({
        storeUrl: pathToFileURL(join(folder, 'store')).href,
        coordinators: 1,
        workers: 1,
        faults: 'none',
        once: false,
        samplesDirectory: bundles.samplesDirectory,
        entryPoints: bundles.entryPoints,
      }),
    },
  });
  const pids = await new Promise<number[]>((resolve) =>
    supervisor.once('message', (message) => resolve(message as number[])),
  );
  assert.equal(pids.length, 2);
  supervisor.kill('SIGKILL');
  await until('both are gone', () => pids.every((pid) => !isAlive(pid)));
});

test('The harness on the file store and on the real S3 gives the same documents', async (t) => {
  const server = await s3ForTests(t);
  if (!server) return;
  const folder = await temporaryFolder(t);
  try {
    const fileUrl = pathToFileURL(join(folder, 'store')).href;
    await (await start({ storeUrl: fileUrl })).done;
    const s3Url = `s3://${await server.createBucket()}/system`;
    const s3 = { endpoint: server.endpoint, region: server.region, forcePathStyle: true };
    const summary = await (await start({ storeUrl: s3Url, s3, env: { ...process.env, ...server.environment } })).done;
    assert.equal(summary.succeeded, 83);
    const files = openStore(fileUrl);
    const bucket = openStore(s3Url, s3);
    const names = async (store: ObjectStore): Promise<string[]> =>
      (await Array.fromAsync(store.list({ prefix: 'collections/' }))).map(({ key }) => key);
    assert.deepEqual(await names(bucket), await names(files));
    const [onFiles, onS3] = [await visibleDocuments(files, folder), await visibleDocuments(bucket, folder)];
    assert.equal(onS3.size, summary.docs);
    assert.deepEqual(onS3, onFiles);
    await Promise.all([files.close(), bucket.close()]);
  } finally {
    await server.stop();
  }
});
