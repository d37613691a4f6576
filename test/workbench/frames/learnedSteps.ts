/** A frame that several files fit asks which one; the answer is remembered on demand, shown, and forgotten again. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { inPicture } from '../../rigs/extensionWindow.ts';
import { until } from '../../rigs/until.ts';
import type { FramesStage } from './framesStage.ts';

const manage = 'Ingest Trace: Manage Learned Source Mappings…';

export async function learnedSteps(t: TestContext, stage: FramesStage): Promise<void> {
  const { workbench, window, lens } = stage;
  const text = (name: string) => `export function ${name}(): void {\n  fail(${name});\n}\n`;
  for (const service of ['first', 'second']) {
    for (const name of ['pack', 'send']) await stage.write(`acme/${service}/lib/${name}.ts`, text(name));
  }
  const stack = (name: string) => `Error: no\n    at ${name} (/deploy/unit/lib/${name}.ts:2:3)`;
  await stage.failed('alike', [
    { key: 'pack.json', stack: stack('pack') },
    { key: 'send.json', stack: stack('send') },
  ]);
  const rows = workbench.quickRows;
  const choose = async (file: string) => {
    await rows.filter({ hasText: file }).first().click();
    await stage.fileIs(file);
  };
  const question = /From now on, look for frames below \/deploy\/unit in acme\/second in this workspace\?/;

  await t.test('it lists the files with what speaks for each, and opens the one that is chosen', () =>
    inPicture(window, 'choice', async () => {
      await stage.clickFrame('pack.json', /^pack\b.*pack\.ts/);
      await rows.filter({ hasText: 'acme/second/lib/pack.ts' }).first().waitFor();
      assert.equal(await rows.count(), 2);
      for (const row of await rows.allTextContents()) assert.match(row, /ends in lib\/pack\.ts/);
      await workbench.screenshot('frame-choice');
      await choose('acme/second/lib/pack.ts');
      await stage.cursorIs(2);
      await stage.lineIs(2, '  fail(pack);');
    }),
  );

  await t.test('once it is to be remembered, the frames beside it open without a question', () =>
    inPicture(window, 'learned', async () => {
      await workbench.notification(question);
      await workbench.screenshot('frame-remember');
      await workbench.clickNotification(question, 'Remember');
      await stage.close('pack.json');
      await stage.clickFrame('send.json', /^send\b.*send\.ts/);
      await stage.fileIs('acme/second/lib/send.ts');
      await stage.cursorIs(2);
      await lens.filter({ hasText: 'Found as you chose before: /deploy/unit is acme/second · forget that' }).waitFor();
      await workbench.screenshot('frame-learned');
    }),
  );

  await t.test('where it led wrong, it is forgotten at the line itself, and the question is there again', () =>
    inPicture(window, 'forgotten', async () => {
      await lens.filter({ hasText: 'forget that' }).locator('a').first().click();
      await choose('acme/first/lib/send.ts');
      await until('the note is gone', async () => (await lens.filter({ hasText: 'forget that' }).count()) === 0);
      const other = /frames below \/deploy\/unit in acme\/first/;
      await workbench.notification(other);
      await workbench.clickNotification(other, 'Remember');
      await stage.history.row(/^send\b.*send\.ts:2.*acme\/first/);
      await stage.close('send.json');
    }),
  );
}

/** What was learned outlives a reload of the window, and is forgotten where all of it is listed. */
export async function forgetSteps(t: TestContext, stage: FramesStage): Promise<void> {
  const { workbench, window } = stage;
  const rows = workbench.quickRows;
  await t.test('all that was learned is listed, and forgotten there', () =>
    inPicture(window, 'manage-learned', async () => {
      await workbench.command(manage);
      const learned = rows.filter({ hasText: '/deploy/unit' });
      await learned.filter({ hasText: 'is acme/first' }).waitFor();
      assert.equal(await rows.count(), 1);
      await workbench.screenshot('manage-learned');
      await learned.getByRole('checkbox').first().click();
      await workbench.page.locator('.quick-input-widget').getByRole('button', { name: 'OK' }).click();
      await workbench.quickInput.waitFor({ state: 'hidden' });
      await workbench.command(manage);
      await workbench.notification(/Nothing has been learned in this workspace yet/);
      await workbench.clearNotifications();
      await stage.list('alike');
      await stage.clickFrame('send.json', /^send\b.*send\.ts/);
      await rows.filter({ hasText: 'acme/first/lib/send.ts' }).first().waitFor();
      await workbench.page.keyboard.press('Escape');
    }),
  );
}
