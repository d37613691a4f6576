/** Stack traces met anywhere: pasted, in a log file, in plain text. */

import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { failedTask } from './fixture.ts';

const { file, line1, lineText } = failedTask();
const trace = [
  'Error: outer',
  `    at assertNever (/srv/${file}:${line1}:9)`,
  '    at elsewhere (/srv/nowhere/lost.ts:1:1)',
  '    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)',
].join('\n');

/** Files rather than untitled documents: VS Code gives the name of a closed one, and for a moment its text, to the next. */
let folder: string;

async function openFile(name: string, text: string): Promise<vscode.TextDocument> {
  await writeFile(join(folder, name), text);
  return vscode.workspace.openTextDocument(vscode.Uri.file(join(folder, name)));
}

describe('stack traces', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ingest-trace-traces-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  beforeEach(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  it('open from the clipboard as a document that folds and cannot be typed into', async () => {
    await vscode.env.clipboard.writeText(`so it said:\n${trace}`);
    await vscode.commands.executeCommand('ingestTrace.openStackTrace');
    const { document } = activeEditor();
    assert.equal(document.uri.scheme, 'ingest-trace-stack');
    assert.equal(document.languageId, 'ingest-trace-stack');
    assert.match(document.getText(), /^Error: outer\n {4}at assertNever/);
    const before = document.getText();
    await vscode.commands.executeCommand('type', { text: 'x' });
    assert.equal(document.getText(), before);
    const folds = await vscode.commands.executeCommand<vscode.FoldingRange[]>(
      'vscode.executeFoldingRangeProvider',
      document.uri,
    );
    assert.deepEqual(
      folds.map(({ start, end }) => [start, end]),
      [[0, 3]],
    );
  });

  it('open from a selection before the clipboard', async () => {
    await vscode.env.clipboard.writeText('Error: of the clipboard\n    at f (/srv/a.ts:1:1)');
    const document = await openFile('selection.md', `text\n${trace}\ntext`);
    const editor = await vscode.window.showTextDocument(document);
    editor.selection = new vscode.Selection(1, 0, 5, 0);
    await vscode.commands.executeCommand('ingestTrace.openStackTrace');
    assert.match(activeEditor().document.getText(), /^Error: outer\n/);
  });

  it('are walked frame by frame, the source line beside and the cursor where it was', async () => {
    await vscode.commands.executeCommand('ingestTrace.openStackTrace', trace);
    await vscode.commands.executeCommand('ingestTrace.nextFrame');
    const { document, selection } = activeEditor();
    assert.equal(document.uri.scheme, 'ingest-trace-stack');
    assert.match(document.lineAt(selection.active.line).text, /assertNever/);
    const beside = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.scheme === 'file');
    assert.ok(beside, 'no source is shown');
    assert.equal(vscode.workspace.asRelativePath(beside.document.uri), file);
    assert.equal(beside.document.lineAt(beside.selection.active.line).text, lineText);
  });

  it('are links in logs and plain text, those of the runtime left alone', async () => {
    for (const [name, language] of [
      ['links.log', 'log'],
      ['links.txt', 'plaintext'],
    ] as const) {
      const content = `2026-11-23 12:00:00 it begins\n${trace}\nand goes on\n`;
      const document = await openFile(name, content);
      assert.equal(document.languageId, language);
      await vscode.window.showTextDocument(document);
      const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>(
        'vscode.executeLinkProvider',
        document.uri,
      );
      const ours = links.filter(({ target }) => target?.path === 'ingestTrace.internal.openTextFrame');
      assert.equal(ours.length, 2, language);
      const link = ours.find(({ range }) => document.getText(range).includes('assertNever'));
      assert.ok(link?.target);
      await vscode.commands.executeCommand(link.target.path, ...(JSON.parse(link.target.query) as unknown[]));
      const opened = activeEditor();
      assert.equal(vscode.workspace.asRelativePath(opened.document.uri), file);
      assert.equal(opened.selection.active.line + 1, line1);
    }
  });

  it('show the lines around a frame as text, never as markup', async () => {
    const document = await openFile('hover.log', trace);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      new vscode.Position(1, 10),
    );
    const contents = hovers.flatMap((hover) => hover.contents).filter((one) => one instanceof vscode.MarkdownString);
    const [ours] = contents.filter(({ value }) => value.includes('→'));
    assert.ok(ours, 'no hover');
    assert.ok(ours.value.includes(`→ ${line1}  ${lineText}`), ours.value);
    assert.ok(!ours.isTrusted && !ours.supportHtml);
  });

  it('are not made of text that has none', async () => {
    await vscode.env.clipboard.writeText('nothing of interest');
    // Resolves once the message is closed, which nobody does here.
    void vscode.commands.executeCommand('ingestTrace.openStackTrace');
    await vscode.commands.executeCommand('notifications.clearAll');
    assert.equal(vscode.window.activeTextEditor, undefined);
  });
});

function activeEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor;
  assert.ok(editor, 'no editor is active');
  return editor;
}
