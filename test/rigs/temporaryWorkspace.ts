/** A copy of this repository's files, to be opened in VS Code and written to. */

import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { type TemporaryFolder, temporaryFolder } from './temporaryFolder.ts';

const root = join(import.meta.dirname, '../..');

/** What is installed, built or written by tests, at the top or in test/. */
const leftOut = new Set(['node_modules', 'dist', '.git', 'out', 'coverage', '.ingest-trace']);

/** A git work tree of its own, with one commit. */
export async function temporaryWorkspace(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder('workspace');
  try {
    const filter = (path: string) => !leftOut.has(basename(path)) && !path.endsWith('.vsix');
    await cp(root, folder.path, { recursive: true, filter });
    const git = (...args: readonly string[]) => promisify(execFile)('git', ['-C', folder.path, ...args]);
    await git('init', '--quiet', '--initial-branch=main');
    await git('add', '--all');
    await git('-c', 'user.name=Test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--message=All of it');
    return folder;
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
