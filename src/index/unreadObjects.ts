/**
 * What becomes of log objects that are listed and cannot be read: a few more tries, counted in the ledger so that they add up
 * over passes, restarts and indexers; then they are set aside, and listed among what is rejected.
 */

import type { ObjectInfo } from '../store/objectStore.ts';
import type { LedgerEntry, UnreadVersion } from './ledger.ts';
import { newName } from './names.ts';
import type { RejectedRow } from './rejectedLines.ts';

/** Then it is set aside. */
const maxTries = 5;
/** A watcher's pauses after the first, second, … try. */
const pausesMs: readonly number[] = [2_000, 30_000, 300_000, 1_800_000];
/** An object that changes all the time has another version in each listing: one set aside is tried again after so long. */
const changingPauseMs = 3_600_000;

export type Standing =
  /** Nothing is to be done about this version: it is indexed, or set aside. */
  | 'settled'
  /** It could not be read, and is to be tried again later. */
  | 'waiting'
  | 'due';

/** @param isPatient whether to wait between tries, as a watcher does. */
export function standingOf(
  entry: LedgerEntry | undefined,
  listed: ObjectInfo,
  nowMs: number,
  isPatient: boolean,
): Standing {
  if (!entry) return 'due';
  if (entry.etag === listed.etag) return 'settled';
  const { unread } = entry;
  if (!unread) return 'due';
  const waitedMs = nowMs - unread.triedTs;
  if (isSetAside(unread)) {
    if (unread.etag === listed.etag) return 'settled';
    return unread.isChanging && waitedMs < changingPauseMs ? 'settled' : 'due';
  }
  const isSame = unread.etag === listed.etag || unread.isChanging;
  if (!isPatient || !isSame) return 'due';
  return waitedMs < (pausesMs[unread.tries - 1] ?? 0) ? 'waiting' : 'due';
}

export function isSetAside(unread: UnreadVersion): boolean {
  return unread.version !== undefined;
}

export interface FailedRead {
  readonly listed: ObjectInfo;
  readonly reason: string;
  /** It was replaced each time that it was read: the next listing will show another version. */
  readonly isChanging: boolean;
}

/** The object's next ledger entry, and what to list once it is set aside. What was read of earlier versions stays. */
export function entryAfterFailure(
  before: LedgerEntry | undefined,
  failed: FailedRead,
  nowMs: number,
): { readonly entry: LedgerEntry; readonly rejected?: RejectedRow } {
  const { listed, reason, isChanging } = failed;
  const known = before?.unread;
  const goesOn = known !== undefined && (known.etag === listed.etag || (known.isChanging && isChanging));
  const tries = goesOn ? known.tries + 1 : 1;
  const tried = { etag: listed.etag, tries, triedTs: nowMs, reason, isChanging };
  const entry = before ?? { key: listed.key, etag: '', sizeBytes: 0, version: newName(), records: 0, rejected: 0 };
  if (tries < maxTries) return { entry: { ...entry, unread: tried } };
  if (goesOn && known.version !== undefined)
    return { entry: { ...entry, unread: { ...tried, version: known.version } } };
  const version = newName();
  const words = `could not be read: ${reason} (tried ${tries} times)`;
  return {
    entry: { ...entry, unread: { ...tried, version } },
    rejected: { object: listed.key, version, offsetBytes: 0, reason: words, raw: '' },
  };
}
