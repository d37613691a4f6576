/**
 * Where the newest objects of a log root land: in the folders of the present hour, below the places that earlier keys showed.
 * Listing those alone costs a request each, however much lies around them.
 */

import { partitionOf } from './logLayout.ts';

interface Place {
  readonly hasHours: boolean;
  /** Start of the newest partition that was seen there, epoch ms. */
  readonly newestMs: number;
}

/** A root with more places than this is listed as a whole. */
const maxPlaces = 16;
/** Writers' clocks differ: shortly before and after the hour both folders are looked at. */
const clockMarginMs = 10 * 60_000;

export class NewestPartitions {
  readonly #places = new Map<string, Place>();

  note(key: string): void {
    const partition = partitionOf(key);
    const match = partition && /^(.*?\/)?dt=\d{4}-\d{2}-\d{2}\/(hr=\d{2}\/)?/.exec(key);
    if (!match) return;
    const base = match[1] ?? '';
    const known = this.#places.get(base);
    if (known && known.newestMs >= partition.startMs) return;
    this.#places.set(base, { hasHours: match[2] !== undefined, newestMs: partition.startMs });
  }

  /** The prefixes to list, in order; none when no place is known, or too many are. */
  prefixes(nowMs: number): readonly string[] {
    if (this.#places.size > maxPlaces) return [];
    const found = new Set<string>();
    for (const [base, { hasHours }] of this.#places) {
      for (const atMs of [nowMs - clockMarginMs, nowMs, nowMs + clockMarginMs]) {
        const [date = '', time = ''] = new Date(atMs).toISOString().split('T');
        found.add(`${base}dt=${date}/${hasHours ? `hr=${time.slice(0, 2)}/` : ''}`);
      }
    }
    return [...found].sort();
  }
}
