/** Which build of the harness runs: for task logs, so that a stack frame can be opened at the revision that ran. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isJsonObject, parseJson } from '../model/json.ts';
import type { BuildInfo } from '../model/record.ts';

const run = promisify(execFile);

/**
 * `INGEST_TRACE_COMMIT` and `INGEST_TRACE_REPOSITORY`, else what git says of the folder that the bundles lie in; the
 * version of the package.json above it. What cannot be found out is left out.
 */
export async function findBuild(bundleFolder: string, env: NodeJS.ProcessEnv): Promise<BuildInfo> {
  const [version, commit, repository] = await Promise.all([
    packageVersion(bundleFolder),
    env['INGEST_TRACE_COMMIT'] || cleanCommit(bundleFolder),
    env['INGEST_TRACE_REPOSITORY'] || git(bundleFolder, 'remote', 'get-url', 'origin'),
  ]);
  const publicUrl = repository && withoutCredentials(repository);
  return {
    service: 'ingest-trace-harness',
    ...(version ? { version } : {}),
    ...(commit ? { commit } : {}),
    ...(publicUrl ? { repository: publicUrl } : {}),
  };
}

/** What was built from files that are changed and not committed ran at no commit. */
async function cleanCommit(folder: string): Promise<string | undefined> {
  const root = await git(folder, 'rev-parse', '--show-toplevel');
  if (root === undefined || (await git(root, 'status', '--porcelain', '--untracked-files=no')) !== undefined)
    return undefined;
  return git(root, 'rev-parse', 'HEAD');
}

async function packageVersion(bundleFolder: string): Promise<string | undefined> {
  const text = await readFile(join(dirname(bundleFolder), 'package.json'), 'utf8').catch(() => undefined);
  const json = text === undefined ? undefined : parseJson(text);
  const version = isJsonObject(json) ? json['version'] : undefined;
  return typeof version === 'string' ? version : undefined;
}

async function git(folder: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', args, { cwd: folder, timeout: 3_000 });
    return stdout.trim() || undefined;
  } catch (error) {
    // No git, no repository, no such remote: then it is not known.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** Remotes may carry a token, and paths of a machine are nobody else's business. */
export function withoutCredentials(remote: string): string | undefined {
  const url = URL.parse(remote);
  if (!url || !/^(?:https?|ssh|git):$/.test(url.protocol)) return undefined;
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return url.href;
}
