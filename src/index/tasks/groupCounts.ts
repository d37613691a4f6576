/**
 * Counts failures by group, as `groupFailures` of the model does, over the failures of segments: those of one task are
 * counted at once; only where a task has parts in several segments are they kept until the end.
 */

import { compareCodePoints } from '../../model/query/compareTasks.ts';
import type { LoadedSegment } from './loadedSegment.ts';
import type { PartPlace } from './tableSegment.ts';

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

/** What makes failures of one task distinct. */
interface Identity {
  readonly ts: number;
  /** NaN where there is none. */
  readonly attempt: number;
  readonly event: string;
  readonly worker: string | undefined;
}

/** Up to so many failures of a task each is compared with each. */
const fewFailures = 32;

/** Failures of one task in one group, told apart. */
class Distinct {
  readonly #first: Identity[] = [];
  #more: Set<string> | undefined;
  #count = 0;
  /** Those that tell no more than that the task failed in the end. */
  #ends = 0;

  add(identity: Identity): void {
    if (this.#isKnown(identity)) return;
    this.#count += 1;
    if (identity.event === 'task.failed') this.#ends += 1;
  }

  /** An end counts only where nothing else tells of the failure. */
  countOf(hasTask: boolean): number {
    const others = this.#count - this.#ends;
    return hasTask && others > 0 ? others : this.#count;
  }

  #isKnown(identity: Identity): boolean {
    const { ts, attempt, event, worker } = identity;
    for (const known of this.#first) {
      if (known.ts === ts && known.event === event && known.worker === worker && Object.is(known.attempt, attempt)) {
        return true;
      }
    }
    if (this.#first.length < fewFailures) {
      this.#first.push(identity);
      return false;
    }
    this.#more ??= new Set();
    const text = JSON.stringify([ts, attempt, event, worker ?? null]);
    if (this.#more.has(text)) return true;
    this.#more.add(text);
    return false;
  }
}

export class GroupCounts {
  readonly #tallies = new Map<string, Tally>();
  /** Of tasks with parts in several segments, by the number of the part that stands for the task; of no task under `noTask`. */
  readonly #kept = new Map<Tally, Map<number, Distinct>>();

  /** Adds what was counted by itself: of tasks that have no failures anywhere else. */
  addAll(others: GroupCounts): void {
    for (const [group, other] of others.#tallies) {
      const tally = this.#tallies.get(group);
      if (!tally) {
        this.#tallies.set(group, { ...other });
        continue;
      }
      tally.count += other.count;
      tally.tasks += other.tasks;
      tally.firstTs = Math.min(tally.firstTs, other.firstTs);
      if (comparePlaces(other.latest, tally.latest) > 0) tally.latest = other.latest;
    }
  }

  /** Adds failures of a task that has none in another segment: all of them, by their place among the segment's. */
  addTask(segment: LoadedSegment, failures: Uint32Array): void {
    const { groups, events, eventNames } = segment.failures;
    const end = eventNames.indexOf('task.failed') + 1;
    for (let at = 0; at < failures.length; at++) {
      const group = groups[failures[at] ?? 0] ?? 0;
      // Each group is counted once, with its first failure.
      if (isAmong(failures, at, (one) => groups[one] === group)) continue;
      const tally = this.#tallyOf(segment, failures[at] ?? 0);
      let [all, ends] = [0, 0];
      for (let next = at; next < failures.length; next++) {
        const one = failures[next] ?? 0;
        if (groups[one] !== group) continue;
        this.#see(tally, segment, one);
        if (isAmong(failures, next, (other) => isSame(segment, one, other))) continue;
        all += 1;
        if (events[one] === end) ends += 1;
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
    const worker = failures.workers[at] ?? 0;
    this.#keptOf(tally, task ? task.segment.base + task.at : noTask).add({
      ts: failures.ts[at] ?? 0,
      attempt: failures.attempts.at(at),
      event: failures.eventNames[(failures.events[at] ?? 0) - 1] ?? '',
      worker: worker === 0 ? undefined : failures.workerNames[worker - 1],
    });
  }

  /** Most frequent first; of equals the latest first, then by id. */
  finish(): GroupCount[] {
    this.settle();
    return [...this.#tallies.values()].sort(
      (a, b) => b.count - a.count || b.latest.ts - a.latest.ts || compareCodePoints(a.group, b.group),
    );
  }

  /** Counts what was kept: no task of it has more. */
  settle(): void {
    for (const [tally, byTask] of this.#kept) {
      for (const [task, distinct] of byTask) {
        tally.count += distinct.countOf(task !== noTask);
        if (task !== noTask) tally.tasks += 1;
      }
    }
    this.#kept.clear();
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

  #keptOf(tally: Tally, task: number): Distinct {
    let byTask = this.#kept.get(tally);
    if (!byTask) {
      byTask = new Map();
      this.#kept.set(tally, byTask);
    }
    let distinct = byTask.get(task);
    if (!distinct) {
      distinct = new Distinct();
      byTask.set(task, distinct);
    }
    return distinct;
  }
}

const noTask = -1;

/** Whether one of the first `end` is so. */
function isAmong(failures: Uint32Array, end: number, isSo: (failure: number) => boolean): boolean {
  for (let at = 0; at < end; at++) if (isSo(failures[at] ?? 0)) return true;
  return false;
}

/** Whether two failures of one task in one segment are the same one. */
function isSame({ failures }: LoadedSegment, a: number, b: number): boolean {
  const { groups, events, attempts, workers, ts } = failures;
  return (
    ts[a] === ts[b] &&
    groups[a] === groups[b] &&
    events[a] === events[b] &&
    workers[a] === workers[b] &&
    Object.is(attempts.at(a), attempts.at(b))
  );
}

function placeOf(segment: LoadedSegment, at: number): FailurePlace {
  const { failures } = segment;
  return {
    ts: failures.ts[at] ?? 0,
    segment,
    row: failures.rows[at] ?? 0,
    object: failures.objectNames[(failures.objects[at] ?? 0) - 1] ?? '',
    offset: failures.offsets.at(at),
  };
}

function comparePlaces(a: FailurePlace, b: FailurePlace): number {
  return a.ts - b.ts || compareCodePoints(a.object, b.object) || a.offset - b.offset;
}
