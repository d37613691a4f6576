/**
 * All tasks of an index in memory, as columns segment by segment. A task whose records lie in several segments has a part in
 * each; one of them stands for it, with the merged times and status, the others are hidden behind it.
 */

import type { TextColumn } from '../blocks/blockFile.ts';
import { type SegmentTasks, statusNumber } from './segmentTasks.ts';
import { newMask } from './taskMask.ts';

/** A part of a task: which segment of the table, and which task of that. */
export interface PartPlace {
  readonly segment: TableSegment;
  readonly at: number;
}

/** A segment's tasks within the table. Arrays are by the segment's own tasks. */
export interface TableSegment {
  /** Its key. */
  readonly key: string;
  readonly tasks: SegmentTasks;
  /** Of tasks that this segment stands for: of all their parts. */
  lastMs: Float64Array;
  firstMs: Float64Array;
  attempts: Float64Array;
  status: Uint8Array;
  /** 1 where another segment stands for the task, or no record of it counts. */
  readonly hidden: Uint8Array;
  /** Tasks that are not hidden. */
  shown: number;
  /** The tasks of this segment that have parts in others; for each, all its parts, the one that stands for it first. */
  readonly shared: Map<number, readonly PartPlace[]>;
  /** From the tasks that this segment stands for to their other parts: the place here, the segment, the place there. */
  readonly links: { readonly at: number[]; readonly segments: TableSegment[]; readonly other: number[] };
  /** The greatest last moment of any task that has a part here. */
  reachMs: number;
  /** What was worked out of the values that the segment stands for; forgotten when one of them changes. */
  readonly derived: Map<string, unknown>;
  /** Number of its first task among all of the table's. */
  readonly base: number;
}

/** One more than the greatest number of parts that a table can hold. */
const maxParts = 2 ** 31;

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

  /** Adds a segment's tasks. @param gone tasks of it of which no record counts any more. */
  add(key: string, tasks: SegmentTasks, gone: ReadonlySet<number> = new Set()): void {
    if (this.#parts + tasks.count >= maxParts) throw new RangeError('more tasks than the table can hold');
    const segment: TableSegment = {
      key,
      tasks,
      lastMs: tasks.lastMs,
      firstMs: tasks.firstMs,
      attempts: tasks.attempts,
      status: tasks.status,
      hidden: newMask(tasks.count),
      shown: tasks.count,
      shared: new Map(),
      links: { at: [], segments: [], other: [] },
      reachMs: Number.NEGATIVE_INFINITY,
      derived: new Map(),
      base: this.#parts,
    };
    this.segments.push(segment);
    this.#byKey.set(key, segment);
    this.reserve(tasks.count);
    const hashes = hashesOf(tasks.ids);
    this.#hashes.set(hashes, this.#parts);
    this.#parts += tasks.count;
    const mask = this.#buckets.length - 1;
    for (let at = 0; at < tasks.count; at++) {
      if (gone.size > 0 && gone.has(at)) {
        hide(segment, at);
        continue;
      }
      const hash = hashes[at] ?? 0;
      for (let bucket = hash & mask; ; bucket = (bucket + 1) & mask) {
        const held = this.#buckets[bucket] ?? 0;
        if (held === 0) {
          this.#buckets[bucket] = segment.base + at + 1;
          this.#tasks += 1;
          break;
        }
        if (this.#hashes[held - 1] !== hash) continue;
        const other = this.#placeOf(held - 1);
        if (other && isSameText(other.segment.tasks.ids, other.at, tasks.ids, at)) {
          this.#join(other, { segment, at });
          break;
        }
      }
    }
    segment.reachMs = Math.max(segment.reachMs, greatest(segment.lastMs));
  }

  /** Every part of a task, the one that stands for it first; none where the table does not know it. */
  partsOf(id: string): readonly PartPlace[] {
    const bytes = Buffer.from(id);
    const hash = hashOf(bytes, 0, bytes.length);
    const mask = this.#buckets.length - 1;
    for (let bucket = hash & mask; ; bucket = (bucket + 1) & mask) {
      const held = this.#buckets[bucket] ?? 0;
      if (held === 0) return [];
      if (this.#hashes[held - 1] !== hash) continue;
      const place = this.#placeOf(held - 1);
      const ids = place?.segment.tasks.ids;
      if (!place || !ids?.bytes.subarray(ids.starts[place.at], ids.starts[place.at + 1]).equals(bytes)) continue;
      return partsAt(place);
    }
  }

  /** A part by its number among all. */
  #placeOf(number: number): PartPlace | undefined {
    let [low, high] = [0, this.segments.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.segments[middle]?.base ?? 0) <= number) low = middle;
      else high = middle - 1;
    }
    const segment = this.segments[low];
    return segment && { segment, at: number - segment.base };
  }

  /** Puts a part behind the one that stands for its task. */
  #join(first: PartPlace, part: PartPlace): void {
    const known = first.segment.shared.get(first.at);
    const parts = known ? [...known, part] : [first, part];
    for (const { segment, at } of parts) segment.shared.set(at, parts);
    hide(part.segment, part.at);
    const { links } = first.segment;
    links.at.push(first.at);
    links.segments.push(part.segment);
    links.other.push(part.at);
    own(first.segment);
    first.segment.derived.clear();
    mergeTimes(first, parts);
    const lastMs = first.segment.lastMs[first.at] ?? 0;
    for (const each of parts) if (each.segment.reachMs < lastMs) each.segment.reachMs = lastMs;
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
}

/** All parts of the task that a place belongs to, the one that stands for it first. */
export function partsAt(place: PartPlace): readonly PartPlace[] {
  return place.segment.shared.get(place.at) ?? [place];
}

function hide(segment: TableSegment, at: number): void {
  if (segment.hidden[at] === 1) return;
  segment.hidden[at] = 1;
  segment.shown -= 1;
}

/** Merged values must not change what the segment itself said. */
function own(segment: TableSegment): void {
  if (segment.lastMs !== segment.tasks.lastMs) return;
  segment.lastMs = segment.lastMs.slice();
  segment.firstMs = segment.firstMs.slice();
  segment.attempts = segment.attempts.slice();
  segment.status = segment.status.slice();
}

/**
 * What of a task merges whatever its parts say, and whichever came first: least, greatest, latest (docs/index-format.md). A reader
 * does this for every task that lies in two segments before its first answer: without objects on the way.
 */
function mergeTimes(first: PartPlace, parts: readonly PartPlace[]): void {
  let lastMs = Number.NEGATIVE_INFINITY;
  let firstMs = Number.POSITIVE_INFINITY;
  let succeededMs = Number.NEGATIVE_INFINITY;
  let failedMs = Number.NEGATIVE_INFINITY;
  let attempts = 0;
  let attemptMs = Number.NEGATIVE_INFINITY;
  let attemptRank = Number.NaN;
  for (let part = 0; part < parts.length; part++) {
    const place = parts[part] ?? first;
    const { tasks } = place.segment;
    const { ends } = tasks;
    const { at } = place;
    const last = tasks.lastMs[at] ?? 0;
    if (last > lastMs) lastMs = last;
    const start = tasks.firstMs[at] ?? 0;
    if (start < firstMs) firstMs = start;
    // Where there is none these are NaN, which is greater than nothing.
    const succeeded = last - (ends.succeededAgo[at] ?? Number.NaN);
    if (succeeded > succeededMs) succeededMs = succeeded;
    const failed = last - (ends.failedAgo[at] ?? Number.NaN);
    if (failed > failedMs) failedMs = failed;
    const own = tasks.attempts[at] ?? 0;
    if (own < attempts) continue;
    const ms = last - (ends.attemptAgo[at] ?? Number.NaN);
    const rank = ends.attemptRank[at] ?? Number.NaN;
    if (own > attempts) {
      [attempts, attemptMs, attemptRank] = [own, ms, rank];
    } else if (ms > attemptMs || (ms === attemptMs && rank > attemptRank) || Number.isNaN(attemptRank)) {
      [attemptMs, attemptRank] = [ms, rank];
    }
  }
  const { segment, at } = first;
  segment.lastMs[at] = lastMs;
  segment.firstMs[at] = firstMs;
  segment.attempts[at] = attempts;
  segment.status[at] = statusNumber(attemptRank, agoOf(lastMs, succeededMs), agoOf(lastMs, failedMs));
}

function agoOf(lastMs: number, ms: number): number {
  return ms === Number.NEGATIVE_INFINITY ? Number.NaN : lastMs - ms;
}

function greatest(values: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < values.length; at++) most = Math.max(most, values[at] ?? most);
  return most;
}

function hashesOf({ bytes, starts, length }: TextColumn): Uint32Array {
  const hashes = new Uint32Array(length);
  for (let at = 0; at < length; at++) hashes[at] = hashOf(bytes, starts[at] ?? 0, starts[at + 1] ?? 0);
  return hashes;
}

/** FNV-1a, with a last mix since tables take the low bits. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash ^= hash >>> 15;
  return (Math.imul(hash, 0x2c1b3c6d) ^ (hash >>> 12)) >>> 0;
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
