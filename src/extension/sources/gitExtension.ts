/** What is used of the built-in Git extension's API (version 1), and how it is reached. */

import * as vscode from 'vscode';

export interface GitRepository {
  readonly rootUri: vscode.Uri;
  readonly state: { readonly remotes: readonly { readonly name: string }[] };
  getCommit(ref: string): Promise<{ readonly hash: string }>;
  /** The text of a file at a revision; rejects where it has no such file. */
  show(ref: string, path: string): Promise<string>;
  /** Between a revision and the files on the disk: what changed, or the diff of one file. */
  diffWith(ref: string): Promise<readonly GitChange[]>;
  diffWith(ref: string, path: string): Promise<string>;
  diffBlobs(from: string, to: string): Promise<string>;
  /** What the remote's branches lead to; with `ref` that alone. */
  fetch(remote: string, ref?: string): Promise<void>;
}

export interface GitChange {
  readonly uri: vscode.Uri;
  readonly originalUri: vscode.Uri;
  readonly renameUri: vscode.Uri | undefined;
  readonly status: number;
}

/** Values of its `Status` that stand for something else than a change of the text. */
export const gitStatus = { indexAdded: 1, indexDeleted: 2, indexRenamed: 3, deleted: 6, untracked: 7 } as const;

interface GitApi {
  readonly state: 'uninitialized' | 'initialized';
  readonly onDidChangeState: vscode.Event<'uninitialized' | 'initialized'>;
  openRepository(root: vscode.Uri): Promise<GitRepository | null>;
  getRepository(uri: vscode.Uri): GitRepository | null;
  getRepositoryRoot(uri: vscode.Uri): Promise<vscode.Uri | null>;
  toGitUri(uri: vscode.Uri, ref: string): vscode.Uri;
}

interface GitExports {
  readonly enabled: boolean;
  getAPI(version: 1): GitApi;
}

/** The revision of a repository cannot be shown; `message` says what is missing. */
export class GitMissing extends Error {
  override readonly name = 'GitMissing';
}

/** @throws GitMissing when the extension is not there, switched off, or finds no git. */
export async function gitApi(): Promise<GitApi> {
  const extension = vscode.extensions.getExtension<GitExports>('vscode.git');
  if (!extension) throw new GitMissing('the built-in Git extension is disabled');
  const exports = await extension.activate();
  if (!exports.enabled) throw new GitMissing('the setting git.enabled is off');
  let api: GitApi;
  try {
    api = exports.getAPI(1);
  } catch (error) {
    throw new GitMissing('git is not installed where the Git extension looks for it', { cause: error });
  }
  if (api.state === 'initialized') return api;
  await new Promise<void>((resolve) => {
    const subscription = api.onDidChangeState((state) => {
      if (state !== 'initialized') return;
      subscription.dispose();
      resolve();
    });
  });
  return api;
}

/** The repositories in which the workspace's folders lie, each once. */
export async function gitRepositories(api: GitApi): Promise<readonly GitRepository[]> {
  const repositories = new Map<string, GitRepository>();
  for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
    if (uri.scheme !== 'file') continue;
    const root = await api.getRepositoryRoot(uri);
    const repository = root && (api.getRepository(root) ?? (await api.openRepository(root)));
    if (repository) repositories.set(repository.rootUri.toString(), repository);
  }
  return [...repositories.values()];
}
