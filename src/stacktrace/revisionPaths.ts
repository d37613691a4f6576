/** What became of the files of an older revision: kept, changed, renamed or deleted. */

/** One line of `git diff --name-status` between the revision and the files on the disk. Paths are absolute, with `/`. */
export type FileChange =
  | { readonly kind: 'added'; readonly to: string }
  | { readonly kind: 'modified'; readonly to: string }
  | { readonly kind: 'renamed'; readonly from: string; readonly to: string }
  | { readonly kind: 'deleted'; readonly from: string };

export type PathNow =
  | { readonly kind: 'unchanged'; readonly path: string }
  | { readonly kind: 'modified'; readonly path: string }
  | { readonly kind: 'renamed'; readonly path: string }
  | { readonly kind: 'deleted' }
  /** There was no such file. */
  | { readonly kind: 'new' };

export class RevisionPaths {
  readonly #byThen = new Map<string, PathNow>();

  constructor(changes: readonly FileChange[]) {
    for (const change of changes) {
      if (change.kind === 'deleted') this.#byThen.set(change.from, { kind: 'deleted' });
      else if (change.kind === 'renamed') this.#byThen.set(change.from, { kind: 'renamed', path: change.to });
      else if (change.kind === 'modified') this.#byThen.set(change.to, { kind: 'modified', path: change.to });
    }
    // A file may have come in the place of one that was renamed: that one is the older.
    for (const change of changes) {
      if ((change.kind === 'added' || change.kind === 'renamed') && !this.#byThen.has(change.to)) {
        this.#byThen.set(change.to, { kind: 'new' });
      }
    }
  }

  /** @param path of a file as it was called in the revision */
  now(path: string): PathNow {
    return this.#byThen.get(path) ?? { kind: 'unchanged', path };
  }

  /** Files of the revision whose names are no longer in use: frames may still name them. */
  get lost(): string[] {
    return [...this.#byThen]
      .filter(([, now]) => now.kind === 'deleted' || now.kind === 'renamed')
      .map(([path]) => path);
  }
}

/** A commit as builds name it, full or short. Nothing else is ever handed to git: logs are hostile. */
export function isCommitName(text: string): boolean {
  return /^[0-9a-f]{7,64}$/i.test(text);
}
