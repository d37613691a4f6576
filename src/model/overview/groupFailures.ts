/** Failures of one cause become one group: how often, in how many tasks, from when to when. */

import { compareCodePoints } from '../query/compareTasks.ts';

/** A record with an error. `sample` is what its group is told by, should it be the latest. */
export interface Failure<S> {
  readonly group: string;
  readonly task?: string;
  readonly event: string;
  readonly attempt?: number;
  readonly worker?: string;
  readonly tsMs: number;
  readonly object: string;
  readonly offsetBytes: number;
  readonly sample: S;
}

export interface GroupedFailures<S> {
  readonly group: string;
  readonly count: number;
  readonly tasks: number;
  readonly firstTs: number;
  readonly lastTs: number;
  readonly latest: S;
}

/**
 * Most frequent first; of equals the latest first, then by id. Duplicates (the same event of the same attempt and worker
 * at the same moment) count once, and `task.failed` counts only where nothing else tells of that failure of the task.
 */
export function groupFailures<S>(failures: Iterable<Failure<S>>): GroupedFailures<S>[] {
  const byGroup = Map.groupBy(failures, ({ group }) => group);
  return [...byGroup].map(([group, own]) => groupOf(group, own)).sort(compareGroups);
}

function compareGroups(
  a: Pick<GroupedFailures<unknown>, 'count' | 'lastTs' | 'group'>,
  b: Pick<GroupedFailures<unknown>, 'count' | 'lastTs' | 'group'>,
): number {
  return b.count - a.count || b.lastTs - a.lastTs || compareCodePoints(a.group, b.group);
}

function groupOf<S>(group: string, failures: readonly Failure<S>[]): GroupedFailures<S> {
  const byTask = Map.groupBy(failures, ({ task }) => task);
  let count = 0;
  for (const [task, own] of byTask) {
    const distinct = new Map(own.map((failure) => [identityOf(failure), failure]));
    const others = [...distinct.values()].filter(({ event }) => event !== 'task.failed').length;
    count += task !== undefined && others > 0 ? others : distinct.size;
  }
  // Every group has a failure that made it.
  const latest = failures.reduce((a, b) => (comparePlaces(b, a) > 0 ? b : a));
  return {
    group,
    count,
    tasks: byTask.size - (byTask.has(undefined) ? 1 : 0),
    firstTs: failures.reduce((least, { tsMs }) => Math.min(least, tsMs), Number.POSITIVE_INFINITY),
    lastTs: latest.tsMs,
    latest: latest.sample,
  };
}

function identityOf({ event, attempt, worker, tsMs }: Failure<unknown>): string {
  return JSON.stringify([event, attempt ?? null, worker ?? null, tsMs]);
}

function comparePlaces(a: Failure<unknown>, b: Failure<unknown>): number {
  return a.tsMs - b.tsMs || compareCodePoints(a.object, b.object) || a.offsetBytes - b.offsetBytes;
}
