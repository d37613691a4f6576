/**
 * All tasks of an index in memory, as columns segment by segment. A task whose records lie in several segments has a part in
 * each; one of them stands for it, with the merged times and status, the others are hidden behind it.
 */

import type { TextColumn } from '../blocks/blockFile.ts';
import { idHash } from '../idHash.ts';
import { linkEqualHashes } from './equalHashes.ts';
import { PartChains } from './partChains.ts';
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
  /** Of hashes that tasks with different ids have: their first parts by id. */
  readonly #ofSharedHash = new Map<number, Map<string, PartPlace>>();
  readonly #chains = new PartChains();
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
    const count = added.reduce((sum, { tasks }) => sum + tasks.count, 0);
    if (this.#parts + count >= maxParts) throw new RangeError('more tasks than the table can hold');
    const known = [...this.segments];
    const segments = added.map((each) => this.#append(each));
    linkEqualHashes(known, segments);
    return () => {
      for (const segment of segments) this.#joinLinked(segment);
      for (const segment of this.segments) segment.forgetReach();
    };
  }

  /** Of tasks that may be parts of others, as they have their hash: joins those that are. */
  #joinLinked(segment: TableSegment): void {
    this.#tasks += segment.shown;
    const { links } = segment;
    for (let at = 0; at < links.length; at++) {
      const held = links[at] as number;
      if (held !== 0 && this.#joins(held - 1, segment, at)) this.#tasks -= 1;
    }
  }

  /** Every part of a task, the one that stands for it first; none where the table does not know it. */
  partsOf(id: string): readonly PartPlace[] {
    const bytes = Buffer.from(id);
    const hash = idHash(bytes);
    for (const segment of this.segments) {
      for (const at of segment.tasks.withHash(hash)) {
        const { ids } = segment.tasks;
        if (segment.isGone(at) || !ids.bytes.subarray(ids.starts[at], ids.starts[at + 1]).equals(bytes)) continue;
        const first = segment.firstOf(at);
        return first.segment.partsOf(first.at);
      }
    }
    return [];
  }

  #append({ key, tasks, gone, minTs, maxTs }: NewSegment): TableSegment {
    const segment = new TableSegment({
      key,
      tasks,
      base: this.#parts,
      minTs: minTs ?? Number.NEGATIVE_INFINITY,
      maxTs: maxTs ?? Number.POSITIVE_INFINITY,
      segmentOf: (number) => this.#segmentOf(number),
      chains: this.#chains,
    });
    for (const at of gone ?? []) segment.hide(at);
    this.segments.push(segment);
    this.#byKey.set(key, segment);
    this.#parts += tasks.count;
    return segment;
  }

  /** Puts a part behind another one with the hash of its id, or behind the one of its task. @returns false where there is none. */
  #joins(number: number, segment: TableSegment, at: number): boolean {
    segment.links[at] = 0;
    const holder = this.#segmentOf(number);
    const first = number - holder.base;
    if (isSameText(holder.tasks.ids, first, segment.tasks.ids, at)) {
      holder.join(first, segment, at);
      return true;
    }
    // Of ids that were made for it many can have one hash.
    const id = segment.tasks.ids.at(at) ?? '';
    const hash = idHash(Buffer.from(id));
    let byId = this.#ofSharedHash.get(hash);
    if (!byId) this.#ofSharedHash.set(hash, (byId = new Map()));
    const other = byId.get(id);
    if (other) other.segment.join(other.at, segment, at);
    else byId.set(id, { segment, at });
    return other !== undefined;
  }

  /** Where a part is, by its number among all. */
  #segmentOf(number: number): TableSegment {
    let [low, high] = [0, this.segments.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.segments[middle]?.base ?? 0) <= number) low = middle;
      else high = middle - 1;
    }
    const segment = this.segments[low];
    if (!segment) throw new RangeError(`the table has no part ${number}`);
    return segment;
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
