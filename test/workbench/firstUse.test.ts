import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { chromiumMissing, findChromium } from '../rigs/chromium.ts';
import { inPicture, openExtensionWindow } from '../rigs/extensionWindow.ts';
import { skipWithout } from '../rigs/systemPart.ts';
import { until } from '../rigs/until.ts';

/** A row such as `cars.json, 2.1 s · w-1 · acme/vehicles/dealers, running, task dealers-1f2e3d`. */
const runningTask = /\bw-\d.*, running, task /;

test('from a fresh install to live tasks by one button', async (t) => {
  if (findChromium() === undefined) return skipWithout(t, chromiumMissing);
  const window = await openExtensionWindow();
  t.after(() => window.close());
  const { workbench } = window;
  await workbench.widenSideBar(560);
  const live = workbench.view('Live');

  await t.test('without an environment, the view says what to do', () =>
    inPicture(window, 'welcome', async () => {
      await live.welcome.getByText('Nothing to trace at hand?').waitFor();
      assert.deepEqual(await live.welcome.getByRole('button').allTextContents(), [
        'Start Local Harness',
        'Open Settings',
        'Write an ingest-trace.json',
      ]);
      await workbench.screenshot('welcome');
    }),
  );

  await t.test('the button starts the harness: its coordinators appear with the tasks that they hold', () =>
    inPicture(window, 'live', async () => {
      await live.pressWelcome('Start Local Harness');
      await live.row('Local harness');
      await live.row(/ok · .*workers?/);
      await live.row(runningTask);
      await workbench.screenshot('live');
      assert.ok(window.vscode.processes().some(({ command }) => /dist\/worker\.mjs/.test(command)));
    }),
  );

  await t.test('the tasks change while one looks', () =>
    inPicture(window, 'live-changes', async () => {
      const name = await (await live.row(runningTask)).getAttribute('aria-label');
      const [, task] = /, task (\S+)$/.exec(name ?? '') ?? [];
      assert.ok(task, `no task in '${name}'`);
      await until(
        `${task} has gone on`,
        async () => (await live.rowsLike(new RegExp(`, running, task ${task}$`)).count()) === 0,
      );
      await live.row(runningTask);
    }),
  );

  await t.test('a frame of the harness opens the source that came with the extension', () =>
    inPicture(window, 'own-source', async () => {
      // As for whoever has not cloned this repository.
      await rm(join(window.workspace.path, 'src'), { recursive: true });
      await workbench.command('Ingest Trace: Search Tasks');
      await workbench.answer('error.type:TypeConflictError');
      const history = workbench.view('History');
      await history.expand(/TypeConflictError.*, failed, task /);
      await (await history.row(/^DocumentTable\.#expectColumn/)).click();
      await until('the cursor is on the line that threw', async () => {
        if ((await workbench.activeEditor()) !== 'documentTable.ts') return false;
        const { line1 } = await workbench.cursor();
        // The editor scrolls there after it has opened.
        return /throw new \w+\(/.test((await workbench.lineText(line1)) ?? '');
      });
      await workbench.screenshot('own-source');
    }),
  );

  await t.test('stopping the harness ends its processes and leaves what it logged to be searched', () =>
    inPicture(window, 'stopped', async () => {
      await workbench.command('Ingest Trace: Stop Local Harness');
      await live.row(/stopped, its history can be searched/);
      await until('the workers have ended', () =>
        window.vscode.processes().every(({ command }) => !/dist\/(worker|coordinator)\.mjs/.test(command)),
      );
      await workbench.command('Ingest Trace: Search Tasks');
      await workbench.answer('status:succeeded');
      await workbench.view('History').row(/succeeded/);
      await workbench.screenshot('history-of-stopped-harness');
    }),
  );
});
