/** Answers that come late, from a store that hands its log out when it is told to: none undoes what was done meanwhile. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromiumMissing, findChromium } from '../rigs/chromium.ts';
import { inPicture, openExtensionWindow } from '../rigs/extensionWindow.ts';
import { type HeldRead, HeldStore } from '../rigs/heldStore.ts';
import { skipWithout } from '../rigs/systemPart.ts';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';
import { until } from '../rigs/until.ts';

const startMs = Date.now() - 60_000;

/** The log of a task: a record for each message. */
function log(task: string, ...messages: readonly string[]): string {
  return messages
    .map((message) => {
      const ts = new Date(startMs).toISOString();
      return `${JSON.stringify({ ts, event: 'task.succeeded', task, worker: 'w-1', message })}\n`;
    })
    .join('');
}

/** A task that failed at a line of this repository. */
function failure(task: string, frame: string, commit?: string): string {
  const error = { type: 'Error', message: task, stack: `Error: ${task}\n    at ${frame}` };
  const ts = new Date(startMs).toISOString();
  return `${JSON.stringify({ ts, event: 'task.failed', task, worker: 'w-1', error, build: { commit } })}\n`;
}

/** A git that waits where it is asked for a commit until a file is there; gives its path. */
async function waitingGit(folder: string, commit: string, gate: string): Promise<string> {
  const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const path = join(folder, 'git');
  const waits = `case "$*" in *${commit}*) : > '${gate}.waits'; until [ -e '${gate}' ]; do sleep 0.1; done;; esac`;
  await writeFile(path, `#!/bin/sh\n${waits}\nexec '${git}' "$@"\n`, { mode: 0o755 });
  return path;
}

test('late answers undo nothing', async (t) => {
  if (findChromium() === undefined) return skipWithout(t, chromiumMissing);
  const store = await HeldStore.start();
  t.after(() => store[Symbol.asyncDispose]());
  const folder = await temporaryFolder('other');
  t.after(() => folder.remove());
  await mkdir(join(folder.path, 'logs'));
  await writeFile(join(folder.path, 'logs', 'a.ndjson'), log('task-elsewhere', 'here'));
  const commit = 'c0ffee'.repeat(6);
  const gate = join(folder.path, 'gate');
  const window = await openExtensionWindow({
    environments: [
      { name: 'slow', logs: store.url, s3: { endpoint: store.endpoint, forcePathStyle: true } },
      { name: 'other', logs: pathToFileURL(join(folder.path, 'logs')).href },
    ],
    env: store.env,
    machineSettings: { 'git.path': await waitingGit(folder.path, commit, gate) },
  });
  t.after(() => window.close());
  const { workbench } = window;
  const { page } = workbench;
  await workbench.widenSideBar(460);
  const history = workbench.view('History');

  /** What the store's log says, handed out at once until reads are to be held. */
  let text = log('task-1', 'first');
  let held: HeldRead[] | undefined;
  void (async () => {
    for (;;) {
      const read = await store.read();
      if (held) held.push(read);
      else read.answer(text);
    }
  })();
  /** The reads that are under way since `held` was set, once there are so many. */
  const reads = (count: number) => until(`${count} reads wait`, () => held && held.length >= count && held);
  const goToTask = async (id: string) => {
    await workbench.command('Ingest Trace: Go to Task by Id');
    await workbench.answer(id);
  };
  const line = (pattern: RegExp) =>
    page.locator('.editor-group-container.active .view-line', { hasText: pattern }).first();

  await t.test('Refresh reads a task that is open anew, also where its row reads as before', () =>
    inPicture(window, 'late-open-task', async () => {
      await goToTask('task-1');
      await history.row(/^Records, 1 record/);
      await line(/environment\s+slow/).waitFor();
      await workbench.command('View: Close All Editors');
      held = [];
      await workbench.command('Ingest Trace: Refresh');
      const [search] = await reads(1);
      search?.answer(text);
      const [, detail] = await reads(2);
      text = log('task-1', 'first', 'second');
      detail?.answer(text);
      await history.row(/^Records, 2 records/);
    }),
  );

  await t.test('what is cleared while it is asked for again stays cleared', () =>
    inPicture(window, 'late-cleared', async () => {
      held = [];
      await workbench.command('Ingest Trace: Refresh');
      const [search] = await reads(1);
      await workbench.command('Ingest Trace: Clear Search');
      await search?.dropped;
      // The box begins with the search that is shown.
      await workbench.command('Ingest Trace: Search Tasks');
      await workbench.quickRows.first().waitFor();
      assert.equal(await workbench.quickInput.inputValue(), '');
      await page.keyboard.press('Escape');
      await history.welcome.getByText('Search the tasks that ran').waitFor();
    }),
  );

  await t.test(
    'a task is opened from the environment that was asked for it, also when another one is selected since',
    () =>
      inPicture(window, 'late-environment', async () => {
        held = [];
        await goToTask('task-1');
        const [search] = await reads(1);
        await workbench.command('Ingest Trace: Select Environment');
        await workbench.quickRows
          .filter({ hasText: /^other/ })
          .first()
          .click();
        await until('it is selected', async () => (await workbench.statusBar()).some((item) => /other/.test(item)));
        held = undefined;
        search?.answer(text);
        await line(/environment\s+slow/).waitFor();
        assert.deepEqual(await history.rows(), []);
      }),
  );

  await t.test('of readings of a log that overlap the latest is shown', () =>
    inPicture(window, 'late-log', async () => {
      await workbench.command('View: Keep Editor');
      held = [];
      // VS Code reads no second time while it reads; what was to be read meanwhile it then reads at once.
      for (let count = 0; count < 3; count++) await workbench.command('Ingest Trace: Refresh');
      (await reads(1))[0]?.answer(text);
      const [, earlier, latest] = await reads(3);
      latest?.answer(log('task-1', 'newest'));
      await line(/\bnewest$/).waitFor();
      earlier?.answer(log('task-1', 'older'));
      // Whatever comes of that comes before the answer to what is asked only now.
      held = undefined;
      await workbench.command('File: New Untitled Text File');
      await workbench.command('Ingest Trace: Select Environment');
      await workbench.quickRows.filter({ hasText: /^slow/ }).first().click();
      text = log('task-1', 'first', 'second', 'third');
      await workbench.command('Ingest Trace: Refresh');
      await history.expand(/, task task-1$/);
      await history.row(/^Records, 3 records/);
      await workbench.command('View: Open Previous Editor');
      await until('the log is shown again', async () => (await workbench.activeEditor())?.endsWith('.task-log'));
      await line(/\bnewest$/).waitFor();
    }),
  );

  await t.test(
    'of frames that are opened in turn the latest is shown, also when git tells of an earlier one after it',
    () =>
      inPicture(window, 'late-frame', async () => {
        await workbench.command('View: Close All Editors');
        text =
          failure('task-slow', 'assertNever (/srv/src/model/assertNever.ts:1:1)', commit) +
          failure('task-quick', 'parseJson (/srv/src/model/json.ts:1:1)');
        await workbench.command('Ingest Trace: Search Tasks');
        await workbench.answer('status:failed');
        await history.expand(/, task task-slow$/);
        await history.expand(/, task task-quick$/);
        await (await history.row(/^assertNever\b/)).click();
        await until('git is asked for the commit', () => existsSync(`${gate}.waits`));
        await (await history.row(/^parseJson\b/)).click();
        await until('the other frame is shown', async () => (await workbench.activeFile()) === 'src/model/json.ts');
        await writeFile(gate, '');
        // Whatever comes of that comes before the answer to what is asked only now.
        text += log('task-1', 'first');
        await workbench.command('Ingest Trace: Search Tasks');
        await workbench.answer('status:succeeded');
        await history.row(/, task task-1$/);
        assert.equal(await workbench.activeFile(), 'src/model/json.ts');
      }),
  );

  await t.test('environments of a file that is written only half stay until it is whole, with what was found', () =>
    inPicture(window, 'half-file', async () => {
      const file = join(window.workspace.path, 'ingest-trace.json');
      const whole = await readFile(file, 'utf8');
      const live = workbench.view('Live');
      await writeFile(file, whole.slice(0, whole.length / 2));
      await live.message.filter({ hasText: 'expected JSON. What it said before is used until then.' }).waitFor();
      assert.ok((await history.rows()).some((row) => row.includes('task-1')));
      await writeFile(file, whole);
      await live.message.filter({ hasText: 'expected JSON' }).waitFor({ state: 'hidden' });
      assert.ok((await history.rows()).some((row) => row.includes('task-1')));
    }),
  );

  await t.test('an arrow key that crosses late completions on its way moves to what was under it', () =>
    inPicture(window, 'late-completions', async () => {
      const chosen = page.locator('.quick-input-list .monaco-list-row.focused');
      const completion = (name: RegExp) => workbench.quickRows.and(page.getByRole('option', { name }));
      const ts = new Date(startMs).toISOString();
      const record = { ts, event: 'task.succeeded', task: 'task-1', worker: 'w-1', work: 1, workers: 1 };
      text = `${JSON.stringify(record)}\n`;
      held = [];
      await workbench.command('Ingest Trace: Search Tasks');
      const [paths] = await reads(1);
      held = undefined;
      await workbench.quickInput.fill('status:succeeded work');
      await workbench.quickRows
        .nth(1)
        .and(completion(/^worker:/))
        .waitFor();
      const release = window.holdMessages();
      try {
        await page.keyboard.press('ArrowDown');
        await chosen.and(completion(/^worker:/)).waitFor();
        paths?.answer(text);
        await completion(/^workers:/).waitFor();
      } finally {
        release();
      }
      await chosen.and(completion(/^worker:/)).waitFor();
      await page.keyboard.press('Enter');
      await until('it is taken', async () => (await workbench.quickInput.inputValue()) === 'status:succeeded worker:');
      await page.keyboard.press('Escape');
    }),
  );
});
