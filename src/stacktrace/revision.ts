/** A revision that ran: its files as they were, and where their lines are now. How it is read is the consumer's. */

import { RecentAnswers } from './recentAnswers.ts';
import { type ReadSource, readSource } from './readSource.ts';
import { type LineEdit, type LineNow, lineThrough } from './revisionLines.ts';
import { type FileChange, type PathNow, RevisionPaths } from './revisionPaths.ts';
import { WorkspaceFiles } from './workspaceFiles.ts';

/** The repository as a revision needs it. Paths are absolute, with `/`. */
export interface RevisionSource {
  readonly root: string;
  /** The text of a file of the revision; `undefined` when it cannot be read. */
  show(path: string): Promise<string | undefined>;
  /** Between a file of the revision and the file on the disk, one diff after the other. */
  edits(path: string, now: ChangedPath): Promise<readonly (readonly LineEdit[])[]>;
  /** Whether the revision has a file; absent, where that is not known of those that are the same today. */
  has?(path: string): boolean;
}

export type ChangedPath = PathNow & { readonly kind: 'modified' | 'renamed' };

/** Of the files of a revision that were asked for last, and of their changes. */
const maxKept = 64;
/** Longer ones are few, and would take the memory of many. */
const maxKeptLength = 1 << 18;

export class Revision {
  /** The whole hash. */
  readonly commit: string;
  readonly root: string;
  readonly #source: RevisionSource;
  readonly #paths: RevisionPaths;
  /** Git is asked once for each of the files used last: a log has many frames of few. */
  readonly #shown = new RecentAnswers<string | undefined>(maxKept);
  readonly #edits = new RecentAnswers<readonly (readonly LineEdit[])[]>(maxKept);

  /** @param changes between the revision and the files on the disk */
  constructor(commit: string, source: RevisionSource, changes: readonly FileChange[]) {
    this.commit = commit;
    this.root = source.root;
    this.#source = source;
    this.#paths = new RevisionPaths(changes);
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

  /** Reads files as they were in the revision; what is the same today, or git never knew (bundles, their maps), as it is. */
  readonly readThen: ReadSource = async (path, maxBytes) => {
    const { kind } = this.pathNow(path);
    if (kind === 'unchanged') return readSource(path, maxBytes);
    const text = kind === 'new' ? undefined : await this.#shown.of(path, () => this.#source.show(path));
    if (text === undefined) return { kind: 'missing' };
    if (text.length > maxKeptLength) this.#shown.forget(path);
    return text.length > maxBytes ? { kind: 'tooLarge', sizeBytes: text.length } : { kind: 'text', text };
  };

  /** @param path of a file of the revision; one outside of the repository counts as unchanged */
  pathNow(path: string): PathNow {
    return this.#paths.now(path);
  }

  /** False of what git never knew, and of what is outside of the repository or in a submodule that is another one now. */
  has(path: string): boolean {
    if (!path.startsWith(`${this.root}/`) || this.pathNow(path).kind === 'new') return false;
    for (let end = path.lastIndexOf('/'); end > this.root.length; end = path.lastIndexOf('/', end - 1)) {
      if (this.pathNow(path.slice(0, end)).kind !== 'unchanged') return false;
    }
    return this.#source.has?.(path) ?? true;
  }

  /** Follows lines of a file of the revision to the file on the disk; `undefined` when it was deleted. */
  async lines(path: string): Promise<((line1: number) => LineNow) | undefined> {
    const now = this.#paths.now(path);
    if (now.kind === 'deleted' || now.kind === 'new') return undefined;
    const steps = now.kind === 'unchanged' ? [] : await this.#edits.of(path, () => this.#source.edits(path, now));
    return (line1) => lineThrough(steps, line1);
  }
}
