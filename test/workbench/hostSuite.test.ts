import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromiumMissing, findChromium } from '../rigs/chromium.ts';
import { skipWithout } from '../rigs/systemPart.ts';
import { temporaryWorkspace } from '../rigs/temporaryWorkspace.ts';
import { runHostSuite } from './runHostSuite.ts';

test('the extension host runs the suite of test/workbench/host', async (t) => {
  if (findChromium() === undefined && !process.env['VSCODE_EXECUTABLE']) return skipWithout(t, chromiumMissing);
  const workspace = await temporaryWorkspace();
  t.after(() => workspace.remove());
  const { host, results } = await runHostSuite(workspace.path);
  t.diagnostic(`host: ${host}`);
  assert.ok(results.length > 0, 'no test ran');
  for (const { title, outcome, error } of results)
    await t.test(title, () => {
      assert.equal(outcome, 'passed', error);
    });
});
