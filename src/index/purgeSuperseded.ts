/**
 * Forgets superseded object versions: once a good many have gathered, the segments that may still hold rows of them are looked
 * through, and written anew where they do. Otherwise the list would grow for ever where log objects are written anew, as open
 * log files are, and every question goes by it.
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { countVersions } from './countVersions.ts';
import { fetchSegment } from './fetchSegment.ts';
import type { IndexState } from './indexState.ts';
import { cleanUpTo, type Manifest, manifestAfter, type RejectedPartEntry, type SegmentEntry } from './manifest.ts';
import { newName } from './names.ts';
import { putRejectedRows, readRejectedRows } from './rejectedLines.ts';
import { keptUnnamedMs, putSegment } from './segments/putSegment.ts';
import { mergeSegments } from './segments/rewriteSegments.ts';
import { type LocalSegment, removeLocal } from './segments/segmentWriter.ts';

/** Looking through a segment costs as much as fetching it: the more there are, the more versions gather before. */
const fewest = 128;
const perSegment = 4;

export interface PurgeOptions {
  readonly state: IndexState;
  /** A folder for files on their way. */
  readonly directory: string;
  readonly clock: () => number;
  readonly signal?: AbortSignal;
}

/** How many versions were forgotten. */
export async function purgeSuperseded(options: PurgeOptions): Promise<number> {
  const { state, clock, signal } = options;
  const { superseded, segments, rejected } = state.manifest;
  if (superseded.length < Math.max(fewest, perSegment * segments.length)) return 0;
  const clean = cleanUpTo(state.manifest);
  const cleaned = new Map<string, SegmentEntry | undefined>();
  for (const entry of segments) {
    if ((entry.clean ?? 0) < clean) cleaned.set(entry.key, await cleanSegment(entry, superseded, clean, options));
  }
  const parts = new Map<string, RejectedPartEntry | undefined>();
  for (const part of rejected) {
    if ((part.clean ?? 0) < clean) parts.set(part.key, await cleanPart(part, superseded, clean, options));
  }
  const putMs = clock();
  for (;;) {
    signal?.throwIfAborted();
    const before = state.manifest;
    const changes = {
      segments: before.segments.flatMap((entry) => (cleaned.has(entry.key) ? (cleaned.get(entry.key) ?? []) : entry)),
      rejected: before.rejected.flatMap((part) => (parts.has(part.key) ? (parts.get(part.key) ?? []) : part)),
    };
    const forgotten = forgettable({ ...before, ...changes });
    const next = manifestAfter(before, clock(), {
      ...changes,
      superseded: before.superseded.slice(forgotten),
      forgotten: (before.forgotten ?? 0) + forgotten,
    });
    const outcome = await state.commit(next, undefined, signal);
    if (outcome === 'committed') return forgotten;
    await state.refresh(signal);
    // What was put is for the garbage collection, unless the newest manifest names it; the next pass looks again.
    if (outcome === 'overtaken' || clock() - putMs > keptUnnamedMs) return 0;
  }
}

/** How many versions, from the start of the list, nothing holds a row of. */
function forgettable({ segments, rejected, superseded, forgotten = 0 }: Manifest): number {
  const least = Math.min(...[...segments, ...rejected].map(({ clean = 0 }) => clean), forgotten + superseded.length);
  return Math.max(0, least - forgotten);
}

async function cleanSegment(
  entry: SegmentEntry,
  superseded: readonly string[],
  clean: number,
  { state, directory, clock, signal }: PurgeOptions,
): Promise<SegmentEntry | undefined> {
  const unwanted = new Set(superseded);
  const file = await fetchSegment(entry, state.store, directory, signal);
  let left: LocalSegment | undefined;
  try {
    const versions = await countVersions(file, entry.records, signal);
    if (!versions.some(({ version }) => unwanted.has(version))) return { ...entry, clean };
    left = await mergeSegments([{ file, records: entry.records }], superseded, join(directory, newName()), signal);
  } finally {
    await rm(file, { force: true });
  }
  if (!left) return undefined;
  const put = await putSegment(state.store, left, clock(), signal);
  await removeLocal(left);
  return { ...put, clean };
}

async function cleanPart(
  part: RejectedPartEntry,
  superseded: readonly string[],
  clean: number,
  { state, signal }: PurgeOptions,
): Promise<RejectedPartEntry | undefined> {
  const unwanted = new Set(superseded);
  const rows = await readRejectedRows(state.store, part.key, signal);
  const left = rows.filter(({ version }) => !unwanted.has(version));
  if (left.length === rows.length) return { ...part, clean };
  return left.length === 0 ? undefined : { ...(await putRejectedRows(state.store, left, signal)), clean };
}
