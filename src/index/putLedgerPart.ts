/** Writes the ledger part of a commit. */

import type { IndexState } from './indexState.ts';
import { type LedgerEntry, readLedgerPart, serializeLedgerPart } from './ledger.ts';
import type { LedgerPartEntry } from './manifest.ts';
import { newName } from './names.ts';

/** A run of this many small ledger parts at the end is merged into one: a commit reads few objects, however many came before. */
const mergeLedgerParts = 32;
const smallLedgerPart = 2000;

/** Puts the entries, merged with the small parts before them once those are many; the parts of the next manifest, and the new one. */
export async function putLedgerPart(
  state: IndexState,
  added: readonly LedgerEntry[],
  signal?: AbortSignal,
): Promise<readonly [LedgerPartEntry[], { readonly part: string; readonly entries: readonly LedgerEntry[] }]> {
  const parts = state.manifest.ledger;
  let start = parts.length;
  while (start > 0 && (parts[start - 1]?.objects ?? 0) < smallLedgerPart) start -= 1;
  if (parts.length - start < mergeLedgerParts) start = parts.length;
  const merged = new Map<string, LedgerEntry>();
  for (const part of parts.slice(start)) {
    for (const entry of await readLedgerPart(state.store, part.key, signal)) merged.set(entry.key, entry);
  }
  for (const entry of added) merged.set(entry.key, entry);
  const entries = [...merged.values()];
  const key = `ledger/${newName()}.json`;
  await state.store.put(key, serializeLedgerPart(entries), signal ? { signal } : {});
  return [[...parts.slice(0, start), { key, objects: entries.length }], { part: key, entries }];
}
