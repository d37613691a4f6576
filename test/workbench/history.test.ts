import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromiumMissing, findChromium } from '../rigs/chromium.ts';
import { runCli } from '../rigs/cli.ts';
import { inPicture, openExtensionWindow } from '../rigs/extensionWindow.ts';
import { skipWithout } from '../rigs/systemPart.ts';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';
import { until } from '../rigs/until.ts';

test('tasks that ran, from a search to the source line', async (t) => {
  if (findChromium() === undefined) return skipWithout(t, chromiumMissing);

  // What ran: the harness on its sample data, with failures that really happened, then indexed.
  const store = await temporaryFolder('store');
  t.after(() => store.remove());
  const at = (...parts: readonly string[]) => pathToFileURL(join(store.path, ...parts)).href;
  await runCli('harness', 'up', '--once', '--store', at(), '--faults', 'demo');
  await runCli('index', '--logs', at('logs'), '--index', at('index'));
  const window = await openExtensionWindow({
    environments: [{ name: 'yesterday', logs: at('logs'), index: at('index') }],
  });
  t.after(() => window.close());
  const { workbench } = window;
  await workbench.widenSideBar(560);
  const history = workbench.view('History');
  const search = async (query: string) => {
    await workbench.command('Ingest Trace: Search Tasks');
    await workbench.answer(query);
  };

  await t.test('the search box completes fields and their values, the most frequent first', () =>
    inPicture(window, 'completions', async () => {
      const [most] = (await runCli('search', '--group-by', 'worker', '--index', at('index'))) as { value: string }[];
      assert.ok(most, 'no task has a worker');
      await workbench.command('Ingest Trace: Search Tasks');
      await workbench.quickInput.fill('status:succeeded work');
      const field = workbench.quickRows.nth(1);
      await field.and(workbench.page.getByRole('option', { name: /^worker:/ })).waitFor();
      await workbench.page.keyboard.press('ArrowDown');
      await workbench.page.keyboard.press('Enter');
      const value = workbench.page.getByRole('option', { name: new RegExp(`^${most.value}, \\d+`) });
      await workbench.quickRows.nth(1).and(value).waitFor();
      await workbench.screenshot('completions');
      await workbench.page.keyboard.press('ArrowDown');
      await workbench.page.keyboard.press('Enter');
      await until('the value is taken', async () => {
        return (await workbench.quickInput.inputValue()) === `status:succeeded worker:${most.value}`;
      });
      await workbench.page.keyboard.press('Enter');
      await history.row(new RegExp(`\\b${most.value}\\b.*, succeeded, task `));
    }),
  );

  await t.test('a search from the palette lists the failed tasks with their reasons', () =>
    inPicture(window, 'search', async () => {
      const failed = (await runCli('search', 'status:failed', '--index', at('index'))).slice(0, -1) as {
        task: string;
        error: { type: string };
      }[];
      assert.ok(failed.length >= 3, 'the harness made too few failures to look at');
      await search('status:failed');
      for (const { task, error } of failed) await history.row(new RegExp(`${error.type}.*, failed, task ${task}$`));
      assert.equal((await history.rows()).length, failed.length);
      assert.match(await shown(history.message), /from the index/);
      await workbench.screenshot('history-failed');
    }),
  );

  await t.test('Enter takes the query as it is typed, also where it was searched for before', () =>
    inPicture(window, 'typed-again', async () => {
      const header = history.pane.locator('.pane-header');
      // Completions come in at any moment between a key and Enter: several rounds meet them at several.
      for (const query of [
        'is:retried',
        'status:failed',
        'is:retried',
        'status:failed',
        'is:retried',
        'status:failed',
      ]) {
        await search(query);
        await header.filter({ hasText: query }).waitFor();
      }
    }),
  );

  await t.test('a wrong query is refused where it is wrong', () =>
    inPicture(window, 'wrong-query', async () => {
      await workbench.command('Ingest Trace: Search Tasks');
      await workbench.quickInput.fill('status:failed since:soon');
      await workbench.quickRows
        .filter({ hasText: /column 21: expected a time/ })
        .first()
        .waitFor();
      await workbench.page.keyboard.press('Enter');
      await workbench.screenshot('wrong-query');
      assert.ok(await workbench.quickInput.isVisible(), 'a wrong query was accepted');
      await workbench.page.keyboard.press('Escape');
    }),
  );

  await t.test('a click on a stack frame puts the cursor on its line', () =>
    inPicture(window, 'frame', async () => {
      await history.expand(/TypeConflictError/);
      const threw = await history.row(/^DocumentTable\.#expectColumn/);
      await workbench.screenshot('history-expanded');

      await threw.click();
      const first = await cursorLine();
      assert.equal(first.file, 'src/harness/worker/documentTable.ts');
      assert.match(first.text, /throw new \w+\(/);

      // A caller's line names whom it calls.
      await (await history.row(/^DocumentTable\.expect\b/)).click();
      const second = await until('the cursor has moved on', async () => {
        const line = await cursorLine();
        return line.line1 !== first.line1 && line;
      });
      assert.match(second.text, /#expectColumn\(/);
      await workbench.screenshot('frame-opened');
    }),
  );

  await t.test('the source tells which of its lines failed, and leads to the tasks', () =>
    inPicture(window, 'failed-here', async () => {
      const lens = workbench.page.locator('.editor-group-container.active .codelens-decoration');
      const failed = lens.filter({ hasText: /^\d+ tasks? failed here in 24 h, last by \S+/ }).first();
      await failed.waitFor();
      const told = Number.parseInt(await shown(failed), 10);
      await workbench.screenshot('failed-here');
      await failed.locator('a').first().click();
      await until('they are listed', async () => (await shown(history.message)).startsWith(`${told} task`));
      // The rows come after the text above them; until then they stand elsewhere.
      const tasks = history.pane.locator('[role="treeitem"][aria-level="1"]');
      await until('no others are listed', async () => (await tasks.count()) === told);
      await history.row(/TypeConflictError.*, failed, task /);
    }),
  );

  await t.test('the log of a task opens with its frames as links', () =>
    inPicture(window, 'task-log', async () => {
      const row = await history.row(/TypeConflictError.*, failed, task /);
      await workbench.contextMenu(row, 'Open Task Log');
      await until('the log is open', async () => (await workbench.activeEditor())?.endsWith('.task-log'));
      await workbench.page.locator('.editor-group-container.active .detected-link').first().waitFor();
      await workbench.screenshot('task-log');
    }),
  );

  await t.test('the timeline draws each attempt in the lane of the worker that ran it, and leads to the log', () =>
    inPicture(window, 'timeline', async () => {
      const retried = (await runCli('search', 'is:retried', '--index', at('index'))).slice(0, -1) as {
        task: string;
        attempts: number;
      }[];
      const attempts = retried.reduce((sum, task) => sum + task.attempts, 0);
      assert.ok(attempts > retried.length, 'the harness has retried nothing');
      await search('is:retried');
      for (const { task } of retried) await history.row(new RegExp(`, task ${task}$`));
      await workbench.command('Ingest Trace: Show Task Timeline');
      const bars = await until('the timeline has drawn the attempts', async () => {
        for (const frame of workbench.page.frames()) {
          const found = frame.locator('#lanes .bar');
          if ((await found.count()) === attempts) return found;
        }
        return undefined;
      });
      // Which worker, and so which lane, an attempt fell to differs from run to run.
      const labels = await bars.evaluateAll((drawn) => drawn.map((bar) => bar.getAttribute('aria-label') ?? ''));
      for (const label of labels) assert.match(label, /attempt \d of [2-9]/);
      assert.equal(labels.filter((label) => label.includes('attempt 1 of ')).length, retried.length);
      await workbench.screenshot('timeline');
      await bars.first().press('Enter');
      await until('the log is open', async () => (await workbench.activeEditor())?.endsWith('.task-log'));
      await search('status:failed');
      await history.row(/TypeConflictError.*, failed, task /);
    }),
  );

  await t.test('when the engine is killed in the middle of a search, it says so, and the next search works', () =>
    inPicture(window, 'engine-killed', async () => {
      const [engine] = enginesOf(window.vscode.processes());
      assert.ok(engine, 'no engine process runs below VS Code');
      // Stopped, it takes the question and cannot answer: the search is under way until it is killed.
      process.kill(engine.pid, 'SIGSTOP');
      await search('status:succeeded');
      await history.pane.getByText('Searching yesterday').waitFor();
      process.kill(engine.pid, 'SIGKILL');
      const told = await workbench.notification(/status:succeeded/);
      assert.match(told, /engine/i);
      await history.welcome.getByText('has failed').waitFor();
      await workbench.screenshot('engine-killed');

      await search('status:succeeded');
      await history.row(/succeeded/);
      const [next] = enginesOf(window.vscode.processes());
      assert.ok(next, 'no engine process runs after the search');
      assert.notEqual(next.pid, engine.pid);
    }),
  );

  await t.test('with the index deleted, it answers from the logs and says so', () =>
    inPicture(window, 'index-gone', async () => {
      await rm(join(store.path, 'index'), { recursive: true });
      await search('status:failed');
      const row = await history.row(/TypeConflictError/);
      await until('it says where the answer came from', async () => /the logs/.test(await shown(history.message)));
      assert.match(await shown(history.message), /index/);
      assert.ok(await row.isVisible());
      await workbench.screenshot('index-gone');
    }),
  );

  await t.test('Index Now builds it again, in one pass however often it is asked for', () =>
    inPicture(window, 'index-now', async () => {
      const [engine] = enginesOf(window.vscode.processes());
      assert.ok(engine, 'no engine process runs below VS Code');
      // Stopped, it takes the pass and does not end it before it goes on.
      process.kill(engine.pid, 'SIGSTOP');
      try {
        await workbench.command('Ingest Trace: Index Now');
        await workbench.notification(/Indexing the logs of yesterday/);
        await workbench.command('Ingest Trace: Index Now');
        await workbench.notification(/^The logs of yesterday are being indexed already\.$/);
        await workbench.screenshot('index-now');
      } finally {
        process.kill(engine.pid, 'SIGCONT');
      }
      await workbench.notification(/^Indexed \d+ log objects? in .*: [\d,]+ records\b.*\.$/);
      await search('status:failed');
      await until('the index answers', async () => /from the index/.test(await shown(history.message)));
      await history.row(/TypeConflictError/);
    }),
  );

  await t.test('it can be read in light and in high contrast', () =>
    inPicture(window, 'themes', async () => {
      for (const theme of ['light', 'highContrast', 'dark'] as const) {
        await workbench.colorTheme(theme);
        assert.ok(await (await history.row(/TypeConflictError/)).isVisible());
        await workbench.screenshot(`theme-${theme}`);
      }
    }),
  );

  /** The line under the cursor, as the editor shows it; it must be the line of the file on the disk. */
  async function cursorLine(): Promise<{ readonly file: string; readonly line1: number; readonly text: string }> {
    return until('the cursor is on a line of a file', async () => {
      const file = await workbench.activeFile();
      if (file === undefined) return undefined;
      const { line1 } = await workbench.cursor();
      const text = await workbench.lineText(line1);
      if (text === undefined) return undefined;
      assert.equal(text, (await readFile(join(window.workspace.path, file), 'utf8')).split('\n')[line1 - 1]);
      return { file, line1, text };
    });
  }
});

function enginesOf<T extends { readonly command: string }>(processes: readonly T[]): readonly T[] {
  return processes.filter(({ command }) => /dist\/engine\.mjs/.test(command));
}

async function shown(locator: { textContent(): Promise<string | null> }): Promise<string> {
  return (await locator.textContent()) ?? '';
}
