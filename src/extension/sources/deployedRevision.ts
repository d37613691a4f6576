/** The revision that a failure's build was made from: its files as they were, and where their lines are now. */

import { relative } from 'node:path';
import type * as vscode from 'vscode';
import { normalisePath } from '../../stacktrace/framePath.ts';
import { readSource, type ReadSource } from '../../stacktrace/readSource.ts';
import { type LineEdit, type LineNow, lineThrough, parseLineEdits } from '../../stacktrace/revisionLines.ts';
import { type FileChange, isCommitName, type PathNow, RevisionPaths } from '../../stacktrace/revisionPaths.ts';
import { WorkspaceFiles } from '../../stacktrace/workspaceFiles.ts';
import { type GitChange, GitMissing, type GitRepository, gitApi, gitRepositories, gitStatus } from './gitExtension.ts';

export type Deployed =
  | { readonly kind: 'revision'; readonly revision: DeployedRevision }
  /** The build does not say its commit. */
  | { readonly kind: 'unknown' }
  /** No repository of the workspace has the commit; fetching may bring it. */
  | { readonly kind: 'absent'; readonly commit: string; fetch(): Promise<void> }
  /** Revisions cannot be read at all. */
  | { readonly kind: 'missing'; readonly why: string };

/** @throws nothing that has to do with git: that is part of the answer. */
export async function deployedRevision(commit: string | undefined): Promise<Deployed> {
  if (commit === undefined || commit === '') return { kind: 'unknown' };
  if (!isCommitName(commit)) return { kind: 'missing', why: 'the build names its commit by something that is none' };
  try {
    const api = await gitApi();
    const repositories = await gitRepositories(api);
    if (repositories.length === 0) return { kind: 'missing', why: 'no folder of this window is in a git repository' };
    for (const repository of repositories) {
      const hash = await repository.getCommit(commit).then(
        (found) => found.hash,
        // It rejects in many ways where there is no such commit.
        () => undefined,
      );
      if (hash === undefined) continue;
      const changes = (await repository.diffWith(hash)).map(fileChange);
      const toGitUri = (uri: vscode.Uri) => api.toGitUri(uri, hash);
      return { kind: 'revision', revision: new DeployedRevision(repository, hash, changes, toGitUri) };
    }
    const fetch = async () => {
      for (const repository of repositories) await repository.fetch();
    };
    return { kind: 'absent', commit, fetch };
  } catch (error) {
    if (!(error instanceof GitMissing)) throw error;
    return { kind: 'missing', why: error.message };
  }
}

function fileChange({ uri, originalUri, renameUri, status }: GitChange): FileChange {
  const from = normalisePath(originalUri.fsPath);
  const to = normalisePath((renameUri ?? uri).fsPath);
  if (status === gitStatus.deleted || status === gitStatus.indexDeleted) return { kind: 'deleted', from };
  if (status === gitStatus.indexRenamed) return { kind: 'renamed', from, to };
  if (status === gitStatus.indexAdded || status === gitStatus.untracked) return { kind: 'added', to };
  return { kind: 'modified', to };
}

export class DeployedRevision {
  /** The whole hash. */
  readonly commit: string;
  readonly #repository: GitRepository;
  readonly #root: string;
  readonly #paths: RevisionPaths;
  readonly #toGitUri: (uri: vscode.Uri) => vscode.Uri;

  constructor(
    repository: GitRepository,
    commit: string,
    changes: readonly FileChange[],
    toGitUri: (uri: vscode.Uri) => vscode.Uri,
  ) {
    this.commit = commit;
    this.#repository = repository;
    this.#root = normalisePath(repository.rootUri.fsPath);
    this.#paths = new RevisionPaths(changes);
    this.#toGitUri = toGitUri;
  }

  get shortCommit(): string {
    return this.commit.slice(0, 8);
  }

  /** The workspace's files with those that the revision had under names that are gone. */
  filesThen(files: readonly WorkspaceFiles[]): readonly WorkspaceFiles[] {
    const lost = files.map((folder) => {
      const paths = this.#paths.lost.flatMap((path) => folder.relative(path) ?? []);
      return new WorkspaceFiles(folder.root, paths, { caseInsensitive: folder.caseInsensitive });
    });
    return [...files, ...lost.filter(({ size }) => size > 0)];
  }

  /** Reads files as they were in the revision; what git never knew, such as bundles and their maps, as it is. */
  readonly readThen: ReadSource = async (path, maxBytes) => {
    if (!path.startsWith(`${this.#root}/`)) return readSource(path, maxBytes);
    if (this.#paths.now(path).kind === 'new') return { kind: 'missing' };
    try {
      const text = await this.#repository.show(this.commit, path);
      return text.length > maxBytes ? { kind: 'tooLarge', sizeBytes: text.length } : { kind: 'text', text };
    } catch {
      // Git has no such file: it is ignored, or nowhere.
      return readSource(path, maxBytes);
    }
  };

  /** @param path of a file of the revision; one outside of the repository counts as unchanged */
  pathNow(path: string): PathNow {
    return this.#paths.now(path);
  }

  /** Follows lines of a file of the revision to the file on the disk; `undefined` when it was deleted. */
  async lines(path: string): Promise<((line1: number) => LineNow) | undefined> {
    const now = this.#paths.now(path);
    if (now.kind === 'deleted' || now.kind === 'new') return undefined;
    const steps = await this.#edits(path, now);
    return (line1) => lineThrough(steps, line1);
  }

  /** The address of the file as it was, read-only. */
  uriThen(uri: vscode.Uri): vscode.Uri {
    return this.#toGitUri(uri);
  }

  async #edits(path: string, now: PathNow & { readonly path?: string }): Promise<LineEdit[][]> {
    const repository = this.#repository;
    if (now.kind === 'modified') return [parseLineEdits(await repository.diffWith(this.commit, path))];
    if (now.kind !== 'renamed' || now.path === undefined) return [];
    const [from, to] = [path, now.path].map((one) => relative(this.#root, one).replaceAll('\\', '/'));
    const [then, current] = [`${this.commit}:${from}`, now.path];
    try {
      const committed = await repository.diffBlobs(then, `HEAD:${to}`);
      return [parseLineEdits(committed), parseLineEdits(await repository.diffWith('HEAD', current))];
    } catch {
      // Renamed and not committed yet: as it is staged.
      return [parseLineEdits(await repository.diffBlobs(then, `:${to}`))];
    }
  }
}
