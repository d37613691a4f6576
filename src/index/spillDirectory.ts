/** Folders for what is written for the time being: one for each opening, named by process, so that a killed one's can be removed. */

import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where others write too, a process that is not seen to run may do so all the same, in a container of its own. */
const leftoverMs = 24 * 3_600_000;

/** Makes a new one below `parent` and removes those of processes that are no more. */
export async function createSpillDirectory(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (const path of await leftBehind(parent, 'spill')) await rm(path, { recursive: true, force: true });
  return await mkdtemp(join(parent, `spill-${process.pid}-`));
}

/** The same in a folder that all the machine shares: only what is a day old is taken for left behind, and only if it is one's own. */
export async function createSharedDirectory(parent: string, name: string): Promise<string> {
  for (const path of await leftBehind(parent, name)) {
    const found = await stat(path).catch(() => undefined);
    const isOwn = found !== undefined && found.uid === process.getuid?.();
    if (isOwn && Date.now() - found.mtimeMs > leftoverMs) await rm(path, { recursive: true, force: true });
  }
  return await mkdtemp(join(parent, `${name}-${process.pid}-`));
}

async function leftBehind(parent: string, name: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(parent)) {
    const pid = entry.startsWith(`${name}-`) ? /^(\d+)-/.exec(entry.slice(name.length + 1))?.[1] : undefined;
    if (pid !== undefined && !isRunning(Number(pid))) paths.push(join(parent, entry));
  }
  return paths;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process may not be signalled, but is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
