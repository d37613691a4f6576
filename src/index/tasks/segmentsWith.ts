/** Looks for a task among the segments of an index whose tasks are not all kept: by the sorted hashes that stand first in each side. */

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
    const has = await Promise.all(batch.map(async ({ side }) => await hasHash(side, hash, sides, signal)));
    found.push(...batch.filter((_, at) => has[at]));
  }
  return found;
}

/** Hashes are spread evenly: one is looked for where it is to be expected, and if it cannot be told from there, in all. */
async function hasHash(side: SideEntry, hash: number, sides: SideBytes, signal?: AbortSignal): Promise<boolean> {
  // A range without bytes is none that a store knows.
  if (side.tasks === 0) return false;
  const place = Math.floor((hash / 2 ** 32) * side.tasks);
  const around = leastAround + Math.ceil(2 * Math.sqrt(side.tasks));
  const from = Math.max(0, place - around);
  const to = Math.min(side.tasks, place + around);
  const near = await hashesOf(side, from, to, sides, signal);
  const isBefore = from > 0 && hash <= (near[0] ?? 0);
  const isBehind = to < side.tasks && hash >= (near.at(-1) ?? 0);
  const among = isBefore || isBehind ? await hashesOf(side, 0, side.tasks, sides, signal) : near;
  return among.includes(hash);
}

const leastAround = 32;

async function hashesOf(side: SideEntry, from: number, to: number, sides: SideBytes, signal?: AbortSignal) {
  const start = blockMagic.length;
  const bytes = await sides.readRange(side, { start: start + 4 * from, end: start + 4 * to }, signal);
  return Uint32Array.from({ length: to - from }, (_, at) => bytes.readUInt32LE(4 * at));
}
