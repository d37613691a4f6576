/** Lists the files of a folder for WorkspaceFiles: by git where it can, else by walking. Node only. */

import { spawn } from 'node:child_process';
import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
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
 * Paths relative to `directory`, with `/`: what git tracks and what it does not ignore; outside a repository or without
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

/** @returns `undefined` when there is no git, or no repository */
async function listByGit(directory: string, maxFiles: number, signal?: AbortSignal): Promise<string[] | undefined> {
  const { promise, resolve } = Promise.withResolvers<'ended' | 'failed'>();
  // A repository's own configuration may name a program to ask about changes: not to be run for opening a folder.
  const args = ['-c', 'core.fsmonitor=false', 'ls-files', '-co', '--exclude-standard', '--deduplicate', '-z'];
  const git = spawn('git', args, {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' },
    ...(signal ? { signal } : {}),
  });
  git.once('error', () => resolve('failed'));
  git.once('close', (code) => resolve(code === 0 ? 'ended' : 'failed'));
  const paths: string[] = [];
  let rest = '';
  git.stdout.setEncoding('utf8');
  git.stdout.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\0');
    rest = parts.pop() ?? '';
    // Of repositories within, that it does not track, git names the folders only.
    for (const path of parts) if (paths.length < maxFiles && !path.endsWith('/')) paths.push(path);
  });
  const outcome = await promise;
  signal?.throwIfAborted();
  return outcome === 'ended' ? paths : undefined;
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
