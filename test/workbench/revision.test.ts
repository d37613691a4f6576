import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromiumMissing, findChromium } from '../rigs/chromium.ts';
import { inPicture, openExtensionWindow } from '../rigs/extensionWindow.ts';
import { skipWithout } from '../rigs/systemPart.ts';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';
import { until } from '../rigs/until.ts';

const changed = 'src/model/assertNever.ts';
const deleted = 'src/model/attemptLikeNothingElse.ts';
const renamed = { from: 'src/model/calledOtherwise.ts', to: 'src/store/calledSo.ts' };
const unchanged = 'src/model/json.ts';

test('frames lead to the revision that ran, and from there to the line now', async (t) => {
  if (findChromium() === undefined) return skipWithout(t, chromiumMissing);
  const logs = await temporaryFolder('logs');
  t.after(() => logs.remove());
  const window = await openExtensionWindow({
    environments: [{ name: 'deployed', logs: pathToFileURL(logs.path).href }],
  });
  t.after(() => window.close());
  const { workbench, workspace } = window;
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', workspace.path, '-c', 'user.name=Test', '-c', 'user.email=test@localhost', ...args], {
      encoding: 'utf8',
    });

  // What ran: a commit with a file that is gone today. Since then another file got five lines more at its top.
  await writeFile(
    join(workspace.path, deleted),
    'export function onlyThen(): never {\n  throw new Error("then");\n}\n',
  );
  const lines = Array.from({ length: 20 }, (_, index) => `export const value${index} = compute(${index});`);
  await writeFile(join(workspace.path, renamed.from), `${lines.join('\n')}\n`);
  git('add', '--all');
  git('commit', '--quiet', '--message=Deployed');
  const commit = git('rev-parse', 'HEAD').trim();
  const then = (await readFile(join(workspace.path, changed), 'utf8')).split('\n');
  const threw1 = then.findIndex((line) => line.includes('throw new')) + 1;
  await writeFile(join(workspace.path, changed), ['// 1', '// 2', '// 3', '// 4', '// 5', ...then].join('\n'));
  await rm(join(workspace.path, deleted));
  await rm(join(workspace.path, renamed.from));
  await writeFile(join(workspace.path, renamed.to), `// one more\n${lines.join('\n')}\n`);
  git('add', '--all');
  git('commit', '--quiet', '--message=Since');

  const json = (await readFile(join(workspace.path, unchanged), 'utf8')).split('\n');
  const parse1 = json.findIndex((line) => line.includes('JSON.parse')) + 1;
  const failed = [
    { key: 'moved.json', commit, frame: `assertNever (/srv/${changed}:${threw1}:9)` },
    { key: 'deleted.json', commit, frame: `onlyThen (/srv/${deleted}:2:9)` },
    { key: 'renamed.json', commit, frame: `compute (/srv/${renamed.from}:7:9)` },
    { key: 'unchanged.json', commit, frame: `parseJson (/srv/${unchanged}:${parse1}:5)` },
    { key: 'nobody.json', commit: undefined, frame: `assertNever (/srv/${changed}:2:9)` },
    { key: 'elsewhere.json', commit: 'f'.repeat(40), frame: `assertNever (/srv/${changed}:2:9)` },
  ];
  const records = failed.map(({ key, commit, frame }, index) => ({
    ts: Date.now() - 1000 * index,
    event: 'task.failed',
    task: `task-${index}`,
    key,
    error: { type: 'Error', message: key, stack: `Error: ${key}\n    at ${frame}` },
    ...(commit !== undefined && { build: { commit } }),
  }));
  await writeFile(join(logs.path, 'w-1.ndjson'), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  await workbench.command('Ingest Trace: Search Tasks');
  await workbench.answer('status:failed');
  const history = workbench.view('History');
  const lens = workbench.page.locator('.editor-group-container.active .codelens-decoration');
  const openFrame = async (key: string, name: RegExp) => {
    const row = await history.row(new RegExp(`^${key}`));
    await history.expand(new RegExp(`^${key}`));
    // The first frame below this row and no other's.
    const frame = history.rowsLike(name).first();
    await frame.click();
    return row;
  };
  const collapse = (key: string) =>
    history
      .rowsLike(new RegExp(`^${key}`))
      .first()
      .locator('.monaco-tl-twistie')
      .click();
  const cursorIs = (line1: number) =>
    until(`the cursor is on line ${line1}`, async () => (await workbench.cursor()).line1 === line1);

  await t.test('a line that has moved: the file as it was, at the exact line, and the line now one click away', () =>
    inPicture(window, 'revision-moved', async () => {
      await openFrame('moved.json', /^assertNever/);
      await lens.filter({ hasText: `line ${threw1} is now line ${threw1 + 5}` }).waitFor();
      await cursorIs(threw1);
      assert.equal(await workbench.lineText(threw1), then[threw1 - 1]);
      await workbench.page.keyboard.type('x');
      assert.equal(await workbench.lineText(threw1), then[threw1 - 1], 'the revision could be typed into');
      // The message that it cannot be typed into lies over the note.
      await workbench.page.keyboard.press('Escape');
      await workbench.page.locator('.monaco-editor-overlaymessage').waitFor({ state: 'hidden' });
      await workbench.screenshot('revision-moved');

      await lens.filter({ hasText: 'is now line' }).locator('a').first().click();
      await cursorIs(threw1 + 5);
      assert.equal(await workbench.lineText(threw1 + 5), then[threw1 - 1]);
      await lens.filter({ hasText: `Was line ${threw1} at ${commit.slice(0, 8)}` }).waitFor();
      await workbench.screenshot('revision-now');
      await collapse('moved.json');
    }),
  );

  await t.test('a file that was deleted opens as it was', () =>
    inPicture(window, 'revision-deleted', async () => {
      await openFrame('deleted.json', /^onlyThen/);
      await lens.filter({ hasText: 'the file was deleted since' }).waitFor();
      await cursorIs(2);
      assert.equal(await workbench.lineText(2), '  throw new Error("then");');
      await workbench.screenshot('revision-deleted');
      await collapse('deleted.json');
    }),
  );

  await t.test('a file that was renamed opens as it was, and leads to the line under its new name', () =>
    inPicture(window, 'revision-renamed', async () => {
      await openFrame('renamed.json', /^compute/);
      await lens.filter({ hasText: `line 7 is now line 8 of ${renamed.to}` }).waitFor();
      await cursorIs(7);
      await workbench.command('Ingest Trace: Open Current Line');
      await until('the file is shown', async () => (await workbench.activeFile()) === renamed.to);
      await cursorIs(8);
      await collapse('renamed.json');
    }),
  );

  await t.test('a file that is the same today opens as it is', () =>
    inPicture(window, 'revision-unchanged', async () => {
      await openFrame('unchanged.json', /^parseJson/);
      await cursorIs(parse1);
      await until('the file is shown', async () => (await workbench.activeFile()) === unchanged);
      assert.equal(await lens.count(), 0);
      await collapse('unchanged.json');
    }),
  );

  await t.test('without a commit, the line is found by what stands in the file, and called approximate', () =>
    inPicture(window, 'revision-unknown', async () => {
      await openFrame('nobody.json', /^assertNever/);
      await lens.filter({ hasText: /^Approximate: line 2 of the trace/ }).waitFor();
      const { line1 } = await workbench.cursor();
      assert.match((await workbench.lineText(line1)) ?? '', /function assertNever/);
      await workbench.screenshot('revision-approximate');
      await collapse('nobody.json');
    }),
  );

  await t.test('a commit that is not here is offered to be fetched', () =>
    inPicture(window, 'revision-absent', async () => {
      await openFrame('elsewhere.json', /^assertNever/);
      await workbench.notification(/This ran at commit ffffffff, which is not in this repository/);
      await lens.filter({ hasText: /commit ffffffff is not in this repository/ }).waitFor();
      await workbench.screenshot('revision-absent');
      // There is no remote that could have it.
      await workbench.clickNotification(/which is not in this repository/, 'Fetch');
      await workbench.notification(/do not have commit ffffffff either|Fetching failed/);
    }),
  );

  await t.test('with frames.open set to the working file, it opens where the line is now', () =>
    inPicture(window, 'revision-working-file', async () => {
      await mkdir(join(workspace.path, '.vscode'), { recursive: true });
      const settings = JSON.stringify({ 'ingestTrace.frames.open': 'workingFile' });
      await writeFile(join(workspace.path, '.vscode/settings.json'), settings);
      await workbench.reload();
      await workbench.command('View: Close All Editors');
      await workbench.command('Ingest Trace: Search Tasks');
      await workbench.answer('status:failed');
      await openFrame('moved.json', /^assertNever/);
      await lens.filter({ hasText: `Was line ${threw1} at ${commit.slice(0, 8)}` }).waitFor();
      await cursorIs(threw1 + 5);
      await workbench.screenshot('revision-working-file');
    }),
  );
});
