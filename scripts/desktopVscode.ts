/** The desktop VS Code of this machine, if there is one, opened on a profile of its own. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { command } from './runCommand.ts';

/** A desktop `code` has a display to open on; inside a remote shell `code` is another program. */
export function findDesktopVscode(): string | undefined {
  if (process.env['VSCODE_IPC_HOOK_CLI']) return undefined;
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return undefined;
  const names = process.platform === 'win32' ? ['code.cmd', 'code-insiders.cmd'] : ['code', 'code-insiders', 'codium'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  if (process.platform === 'darwin') folders.push('/Applications/Visual Studio Code.app/Contents/Resources/app/bin');
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}

export interface DesktopOptions {
  readonly vsix: string;
  readonly workspace: string;
  readonly extensionsDirectory: string;
  readonly userDataDirectory: string;
  readonly signal: AbortSignal;
}

/** Installs the extension into the profile and opens a window; resolves when the user closes it. */
export async function openDesktopVscode(program: string, options: DesktopOptions): Promise<void> {
  const profile = ['--extensions-dir', options.extensionsDirectory, '--user-data-dir', options.userDataDirectory];
  for (const args of [
    ['--install-extension', options.vsix],
    ['--new-window', '--wait', '--disable-workspace-trust', options.workspace],
  ]) {
    const { code } = await command(program, [...profile, ...args], {
      cwd: options.workspace,
      show: true,
      signal: options.signal,
    }).ended();
    if (code !== 0)
      throw new Error(`'${program} ${args.join(' ')}' ended with exit code ${code}; what it said is above.`);
  }
}
