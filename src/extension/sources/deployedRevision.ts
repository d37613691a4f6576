/** The revision that a failure's build was made from: its files as they were, and where their lines are now. */

import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import * as vscode from 'vscode';
import { normalisePath } from '../../stacktrace/framePath.ts';
import { sourceText } from '../../stacktrace/readSource.ts';
import { type ChangedPath, Revision, type RevisionSource } from '../../stacktrace/revision.ts';
import { editBetween, type LineEdit, parseLineEdits, saysOnlyThat } from '../../stacktrace/revisionLines.ts';
import { type FileChange, isCommitName } from '../../stacktrace/revisionPaths.ts';
import { type GitChange, GitMissing, type GitRepository, gitApi, gitRepositories, gitStatus } from './gitExtension.ts';

export type Deployed =
  | { readonly kind: 'revision'; readonly revision: DeployedRevision }
  /** The build does not say its commit. */
  | { readonly kind: 'unknown' }
  /** No repository of the workspace has the commit; fetching may bring it. */
  | {
      readonly kind: 'absent';
      readonly commit: string;
      /** False when no remote has it. @throws when a remote cannot be asked and no other one has it */
      fetch(): Promise<boolean>;
    }
  /** Revisions cannot be read at all. */
  | { readonly kind: 'missing'; readonly why: string };

/** The files of a revision are compared with those on the disk once for so long: steps from frame to frame need no more. */
const freshMs = 10_000;
const keptAtMost = 20;

/** Revisions by the names that builds give them, kept for a moment: comparing a large work tree takes its time. */
export class DeployedRevisions implements vscode.Disposable {
  readonly #known = new Map<string, { readonly askedMs: number; readonly deployed: Promise<Deployed> }>();
  /** What is saved has changed, and git tells so at once. */
  readonly #subscription = vscode.workspace.onDidSaveTextDocument(() => this.#known.clear());

  /** @throws nothing that has to do with git: that is part of the answer. */
  async of(commit: string | undefined): Promise<Deployed> {
    if (commit === undefined) return deployedRevision(commit);
    const askedMs = Date.now();
    const known = this.#known.get(commit);
    if (known && askedMs - known.askedMs < freshMs) return known.deployed;
    // Kept from the beginning on, so that what is saved meanwhile has it compared again.
    const asked = { askedMs, deployed: deployedRevision(commit) };
    this.#known.delete(commit);
    this.#known.set(commit, asked);
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > keptAtMost && oldest !== undefined) this.#known.delete(oldest);
    const forget = () => {
      if (this.#known.get(commit) === asked) this.#known.delete(commit);
    };
    try {
      const deployed = await asked.deployed;
      // Only a revision stays what it was: a commit may be fetched, and git switched on.
      if (deployed.kind !== 'revision') forget();
      return deployed;
    } catch (error) {
      forget();
      throw error;
    }
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

async function deployedRevision(commit: string | undefined): Promise<Deployed> {
  if (commit === undefined || commit === '') return { kind: 'unknown' };
  if (!isCommitName(commit)) return { kind: 'missing', why: 'the build names its commit by something that is none' };
  try {
    const api = await gitApi();
    const repositories = await gitRepositories(api);
    if (repositories.length === 0) return { kind: 'missing', why: 'no folder of this window is in a git repository' };
    for (const repository of repositories) {
      const hash = await hashOf(repository, commit);
      if (hash === undefined) continue;
      const changes = (await repository.diffWith(hash)).map(fileChange);
      const toGitUri = (uri: vscode.Uri) => api.toGitUri(uri, hash);
      return { kind: 'revision', revision: new DeployedRevision(repository, hash, changes, toGitUri) };
    }
    return { kind: 'absent', commit, fetch: () => fetchCommit(repositories, commit) };
  } catch (error) {
    if (!(error instanceof GitMissing)) throw error;
    return { kind: 'missing', why: error.message };
  }
}

async function hashOf(repository: GitRepository, commit: string): Promise<string | undefined> {
  // It rejects in many ways where there is no such commit.
  return repository.getCommit(commit).then(
    // Branches and tags may be called like a commit, and go first.
    ({ hash }) => (hash.startsWith(commit.toLowerCase()) ? hash : undefined),
    () => undefined,
  );
}

/** What the branches of each remote lead to; then by its name what was deployed from none of them. */
async function fetchCommit(repositories: readonly GitRepository[], commit: string): Promise<boolean> {
  let failure: unknown;
  const remotes = repositories.flatMap((repository) =>
    repository.state.remotes.map(({ name }) => ({ repository, name })),
  );
  for (const { repository, name } of remotes) {
    await repository.fetch(name).catch((error: unknown) => (failure ??= error));
    if ((await hashOf(repository, commit)) !== undefined) return true;
  }
  if (failure !== undefined) throw failure;
  for (const { repository, name } of remotes) {
    // Servers refuse what they do not have, and some whatever is no branch.
    await repository.fetch(name, commit).catch(() => undefined);
    if ((await hashOf(repository, commit)) !== undefined) return true;
  }
  return false;
}

function fileChange({ uri, originalUri, renameUri, status }: GitChange): FileChange {
  const from = normalisePath(originalUri.fsPath);
  const to = normalisePath((renameUri ?? uri).fsPath);
  if (status === gitStatus.deleted || status === gitStatus.indexDeleted) return { kind: 'deleted', from };
  if (status === gitStatus.indexRenamed) return { kind: 'renamed', from, to };
  if (status === gitStatus.indexAdded || status === gitStatus.untracked) return { kind: 'added', to };
  return { kind: 'modified', to };
}

/** A revision of a repository that VS Code's Git extension has open. */
export class DeployedRevision extends Revision {
  readonly #toGitUri: (uri: vscode.Uri) => vscode.Uri;

  constructor(
    repository: GitRepository,
    commit: string,
    changes: readonly FileChange[],
    toGitUri: (uri: vscode.Uri) => vscode.Uri,
  ) {
    super(commit, sourceOf(repository, commit), changes);
    this.#toGitUri = toGitUri;
  }

  /** The address of the file as it was, read-only. */
  uriThen(uri: vscode.Uri): vscode.Uri {
    return this.#toGitUri(uri);
  }
}

function sourceOf(repository: GitRepository, commit: string): RevisionSource {
  const root = normalisePath(repository.rootUri.fsPath);
  return {
    root,
    // It rejects where it has no such file; that it is listed as changed and cannot be shown makes no difference here.
    show: (path) => repository.show(commit, path).catch(() => undefined),
    edits: async (path, now) => {
      const diffs = await diffsTo(repository, root, commit, path, now);
      if (diffs.some(saysOnlyThat)) return [await wholeEdit(repository, commit, path, now.path)];
      return diffs.map(parseLineEdits);
    },
  };
}

/** Between a file of the commit and the file on the disk, one after the other. */
async function diffsTo(
  repository: GitRepository,
  root: string,
  commit: string,
  path: string,
  now: ChangedPath,
): Promise<string[]> {
  if (now.kind === 'modified') return [await repository.diffWith(commit, path)];
  const [from, to] = [path, now.path].map((one) => relative(root, one).replaceAll('\\', '/'));
  const then = `${commit}:${from}`;
  try {
    return [await repository.diffBlobs(then, `HEAD:${to}`), await repository.diffWith('HEAD', now.path)];
  } catch {
    // Renamed and not committed yet: as it is staged.
    return [await repository.diffBlobs(then, `:${to}`)];
  }
}

/** Of a file that git takes for binary. */
async function wholeEdit(repository: GitRepository, commit: string, path: string, now: string): Promise<LineEdit[]> {
  const [then, current] = await Promise.all([repository.show(commit, path), readFile(now).then(sourceText)]);
  return editBetween(then, current);
}
