/** A frame opens the revision that ran, and leads from there to the line now; where it is not known, it says so. */

import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { inPicture } from '../../rigs/extensionWindow.ts';
import { temporaryFolder } from '../../rigs/temporaryFolder.ts';
import type { FramesStage } from './framesStage.ts';

const changed = 'src/model/assertNever.ts';
const deleted = 'src/model/attemptLikeNothingElse.ts';
const renamed = { from: 'src/model/calledOtherwise.ts', to: 'src/store/calledSo.ts' };
const unchanged = 'src/model/json.ts';

export async function revisionSteps(t: TestContext, stage: FramesStage): Promise<void> {
  const { window, workbench, lens, git } = stage;
  const { workspace } = window;
  const remotes = await temporaryFolder('remotes');
  t.after(() => remotes.remove());

  // What ran: a commit with a file that is gone today. Since then another file got five lines more at its top.
  await stage.write(deleted, 'export function onlyThen(): never {\n  throw new Error("then");\n}\n');
  const lines = Array.from({ length: 20 }, (_, index) => `export const value${index} = compute(${index});`);
  await stage.write(renamed.from, `${lines.join('\n')}\n`);
  git('add', '--all');
  git('commit', '--quiet', '--message=Deployed');
  const commit = git('rev-parse', 'HEAD').trim();
  const then = (await readFile(join(workspace.path, changed), 'utf8')).split('\n');
  const threw1 = then.findIndex((line) => line.includes('throw new')) + 1;
  await stage.write(changed, ['// 1', '// 2', '// 3', '// 4', '// 5', ...then].join('\n'));
  await rm(join(workspace.path, deleted));
  await rm(join(workspace.path, renamed.from));
  await stage.write(renamed.to, `// one more\n${lines.join('\n')}\n`);
  git('add', '--all');
  git('commit', '--quiet', '--message=Since');

  const json = (await readFile(join(workspace.path, unchanged), 'utf8')).split('\n');
  const parse1 = json.findIndex((line) => line.includes('JSON.parse')) + 1;
  const failed = (key: string, frame: string, ran?: string) => ({
    key,
    stack: `Error: ${key}\n    at ${frame}`,
    ...(ran !== undefined && { commit: ran }),
  });
  await stage.failed('deploys', [
    failed('moved.json', `assertNever (/srv/${changed}:${threw1}:9)`, commit),
    failed('deleted.json', `onlyThen (/srv/${deleted}:2:9)`, commit),
    failed('renamed.json', `compute (/srv/${renamed.from}:7:9)`, commit),
    failed('unchanged.json', `parseJson (/srv/${unchanged}:${parse1}:5)`, commit),
    failed('nobody.json', `assertNever (/srv/${changed}:2:9)`),
    failed('elsewhere.json', `assertNever (/srv/${changed}:2:9)`, 'f'.repeat(40)),
  ]);

  await t.test('a line that has moved: the file as it was, at the exact line, and the line now one click away', () =>
    inPicture(window, 'revision-moved', async () => {
      await stage.clickFrame('moved.json', /^assertNever/);
      await lens.filter({ hasText: `line ${threw1} is now line ${threw1 + 5}` }).waitFor();
      await stage.cursorIs(threw1);
      await stage.lineIs(threw1, then[threw1 - 1]);
      await workbench.page.keyboard.type('x');
      assert.equal(await workbench.lineText(threw1), then[threw1 - 1], 'the revision could be typed into');
      // The message that it cannot be typed into lies over the note.
      await workbench.page.keyboard.press('Escape');
      await workbench.page.locator('.monaco-editor-overlaymessage').waitFor({ state: 'hidden' });
      await workbench.screenshot('revision-moved');

      await lens.filter({ hasText: 'is now line' }).locator('a').first().click();
      await stage.cursorIs(threw1 + 5);
      await stage.lineIs(threw1 + 5, then[threw1 - 1]);
      await lens.filter({ hasText: `Was line ${threw1} at ${commit.slice(0, 8)}` }).waitFor();
      await workbench.screenshot('revision-now');
      await stage.close('moved.json');
    }),
  );

  await t.test("hovering it in the task's log shows the lines around, as they were", () =>
    inPicture(window, 'revision-hover', async () => {
      const row = await stage.history.row(/^moved\.json/);
      await row.hover();
      await row.getByRole('button', { name: 'Open Task Log' }).click();
      // What is offered there comes between the lines, and moves the frame.
      await lens.filter({ hasText: 'Search failure group' }).nth(1).waitFor();
      const frame = workbench.page.locator('.editor-group-container.active .view-line', { hasText: 'at assertNever' });
      await frame.locator('.detected-link').first().hover();
      const hover = workbench.page.locator('.monaco-hover', {
        hasText: `assertNever.ts:${threw1} at ${commit.slice(0, 8)}`,
      });
      await hover.filter({ hasText: 'throw new Error' }).first().waitFor();
      await workbench.screenshot('revision-hover', 'stays');
    }),
  );

  await t.test('a file that was deleted opens as it was', () =>
    inPicture(window, 'revision-deleted', async () => {
      await stage.clickFrame('deleted.json', /^onlyThen/);
      await lens.filter({ hasText: 'there is no such file now' }).waitFor();
      await stage.cursorIs(2);
      await stage.lineIs(2, '  throw new Error("then");');
      await workbench.screenshot('revision-deleted');
      await stage.close('deleted.json');
    }),
  );

  await t.test('a file that was renamed opens as it was, and leads to the line under its new name', () =>
    inPicture(window, 'revision-renamed', async () => {
      await stage.clickFrame('renamed.json', /^compute/);
      await lens.filter({ hasText: `line 7 is now line 8 of ${renamed.to}` }).waitFor();
      await stage.cursorIs(7);
      await workbench.command('Ingest Trace: Open Current Line');
      await stage.fileIs(renamed.to);
      await stage.cursorIs(8);
      await stage.close('renamed.json');
    }),
  );

  await t.test('a file that is the same today opens as it is', () =>
    inPicture(window, 'revision-unchanged', async () => {
      await stage.clickFrame('unchanged.json', /^parseJson/);
      await stage.cursorIs(parse1);
      await stage.fileIs(unchanged);
      assert.equal(await lens.count(), 0);
      await stage.close('unchanged.json');
    }),
  );

  await t.test('without a commit, the line is found by what stands in the file, and called approximate', () =>
    inPicture(window, 'revision-unknown', async () => {
      await stage.clickFrame('nobody.json', /^assertNever/);
      await lens.filter({ hasText: /^Approximate: line 2 of the trace/ }).waitFor();
      const { line1 } = await workbench.cursor();
      assert.match((await workbench.lineText(line1)) ?? '', /function assertNever/);
      await workbench.screenshot('revision-approximate');
      await stage.close('nobody.json');
    }),
  );

  await t.test('a commit that is not here is offered to be fetched', () =>
    inPicture(window, 'revision-absent', async () => {
      await stage.clickFrame('elsewhere.json', /^assertNever/);
      await workbench.notification(/This ran at commit ffffffff, which is not in this repository/);
      await lens.filter({ hasText: /commit ffffffff is not in this repository/ }).waitFor();
      await workbench.screenshot('revision-absent');
      // There is no remote that could have it.
      await workbench.clickNotification(/which is not in this repository/, 'Fetch');
      await workbench.notification(/No remote of this repository has commit ffffffff/);
      await workbench.clearNotifications();
    }),
  );

  await t.test('one that a remote has is fetched, also when no branch leads to it, and the frame opens there', () =>
    inPicture(window, 'revision-fetched', async () => {
      const { path } = remotes;
      stage.gitIn(path, 'clone', '--quiet', '--bare', workspace.path, 'shared.git');
      stage.gitIn(path, 'clone', '--quiet', 'shared.git', 'colleague');
      const colleague = join(path, 'colleague');
      await writeFile(join(colleague, 'src/model/onlyThere.ts'), '// theirs\nexport const there = compute();\n');
      stage.gitIn(colleague, 'add', '--all');
      stage.gitIn(colleague, 'commit', '--quiet', '--message=Theirs');
      stage.gitIn(colleague, 'push', '--quiet', 'origin', 'HEAD:refs/deploys/7');
      const theirs = stage.gitIn(colleague, 'rev-parse', 'HEAD').trim();
      git('remote', 'add', 'origin', join(path, 'shared.git'));

      await stage.failed('theirs', [failed('there.json', 'compute (/srv/src/model/onlyThere.ts:2:22)', theirs)]);
      await stage.clickFrame('there.json', /^compute/);
      const offer = new RegExp(`This ran at commit ${theirs.slice(0, 8)}, which is not in this repository`);
      await workbench.notification(offer);
      await workbench.clickNotification(offer, 'Fetch');
      await lens.filter({ hasText: `At ${theirs.slice(0, 8)}, as it ran: there is no such file now` }).waitFor();
      await stage.cursorIs(2);
      await stage.lineIs(2, 'export const there = compute();');
      await workbench.screenshot('revision-fetched');
    }),
  );

  await t.test('with frames.open set to the working file, it opens where the line is now', () =>
    inPicture(window, 'revision-working-file', async () => {
      await stage.write('.vscode/settings.json', JSON.stringify({ 'ingestTrace.frames.open': 'workingFile' }));
      await workbench.reload();
      await workbench.command('View: Close All Editors');
      await stage.list('deploys');
      await stage.clickFrame('moved.json', /^assertNever/);
      await lens.filter({ hasText: `Was line ${threw1} at ${commit.slice(0, 8)}` }).waitFor();
      await stage.cursorIs(threw1 + 5);
      await workbench.screenshot('revision-working-file');
    }),
  );

  await t.test('without git, it says what is missing', () =>
    inPicture(window, 'revision-no-git', async () => {
      await stage.write('.vscode/settings.json', JSON.stringify({ 'git.enabled': false }));
      await workbench.reload();
      await workbench.command('View: Close All Editors');
      await stage.list('deploys');
      await stage.clickFrame('unchanged.json', /^parseJson/);
      await lens.filter({ hasText: 'Approximate: the setting git.enabled is off' }).waitFor();
      await stage.cursorIs(parse1);
      await workbench.screenshot('revision-no-git');
    }),
  );
}
