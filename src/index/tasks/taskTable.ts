/**
 * All tasks of an index in memory, as columns segment by segment. A task whose records lie in several segments has a part in
 * each; one of them stands for it, with the merged times and status, the others are hidden behind it.
 */

import type { TextColumn } from '../blocks/blockFile.ts';
import { idHash } from '../idHash.ts';
import type { SegmentTasks } from './segmentTasks.ts';
import { type PartPlace, TableSegment } from './tableSegment.ts';

/** One more than the greatest number of parts that a table can hold. */
const maxParts = 2 ** 31;

/** What is known of a segment's tasks without looking at them. */
export interface SegmentBounds {
  /** Tasks of which no record counts any more. */
  readonly gone?: ReadonlySet<number>;
  /** Of its records, ms. */
  readonly minTs?: number;
  readonly maxTs?: number;
}

export class TaskTable {
  readonly segments: TableSegment[] = [];
  readonly #byKey = new Map<string, TableSegment>();
  /** Open addressing: number of a part, plus one; 0 is free. A task's further parts hang on its first. */
  #buckets = new Uint32Array(1024);
  #hashes = new Uint32Array(1024);
  #parts = 0;
  #tasks = 0;

  /** Distinct tasks. */
  get size(): number {
    return this.#tasks;
  }

  segment(key: string): TableSegment | undefined {
    return this.#byKey.get(key);
  }

  /** Adds a segment's tasks. @throws DamagedBlockFile */
  add(key: string, tasks: SegmentTasks, bounds: SegmentBounds = {}): void {
    if (this.#parts + tasks.count >= maxParts) throw new RangeError('more tasks than the table can hold');
    const { gone, minTs = Number.NEGATIVE_INFINITY, maxTs = Number.POSITIVE_INFINITY } = bounds;
    const placeOf = (number: number): PartPlace => this.#placeOf(number);
    const segment = new TableSegment({ key, tasks, base: this.#parts, minTs, maxTs, placeOf });
    this.reserve(tasks.count);
    this.segments.push(segment);
    this.#byKey.set(key, segment);
    this.#hashes.set(tasks.hashes, this.#parts);
    this.#parts += tasks.count;
    const mask = this.#buckets.length - 1;
    for (let at = 0; at < tasks.count; at++) {
      if (gone?.has(at)) {
        segment.hide(at);
        continue;
      }
      const hash = tasks.hashes[at] ?? 0;
      for (let bucket = hash & mask; ; bucket = (bucket + 1) & mask) {
        const held = this.#buckets[bucket] ?? 0;
        if (held === 0) {
          this.#buckets[bucket] = segment.base + at + 1;
          this.#tasks += 1;
          break;
        }
        if (this.#hashes[held - 1] !== hash) continue;
        const other = this.#placeOf(held - 1);
        if (isSameText(other.segment.tasks.ids, other.at, tasks.ids, at)) {
          other.segment.join(other.at, { segment, at });
          break;
        }
      }
    }
  }

  /** Every part of a task, the one that stands for it first; none where the table does not know it. */
  partsOf(id: string): readonly PartPlace[] {
    const bytes = Buffer.from(id);
    const hash = idHash(bytes);
    const mask = this.#buckets.length - 1;
    for (let bucket = hash & mask; ; bucket = (bucket + 1) & mask) {
      const held = this.#buckets[bucket] ?? 0;
      if (held === 0) return [];
      if (this.#hashes[held - 1] !== hash) continue;
      const { segment, at } = this.#placeOf(held - 1);
      const { ids } = segment.tasks;
      if (ids.bytes.subarray(ids.starts[at], ids.starts[at + 1]).equals(bytes)) return segment.partsOf(at);
    }
  }

  /** Makes room at once for so many further parts: one by one it would be made many times. */
  reserve(count: number): void {
    const parts = this.#parts + count;
    if (parts > this.#hashes.length) {
      const hashes = new Uint32Array(Math.max(parts, this.#hashes.length * 2));
      hashes.set(this.#hashes);
      this.#hashes = hashes;
    }
    if (parts * 2 <= this.#buckets.length) return;
    const buckets = new Uint32Array(2 ** Math.ceil(Math.log2(parts * 2)));
    const mask = buckets.length - 1;
    for (const held of this.#buckets) {
      if (held === 0) continue;
      let bucket = (this.#hashes[held - 1] ?? 0) & mask;
      while (buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
      buckets[bucket] = held;
    }
    this.#buckets = buckets;
  }

  /** A part by its number among all. */
  #placeOf(number: number): PartPlace {
    let [low, high] = [0, this.segments.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.segments[middle]?.base ?? 0) <= number) low = middle;
      else high = middle - 1;
    }
    const segment = this.segments[low];
    if (!segment) throw new RangeError(`the table has no part ${number}`);
    return { segment, at: number - segment.base };
  }
}

function isSameText(a: TextColumn, atA: number, b: TextColumn, atB: number): boolean {
  const [startA, endA] = [a.starts[atA] ?? 0, a.starts[atA + 1] ?? 0];
  const [startB, endB] = [b.starts[atB] ?? 0, b.starts[atB + 1] ?? 0];
  if (endA - startA !== endB - startB) return false;
  for (let offset = 0; offset < endA - startA; offset++) {
    if (a.bytes[startA + offset] !== b.bytes[startB + offset]) return false;
  }
  return true;
}
