/**
 * The object store in a folder. A key is the path of its file below that folder, unchanged, so that what others put
 * there is read as it is and what is written here can be read by any other program.
 *
 * - Writes are whole: into a `.~…` file beside the target, flushed, then renamed or linked into place.
 * - `onlyIf: 'absent'` is link(2), which fails where the name is taken: of many that race, one wins.
 * - Everything that replaces or removes a file does so under that file's lock (keyLock.ts), so that nothing comes
 *   between comparing an etag and renaming. A link needs no lock: it cannot change a file that is there.
 * - The etag is size, time of modification and inode: one `stat`, no reading, so listing stays cheap. A successor has
 *   another inode; as inodes are used again, it also gets a time later than its predecessor's, in nanoseconds.
 */

import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { link, mkdir, open, rename, stat, unlink, utimes } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FileBody } from './fileBody.ts';
import { errnoOf, fileError } from './fileError.ts';
import { fileEtag, fileInfo } from './fileInfo.ts';
import { type HeldLock, withKeyLock } from './keyLock.ts';
import { listFileFolders, listFiles } from './listFiles.ts';
import type {
  GetOptions,
  ListOptions,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  PutResult,
  StoredObject,
} from './objectStore.ts';
import { StoreError } from './storeError.ts';
import { checkKey, printable, reservedNamePrefix } from './storeKey.ts';

const isWindows = process.platform === 'win32';

export class FileStore implements ObjectStore {
  readonly url: string;
  readonly #root: string;

  /** `url` is a `file:` URL of a folder, which need not exist yet. */
  constructor(url: string) {
    this.#root = folderOf(url);
    this.url = pathToFileURL(this.#root).href;
  }

  list(options: ListOptions = {}): AsyncIterable<ObjectInfo> {
    return listFiles(this.#root, options);
  }

  listFolders(prefix: string, signal?: AbortSignal): Promise<string[]> {
    return listFileFolders(this.#root, prefix, signal);
  }

  async head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    const info = await statFile(path);
    return info && fileInfo(key, info);
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    const path = this.#pathOf(key);
    options.signal?.throwIfAborted();
    try {
      const handle = await open(path, 'r');
      try {
        // Of the open file: whatever is renamed over it meanwhile, size, etag and bytes belong together.
        const info = await handle.stat({ bigint: true });
        if (!info.isFile()) {
          await handle.close();
          return undefined;
        }
        return { info: fileInfo(key, info), body: new FileBody(handle, path, Number(info.size), options) };
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw fileError(error, 'read', path);
    }
  }

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    const path = this.#pathOf(key);
    const { onlyIf, signal } = options;
    signal?.throwIfAborted();
    try {
      // Refuses early, and spares the disk a write; what counts is looked at again when committing.
      if (onlyIf === 'absent' && (await statFile(path))) return refused;
      await makeFolder(dirname(path));
      const written = await writeTemporary(path, body);
      try {
        signal?.throwIfAborted();
        const etag =
          onlyIf === 'absent'
            ? await commitAbsent(written, path, signal)
            : await withKeyLock(lockOf(path), (lock) => commitOver(written, path, onlyIf?.etag, lock), signal);
        if (etag === undefined) return refused;
        await syncFolder(dirname(path));
        return { kind: 'stored', etag };
      } finally {
        await removeFile(written.path);
      }
    } catch (error) {
      throw fileError(error, 'write', path);
    }
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    try {
      if (await statFile(path)) await withKeyLock(lockOf(path), () => removeFile(path), signal);
    } catch (error) {
      throw fileError(error, 'delete', path);
    }
  }

  async close(): Promise<void> {
    // Holds nothing open between calls.
  }

  #pathOf(key: string): string {
    checkKey(key);
    // A colon names a drive or a stream of a file there; the others are refused by the file system itself.
    if (isWindows && /[:*?"<>|]|[. ](?:\/|$)/.test(key))
      throw new StoreError('badKey', `'${printable(key)}' cannot be the name of a file on Windows.`);
    return join(this.#root, key);
  }
}

function folderOf(url: string): string {
  try {
    return resolve(fileURLToPath(url));
  } catch (error) {
    throw new StoreError('badKey', `'${url}' names no folder: write file:/// and its absolute path.`, { cause: error });
  }
}

const refused: PutResult = { kind: 'refused' };

interface WrittenFile {
  readonly path: string;
  readonly info: BigIntStats;
}

/** The whole body, on disk, in a file of its own beside `target`, with a time that no other has. */
async function writeTemporary(target: string, body: Uint8Array): Promise<WrittenFile> {
  const path = join(dirname(target), `${reservedNamePrefix}${randomUUID()}.tmp`);
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(body);
    // The system's own stamps move in ticks of milliseconds; a random part within one tells quick successors apart.
    const nowSeconds = (Date.now() + Math.random()) / 1000;
    await handle.utimes(nowSeconds, nowSeconds);
    await handle.sync();
    return { path, info: await handle.stat({ bigint: true }) };
  } catch (error) {
    await removeFile(path);
    throw error;
  } finally {
    await handle.close();
  }
}

/** The etag of the object now there, or `undefined` when there was one already. */
async function commitAbsent(written: WrittenFile, path: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    await link(written.path, path);
    return fileEtag(written.info);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') {
      if (await statFile(path)) return undefined;
      throw error;
    }
    // A file system without hard links (FAT, some network and FUSE ones): no one links there, so the lock is enough.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error;
    return withKeyLock(
      lockOf(path),
      async (lock) => ((await statFile(path)) ? undefined : commitOver(written, path, undefined, lock)),
      signal,
    );
  }
}

/** Renames into place unless `expectedEtag` is given and is not the present one: then `undefined`. */
async function commitOver(
  written: WrittenFile,
  path: string,
  expectedEtag: string | undefined,
  lock: HeldLock,
): Promise<string | undefined> {
  const current = await statFile(path);
  if (expectedEtag !== undefined && (current === undefined || fileEtag(current) !== expectedEtag)) return undefined;
  let { info } = written;
  if (current !== undefined && info.mtimeNs <= current.mtimeNs) {
    // A clock that was set back, or two writes in one tick: 2 µs later than the predecessor survives the rounding.
    const laterSeconds = Number(current.mtimeNs + 2000n) / 1e9;
    await utimes(written.path, laterSeconds, laterSeconds);
    info = await stat(written.path, { bigint: true });
  }
  lock.assertHeld();
  await rename(written.path, path);
  return fileEtag(info);
}

/** Beside the file, so that stores on a folder and on its parent share it; hashed, as names may be as long as names can be. */
function lockOf(path: string): string {
  const name = createHash('sha256').update(basename(path)).digest('hex').slice(0, 24);
  return join(dirname(path), `${reservedNamePrefix}${name}.lock`);
}

/** `undefined` when there is no file there (a folder is none). */
async function statFile(path: string): Promise<BigIntStats | undefined> {
  try {
    const info = await stat(path, { bigint: true });
    return info.isFile() ? info : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fileError(error, 'look at', path);
  }
}

function isMissing(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * Makes a folder and what it lies in. Not mkdir's own `recursive`: where a parent is there and yet answers that it is
 * not, as in /proc, that tries for ever.
 */
async function makeFolder(path: string): Promise<void> {
  if (await makeOneFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  if (!(await makeOneFolder(path))) await mkdir(path);
}

/** False when the folder it lies in is missing. */
async function makeOneFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT') return false;
    // A root or a drive answers in its own ways; what counts is that a folder is there.
    if ((await stat(path).catch(() => undefined))?.isDirectory()) return true;
    throw error;
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Makes a new name survive a power cut; Windows does so by itself. */
async function syncFolder(path: string): Promise<void> {
  if (isWindows) return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
