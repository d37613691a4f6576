/** The extension starts, and has what its manifest promises. */

import { strict as assert } from 'node:assert';
import * as vscode from 'vscode';

describe('activation', () => {
  const extension = vscode.extensions.getExtension('ingest-trace.ingest-trace');

  it('activates', async () => {
    assert.ok(extension, 'the extension is not installed');
    await extension.activate();
    assert.ok(extension.isActive);
  });

  it('registers every command that the manifest contributes', async () => {
    assert.ok(extension);
    const contributed: { command: string }[] = extension.packageJSON.contributes.commands;
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.ok(contributed.length > 0);
    assert.deepEqual(
      contributed.map(({ command }) => command).filter((command) => !registered.has(command)),
      [],
    );
  });
});
