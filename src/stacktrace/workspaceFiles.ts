/** The files of one workspace folder by their last path components: the index in which frames find their files. */

import { normalisePath, pathComponents } from './framePath.ts';

export interface SuffixMatch {
  /** Relative to the root, with `/`. */
  readonly path: string;
  /** How many trailing path components are the same. */
  readonly shared: number;
  /** True when these are all of the file's components: what was asked for is this file under another root. */
  readonly whole: boolean;
}

export interface WorkspaceOptions {
  /** Set where the file system takes `A.ts` and `a.ts` for one file. */
  readonly caseInsensitive?: boolean;
}

export class WorkspaceFiles {
  /** Absolute, with `/`, without a slash at the end. */
  readonly root: string;
  readonly caseInsensitive: boolean;
  /** Base name to paths; most names have one, which is kept without an array. */
  readonly #byName = new Map<string, string | string[]>();
  #size = 0;

  /** @param paths relative to the root; `\` is read as `/` on a Windows root only */
  constructor(root: string, paths: Iterable<string> = [], options: WorkspaceOptions = {}) {
    this.root = normalisePath(root).replace(/\/$/, '');
    this.caseInsensitive = options.caseInsensitive ?? false;
    for (const path of paths) this.add(path);
  }

  get size(): number {
    return this.#size;
  }

  add(path: string): void {
    const key = this.#keyOf(path);
    const known = this.#byName.get(key);
    if (known === undefined) this.#byName.set(key, path);
    else if (typeof known === 'string') {
      if (known === path) return;
      this.#byName.set(key, [known, path]);
    } else if (known.includes(path)) return;
    else known.push(path);
    this.#size++;
  }

  /** Removes a file; what is not there is no error. */
  remove(path: string): void {
    const key = this.#keyOf(path);
    const known = this.#byName.get(key);
    if (known === path) this.#byName.delete(key);
    else if (Array.isArray(known) && known.includes(path)) {
      const left = known.filter((one) => one !== path);
      this.#byName.set(key, left.length === 1 && left[0] !== undefined ? left[0] : left);
    } else return;
    this.#size--;
  }

  /** Removes everything under a folder: deleting one does not always report its files. */
  removeFolder(folder: string): void {
    const prefix = `${folder.replace(/\/$/, '')}/`;
    const gone: string[] = [];
    for (const paths of this.#byName.values()) {
      for (const path of typeof paths === 'string' ? [paths] : paths) if (path.startsWith(prefix)) gone.push(path);
    }
    for (const path of gone) this.remove(path);
  }

  /** The file's path as it is written in the workspace; `undefined` when it is not there. */
  find(path: string): string | undefined {
    const wanted = this.#fold(path);
    return this.#named(path).find((one) => this.#fold(one) === wanted);
  }

  /** Files that share at least the base name with a path, the longest shared suffix first. */
  candidates(path: string): SuffixMatch[] {
    const wanted = pathComponents(this.#fold(path));
    return this.#named(path)
      .map((candidate) => {
        const own = pathComponents(this.#fold(candidate));
        let shared = 0;
        while (shared < own.length && shared < wanted.length && own.at(-1 - shared) === wanted.at(-1 - shared))
          shared++;
        return { path: candidate, shared, whole: shared === own.length };
      })
      .sort((a, b) => b.shared - a.shared || (a.path < b.path ? -1 : 1));
  }

  /** The path relative to the root of an absolute, normalised one; `undefined` when it is outside. */
  relative(absolute: string): string | undefined {
    const prefix = `${this.root}/`;
    const isInside = this.caseInsensitive
      ? absolute.toLowerCase().startsWith(prefix.toLowerCase())
      : absolute.startsWith(prefix);
    return isInside ? absolute.slice(prefix.length) : undefined;
  }

  absolute(path: string): string {
    return `${this.root}/${path}`;
  }

  #named(path: string): readonly string[] {
    const known = this.#byName.get(this.#keyOf(path));
    return known === undefined ? [] : typeof known === 'string' ? [known] : known;
  }

  #keyOf(path: string): string {
    return this.#fold(path.slice(path.lastIndexOf('/') + 1));
  }

  #fold(text: string): string {
    return this.caseInsensitive ? text.toLowerCase() : text;
  }
}
