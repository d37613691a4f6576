/** Lists the files of a folder for WorkspaceFiles: by git where it can, else by walking. Node only. */

import { spawn } from 'node:child_process';
import type { Dirent } from 'node:fs';
import { lstat, opendir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { WorkspaceFiles, type WorkspaceOptions } from './workspaceFiles.ts';

export interface ListOptions {
  readonly signal?: AbortSignal;
  /** More files than this are left out; 500,000 when absent. */
  readonly maxFiles?: number;
}

const defaultMaxFiles = 500_000;
const skippedFolders = new Set(['node_modules', '.git', '.hg', '.svn', '__pycache__', '.venv', '.tox']);
const maxDepth = 64;

/**
 * Paths relative to `directory`, with `/`: what git tracks and what it does not ignore, in submodules, too; outside a repository or without
 * git every file but those in `node_modules` and the like.
 * @throws the signal's reason when it is aborted; the error of the folder when it cannot be read
 */
export async function listWorkspaceFiles(directory: string, options: ListOptions = {}): Promise<string[]> {
  options.signal?.throwIfAborted();
  const maxFiles = options.maxFiles ?? defaultMaxFiles;
  return (await listByGit(directory, maxFiles, options.signal)) ?? (await walk(directory, maxFiles, options.signal));
}

/**
 * The index of a folder, listed. Without a word about case the system's usual file system decides. Same failures as
 * `listWorkspaceFiles`.
 */
export async function openWorkspaceFiles(
  directory: string,
  options: ListOptions & WorkspaceOptions = {},
): Promise<WorkspaceFiles> {
  const caseInsensitive = options.caseInsensitive ?? (process.platform === 'win32' || process.platform === 'darwin');
  return new WorkspaceFiles(directory, await listWorkspaceFiles(directory, options), { caseInsensitive });
}

/** Submodules may have some of their own. */
const maxSubmoduleDepth = 8;

/** @returns `undefined` when there is no git, or no repository */
async function listByGit(
  directory: string,
  maxFiles: number,
  signal?: AbortSignal,
  depth = 0,
): Promise<string[] | undefined> {
  const [listed, submodules] = await Promise.all([
    partsOfGit(directory, ['ls-files', '-co', '--exclude-standard', '--deduplicate', '-z'], '\0', maxFiles, signal),
    depth < maxSubmoduleDepth ? submodulesIn(directory, signal) : Promise.resolve<string[]>([]),
  ]);
  // Of repositories within, that it does not track, git names the folders only.
  const paths = listed?.filter((path) => !path.endsWith('/') && !submodules.includes(path));
  for (const submodule of paths ? submodules : []) {
    const within = await listByGit(join(directory, submodule), maxFiles, signal, depth + 1);
    for (const path of within ?? []) if (paths && paths.length < maxFiles) paths.push(`${submodule}/${path}`);
  }
  return paths;
}

/** Folders of the submodules that are there, relative to `directory`: git lists them, but nothing in them. */
async function submodulesIn(directory: string, signal?: AbortSignal): Promise<string[]> {
  const [top = '', prefix = ''] =
    (await partsOfGit(directory, ['rev-parse', '--show-toplevel', '--show-prefix'], '\n', 2, signal)) ?? [];
  const text = top === '' ? '' : await readFile(join(top, '.gitmodules'), 'utf8').catch(() => '');
  const found: string[] = [];
  for (const [, path = ''] of text.matchAll(/^[ \t]*path[ \t]*=[ \t]*"?([^"\r\n]+)/gm)) {
    const relativePath = path.trim().slice(prefix.length);
    if (!path.startsWith(prefix) || relativePath === '' || path.split('/').includes('..')) continue;
    const folder = join(directory, relativePath);
    // Neither a link that leads elsewhere nor one that is not checked out.
    const isFolder = await lstat(folder).then(
      (info) => info.isDirectory(),
      () => false,
    );
    const isThere = isFolder && (await lstat(join(folder, '.git')).catch(() => undefined)) !== undefined;
    if (isThere) found.push(relativePath);
  }
  return found;
}

/** @returns `undefined` when it fails */
async function partsOfGit(
  directory: string,
  args: readonly string[],
  separator: string,
  most: number,
  signal?: AbortSignal,
): Promise<string[] | undefined> {
  const { promise, resolve } = Promise.withResolvers<'ended' | 'failed'>();
  // A repository's own configuration may name a program to ask about changes: not to be run for opening a folder.
  const git = spawn('git', ['-c', 'core.fsmonitor=false', ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' },
    ...(signal ? { signal } : {}),
  });
  git.once('error', () => resolve('failed'));
  git.once('close', (code) => resolve(code === 0 ? 'ended' : 'failed'));
  const found: string[] = [];
  let rest = '';
  git.stdout.setEncoding('utf8');
  git.stdout.on('data', (chunk: string) => {
    const parts = (rest + chunk).split(separator);
    rest = parts.pop() ?? '';
    for (const part of parts) if (found.length < most) found.push(part);
  });
  const outcome = await promise;
  signal?.throwIfAborted();
  return outcome === 'ended' ? found : undefined;
}

async function walk(directory: string, maxFiles: number, signal?: AbortSignal): Promise<string[]> {
  const paths: string[] = [];
  const open: { folder: string; depth: number }[] = [{ folder: directory, depth: 0 }];
  for (let next = open.pop(); next && paths.length < maxFiles; next = open.pop()) {
    signal?.throwIfAborted();
    for await (const entry of await openFolder(next.folder, next.depth)) {
      const path = join(next.folder, entry.name);
      // Links are not followed: they may lead in circles or out of the workspace.
      if (entry.isDirectory() && !skippedFolders.has(entry.name) && next.depth < maxDepth) {
        open.push({ folder: path, depth: next.depth + 1 });
      } else if (entry.isFile() && paths.length < maxFiles) {
        paths.push(relative(directory, path).split(sep).join('/'));
      }
    }
  }
  return paths;
}

/** A folder inside that may not be read, or has just gone, is left out; the workspace folder itself must be there. */
async function openFolder(folder: string, depth: number): Promise<AsyncIterable<Dirent>> {
  try {
    return await opendir(folder);
  } catch (error) {
    if (depth === 0) throw error;
    return Readable.from([]);
  }
}
