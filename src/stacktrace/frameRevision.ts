/** A frame that was found at a revision: where it stood then, and where that is now. */

import type { Revision } from './revision.ts';
import type { LineNow } from './revisionLines.ts';
import { hasLine } from './resolveFrame.ts';
import type { ResolvedFrame } from './resolveTrace.ts';
import type { Resolution } from './trace.ts';

export interface RevisionPlace {
  readonly commit: string;
  /** From the root of the repository, as `git show COMMIT:PATH` takes it. */
  readonly path: string;
  readonly line: number;
}

export interface FrameAtRevision {
  /** With the file and line of today; none where the file was deleted. */
  readonly resolution: Resolution;
  /** `undefined` where no file of the revision was found for sure. */
  readonly ran?: RevisionPlace;
  /** What became of the line. */
  readonly now?: LineNow['kind'] | 'deleted';
}

/** @param found among the files of the revision */
export async function frameAtRevision(
  { frame, resolution }: Pick<ResolvedFrame, 'frame' | 'resolution'>,
  revision: Revision,
): Promise<FrameAtRevision> {
  if (resolution.kind !== 'file') return { resolution };
  // A line of the file as it ran has not moved, whatever stands on it.
  const { path, line1, column1, why, approximate: _moved, ...rest } = resolution;
  const { root, shortCommit } = revision;
  if (!revision.has(path)) return { resolution: { ...resolution, why: `${why}; no file of commit ${shortCommit}` } };
  const pathThen = path.slice(root.length + 1);
  const ran = hasLine(frame) ? { ran: { commit: revision.commit, path: pathThen, line: line1 } } : {};
  const follow = await revision.lines(path);
  const now = revision.pathNow(path);
  if (!follow || !('path' in now)) {
    const gone = `there is no ${pathThen} any more, which commit ${shortCommit} has`;
    return { resolution: { kind: 'none', why: `${gone} (${why})` }, ...ran, now: 'deleted' };
  }
  // Of a file nothing is said about any one line.
  if (!hasLine(frame)) return { resolution: { ...resolution, path: now.path } };
  const line = follow(line1);
  const keepsColumn = line.kind === 'same' || line.kind === 'moved';
  const current: Resolution = {
    ...rest,
    path: now.path,
    line1: line.line1,
    ...(keepsColumn && column1 !== undefined && { column1 }),
    why: now.kind === 'unchanged' ? why : `${why}; ${becameOf(line, line1, shortCommit)}`,
  };
  return { resolution: current, ...ran, now: line.kind };
}

function becameOf({ kind }: LineNow, line1: number, commit: string): string {
  const was = `line ${line1} of commit ${commit}`;
  switch (kind) {
    case 'same':
      return `the same as ${was}`;
    case 'moved':
      return `was ${was}`;
    case 'changed':
      return `${was} has changed since`;
    case 'gone':
      return `${was} is gone: what stands in its place`;
  }
}
