/**
 * A lock on one file between processes, without a server: a lock file that exactly one can create.
 *
 * It is held for the few system calls between reading a file's etag and renaming its successor into place, so whoever
 * finds it taken waits. A holder that was killed leaves it behind. Whether it was killed is certain on the same machine
 * (its process id, with the time that process started, is in the file): then the next one removes the lock, itself
 * guarded by a second file so that of two that find it only one acts, and it looks again before it does. For a holder
 * on another machine (a shared folder) the lock counts as left behind once it has not changed for `foreignStaleMs`; a
 * holder therefore gives up rather than commit after `maxHoldMs`.
 */

import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { link, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from './storeError.ts';

const maxHoldMs = 10_000;
const foreignStaleMs = 30_000;
const giveUpMs = 60_000;

export interface HeldLock {
  /** Throws when the lock has been held for so long that another machine may think its holder dead. Call it just before committing. */
  assertHeld(): void;
}

interface Owner {
  readonly machine: string;
  readonly pid: number;
  readonly started: string;
  readonly id: string;
}

/**
 * Runs `work` while holding the lock file `lockPath`, whose folder must exist. Waits up to a minute for it; then throws
 * `io` naming the file. An aborted `signal` ends the waiting, not the work.
 */
export async function withKeyLock<T>(
  lockPath: string,
  work: (lock: HeldLock) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const content = await acquire(lockPath, signal);
  const acquiredMs = performance.now();
  try {
    return await work({
      assertHeld() {
        if (performance.now() - acquiredMs > maxHoldMs)
          throw new StoreError('io', `The disk took too long while '${lockPath}' was held; nothing was written.`);
      },
    });
  } finally {
    await release(lockPath, content);
  }
}

async function acquire(lockPath: string, signal: AbortSignal | undefined): Promise<string> {
  const owner: Owner = { ...thisProcess(), id: randomUUID() };
  const content = JSON.stringify(owner);
  // Named before it is a lock: a process killed at any moment leaves no lock without an owner.
  const named = `${lockPath}-${owner.id}`;
  await writeFile(named, content, { flag: 'wx' });
  try {
    await takeTurn(lockPath, named, content, signal);
  } finally {
    await unlink(named).catch(ignoreMissing);
  }
  return content;
}

async function takeTurn(
  lockPath: string,
  named: string,
  content: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const startedMs = performance.now();
  let seen: { readonly state: string; readonly sinceMs: number } | undefined;
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    try {
      await create(lockPath, named, content);
      return;
    } catch (error) {
      if (!isTaken(error)) throw error;
      if (performance.now() - startedMs > giveUpMs) {
        throw new StoreError(
          'io',
          `'${lockPath}' has been locked for a minute. If no process is writing there, delete that file.`,
          { cause: error },
        );
      }
    }
    const state = await readState(lockPath);
    if (state !== undefined) {
      if (seen?.state !== state) seen = { state, sinceMs: performance.now() };
      if (isLeftBehind(state, performance.now() - seen.sinceMs)) {
        await removeLeftBehind(lockPath, state);
        continue;
      }
    }
    await delay(Math.random() * Math.min(20, 1 + attempt), undefined, { signal }).catch(() => undefined);
  }
}

/** Throws EEXIST where there is a lock. */
async function create(lockPath: string, named: string, content: string): Promise<void> {
  try {
    await link(named, lockPath);
  } catch (error) {
    // A file system without hard links: there a kill between creating and writing leaves a lock to wait out.
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK') || process.platform === 'win32') throw error;
    await writeFile(lockPath, content, { flag: 'wx' });
  }
}

async function release(lockPath: string, content: string): Promise<void> {
  const current = await readFile(lockPath, 'utf8').catch(ignoreMissing);
  if (current === content) await unlink(lockPath).catch(ignoreMissing);
}

/** Everything that changes when another takes the lock; `undefined` when it is free. */
async function readState(lockPath: string): Promise<string | undefined> {
  try {
    const info = await stat(lockPath, { bigint: true });
    return `${info.ino}-${info.mtimeNs} ${await readFile(lockPath, 'utf8')}`;
  } catch (error) {
    return ignoreMissing(error);
  }
}

function isLeftBehind(state: string, unchangedMs: number): boolean {
  const owner = ownerIn(state.slice(state.indexOf(' ') + 1));
  if (owner === undefined || owner.machine !== thisProcess().machine) return unchangedMs > foreignStaleMs;
  return !isRunning(owner);
}

async function removeLeftBehind(lockPath: string, state: string): Promise<void> {
  const guardPath = `${lockPath}-break`;
  try {
    await writeFile(guardPath, '', { flag: 'wx' });
  } catch (error) {
    if (!isTaken(error)) throw error;
    // Another is removing it; or was killed while doing so, which takes no second.
    const guard = await stat(guardPath).catch(ignoreMissing);
    if (guard && Date.now() - guard.mtimeMs > foreignStaleMs) await unlink(guardPath).catch(ignoreMissing);
    await delay(5);
    return;
  }
  try {
    if ((await readState(lockPath)) === state) await unlink(lockPath).catch(ignoreMissing);
  } finally {
    await unlink(guardPath).catch(ignoreMissing);
  }
}

function ownerIn(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { machine, pid, started, id } = value as Partial<Record<keyof Owner, unknown>>;
    if (typeof machine !== 'string' || typeof pid !== 'number') return undefined;
    if (typeof started !== 'string' || typeof id !== 'string') return undefined;
    return { machine, pid, started, id };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRunning(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
  return startOf(owner.pid) === owner.started;
}

let self: Omit<Owner, 'id'> | undefined;

function thisProcess(): Omit<Owner, 'id'> {
  self ??= { machine: machineId(), pid: process.pid, started: startOf(process.pid) };
  return self;
}

/** Where a process id means the same process: this boot of this machine, and in it this container. */
function machineId(): string {
  if (process.platform !== 'linux') return hostname();
  return `${hostname()} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
}

/** Tells a process from a later one with the same id; the same for all where the system does not say. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return '';
  try {
    // proc_pid_stat(5): the name, in parentheses, may hold anything; field 22, the start time, is the 20th after it.
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch (error) {
    // Gone since: no process has this start.
    if (hasCode(error, 'ENOENT', 'ESRCH')) return 'gone';
    throw error;
  }
}

/** Windows answers EPERM for a name whose deleted file is still open somewhere. */
function isTaken(error: unknown): boolean {
  return hasCode(error, 'EEXIST') || (process.platform === 'win32' && hasCode(error, 'EPERM'));
}

function ignoreMissing(error: unknown): undefined {
  if (!hasCode(error, 'ENOENT')) throw error;
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
