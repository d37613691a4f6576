/** What a choice between look-alike files teaches about the frames beside: where a path prefix of traces lies in the workspace. */

import type { PathMapping } from '../model/environment.ts';
import { isAbsolutePath, normalisePath, pathComponents } from './framePath.ts';

/** Longer paths are no file's that anyone wrote by hand. */
const maxPathLength = 1000;
/** What is kept; the oldest goes first. */
const maxLearned = 200;

export interface ChosenFile {
  /** Of the workspace folder: absolute, normalised. */
  readonly root: string;
  /** Relative to it. */
  readonly path: string;
  readonly caseInsensitive?: boolean;
}

/**
 * The mapping that takes the path of a frame to the file that was chosen for it, made as general as the two allow: what
 * stands before their longest common suffix. Where that is the whole path its first folder is kept, of a relative one
 * (a JVM package, say) all folders, so that nothing is ever said about all paths; of a bare file name the mapping is of
 * that file alone.
 * @param printed normalised
 * @returns `undefined` where nothing can be learned: another file name, or a path that no build has
 */
export function mappingOfChoice(printed: string, chosen: ChosenFile): PathMapping | undefined {
  if (!isFitPath(printed) || !isFitPath(chosen.path)) return undefined;
  const names = pathComponents(printed);
  const own = chosen.path.split('/');
  const fold = (name: string | undefined) => (chosen.caseInsensitive ? name?.toLowerCase() : name);
  let shared = 0;
  while (shared < names.length && shared < own.length && fold(names.at(-1 - shared)) === fold(own.at(-1 - shared))) {
    shared++;
  }
  if (shared === 0) return undefined;
  const most = names.length === 1 ? 0 : isAbsolutePath(printed) ? names.length - 1 : 1;
  const kept = shared < names.length ? shared : most;
  const from = printed.split('/');
  return {
    from: from.slice(0, from.length - kept).join('/'),
    to: [chosen.root, ...own.slice(0, own.length - kept)].join('/'),
  };
}

/** Mappings as they were stored, the latest first; whatever else stands there is passed over. */
export function parseLearned(stored: unknown): PathMapping[] {
  if (!Array.isArray(stored)) return [];
  return stored
    .filter(isMapping)
    .map(({ from, to }) => ({ from, to }))
    .slice(0, maxLearned);
}

/** With one more, in the place of what was known of the same prefix. */
export function withLearned(known: readonly PathMapping[], learned: PathMapping): PathMapping[] {
  return [learned, ...known.filter(({ from }) => from !== learned.from)].slice(0, maxLearned);
}

export function withoutLearned(known: readonly PathMapping[], forgotten: readonly PathMapping[]): PathMapping[] {
  return known.filter((one) => !forgotten.some(({ from, to }) => from === one.from && to === one.to));
}

function isMapping(value: unknown): value is PathMapping {
  if (typeof value !== 'object' || value === null || !('from' in value) || !('to' in value)) return false;
  const { from, to } = value;
  return typeof from === 'string' && typeof to === 'string' && isFitPath(from) && isFitPath(to) && isAbsolutePath(to);
}

/** Logs are hostile: a path that climbs, that no screen shows as it is, or that names all there is teaches nothing. */
function isFitPath(path: string): boolean {
  return (
    path.length <= maxPathLength &&
    path === normalisePath(path) &&
    pathComponents(path).length > 0 &&
    !path.split('/').includes('..') &&
    !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(path)
  );
}
