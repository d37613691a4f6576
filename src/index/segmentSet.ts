/** Segments as statements read them. */

import type { SegmentEntry } from './manifest.ts';
import type { TextFilter } from './textFilter.ts';

/** Segments and where their files lie. */
export interface SegmentSet {
  readonly entries: readonly SegmentEntry[];
  readonly fileOf: (entry: SegmentEntry) => string;
  /** Object versions whose rows do not count. */
  readonly superseded: readonly string[];
  /** How many segments were dropped for their age so far. */
  readonly expired?: number;
  /** What a segment's texts may hold, where that is known. */
  readonly textFilterOf?: (entry: SegmentEntry) => TextFilter | undefined;
}

/** Turns a list into what stands for it in a statement. */
export interface ListWriter {
  add(texts: readonly string[]): string;
}

/** The records of some segments under the alias `r`. */
export function recordsSql(entries: readonly SegmentEntry[], segments: SegmentSet, lists: ListWriter): string {
  const files = lists.add(entries.map((entry) => segments.fileOf(entry)));
  const all = `read_parquet(${files}, hive_partitioning = false)`;
  if (segments.superseded.length === 0) return `${all} r`;
  const superseded = lists.add(segments.superseded);
  return `(SELECT * FROM ${all} WHERE object_version NOT IN (SELECT unnest(${superseded}))) r`;
}
