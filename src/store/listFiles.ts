/** Listing a folder as an object store: every file below it, in the order of whole keys. */

import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareKeys } from './compareKeys.ts';
import { errnoOf, fileError } from './fileError.ts';
import { fileInfo } from './fileInfo.ts';
import type { ListOptions, ObjectInfo } from './objectStore.ts';
import { keyProblem, reservedNamePrefix } from './storeKey.ts';
import { untilAborted } from './untilAborted.ts';

/** How many files are looked at at once. */
const statBatch = 64;
/** Of a folder with very many files so many names are looked at in one go, some 10 ms: whoever cancels is heard then. */
const namesAtOnce = 10_000;
/** A writer's unfinished file that is this old belongs to no one: it is removed when met. */
const leftoverMs = 24 * 3600 * 1000;

interface Entry {
  /** Whole key of a file; of a folder with a slash at its end, which is what puts both in the order of keys. */
  readonly key: string;
  readonly isFolder: boolean;
}

/** A folder that does not exist has no objects. Links are followed to files, not to folders: those may form circles. */
export async function* listFiles(root: string, options: ListOptions): AsyncGenerator<ObjectInfo, void> {
  for await (const batch of walk(root, '', options)) yield* batch;
}

/** The folders directly below `prefix` that hold an object at any depth. */
export async function listFileFolders(root: string, prefix: string, signal?: AbortSignal): Promise<string[]> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  if (folder !== '' && keyProblem(folder.slice(0, -1)) !== undefined) return [];
  const folders: string[] = [];
  for (const entry of await readFolder(root, folder, signal)) {
    signal?.throwIfAborted();
    if (!entry.isFolder || !entry.key.startsWith(prefix)) continue;
    const first = await walk(root, entry.key, signal ? { signal } : {}).next();
    if (!first.done) folders.push(entry.key);
  }
  return folders;
}

/** Batches that are never empty. */
async function* walk(root: string, folder: string, options: ListOptions): AsyncGenerator<ObjectInfo[], void> {
  const { prefix = '', startAfter = '', depth = 'all', signal } = options;
  let pending: string[] = [];
  for (const { key, isFolder } of await readFolder(root, folder, signal)) {
    signal?.throwIfAborted();
    if (!key.startsWith(prefix) && !(isFolder && prefix.startsWith(key))) continue;
    if (isFolder) {
      if (depth === 'level' && key.length > prefix.length) continue;
      // Everything in a folder starts with its key: it is past `startAfter` or not as a whole, unless that lies within.
      if (compareKeys(key, startAfter) < 0 && !startAfter.startsWith(key)) continue;
      if (pending.length > 0) yield* look(root, pending, signal);
      pending = [];
      yield* walk(root, key, options);
    } else if (compareKeys(key, startAfter) > 0) {
      pending.push(key);
      if (pending.length === statBatch) {
        yield* look(root, pending, signal);
        pending = [];
      }
    }
  }
  if (pending.length > 0) yield* look(root, pending, signal);
}

/** The entries of one folder in the order of keys. */
async function readFolder(root: string, folder: string, signal: AbortSignal | undefined): Promise<Entry[]> {
  const path = join(root, folder);
  let found: Dirent<Buffer>[];
  try {
    found = await untilAborted(readdir(path, { withFileTypes: true, encoding: 'buffer' }), signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw fileError(error, 'list', path);
  }
  const entries: Entry[] = [];
  for (const [at, dirent] of found.entries()) {
    if (at % namesAtOnce === namesAtOnce - 1) await nextTurn();
    signal?.throwIfAborted();
    // A name that is no text can be no key: nothing could ask for it.
    if (!isUtf8(dirent.name)) continue;
    const name = dirent.name.toString('utf8');
    if (name.startsWith(reservedNamePrefix)) {
      if (name.endsWith('.tmp')) await sweep(join(path, name));
      continue;
    }
    if (keyProblem(name) !== undefined) continue;
    if (dirent.isDirectory()) entries.push({ key: `${folder}${name}/`, isFolder: true });
    else if (dirent.isFile() || dirent.isSymbolicLink()) entries.push({ key: folder + name, isFolder: false });
  }
  return entries.sort((left, right) => compareKeys(left.key, right.key));
}

async function* look(
  root: string,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo[], void> {
  const looked = await untilAborted(Promise.all(keys.map((key) => lookAt(root, key))), signal);
  const infos = looked.filter((info) => info !== undefined);
  if (infos.length > 0) yield infos;
}

async function lookAt(root: string, key: string): Promise<ObjectInfo | undefined> {
  const path = join(root, key);
  try {
    const info = await stat(path, { bigint: true });
    return info.isFile() ? fileInfo(key, info) : undefined;
  } catch (error) {
    // Deleted since the folder was read, or a link to nowhere or to itself.
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    throw fileError(error, 'look at', path);
  }
}

async function sweep(path: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > leftoverMs) await unlink(path);
  } catch (error) {
    // Gone by now, or not ours to remove: it is not listed either way.
    if (errnoOf(error) === undefined) throw error;
  }
}
