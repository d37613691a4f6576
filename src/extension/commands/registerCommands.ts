/** Registers a table of commands; what a command fails with is told once, with a way on. */

import * as vscode from 'vscode';
import { type CommandId, commandIds } from '../commandIds.ts';
import { failureOf } from '../failureText.ts';
import { linkFree } from '../plainText.ts';

/** Arguments come from menus, links or anyone: each handler checks its own. */
export type CommandHandler = (...args: readonly unknown[]) => unknown;

/** @returns what ends the registration */
export function registerCommands(
  table: Readonly<Record<CommandId, CommandHandler>>,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const registered = Object.entries(table).map(([id, handler]) =>
    vscode.commands.registerCommand(id, async (...args: unknown[]) => {
      try {
        await handler(...args);
      } catch (error) {
        log.error(error instanceof Error ? error : String(error));
        const failure = failureOf(error);
        // Not awaited: a command is done when its failure is told, not when that is read.
        if (failure.kind !== 'cancelled') void tellFailure(failure.message);
      }
    }),
  );
  return vscode.Disposable.from(...registered);
}

/** What can be read at a glance. */
const shownLength = 480;

/** Shows a failure; the log has the details. With `retry`, offers to try again. */
export async function tellFailure(message: string, retry?: () => unknown): Promise<void> {
  const [again, showLog] = ['Try Again', 'Show Log'];
  const shown = message.length > shownLength ? `${message.slice(0, shownLength)}… The log tells all.` : message;
  const picked = await vscode.window.showErrorMessage(linkFree(shown), ...(retry ? [again] : []), showLog);
  if (picked === again) await retry?.();
  if (picked === showLog) await vscode.commands.executeCommand(commandIds.showEngineLog);
}
