/**
 * Which segments are to become one, as an LSM tree has it: so many of one tier become one of the next, up to a size at which a
 * segment is left as it is. A record is so written anew once for each tier, and few segments remain, however small commits are.
 */

import type { SegmentEntry } from './manifest.ts';

export interface MergeLimits {
  /** Of a merged segment. One of half as many records, or bytes of either kind, is left as it is. */
  readonly records: number;
  readonly bytes: number;
  /** Of their rows when they are gathered: what compresses well is many times as large then. */
  readonly gatheredBytes: number;
}

/** So many of one tier become one of the next; a tier holds segments of `fanIn` times the records of the one before. */
export const fanIn = 8;

/** The segments to merge next, in their order; none when no tier is full. */
export function planMerge(segments: readonly SegmentEntry[], limits: MergeLimits): readonly SegmentEntry[] {
  const small = segments.filter(
    ({ records, sizeBytes, gatheredBytes = 0 }) =>
      records < limits.records / 2 && sizeBytes < limits.bytes / 2 && gatheredBytes < limits.gatheredBytes / 2,
  );
  const tiers = Map.groupBy(small, ({ records }) => Math.floor(Math.log(Math.max(1, records)) / Math.log(fanIn)));
  for (const [, tier] of [...tiers].sort(([a], [b]) => a - b)) {
    if (tier.length < fanIn) continue;
    const inputs: SegmentEntry[] = [];
    let [records, bytes, gathered] = [0, 0, 0];
    // Two of less than half the limits always fit.
    for (const entry of tier) {
      records += entry.records;
      bytes += entry.sizeBytes;
      gathered += entry.gatheredBytes ?? 0;
      if (records > limits.records || bytes > limits.bytes || gathered > limits.gatheredBytes) break;
      inputs.push(entry);
    }
    return inputs;
  }
  return [];
}
