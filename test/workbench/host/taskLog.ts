/** A task's log opens as a document whose stack frames are links into the workspace. */

import { strict as assert } from 'node:assert';
import * as vscode from 'vscode';
import { failedTask } from './fixture.ts';

const { environment, task, errorMessage, file, line1, lineText } = failedTask();

describe('task log', () => {
  it('opens by the id of a task', async () => {
    await vscode.commands.executeCommand('ingestTrace.goToTask', task);
    const { document } = activeEditor();
    assert.equal(document.uri.scheme, 'ingest-trace');
    assert.match(document.getText(), new RegExp(`Task ${task}\\n`));
    assert.ok(document.getText().includes(errorMessage), document.getText());
  });

  it('cannot be typed into', async () => {
    const before = activeEditor().document.getText();
    await vscode.commands.executeCommand('type', { text: 'x' });
    assert.equal(activeEditor().document.getText(), before);
  });

  it('has a link on each stack frame and on nothing that the log says', async () => {
    const { document } = activeEditor();
    const commands = (await linksOf(document.uri)).filter(({ target }) => target?.scheme === 'command');
    const texts = commands.map(({ range }) => document.getText(range));
    assert.equal(texts.length, 2, texts.join('\n'));
    assert.match(texts[0] ?? '', new RegExp(`assertNever.*${file}:${line1}`));
    assert.match(texts[1] ?? '', /processTicksAndRejections/);
    for (const { target } of commands) assert.equal(target?.path, 'ingestTrace.internal.openLogFrame');
  });

  it('offers above its errors to search their failure group', async () => {
    const { uri } = activeEditor().document;
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri);
    const titles = lenses.map(({ command }) => command?.title ?? '');
    assert.ok(titles.includes('Refresh'), titles.join('\n'));
    assert.ok(
      titles.some((title) => /^Search failure group g1-[0-9a-f]{16}$/.test(title)),
      titles.join('\n'),
    );
  });

  it('leads from a frame to the line in the workspace', async () => {
    const links = await linksOf(activeEditor().document.uri);
    const link = links.find(({ target }) => target?.scheme === 'command');
    assert.ok(link?.target, 'no link');
    const [command, query] = [link.target.path, link.target.query];
    await vscode.commands.executeCommand(command, ...(JSON.parse(query) as unknown[]));
    const { document, selection } = activeEditor();
    assert.equal(vscode.workspace.asRelativePath(document.uri), file);
    assert.equal(selection.active.line + 1, line1);
    assert.equal(document.lineAt(selection.active.line).text, lineText);
  });

  it('says so when nobody knows the task', async () => {
    const unknown = vscode.Uri.from({
      scheme: 'ingest-trace',
      path: '/unknown.task-log',
      query: JSON.stringify({ environment, task: 'unknown' }),
    });
    const document = await vscode.workspace.openTextDocument(unknown);
    assert.match(document.getText(), /^No place of fixture .* knows the task unknown\.\n$/);
  });
});

function activeEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor;
  assert.ok(editor, 'no editor is active');
  return editor;
}

async function linksOf(uri: vscode.Uri): Promise<readonly vscode.DocumentLink[]> {
  const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', uri);
  return links.toSorted((a, b) => a.range.start.compareTo(b.range.start));
}
