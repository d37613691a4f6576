/**
 * Counts failures by group, as `groupFailures` of the model does, over the failures of segments: those of one task are
 * counted at once; only where a task has parts in several segments are they kept until the end.
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

  /** Adds failures of a task that has none in another segment: all of them, by their place among the segment's. */
  addTask(segment: LoadedSegment, failures: readonly number[]): void {
    const { groups, events, attempts, workers, ts, eventNames } = segment.failures;
    const end = eventNames.indexOf('task.failed') + 1;
    for (let at = 0; at < failures.length; at++) {
      const one = failures[at] ?? 0;
      const group = groups[one];
      // Each group is counted once, with its first failure.
      if (failures.findIndex((other) => groups[other] === group) !== at) continue;
      const tally = this.#tallyOf(segment, one);
      let [all, ends] = [0, 0];
      for (let next = at; next < failures.length; next++) {
        const other = failures[next] ?? 0;
        if (groups[other] !== group) continue;
        this.#see(tally, segment, other);
        const isKnown = failures.some(
          (before, place) =>
            place < next &&
            groups[before] === group &&
            ts[before] === ts[other] &&
            events[before] === events[other] &&
            workers[before] === workers[other] &&
            Object.is(attempts[before], attempts[other]),
        );
        if (isKnown) continue;
        all += 1;
        if (events[other] === end) ends += 1;
      }
      // An end counts only where nothing else tells of the failure.
      tally.count += all > ends ? all - ends : all;
      tally.tasks += 1;
    }
  }

  /** Adds one failure of a task that may have others in other segments, or of no task. @param task the part that stands for it. */
  addShared(segment: LoadedSegment, at: number, task: PartPlace | undefined): void {
    const { failures } = segment;
    const tally = this.#tallyOf(segment, at);
    this.#see(tally, segment, at);
    const event = failures.eventNames[(failures.events[at] ?? 0) - 1] ?? '';
    const worker = failures.workers[at] ?? 0;
    const name = worker === 0 ? '' : `w${failures.workerNames[worker - 1] ?? ''}`;
    const identity = `${failures.ts[at]}\n${failures.attempts[at]}\n${event}\n${name}`;
    this.#keptOf(tally, task).add(identity, event === 'task.failed');
  }

  /** Most frequent first; of equals the latest first, then by id. */
  finish(): GroupCount[] {
    for (const { tally, hasTask, distinct } of this.#kept.values()) {
      tally.count += distinct.countOf(hasTask);
      if (hasTask) tally.tasks += 1;
    }
    this.#kept.clear();
    return [...this.#tallies.values()].sort(
      (a, b) => b.count - a.count || b.latest.ts - a.latest.ts || compareCodePoints(a.group, b.group),
    );
  }

  #tallyOf(segment: LoadedSegment, at: number): Tally {
    const { groups, groupNames, ts } = segment.failures;
    const group = groupNames[(groups[at] ?? 0) - 1] ?? '';
    let tally = this.#tallies.get(group);
    if (!tally) {
      tally = { group, count: 0, tasks: 0, firstTs: ts[at] ?? 0, latest: placeOf(segment, at) };
      this.#tallies.set(group, tally);
    }
    return tally;
  }

  #see(tally: Tally, segment: LoadedSegment, at: number): void {
    const ts = segment.failures.ts[at] ?? 0;
    if (ts < tally.firstTs) tally.firstTs = ts;
    if (ts < tally.latest.ts) return;
    const place = placeOf(segment, at);
    if (comparePlaces(place, tally.latest) > 0) tally.latest = place;
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
