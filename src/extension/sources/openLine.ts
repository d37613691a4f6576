/** Shows a line in the editor; a file outside of the workspace only when the user says so. */

import { realpath } from 'node:fs/promises';
import * as vscode from 'vscode';
import { linkFree, plainLine } from '../plainText.ts';
import { isInside } from './insideFolder.ts';

export interface ShowOptions {
  readonly viewColumn?: vscode.ViewColumn;
  readonly preserveFocus?: boolean;
  /** A file of our own: nobody need be asked, wherever it lies. */
  readonly isOwn?: boolean;
  /** Aborts once something else is to be shown in its place: nothing is shown any more then. */
  readonly signal?: AbortSignal;
}

/** Shows a line of a file in the editor. False when it was not shown: the file is gone, or the user does not want it. */
export async function openLine(
  path: string,
  line1: number,
  column1: number | undefined,
  show: ShowOptions = {},
): Promise<boolean> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) {
    void vscode.window.showWarningMessage(linkFree(`${path} is gone. Was it deleted or renamed since it was listed?`));
    return false;
  }
  if (!show.isOwn && !(await isInWorkspace(real))) {
    if (show.signal?.aborted) return false;
    const open = 'Open It';
    const picked = await vscode.window.showWarningMessage(
      'This file is outside of the workspace. Open it all the same?',
      { modal: true, detail: plainLine(real, 1000) },
      open,
    );
    if (picked !== open) return false;
  }
  const shown = await showLine(vscode.Uri.file(path), line1, column1, show);
  if (!shown) return false;
  if (line1 > shown.lineCount) {
    // Not awaited: the line is shown, and what is to be told of it stands above it whether or not this is read.
    void vscode.window.showWarningMessage(
      `The frame names line ${line1}, but the file has ${shown.lineCount} lines: it has changed since that build.`,
    );
  }
  return true;
}

/** Shows a line of any document; lines past the end lead to the last one. `undefined` when it is no longer wanted. */
export async function showLine(
  uri: vscode.Uri,
  line1: number,
  column1: number | undefined,
  { viewColumn, preserveFocus, signal }: ShowOptions = {},
): Promise<vscode.TextDocument | undefined> {
  const document = await vscode.workspace.openTextDocument(uri);
  if (signal?.aborted) return undefined;
  const line = Math.min(Math.max(line1, 1), document.lineCount) - 1;
  const position = document.validatePosition(new vscode.Position(line, Math.max((column1 ?? 1) - 1, 0)));
  const range = new vscode.Range(position, position);
  const editor = await vscode.window.showTextDocument(document, {
    ...(viewColumn !== undefined && { viewColumn }),
    ...(preserveFocus !== undefined && { preserveFocus }),
    selection: range,
  });
  editor.revealRange(range, vscode.TextEditorRevealType.InCenter);
  return document;
}

async function isInWorkspace(real: string): Promise<boolean> {
  for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
    if (uri.scheme !== 'file') continue;
    const folder = await realpath(uri.fsPath).catch(() => uri.fsPath);
    if (isInside(folder, real)) return true;
  }
  return false;
}
