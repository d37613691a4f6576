/**
 * Counts failures by group, as `groupFailures` of the model does, over the failures of segments: those of one task lie together and
 * are counted as they come; only where a task has failures in several segments are they kept until the end.
 */

import { compareCodePoints } from '../../model/query/compareTasks.ts';
import type { LoadedSegment } from './loadedSegment.ts';
import type { PartPlace } from './taskTable.ts';

/** Where a failure was written. */
interface FailurePlace {
  readonly ts: number;
  readonly segment: LoadedSegment;
  readonly row: number;
  readonly object: string;
  readonly offset: number;
}

export interface GroupCount {
  readonly group: string;
  readonly count: number;
  readonly tasks: number;
  readonly firstTs: number;
  readonly latest: FailurePlace;
}

interface Tally {
  readonly group: string;
  count: number;
  tasks: number;
  firstTs: number;
  latest: FailurePlace;
}

/** Failures of one task in one group, told apart by what makes them distinct. */
class Distinct {
  readonly #seen = new Set<string>();
  /** Those that tell no more than that the task failed in the end. */
  #ends = 0;

  add(identity: string, isEnd: boolean): void {
    if (this.#seen.has(identity)) return;
    this.#seen.add(identity);
    if (isEnd) this.#ends += 1;
  }

  /** An end counts only where nothing else tells of the failure. */
  countOf(hasTask: boolean): number {
    const others = this.#seen.size - this.#ends;
    return hasTask && others > 0 ? others : this.#seen.size;
  }
}

export class GroupCounts {
  readonly #tallies = new Map<string, Tally>();
  /** Of tasks with parts in several segments, by the part that stands for the task; and of no task. */
  readonly #kept = new Map<string, { readonly tally: Tally; readonly hasTask: boolean; readonly distinct: Distinct }>();
  /** The failures of the task that comes along. */
  #task: PartPlace | undefined;
  #run = new Map<Tally, Distinct>();

  /**
   * Adds a failure of a segment; those of one task one after the other.
   * @param task the part that stands for it; absent for a record that names none. @param isShared failures of the same task may
   * come with other segments.
   */
  add(segment: LoadedSegment, at: number, task: PartPlace | undefined, isShared: boolean): void {
    const { failures } = segment;
    const group = failures.groupNames[(failures.groups[at] ?? 0) - 1];
    if (group === undefined) return;
    const tally = this.#tallyOf(group, segment, at);
    const event = failures.eventNames[(failures.events[at] ?? 0) - 1] ?? '';
    const worker = failures.workers[at] ?? 0;
    const name = worker === 0 ? '' : `w${failures.workerNames[worker - 1] ?? ''}`;
    const identity = `${failures.ts[at]}\n${failures.attempts[at]}\n${event}\n${name}`;
    if (isShared) this.#keptOf(tally, task).add(identity, event === 'task.failed');
    else this.#runOf(tally, task).add(identity, event === 'task.failed');
  }

  /** Most frequent first; of equals the latest first, then by id. */
  finish(): GroupCount[] {
    this.#endRun();
    for (const { tally, hasTask, distinct } of this.#kept.values()) {
      tally.count += distinct.countOf(hasTask);
      if (hasTask) tally.tasks += 1;
    }
    this.#kept.clear();
    return [...this.#tallies.values()].sort(
      (a, b) => b.count - a.count || b.latest.ts - a.latest.ts || compareCodePoints(a.group, b.group),
    );
  }

  #tallyOf(group: string, segment: LoadedSegment, at: number): Tally {
    const { failures } = segment;
    const ts = failures.ts[at] ?? 0;
    const known = this.#tallies.get(group);
    if (known) {
      if (ts < known.firstTs) known.firstTs = ts;
      if (ts >= known.latest.ts) {
        const place = placeOf(segment, at);
        if (comparePlaces(place, known.latest) > 0) known.latest = place;
      }
      return known;
    }
    const tally = { group, count: 0, tasks: 0, firstTs: ts, latest: placeOf(segment, at) };
    this.#tallies.set(group, tally);
    return tally;
  }

  #runOf(tally: Tally, task: PartPlace | undefined): Distinct {
    if (this.#task?.segment !== task?.segment || this.#task?.at !== task?.at) {
      this.#endRun();
      this.#task = task;
    }
    let distinct = this.#run.get(tally);
    if (!distinct) {
      distinct = new Distinct();
      this.#run.set(tally, distinct);
    }
    return distinct;
  }

  #endRun(): void {
    for (const [tally, distinct] of this.#run) {
      tally.count += distinct.countOf(true);
      tally.tasks += 1;
    }
    this.#run.clear();
  }

  #keptOf(tally: Tally, task: PartPlace | undefined): Distinct {
    const key = JSON.stringify([tally.group, task?.segment.key, task?.at]);
    let kept = this.#kept.get(key);
    if (!kept) {
      kept = { tally, hasTask: task !== undefined, distinct: new Distinct() };
      this.#kept.set(key, kept);
    }
    return kept.distinct;
  }
}

function placeOf(segment: LoadedSegment, at: number): FailurePlace {
  const { failures } = segment;
  return {
    ts: failures.ts[at] ?? 0,
    segment,
    row: failures.rows[at] ?? 0,
    object: failures.objectNames[(failures.objects[at] ?? 0) - 1] ?? '',
    offset: failures.offsets[at] ?? 0,
  };
}

function comparePlaces(a: FailurePlace, b: FailurePlace): number {
  return a.ts - b.ts || compareCodePoints(a.object, b.object) || a.offset - b.offset;
}
