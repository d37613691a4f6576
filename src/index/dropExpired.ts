/**
 * Retention: segments all of whose records are older than a limit leave the index as a whole, in a commit of their own. The ledger keeps
 * what it knows of their log objects, so that these are not indexed again; garbage collection deletes the files in time.
 */

import { rm } from 'node:fs/promises';
import { countVersions, type VersionCount } from './countVersions.ts';
import { fetchSegment } from './fetchSegment.ts';
import type { IndexState } from './indexState.ts';
import type { LedgerEntry } from './ledger.ts';
import { manifestAfter, type SegmentEntry } from './manifest.ts';
import { putLedgerPart } from './putLedgerPart.ts';

export interface RetentionOptions {
  readonly state: IndexState;
  /** A folder for files on their way. */
  readonly directory: string;
  readonly retainMs: number;
  readonly clock: () => number;
  readonly signal?: AbortSignal;
}

/** How many segments were dropped. */
export async function dropExpired(options: RetentionOptions): Promise<number> {
  const { state, retainMs, clock, signal } = options;
  /** Rows of each object version, of the segments that were looked at. */
  const counted = new Map<string, readonly VersionCount[]>();
  for (;;) {
    const before = state.manifest;
    const sinceMs = clock() - retainMs;
    const expired = before.segments.filter((entry) => newestMs(entry) < sinceMs);
    if (expired.length === 0) return 0;
    for (const entry of expired) {
      if (!counted.has(entry.key)) counted.set(entry.key, await versionsOf(entry, options));
    }
    const entries = new Map<string, LedgerEntry>();
    let dropped = 0;
    for (const { object, version, records } of expired.flatMap(({ key }) => counted.get(key) ?? [])) {
      const entry = entries.get(object) ?? state.ledger.get(object);
      // Rows of a version that was replaced count no more anyway.
      if (entry?.version !== version) continue;
      entries.set(object, { ...entry, records: entry.records - records });
      dropped += records;
    }
    const gone = new Set(expired);
    const [ledger, added] = await putLedgerPart(state, [...entries.values()], signal);
    signal?.throwIfAborted();
    const next = manifestAfter(before, clock(), {
      totals: { ...before.totals, records: before.totals.records - dropped },
      segments: before.segments.filter((entry) => !gone.has(entry)),
      ledger,
    });
    const outcome = await state.commit(next, added, signal);
    if (outcome === 'committed') return expired.length;
    await state.refresh(signal);
  }
}

/** A clock that was ahead must not keep a segment for ever: nothing is newer than the end of the day of its writing. */
function newestMs({ key, maxTs }: SegmentEntry): number {
  const day = /^segments\/written=(\d{4}-\d{2}-\d{2})\//.exec(key)?.[1];
  return day === undefined ? maxTs : Math.min(maxTs, Date.parse(day) + 86_400_000);
}

async function versionsOf(
  entry: SegmentEntry,
  { state, directory, signal }: RetentionOptions,
): Promise<readonly VersionCount[]> {
  const file = await fetchSegment(entry, state.store, directory, signal);
  try {
    return await countVersions(file, entry.records, signal);
  } finally {
    await rm(file, { force: true });
  }
}
