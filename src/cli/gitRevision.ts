/** Opens the revision of a commit, in the first repository of the workspace that has it. */

import { relative } from 'node:path';
import { normalisePath } from '../stacktrace/framePath.ts';
import { sourceText } from '../stacktrace/readSource.ts';
import { Revision } from '../stacktrace/revision.ts';
import { parseLineEdits } from '../stacktrace/revisionLines.ts';
import { type FileChange, isCommitName } from '../stacktrace/revisionPaths.ts';
import { git, gitBytes, type GitOptions } from './git.ts';
import { Failure, WrongUse } from './wrongUse.ts';

/**
 * No colours, and no program that the repository's configuration names for its files. As text also what git would only
 * call different: UTF-16, and generated files of which a repository wants to see no diff.
 */
const diff = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', '--text', '--find-renames'];

export type FoundRevision =
  | { readonly kind: 'revision'; readonly revision: Revision }
  /** No repository of the workspace has it; the message says how to get it. */
  | { readonly kind: 'absent'; readonly message: string }
  | { readonly kind: 'noRepository'; readonly message: string };

/**
 * The revision that the user names.
 * @param folders of the workspace, absolute
 * @throws WrongUse on what is no commit's hash, Failure where no repository has it, saying how to get it
 */
export async function openRevision(folders: readonly string[], commit: string, options: GitOptions): Promise<Revision> {
  if (!isCommitName(commit)) {
    throw new WrongUse(`--commit expects the hash of a commit, 7 to 64 hex digits, got ${JSON.stringify(commit)}.`);
  }
  const found = await findRevision(folders, commit, options);
  if (found.kind === 'revision') return found.revision;
  throw new Failure(found.message);
}

/** @param commit that `isCommitName` has let through */
export async function findRevision(
  folders: readonly string[],
  commit: string,
  options: GitOptions,
): Promise<FoundRevision> {
  const roots = new Set<string>();
  for (const folder of folders) {
    const root = await rootOf(folder, options);
    if (root === undefined || roots.has(root)) continue;
    roots.add(root);
    const verified = (await git(root, ['rev-parse', '--verify', '--quiet', `${commit}^{commit}`], options))?.trim();
    // Branches and tags may be called like a commit, and go first.
    if (verified?.startsWith(commit.toLowerCase())) {
      return { kind: 'revision', revision: await revisionOf(root, verified, await withoutFilters(root, options)) };
    }
  }
  const [first] = roots;
  if (first === undefined) {
    const message = `${folders.join(', ')} is in no git repository. Name the right folder with --workspace.`;
    return { kind: 'noRepository', message };
  }
  const fetch = `git -C ${first} fetch`;
  const message =
    `Commit ${commit} is not in the repository ${[...roots].join(', nor in ')}. Get it with "${fetch}", or, where no ` +
    `branch leads to it, with "${fetch} origin ${commit}"; a short hash that several commits have needs more digits.`;
  return { kind: 'absent', message };
}

/** As the user spells it, so that paths of the workspace begin with it; git's own spelling follows links. */
async function rootOf(folder: string, options: GitOptions): Promise<string | undefined> {
  const answer = await git(folder, ['rev-parse', '--show-prefix', '--show-toplevel'], options);
  const [prefix = '', top] = answer?.split('\n') ?? [];
  if (top === undefined) return undefined;
  const path = normalisePath(folder);
  const below = `/${prefix.replace(/\/$/, '')}`;
  if (below === '/') return path;
  return path.endsWith(below) ? path.slice(0, -below.length) : normalisePath(top);
}

/** Git asks the filters of files (LFS, encryption) what it would commit: programs that the repository names. */
async function withoutFilters(root: string, options: GitOptions): Promise<GitOptions> {
  const listed = await git(root, ['config', '-z', '--name-only', '--get-regexp', '^filter\\.'], options);
  const filters = new Set(listed?.split('\0').flatMap((key) => /^(filter\..*)\.[^.]*$/s.exec(key)?.[1] ?? []));
  const settings = [...filters].flatMap((filter) => [
    [`${filter}.clean`, ''],
    [`${filter}.process`, ''],
    [`${filter}.required`, 'false'],
  ]);
  const { env } = options;
  const count = Number(env['GIT_CONFIG_COUNT'] ?? 0) || 0;
  const added = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${count + index}`, key],
    [`GIT_CONFIG_VALUE_${count + index}`, value],
  ]);
  const all = { GIT_CONFIG_COUNT: String(count + settings.length), ...Object.fromEntries(added) };
  return { ...options, env: { ...env, ...all } };
}

async function revisionOf(root: string, commit: string, options: GitOptions): Promise<Revision> {
  const listed = await git(root, ['ls-tree', '-r', '-z', '--full-tree', commit], options);
  const changed = await git(root, [...diff, '--name-status', '-z', commit, '--'], options);
  if (listed === undefined || changed === undefined) {
    throw new Failure(
      `Commit ${commit} cannot be compared with the files in ${root}: "git fsck" tells what is missing.`,
    );
  }
  const files = filesIn(listed);
  const pathIn = (path: string) => relative(root, path).replaceAll('\\', '/');
  const source = {
    root,
    has: (path: string) => files.has(pathIn(path)),
    show: async (path: string) => {
      const bytes = await gitBytes(root, ['cat-file', '-p', `${commit}:${pathIn(path)}`], options);
      return bytes && sourceText(bytes);
    },
    edits: async (path: string, now: { readonly path: string }) => {
      // Literal: a file may be called `*.ts`. Both names, or git takes one that was renamed for a new one.
      const paths = [...new Set([path, now.path])].map((one) => `:(literal)${pathIn(one)}`);
      const printed = await git(root, [...diff, commit, '--', ...paths], options);
      if (printed === undefined) throw new Failure(`git cannot compare ${path} with commit ${commit}.`);
      return [parseLineEdits(printed)];
    },
  };
  return new Revision(commit, source, parseNameStatus(root, changed));
}

/** `100644 blob HASH\tpath\0` …: neither links, which say nothing of the lines they lead to, nor other repositories. */
function filesIn(listed: string): ReadonlySet<string> {
  const entries = listed.split('\0').filter((entry) => entry.startsWith('100'));
  return new Set(entries.map((entry) => entry.slice(entry.indexOf('\t') + 1)));
}

/** `M\0path\0`, `R087\0from\0to\0` … */
function parseNameStatus(root: string, printed: string): FileChange[] {
  const changes: FileChange[] = [];
  const parts = printed.split('\0');
  for (let at = 0; at + 1 < parts.length; at++) {
    const status = parts[at] ?? '';
    const path = `${root}/${parts[++at] ?? ''}`;
    if (status.startsWith('R')) changes.push({ kind: 'renamed', from: path, to: `${root}/${parts[++at] ?? ''}` });
    else if (status.startsWith('C')) changes.push({ kind: 'added', to: `${root}/${parts[++at] ?? ''}` });
    else if (status === 'A') changes.push({ kind: 'added', to: path });
    else if (status === 'D') changes.push({ kind: 'deleted', from: path });
    else changes.push({ kind: 'modified', to: path });
  }
  return changes;
}
