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

export interface NewSegment {
  readonly key: string;
  readonly tasks: SegmentTasks;
  /** Tasks of which no record counts any more. */
  readonly gone?: ReadonlySet<number>;
  /** Of its records, ms; absent: not known. */
  readonly minTs?: number;
  readonly maxTs?: number;
}

export class TaskTable {
  readonly segments: TableSegment[] = [];
  readonly #byKey = new Map<string, TableSegment>();
  /**
   * Open addressing, two words to a bucket: the hash of a task's id, and the number of its first part, plus one; 0 is free. Its further
   * parts hang on that.
   */
  #buckets = new Uint32Array(2 * 1024);
  #parts = 0;
  #tasks = 0;

  /** Distinct tasks. */
  get size(): number {
    return this.#tasks;
  }

  segment(key: string): TableSegment | undefined {
    return this.#byKey.get(key);
  }

  /**
   * Adds the tasks of segments as far as that can be done without their ids. Only when the function that it gives was called is the
   * table one to be asked. Both throw DamagedBlockFile.
   */
  begin(added: readonly NewSegment[]): () => void {
    const from = this.#parts;
    const count = added.reduce((sum, { tasks }) => sum + tasks.count, 0);
    if (from + count >= maxParts) throw new RangeError('more tasks than the table can hold');
    this.#reserve(from + count);
    const segments = added.map((each) => this.#append(each));
    const found = this.#find(segments, from);
    return () => this.#joinFound(segments, found, from);
  }

  /** @param found as `#find` gives it. */
  #joinFound(segments: readonly TableSegment[], found: Uint32Array, from: number): void {
    for (const segment of segments) {
      for (let at = 0; at < segment.tasks.count; at++) {
        const held = found[segment.base + at - from] ?? 0;
        if (held !== 0 && !this.#joins(held - 1, segment, at)) this.#place(segment, at);
      }
    }
    for (const segment of this.segments) segment.forgetReach();
  }

  /** Every part of a task, the one that stands for it first; none where the table does not know it. */
  partsOf(id: string): readonly PartPlace[] {
    const bytes = Buffer.from(id);
    const hash = idHash(bytes);
    const mask = this.#buckets.length - 1;
    for (let word = (hash << 1) & mask; ; word = (word + 2) & mask) {
      const held = this.#buckets[word + 1] ?? 0;
      if (held === 0) return [];
      if (this.#buckets[word] !== hash) continue;
      const { segment, at } = this.#placeOf(held - 1);
      const { ids } = segment.tasks;
      if (ids.bytes.subarray(ids.starts[at], ids.starts[at + 1]).equals(bytes)) return segment.partsOf(at);
    }
  }

  #append({ key, tasks, gone, minTs, maxTs }: NewSegment): TableSegment {
    const segment = new TableSegment({
      key,
      tasks,
      base: this.#parts,
      minTs: minTs ?? Number.NEGATIVE_INFINITY,
      maxTs: maxTs ?? Number.POSITIVE_INFINITY,
      placeOf: (number) => this.#placeOf(number),
    });
    for (const at of gone ?? []) segment.hide(at);
    this.segments.push(segment);
    this.#byKey.set(key, segment);
    this.#parts += tasks.count;
    return segment;
  }

  /**
   * Looks for each part where its hash lies, and puts it there if nothing does. Parts whose buckets are neighbours go together: in the
   * order of their numbers each look would be at memory that no cache holds.
   * @returns by part, counted from `from`: the number, plus one, of the first part with that hash; 0 for one that is the first.
   */
  #find(segments: readonly TableSegment[], from: number): Uint32Array {
    const buckets = this.#buckets;
    const mask = buckets.length - 1;
    const found = new Uint32Array(this.#parts - from);
    const ordered = byNeighbourhood(segments, mask);
    let tasks = 0;
    for (let next = 0; next < ordered.length; next += 2) {
      const hash = ordered[next] ?? 0;
      const number = ordered[next + 1] ?? 0;
      for (let word = (hash << 1) & mask; ; word = (word + 2) & mask) {
        const held = buckets[word + 1] ?? 0;
        if (held === 0) {
          buckets[word] = hash;
          buckets[word + 1] = number;
          tasks += 1;
          break;
        }
        if (buckets[word] !== hash) continue;
        found[number - 1 - from] = held;
        break;
      }
    }
    this.#tasks += tasks;
    return found;
  }

  /** Puts a part behind another if they are of one task. */
  #joins(number: number, segment: TableSegment, at: number): boolean {
    const first = this.#placeOf(number);
    if (!isSameText(first.segment.tasks.ids, first.at, segment.tasks.ids, at)) return false;
    first.segment.join(first.at, { segment, at });
    return true;
  }

  /** For a task whose hash is another one's too. */
  #place(segment: TableSegment, at: number): void {
    const hash = segment.tasks.hashes[at] ?? 0;
    const mask = this.#buckets.length - 1;
    for (let word = (hash << 1) & mask; ; word = (word + 2) & mask) {
      const held = this.#buckets[word + 1] ?? 0;
      if (held === 0) {
        this.#buckets[word] = hash;
        this.#buckets[word + 1] = segment.base + at + 1;
        this.#tasks += 1;
        return;
      }
      if (this.#buckets[word] === hash && this.#joins(held - 1, segment, at)) return;
    }
  }

  /** Room for so many parts in all. */
  #reserve(parts: number): void {
    const old = this.#buckets;
    if (parts * 2 <= old.length * fullest) return;
    const buckets = new Uint32Array(2 ** Math.ceil(Math.log2((2 * parts) / fullest)));
    const mask = buckets.length - 1;
    for (let from = 0; from < old.length; from += 2) {
      const [hash = 0, held = 0] = [old[from], old[from + 1]];
      if (held === 0) continue;
      let word = (hash << 1) & mask;
      while (buckets[word + 1] !== 0) word = (word + 2) & mask;
      buckets[word] = hash;
      buckets[word + 1] = held;
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

/** Share of the buckets that may be taken. A look at the next bucket mostly is one at the same line of the cache. */
const fullest = 7 / 8;

/** Neighbourhoods of buckets: each of a size that a processor's cache holds. */
const neighbourhoods = 256;

/** Of all parts that count, the hash and the number, plus one, of each, by where their buckets lie; of one neighbourhood by number. */
function byNeighbourhood(segments: readonly TableSegment[], mask: number): Uint32Array {
  const shift = Math.max(0, 32 - Math.clz32(mask) - Math.log2(neighbourhoods));
  const ends = new Uint32Array(neighbourhoods + 1);
  for (const { tasks, hidden } of segments) {
    const { hashes } = tasks;
    for (let at = 0; at < hashes.length; at++) {
      const hood = (((hashes[at] ?? 0) << 1) & mask) >>> shift;
      if (hidden[at] === 0) ends[hood + 1] = (ends[hood + 1] ?? 0) + 2;
    }
  }
  for (let hood = 0; hood < neighbourhoods; hood++) ends[hood + 1] = (ends[hood + 1] ?? 0) + (ends[hood] ?? 0);
  const ordered = new Uint32Array(ends[neighbourhoods] ?? 0);
  for (const { tasks, hidden, base } of segments) {
    const { hashes } = tasks;
    for (let at = 0; at < hashes.length; at++) {
      if (hidden[at] !== 0) continue;
      const hash = hashes[at] ?? 0;
      const hood = ((hash << 1) & mask) >>> shift;
      const place = ends[hood] ?? 0;
      ends[hood] = place + 2;
      ordered[place] = hash;
      ordered[place + 1] = base + at + 1;
    }
  }
  return ordered;
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
