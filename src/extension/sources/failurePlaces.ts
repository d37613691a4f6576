/** Counts failures by the frame in which each began: the innermost in-app one of its root cause, or of what that caused. */

import type { LogRecord } from '../../model/record.ts';
import { tracesIn } from '../../stacktrace/findTraces.ts';
import { type Frame, innermostFrame, type Trace } from '../../stacktrace/trace.ts';

export interface FailurePlace {
  readonly frame: Frame;
  readonly trace: Trace;
  /** Of the build that failed. */
  readonly commit?: string;
  /** Ids of the tasks that failed there; a task that failed in several attempts counts once. */
  readonly tasks: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly lastTs: number;
  /** Of the latest failure. */
  readonly worker?: string;
}

/** Records without a stack, and stacks without a frame in one's own code, count for nothing. */
export function failurePlaces(records: readonly LogRecord[]): FailurePlace[] {
  const places = new Map<string, FailurePlace & { tasks: Set<string>; groups: Set<string> }>();
  for (const record of records) {
    const [outermost] = tracesIn(record.error?.stack ?? '');
    const found = outermost && innermostFrame(outermost, isOwnLine);
    if (!found || record.task === undefined) continue;
    const { trace, frame } = found;
    const commit = record.build?.commit;
    const key = JSON.stringify([commit, frame.file, frame.line1]);
    const known = places.get(key);
    const isLatest = !known || record.tsMs >= known.lastTs;
    const { worker = known?.worker } = isLatest ? record : (known ?? record);
    places.set(key, {
      frame: known?.frame ?? frame,
      trace: known?.trace ?? trace,
      ...(commit !== undefined && { commit }),
      tasks: (known?.tasks ?? new Set<string>()).add(record.task),
      groups:
        record.group === undefined ? (known?.groups ?? new Set()) : (known?.groups ?? new Set()).add(record.group),
      lastTs: isLatest ? record.tsMs : known.lastTs,
      ...(worker !== undefined && { worker }),
    });
  }
  return [...places.values()];
}

export interface LineFailures {
  /** From 1, in the file as it is. */
  readonly line1: number;
  readonly tasks: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly lastTs: number;
  readonly worker?: string;
  /** True where no place is known to be of this very line. */
  readonly isNear?: true;
}

export interface PlaceNow extends FailurePlace {
  readonly nowLine1: number;
  readonly isNear?: true;
}

/** Joins places that lead to the same line, e.g. those of two deploys. */
export function byLine(places: readonly PlaceNow[]): LineFailures[] {
  const lines = new Map<number, LineFailures>();
  for (const { nowLine1, tasks, groups, lastTs, worker, isNear } of places) {
    const known = lines.get(nowLine1);
    const latest = known && known.lastTs > lastTs ? known : { lastTs, worker };
    lines.set(nowLine1, {
      line1: nowLine1,
      tasks: new Set([...(known?.tasks ?? []), ...tasks]),
      groups: new Set([...(known?.groups ?? []), ...groups]),
      lastTs: latest.lastTs,
      ...(latest.worker !== undefined && { worker: latest.worker }),
      ...(isNear && (!known || known.isNear) && { isNear }),
    });
  }
  return [...lines.values()].sort((a, b) => a.line1 - b.line1);
}

function isOwnLine({ inApp, file, line1 }: Frame): boolean {
  return inApp && file !== undefined && line1 !== undefined;
}
