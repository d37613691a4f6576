/** Where VS Code starts and ends the extension. */

import type * as vscode from 'vscode';
import { type Composition, compose } from './compose.ts';

let composition: Composition | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  composition = await compose(context);
}

export async function deactivate(): Promise<void> {
  await composition?.close();
  composition = undefined;
}
