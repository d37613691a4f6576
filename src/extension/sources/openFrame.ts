/** Opens the source line of a stack frame; a file outside of the workspace only when the user says so. */

import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { assertNever } from '../../model/assertNever.ts';
import type { PathMapping } from '../../model/environment.ts';
import { type Frame, openConfidence, type Trace } from '../../stacktrace/trace.ts';
import { iconFree, linkFree, plainLine } from '../plainText.ts';
import { environmentsKey, settingsSection } from '../settings/settings.ts';
import { frameText } from '../views/errorNodes.ts';
import { isInside } from './insideFolder.ts';
import type { WorkspaceSources } from './workspaceSources.ts';

export async function openFrame(
  sources: WorkspaceSources,
  frame: Frame,
  trace: Trace,
  mappings: readonly PathMapping[],
): Promise<void> {
  // Looked up anew: files come and go while a tree or a log is open.
  const resolution = await sources.resolve(frame, trace, mappings);
  switch (resolution.kind) {
    case 'file': {
      if (resolution.confidence >= openConfidence)
        await openLine(resolution.path, resolution.line1, resolution.column1);
      else await pickFile(frame, [resolution], resolution.why);
      return;
    }
    case 'choice':
      await pickFile(frame, resolution.candidates, resolution.why);
      return;
    case 'none':
      await sayWhyNot(frame, resolution.why);
      return;
    default:
      assertNever(resolution);
  }
}

async function pickFile(
  frame: Frame,
  candidates: readonly { readonly path: string; readonly why: string }[],
  why: string,
): Promise<void> {
  const items = candidates.map(({ path, why }) => ({
    label: iconFree(basename(path)),
    description: iconFree(vscode.workspace.asRelativePath(path)),
    detail: iconFree(why),
    path,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: `Which file is meant by ${plainLine(frame.file ?? frameText(frame), 100)}?`,
    placeHolder: plainLine(why),
    matchOnDescription: true,
  });
  if (picked) await openLine(picked.path, frame.line1 ?? 1, frame.column1);
}

async function sayWhyNot(frame: Frame, why: string): Promise<void> {
  const addMapping = 'Add a Path Mapping';
  const where = frame.file === undefined ? frameText(frame) : `${frame.file}:${frame.line1 ?? '?'}`;
  // A runtime's or library's frame needs no mapping.
  const advice = frame.inApp
    ? ' Open the folder that holds it, or map its path in the "paths" of the environment.'
    : '';
  const message = linkFree(`${plainLine(where)} is not in this workspace: ${why}.${advice}`, 600);
  const picked = await vscode.window.showInformationMessage(message, ...(frame.inApp ? [addMapping] : []));
  if (picked !== addMapping) return;
  await vscode.commands.executeCommand('workbench.action.openSettings', `${settingsSection}.${environmentsKey}`);
}

async function openLine(path: string, line1: number, column1: number | undefined): Promise<void> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) {
    await vscode.window.showWarningMessage(linkFree(`${path} is gone. Was it deleted or renamed since it was listed?`));
    return;
  }
  if (!(await isInWorkspace(real))) {
    const open = 'Open It';
    const picked = await vscode.window.showWarningMessage(
      'This file is outside of the workspace. Open it all the same?',
      { modal: true, detail: plainLine(real, 1000) },
      open,
    );
    if (picked !== open) return;
  }
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(path));
  const line = Math.min(Math.max(line1, 1), document.lineCount) - 1;
  const position = document.validatePosition(new vscode.Position(line, Math.max((column1 ?? 1) - 1, 0)));
  const editor = await vscode.window.showTextDocument(document, { selection: new vscode.Range(position, position) });
  editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.InCenter);
  if (line1 > document.lineCount) {
    await vscode.window.showWarningMessage(
      `The frame names line ${line1}, but the file has ${document.lineCount} lines: it has changed since that build.`,
    );
  }
}

async function isInWorkspace(real: string): Promise<boolean> {
  for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
    if (uri.scheme !== 'file') continue;
    const folder = await realpath(uri.fsPath).catch(() => uri.fsPath);
    if (isInside(folder, real)) return true;
  }
  return false;
}
