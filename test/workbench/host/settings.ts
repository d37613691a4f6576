/** Settings have the declared defaults, and a wrong value takes nothing down. */

import { strict as assert } from 'node:assert';
import * as vscode from 'vscode';
import { failedTask } from './fixture.ts';

describe('settings', () => {
  const configuration = () => vscode.workspace.getConfiguration('ingestTrace');

  it('have the defaults that the manifest declares', () => {
    assert.deepEqual(configuration().get('environments'), []);
    assert.equal(configuration().get('search.limit'), 100);
  });

  it('that are wrong are passed over, and what is right still answers', async () => {
    await configuration().update('environments', [{ name: '' }, 7], vscode.ConfigurationTarget.Workspace);
    try {
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
      await vscode.commands.executeCommand('ingestTrace.goToTask', failedTask().task);
      assert.equal(vscode.window.activeTextEditor?.document.uri.scheme, 'ingest-trace');
    } finally {
      await configuration().update('environments', undefined, vscode.ConfigurationTarget.Workspace);
    }
  });
});
