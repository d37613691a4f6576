/** Frames of traces that come from elsewhere: a live task, a log file, a paste, a terminal. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { inPicture } from '../../rigs/extensionWindow.ts';
import { until } from '../../rigs/until.ts';
import type { FramesStage } from './framesStage.ts';

const file = 'acme/mixer/mix.go';
const source = ['package mixer', '', 'func Mix() {', '\tstir()', '}', '', 'func stir() { panic("no spoon") }', ''];
const stir1 = 4;
const trace = `panic: no spoon

goroutine 1 [running]:
acme.dev/mixer.stir(...)
\t/build/acme/mixer/mix.go:7
acme.dev/mixer.Mix()
\t/build/acme/mixer/mix.go:${stir1} +0x1d
main.main()
\t/build/acme/main.go:5 +0x1d
`;
const log = `12:00:01 it begins\n${trace}12:00:02 it goes on\n`;

export async function textSteps(t: TestContext, stage: FramesStage): Promise<void> {
  const { workbench, window } = stage;
  const { page } = workbench;
  await stage.write(file, source.join('\n'));
  await stage.write('mixer.log', log);
  await workbench.command('View: Close All Editors');

  await t.test('a task that is tried again opens to its error, and a frame of it to its line', () =>
    inPicture(window, 'live-frame', async () => {
      const [firstTs, lastTs] = [Date.now() - 5_000, Date.now()];
      const retrying = { task: 'mix-1', status: 'retrying', attempts: 1, worker: 'w-7', firstTs, lastTs } as const;
      const error = { type: 'panic', message: 'no spoon' };
      const { coordinator } = stage;
      coordinator.tasks = [{ ...retrying, durationMs: lastTs - firstTs, error }];
      coordinator.misbehave = (path, response) => {
        if (path !== '/tasks/mix-1') return false;
        const attempt = { attempt: 1, status: 'failed', worker: 'w-7', firstTs, lastTs };
        const attempts = [{ ...attempt, error: { ...error, stack: trace } }];
        const json = JSON.stringify({ ...coordinator.tasks[0], attempts });
        response.writeHead(200, { 'content-type': 'application/json' }).end(json);
        return true;
      };
      const live = workbench.view('Live');
      await live.expand(/^now/);
      await live.expand(/retrying, task mix-1$/);
      await (await live.row(/mixer\.Mix\b/)).click();
      await stage.fileIs(file);
      await stage.cursorIs(stir1);
      await workbench.screenshot('live-frame');
      await (await live.row(/^now/)).locator('.monaco-tl-twistie').click();
    }),
  );

  await t.test('a frame in a log file is a link', () =>
    inPicture(window, 'log-link', async () => {
      await openFile(stage, 'mixer.log');
      const line = page.locator('.editor-group-container.active .view-line', { hasText: `mix.go:${stir1}` });
      await line
        .locator('.detected-link')
        .first()
        .click({ modifiers: ['Control'] });
      await stage.fileIs(file);
      await stage.cursorIs(stir1);
    }),
  );

  await t.test('a selected trace opens as a document that folds, and keys walk from frame to frame', () =>
    inPicture(window, 'walk', async () => {
      await openFile(stage, 'mixer.log');
      await page.keyboard.press('Control+A');
      await workbench.command('Ingest Trace: Open Stack Trace from Selection or Clipboard');
      await until('it is open', async () => (await workbench.activeEditor())?.startsWith('Stack Trace'));
      await stage.cursorIs(1);
      await page.keyboard.press('F8');
      await stage.cursorIs(2);
      await page.keyboard.press('F8');
      await stage.cursorIs(3);
      assert.match((await workbench.lineText(3)) ?? '', /mix\.go:4 · acme\.dev\/mixer\.Mix$/);
      const beside = page.locator('.editor-group-container:not(.active)');
      await beside.locator('.tab.active[data-resource-name="mix.go"]').waitFor();
      const line = beside.locator('.view-line', { hasText: 'stir()' }).first();
      await line.waitFor();
      await workbench.screenshot('stack-trace-walk');
      await page.keyboard.press('Shift+F8');
      await stage.cursorIs(2);
      await page.keyboard.press('Control+K');
      await page.keyboard.press('Control+0');
      await until('the frames are folded away', async () => (await workbench.lineText(2)) === undefined);
      await workbench.command('View: Close All Editors');
    }),
  );

  await t.test('a frame in a terminal is a link', () =>
    inPicture(window, 'terminal', async () => {
      await workbench.command('Terminal: Create New Terminal');
      const rows = page.locator('.terminal-wrapper.active .xterm-rows > div');
      await rows.filter({ hasText: /[$#]/ }).first().waitFor();
      await page.keyboard.type('cat mixer.log\n');
      const printed = rows.filter({ hasText: `mix.go:${stir1}` }).first();
      await printed.waitFor();
      await until('the frame is opened', async () => {
        const box = await printed.boundingBox();
        assert.ok(box);
        // Within the path, which starts after a tab.
        const [x, y] = [box.x + 120, box.y + box.height / 2];
        await page.mouse.move(x - 5, y);
        await page.mouse.move(x, y);
        await page.keyboard.down('Control');
        await page.mouse.click(x, y);
        await page.keyboard.up('Control');
        return (await workbench.activeFile()) === file;
      });
      await stage.cursorIs(stir1);
      await workbench.screenshot('terminal-link');
      await workbench.command('Terminal: Kill All Terminals');
      await workbench.openContainer('Ingest Trace');
    }),
  );
}

async function openFile(stage: FramesStage, name: string): Promise<void> {
  await stage.workbench.page.keyboard.press('Control+P');
  await stage.workbench.quickInput.fill(name);
  await stage.workbench.quickRows.filter({ hasText: name }).first().click();
  await until(`${name} is shown`, async () => (await stage.workbench.activeEditor()) === name);
}
