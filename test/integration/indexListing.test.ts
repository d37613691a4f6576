/** Listing a log root of very many objects: it says how far it is, and ends as soon as it is told to. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DirectBackend } from '../../src/backends/directBackend.ts';
import type { Progress } from '../../src/backends/taskBackend.ts';
import { runCommand, stopReasons } from '../../src/cli/runCommand.ts';
import { exitCode } from '../../src/cli/exitCode.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { type IndexFixture, indexFixture, keysOf, lines, onS3, query, WatchedStore } from './indexFixture.ts';

const reason = new Error('enough');
const hours = 20;
const filesOfHour = 2_500;
const fileCount = hours * filesOfHour;

function makeFiles(logs: ObjectStore): void {
  const line = lines({ task: 't' });
  for (let hour = 0; hour < hours; hour++) {
    const folder = join(fileURLToPath(logs.url), 'dt=2026-11-22', `hr=${String(hour).padStart(2, '0')}`);
    mkdirSync(folder, { recursive: true });
    for (let at = 0; at < filesOfHour; at++) writeFileSync(join(folder, `w-${at}-1-1.ndjson`), line);
  }
}

/** Indexes until `isEnough` says so of a report; what was reported, and how many objects the listing had given when it ended. */
async function untilEnough(
  logs: ObjectStore,
  index: ObjectStore,
  isEnough: (progress: Progress) => boolean,
): Promise<{ reports: Progress[]; listed: number }> {
  const controller = new AbortController();
  const reports: Progress[] = [];
  let listed = 0;
  const counted = new WatchedStore(logs, { lists: () => ++listed > 0 });
  const onProgress = (progress: Progress) => {
    reports.push(progress);
    if (isEnough(progress)) controller.abort(reason);
  };
  const indexed = indexLogs({ logs: counted, index, signal: controller.signal, onProgress });
  await assert.rejects(indexed, (error) => error === reason);
  assert.deepEqual(await keysOf(index, ''), [], 'nothing was committed');
  return { reports, listed };
}

/** The reports of a listing of `count` objects, and of the reading that begins after it. */
function assertToldOf(count: number, reports: readonly Progress[]): void {
  const expected: Progress[] = [];
  for (let done = 500; done <= count; done += 500) expected.push({ done, unit: 'objects listed' });
  expected.push({ done: 0, total: count, unit: 'objects' });
  assert.deepEqual(reports, expected);
}

/** Cancels from outside, as Ctrl-C does, while the first listing is under way. */
async function cancelledFromOutside(logs: ObjectStore, index: ObjectStore): Promise<number> {
  const controller = new AbortController();
  let listed = 0;
  const counted = new WatchedStore(logs, {
    lists: () => ++listed > 0,
    beforeList: () => setImmediate(() => controller.abort(reason)),
  });
  await assert.rejects(indexLogs({ logs: counted, index, signal: controller.signal }), (error) => error === reason);
  return listed;
}

suite(`a folder with ${fileCount} log objects`, () => {
  let fixture: IndexFixture;
  before(async () => {
    fixture = await indexFixture();
    makeFiles(fixture.logs);
  });
  after(async () => await fixture[Symbol.asyncDispose]());

  test('indexing says how many it has listed, then of how many it reads', async () => {
    const { logs, index } = fixture;
    const { reports, listed } = await untilEnough(logs, index, ({ unit }) => unit === 'objects');
    assertToldOf(fileCount, reports);
    assert.equal(listed, fileCount);
  });

  test('indexing that is cancelled while it lists lists no more', async () => {
    const { logs, index } = fixture;
    const { reports, listed } = await untilEnough(logs, index, ({ done }) => done === 10_000);
    assert.equal(listed, 10_000);
    assert.equal(reports.length, 20);
    assert.ok((await cancelledFromOutside(logs, index)) < filesOfHour, 'one who is not of the listing is heard, too');
  });

  test('the command shows how many it has listed, and Ctrl-C ends it', async () => {
    const { logs, index, directory } = fixture;
    const controller = new AbortController();
    let shown = '';
    const screen = new Writable({
      write(chunk: Buffer, _encoding, done) {
        shown += chunk.toString();
        if (shown.includes('objects listed')) controller.abort(stopReasons.cancelled);
        done();
      },
    });
    const code = await runCommand(['index', '--logs', logs.url, '--index', index.url], {
      stdout: new Writable({ write: (_chunk, _encoding, done) => done() }),
      stderr: Object.assign(screen, { isTTY: true, columns: 80 }),
      stdin: process.stdin,
      env: {},
      cwd: directory,
      signal: controller.signal,
      now: Date.now,
    });
    assert.equal(code, exitCode.cancelled);
    const clear = '\r\u001b[K';
    assert.equal(shown, `${clear}500 objects listed${clear}`);
  });

  test('so does a search straight from the logs', async () => {
    const controller = new AbortController();
    const reports: Progress[] = [];
    const onProgress = (progress: Progress) => {
      reports.push(progress);
      if (progress.done === 10_000) controller.abort(reason);
    };
    const backend = new DirectBackend({ logs: fixture.logs });
    const asked = backend.search(query(''), { limit: 10, signal: controller.signal, onProgress });
    await assert.rejects(asked, (error) => error === reason);
    assert.equal(reports.length, 20);
    assert.deepEqual(reports.at(-1), { done: 10_000, unit: 'objects listed' });
  });
});

test('on S3 indexing says how many it has listed, and lists no more when it is cancelled', async (t) => {
  await onS3(t, async (logs, index) => {
    const count = 2_300;
    const keys = Array.from({ length: count }, (_, at) => `dt=2026-11-22/hr=23/w-${at}-1-1.ndjson`);
    const puts = keys.values();
    const put = async () => {
      for (const key of puts) await logs.put(key, lines({ task: 't' }));
    };
    await Promise.all(Array.from({ length: 32 }, put));

    const whole = await untilEnough(logs, index, ({ unit }) => unit === 'objects');
    assertToldOf(count, whole.reports);
    // At the end of the first page.
    const { listed } = await untilEnough(logs, index, ({ done }) => done === 1_000);
    assert.equal(listed, 1_000);
    assert.equal(await cancelledFromOutside(logs, index), 0, 'the answer is not waited for');
  });
});
