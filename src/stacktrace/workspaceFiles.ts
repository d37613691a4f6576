/** The files of one workspace folder by their last path components: the index in which frames find their files. */

import { normalisePath } from './framePath.ts';

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
  /** Base name to paths; most names have one, which is kept without a set. */
  readonly #byName = new Map<string, string | Set<string>>();
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
      this.#byName.set(key, new Set([known, path]));
    } else if (known.has(path)) return;
    else known.add(path);
    this.#size++;
  }

  /** Removes a file; what is not there is no error. */
  remove(path: string): void {
    const key = this.#keyOf(path);
    const known = this.#byName.get(key);
    if (known === path) this.#byName.delete(key);
    else if (typeof known === 'object' && known.delete(path)) {
      const [left, more] = known;
      if (left !== undefined && more === undefined) this.#byName.set(key, left);
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
    for (const one of this.#named(path)) if (this.#fold(one) === wanted) return one;
    return undefined;
  }

  /**
   * Files that share at least the base name with a normalised path, the longest shared suffix first: at most
   * `maxCandidates`, for names that stand everywhere.
   */
  candidates(path: string): SuffixMatch[] {
    const wanted = this.#fold(path);
    const matches: SuffixMatch[] = [];
    for (const candidate of this.#named(path)) {
      const own = this.#fold(candidate);
      const shared = sharedComponents(own, wanted);
      const last = matches.at(-1);
      if (matches.length === maxCandidates && last && compare(last, shared, candidate) <= 0) continue;
      const at = matches.findIndex((match) => compare(match, shared, candidate) > 0);
      const whole = wanted.length >= own.length && wanted.endsWith(own) && isEdge(wanted, wanted.length - own.length);
      matches.splice(at === -1 ? matches.length : at, 0, { path: candidate, shared, whole });
      if (matches.length > maxCandidates) matches.pop();
    }
    return matches;
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

  #named(path: string): Iterable<string> {
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

/** More of one name are no help to whoever has to choose. */
export const maxCandidates = 50;

/** Less than 0 when `match` comes before a candidate: more shared components, then by path. */
function compare(match: SuffixMatch, shared: number, path: string): number {
  return shared - match.shared || (match.path < path ? -1 : 1);
}

/** How many trailing components two paths have in common. */
function sharedComponents(a: string, b: string): number {
  let shared = 0;
  for (let back = 1; ; back++) {
    const edgeOfA = isEdge(a, a.length - back + 1);
    if (back > 1 && edgeOfA && isEdge(b, b.length - back + 1)) shared++;
    if (back > a.length || back > b.length) return shared;
    if (a.charCodeAt(a.length - back) !== b.charCodeAt(b.length - back)) return shared;
  }
}

/** True where a component starts at `index`. */
function isEdge(path: string, index: number): boolean {
  return index === 0 || path.charCodeAt(index - 1) === 47;
}
