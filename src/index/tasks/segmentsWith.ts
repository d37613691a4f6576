/** Looks for a task among the segments of an index whose tasks are not all kept: by the hashes of ids, which stand first in each side. */

import { blockMagic } from '../blocks/blockFormat.ts';
import { idHash } from '../idHash.ts';
import type { SegmentEntry, SideEntry } from '../manifest.ts';

/** Reads some bytes of a side, wherever it is. */
export interface SideBytes {
  readRange(
    side: SideEntry,
    range: { readonly start: number; readonly end: number },
    signal?: AbortSignal,
  ): Promise<Buffer>;
}

const atOnce = 32;

/** Segments that have a task with the id, and perhaps some without it. Rejects with `signal.reason`. */
export async function segmentsWith(
  id: string,
  entries: readonly SegmentEntry[],
  sides: SideBytes,
  signal?: AbortSignal,
): Promise<SegmentEntry[]> {
  const hash = idHash(Buffer.from(id));
  const found: SegmentEntry[] = [];
  for (let next = 0; next < entries.length; next += atOnce) {
    signal?.throwIfAborted();
    const batch = entries.slice(next, next + atOnce);
    const has = await Promise.all(batch.map(async ({ side }) => hasHash(await hashesOf(side, sides, signal), hash)));
    found.push(...batch.filter((_, at) => has[at]));
  }
  return found;
}

async function hashesOf(side: SideEntry, sides: SideBytes, signal?: AbortSignal): Promise<Buffer> {
  const start = blockMagic.length;
  return await sides.readRange(side, { start, end: start + 4 * side.tasks }, signal);
}

/** @param hashes four bytes each. */
function hasHash(hashes: Buffer, hash: number): boolean {
  const wanted = Buffer.alloc(4);
  wanted.writeUInt32LE(hash);
  for (let at = hashes.indexOf(wanted); at >= 0; at = hashes.indexOf(wanted, at + 1)) if (at % 4 === 0) return true;
  return false;
}
