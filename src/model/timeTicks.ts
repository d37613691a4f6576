/** Where an axis of time has its marks: moments that a clock shows. */

import { bucketWidthsMs } from './overview/timeBuckets.ts';

export interface TimeTicks {
  readonly widthMs: number;
  /** Ascending, within the range. */
  readonly atMs: readonly number[];
}

/** @param zoneMs what the reader's clock is ahead of UTC: days begin at their midnight. */
export function timeTicks(startMs: number, endMs: number, zoneMs: number, atMost = 8): TimeTicks {
  for (const widthMs of bucketWidthsMs) {
    const first = Math.ceil((startMs + zoneMs) / widthMs);
    const last = Math.floor((endMs + zoneMs) / widthMs);
    if (last - first + 1 > atMost) continue;
    const count = Math.max(0, last - first + 1);
    return { widthMs, atMs: Array.from({ length: count }, (_, at) => (first + at) * widthMs - zoneMs) };
  }
  return { widthMs: endMs - startMs, atMs: [] };
}
