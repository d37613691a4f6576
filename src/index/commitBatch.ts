/**
 * Commits a batch: segments, ledger entries and rejected lines become visible together when one manifest is created
 * under the next number, and not at all otherwise. Whoever loses the race drops what the winner has indexed.
 */

import type { ObjectStore } from '../store/objectStore.ts';
import type { Batch, BatchObject } from './batch.ts';
import type { IndexState } from './indexState.ts';
import { type LedgerEntry, versionRead } from './ledger.ts';
import {
  cleanUpTo,
  type LedgerPartEntry,
  type Manifest,
  manifestAfter,
  type ManifestTotals,
  type RejectedPartEntry,
  type SegmentEntry,
} from './manifest.ts';
import { putLedgerPart } from './putLedgerPart.ts';
import { deleteSegment, keptUnnamedMs, putSegment } from './segments/putSegment.ts';
import { putRejectedRows, readRejectedRows, type RejectedRow } from './rejectedLines.ts';
import type { LocalSegment } from './segments/segmentWriter.ts';

export interface Committed {
  readonly objects: readonly BatchObject[];
  readonly segments: readonly SegmentEntry[];
}

/** @throws IndexError or StoreError; then nothing of the batch is visible, unless the answer to the last put was lost. */
export async function commitBatch(
  batch: Batch,
  state: IndexState,
  clock: () => number,
  signal?: AbortSignal,
): Promise<Committed> {
  const uploaded = new Map<string, SegmentEntry>();
  let uploadedMs = clock();
  for (;;) {
    const nowMs = clock();
    if (nowMs - uploadedMs > keptUnnamedMs) {
      // A machine that slept: what lay there unnamed may have been collected.
      await deleteAll(state.store, uploaded);
      uploadedMs = nowMs;
    }
    await dropIndexed(batch, state, signal);
    if (batch.objects.length === 0) {
      await deleteAll(state.store, uploaded);
      return { objects: [], segments: [] };
    }
    const segments = await upload(batch.segments, uploaded, state.store, nowMs, signal);
    const rejected = await putRejected(batch, state, signal);
    const read = batch.objects.map((object) => entryOf(object, state));
    const [ledger, entries] = await putLedgerPart(state, read, signal);
    signal?.throwIfAborted();
    const manifest = nextManifest(state, read, { segments, rejected, ledger }, nowMs);
    const outcome = await state.commit(manifest, entries, signal);
    if (outcome === 'committed') return { objects: [...batch.objects], segments };
    await state.refresh(signal);
    if (outcome !== 'overtaken') continue;
    if (isCommitted(batch, state)) return { objects: [...batch.objects], segments };
    // Some manifest may name them, so that they are for the garbage collection.
    uploaded.clear();
  }
}

/** Whether the batch is in the newest manifest: it went in as a whole or not at all. */
function isCommitted(batch: Batch, state: IndexState): boolean {
  return batch.objects.some(({ key, version, unread }) => !unread && state.ledger.get(key)?.version === version);
}

/** Objects whose ledger entry is no longer the one that their reading began from. */
async function dropIndexed(batch: Batch, state: IndexState, signal?: AbortSignal): Promise<void> {
  const taken = batch.objects.filter((object) => isTaken(object, state.ledger.get(object.key)));
  if (taken.length > 0) await batch.drop(new Set(taken.map((object) => object.key)), signal);
}

function isTaken({ replaces, unread, triedBefore = 0 }: BatchObject, entry: LedgerEntry | undefined): boolean {
  if (versionRead(entry) !== replaces) return true;
  // Who has read it comes before who could not.
  return unread !== undefined && (entry?.unread?.tries ?? 0) !== triedBefore;
}

async function upload(
  segments: readonly LocalSegment[],
  uploaded: Map<string, SegmentEntry>,
  store: ObjectStore,
  nowMs: number,
  signal?: AbortSignal,
): Promise<SegmentEntry[]> {
  const files = new Set(segments.map((segment) => segment.file));
  await deleteAll(store, uploaded, (file) => !files.has(file));
  const entries: SegmentEntry[] = [];
  for (const segment of segments) {
    let entry = uploaded.get(segment.file);
    if (!entry) {
      entry = await putSegment(store, segment, nowMs, signal);
      uploaded.set(segment.file, entry);
    }
    entries.push(entry);
  }
  return entries;
}

/** Takes back objects that no manifest names; if this fails they are orphans and do no harm. */
async function deleteAll(
  store: ObjectStore,
  uploaded: Map<string, SegmentEntry>,
  unwanted: (file: string) => boolean = () => true,
): Promise<void> {
  for (const [file, entry] of uploaded) {
    if (!unwanted(file)) continue;
    uploaded.delete(file);
    await deleteSegment(store, entry);
  }
}

/** A run of this many small parts at the end is merged into one, without the rows that do not count any more. */
const mergeRejectedParts = 32;
const smallRejectedPart = 1000;

/** The parts of the next manifest. */
async function putRejected(
  batch: Batch,
  state: IndexState,
  signal?: AbortSignal,
): Promise<readonly RejectedPartEntry[]> {
  const parts = state.manifest.rejected;
  if (batch.rejected.length === 0) return parts;
  let start = parts.length;
  while (start > 0 && (parts[start - 1]?.lines ?? 0) < smallRejectedPart) start -= 1;
  if (parts.length - start < mergeRejectedParts) start = parts.length;
  const superseded = new Set(state.manifest.superseded);
  const rows: RejectedRow[] = [];
  for (const part of parts.slice(start)) {
    for (const row of await readRejectedRows(state.store, part.key, signal))
      if (!superseded.has(row.version)) rows.push(row);
  }
  for (const row of batch.rejected) rows.push(row);
  const added = { ...(await putRejectedRows(state.store, rows, signal)), clean: cleanUpTo(state.manifest) };
  return [...parts.slice(0, start), added];
}

/** An object counts once a version of it was read. */
function indexedOf(entry: LedgerEntry | undefined): number {
  return versionRead(entry) === undefined ? 0 : 1;
}

function rejectedOf(entry: LedgerEntry | undefined): number {
  if (entry === undefined) return 0;
  return entry.rejected + (entry.unread?.version === undefined ? 0 : 1);
}

/** What the ledger is to say of an object. Of one that was not read it says the same as now, and how often that was tried. */
function entryOf({ replaces: _before, triedBefore: _tries, ...entry }: BatchObject, state: IndexState): LedgerEntry {
  const now = state.ledger.get(entry.key);
  return entry.unread && now ? { ...now, unread: entry.unread } : entry;
}

function nextManifest(
  state: IndexState,
  objects: readonly LedgerEntry[],
  added: {
    readonly segments: readonly SegmentEntry[];
    readonly rejected: readonly RejectedPartEntry[];
    readonly ledger: readonly LedgerPartEntry[];
  },
  nowMs: number,
): Manifest {
  const before = state.manifest;
  const superseded = [...before.superseded];
  const totals: { -readonly [K in keyof ManifestTotals]: number } = { ...before.totals };
  for (const object of objects) {
    const old = state.ledger.get(object.key);
    totals.objects += indexedOf(object) - indexedOf(old);
    totals.records += object.records - (old?.records ?? 0);
    totals.rejected += rejectedOf(object) - rejectedOf(old);
    if (old && old.version !== object.version && old.records + old.rejected > 0) superseded.push(old.version);
    const aside = old?.unread?.version;
    if (aside !== undefined && aside !== object.unread?.version) superseded.push(aside);
  }
  return manifestAfter(before, nowMs, {
    totals,
    // Its versions are new: none of them is superseded.
    segments: [...before.segments, ...added.segments.map((entry) => ({ ...entry, clean: cleanUpTo(before) }))],
    ledger: added.ledger,
    rejected: added.rejected,
    superseded,
  });
}
