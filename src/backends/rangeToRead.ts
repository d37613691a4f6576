/** How much of the logs a query about tasks needs: more than its own range, as a task's records lie around it. */

import type { Query, TimeRange } from '../model/query/query.ts';

/** Read on either side of a query's range, as a task's other records lie there: most tasks take minutes. */
const aroundMs = 3_600_000;
/** For `at:`, where the task may have begun and may have ended. */
const aroundMomentMs = 86_400_000;

export function rangeToRead({ time, atMs }: Query): TimeRange {
  const sinceMs = atMs === undefined ? time.sinceMs : Math.max(time.sinceMs ?? 0, atMs - aroundMomentMs + aroundMs);
  const untilMs = atMs === undefined ? time.untilMs : atMs + aroundMomentMs - aroundMs;
  return {
    ...(sinceMs === undefined ? {} : { sinceMs: sinceMs - aroundMs }),
    ...(untilMs === undefined ? {} : { untilMs: untilMs + aroundMs }),
  };
}
