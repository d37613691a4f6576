/** The local harness as a child process, with small scripts in the command's place. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HarnessError, startHarnessProcess } from '../../src/extension/harness/harnessProcess.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingest-trace-harness-test-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function harness(script: string, options: { log?: (line: string) => void; signal?: AbortSignal } = {}) {
  const cli = join(folder, `${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(cli, script);
  return startHarnessProcess({
    cli,
    store: 'file:///store',
    coordinators: 2,
    workers: 3,
    log: options.log ?? (() => undefined),
    ...(options.signal && { signal: options.signal }),
  });
}

const ready = `console.log(JSON.stringify({ coordinators: ['http://127.0.0.1:1'], store: 'file:///store', logs: 'file:///store/logs' }));`;
const stay = 'setInterval(() => undefined, 1000);';

test('starts the command and reads where it can be asked', async () => {
  const lines: string[] = [];
  const started = await harness(`console.error(process.argv.slice(2).join(' ')); ${ready} ${stay}`, {
    log: (line) => lines.push(line),
  });
  assert.deepEqual(started.places, {
    coordinators: ['http://127.0.0.1:1'],
    store: 'file:///store',
    logs: 'file:///store/logs',
  });
  await started.stop();
  assert.equal(await started.ended, undefined);
  assert.deepEqual(lines, ['harness up --store file:///store --faults demo --json --coordinators 2 --workers 3']);
});

test('a start that fails says why, with the last words of the process', async () => {
  await assert.rejects(harness(`console.error('port is taken'); process.exitCode = 1;`), (error) => {
    assert.ok(error instanceof HarnessError);
    assert.match(error.message, /ended before it was ready \(exit code 1: port is taken\)/);
    return true;
  });
});

test('the command has a channel to the extension host, whose end it can wait for', async () => {
  const lines: string[] = [];
  const started = await harness(`console.error(String(process.connected)); ${ready} ${stay}`, {
    log: (line) => lines.push(line),
  });
  await started.stop();
  assert.deepEqual(lines, ['true']);
});

test('an end that nobody asked for is told', async () => {
  const started = await harness(`${ready} console.error('out of memory'); setTimeout(() => process.exit(7), 10);`);
  assert.equal(await started.ended, 'exit code 7: out of memory');
});

test('a process that does not obey is killed', async () => {
  const cli = join(folder, 'stubborn.mjs');
  await writeFile(cli, `process.on('SIGTERM', () => undefined); ${ready} ${stay}`);
  const started = await startHarnessProcess({
    cli,
    store: 'file:///store',
    coordinators: 1,
    workers: 1,
    log: () => undefined,
    graceMs: 50,
  });
  await started.stop();
  assert.equal(await started.ended, undefined);
});

test('cancelled before the start, nothing is started', async () => {
  const reason = new Error('cancelled');
  await assert.rejects(harness('throw new Error("started")', { signal: AbortSignal.abort(reason) }), reason);
});

test('cancelled while it starts, it rejects with the reason and leaves no process', async () => {
  const controller = new AbortController();
  const reason = new Error('cancelled');
  let pid = 0;
  const starting = harness(`console.error(process.pid); ${stay}`, {
    signal: controller.signal,
    log: (line) => {
      pid = Number(line);
      controller.abort(reason);
    },
  });
  await assert.rejects(starting, reason);
  assert.ok(pid > 0);
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});
