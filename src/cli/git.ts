/** Runs git for the command: to read, never to change or to fetch anything, and no program that a repository names. */

import { execFile } from 'node:child_process';
import { Failure } from './wrongUse.ts';

export interface GitOptions {
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Longer answers are of no source file. */
const maxBytes = 256_000_000;

/**
 * What git prints; `undefined` when it fails.
 * @param args without text from elsewhere where git would take it for an option
 * @throws the signal's reason when it is aborted, a `Failure` where there is no git
 */
export async function git(folder: string, args: readonly string[], options: GitOptions): Promise<string | undefined> {
  return (await gitBytes(folder, args, options))?.toString('utf8');
}

/** The same for what may be of any encoding. */
export async function gitBytes(
  folder: string,
  args: readonly string[],
  { signal, env }: GitOptions,
): Promise<Buffer | undefined> {
  signal.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<{ readonly error: Error | null; readonly stdout: Buffer }>();
  execFile(
    'git',
    ['-c', 'core.fsmonitor=false', ...args],
    {
      cwd: folder,
      encoding: 'buffer',
      signal,
      maxBuffer: maxBytes,
      env: { ...env, GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
    },
    (error, stdout) => resolve({ error, stdout }),
  );
  const { error, stdout } = await promise;
  signal.throwIfAborted();
  if (error && 'code' in error && error.code === 'ENOENT') {
    throw new Failure('git is not installed, or not in the PATH: it knows what stood in a commit.', { cause: error });
  }
  return error ? undefined : stdout;
}
