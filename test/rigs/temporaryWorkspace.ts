/** A copy of this repository's files, to be opened in VS Code and written to. */

import { execFile } from 'node:child_process';
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');

/** What is installed, built or written by tests, at the top or in test/. */
const leftOut = new Set(['node_modules', 'dist', '.git', 'out', 'coverage', '.ingest-trace']);

export interface TemporaryWorkspace {
  readonly folder: string;
  remove(): Promise<void>;
}

/** A git work tree of its own, with one commit. */
export async function temporaryWorkspace(): Promise<TemporaryWorkspace> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'ingest-trace-workspace-')));
  await cp(root, folder, {
    recursive: true,
    filter: (path) => !leftOut.has(basename(path)) && !path.endsWith('.vsix'),
  });
  const git = (...args: readonly string[]) => promisify(execFile)('git', ['-C', folder, ...args]);
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('-c', 'user.name=Test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--message=All of it');
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
}
