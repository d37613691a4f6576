import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromiumMissing, findChromium } from '../rigs/chromium.ts';
import { runCli } from '../rigs/cli.ts';
import { inPicture, openExtensionWindow } from '../rigs/extensionWindow.ts';
import { skipWithout } from '../rigs/systemPart.ts';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';
import { until } from '../rigs/until.ts';

/** What would show this machine's folders, or nothing of the extension. */
const quiet = {
  'window.commandCenter': false,
  'workbench.layoutControl.enabled': false,
  'editor.minimap.enabled': false,
  'workbench.startupEditor': 'none',
};

test('the picture in the README can be taken anew: test/out/screenshots/readme.png', async (t) => {
  if (findChromium() === undefined) return skipWithout(t, chromiumMissing);
  const store = await temporaryFolder('store');
  t.after(() => store.remove());
  const at = (...parts: readonly string[]) => pathToFileURL(join(store.path, ...parts)).href;
  const window = await openExtensionWindow({
    environments: [{ name: 'production', logs: at('logs'), index: at('index') }],
  });
  t.after(() => window.close());
  const { workbench, workspace } = window;
  await inPicture(window, 'readme', async () => {
    await mkdir(join(workspace.path, '.vscode'), { recursive: true });
    await writeFile(join(workspace.path, '.vscode/settings.json'), JSON.stringify(quiet));
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-C', workspace.path, '-c', 'user.name=Test', '-c', 'user.email=test@localhost', ...args], {
        encoding: 'utf8',
      }).trim();
    git('add', '--all', '--force');
    git('commit', '--quiet', '--message=Settings');
    // What runs is what the window shows.
    process.env['INGEST_TRACE_COMMIT'] = git('rev-parse', 'HEAD');
    await runCli('harness', 'up', '--once', '--store', at(), '--faults', 'demo');
    await runCli('index', '--logs', at('logs'), '--index', at('index'));
    await workbench.page.setViewportSize({ width: 1400, height: 900 });
    await workbench.colorTheme('dark');
    await workbench.widenSideBar(520);
    const history = workbench.view('History');
    await workbench.command('Ingest Trace: Search Tasks');
    await workbench.answer('status:failed since:1d');
    await history.expand(/TypeConflictError/);
    await workbench.view('Live').pane.locator('.pane-header').click();
    await (await history.row(/^DocumentTable\.#expectColumn/)).click();
    await until('the line that threw is shown', async () => {
      const { line1 } = await workbench.cursor();
      return /throw new/.test((await workbench.lineText(line1)) ?? '');
    });
    // The lens above the line says how many tasks failed there.
    await workbench.page.locator('.codelens-decoration', { hasText: 'failed here in 24 h' }).waitFor();
    await until('the editor has read the project', async () =>
      (await workbench.statusBar()).every((item) => !/Initializing/.test(item)),
    );
    await workbench.page.mouse.move(1000, 880);
    assert.ok((await history.rows()).length > 5);
    await workbench.screenshot('readme');
  });
});
