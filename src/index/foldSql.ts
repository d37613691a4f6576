/**
 * Folding in SQL, exactly as `model/fold.ts` folds: aggregates over the records `r` of one task, for the table `tasks` that SQL sees.
 */

import { eventRank } from '../model/fold.ts';
import { inheritedFields } from '../model/query/fields.ts';
import { taskEvents, type TaskEvent } from '../model/record.ts';

/** Events of an attempt; the others belong to the task as a whole, or are no task events at all. */
const attemptEvents: readonly TaskEvent[] = [
  'task.assigned',
  'attempt.started',
  'attempt.progress',
  'attempt.finished',
  'attempt.failed',
  'attempt.lost',
];

export const isTaskEventSql = `r.event IN (${textList(taskEvents)})`;
/** The record is of an attempt. */
const isOfAttemptSql = `(r.event IN (${textList(attemptEvents)}) AND coalesce(r.attempt, 1) > 0)`;

/** `eventRank` of an event of an attempt. */
const attemptRankSql = `CASE r.event ${attemptEvents.map((event) => `WHEN '${event}' THEN ${eventRank[event]}`).join(' ')} END`;

/**
 * Attempt, time and rank of an event in one number that orders as all three do: 53 bits of attempt, 54 of time (moved
 * to be positive), 4 of rank.
 */
const lastEventSql = `coalesce(r.attempt, 1)::HUGEINT * (1::HUGEINT << 58)
  + (epoch_ms(r.ts) + 9007199254740992)::HUGEINT * 16 + ${attemptRankSql}`;

/** What a task's status, attempts and times are told from. Columns that a statement does not use cost nothing. */
export const foldedColumns: readonly string[] = [
  'min(epoch_ms(r.ts)) AS first_ms',
  'max(epoch_ms(r.ts)) AS last_ms',
  `coalesce(max(coalesce(r.attempt, 1)) FILTER (${isOfAttemptSql}), 0) AS attempts`,
  `max(${lastEventSql}) FILTER (${isOfAttemptSql}) AS last_event`,
  `max(epoch_ms(r.ts)) FILTER (r.event = 'task.succeeded') AS succeeded_ms`,
  `max(epoch_ms(r.ts)) FILTER (r.event = 'task.failed') AS failed_ms`,
];

/** From the columns above. Of two ends at the same moment the failure counts: `eventRank` puts it last. */
export const statusSql = `CASE
  WHEN failed_ms >= coalesce(succeeded_ms, failed_ms) THEN 'failed'
  WHEN succeeded_ms IS NOT NULL THEN 'succeeded'
  WHEN last_event IS NULL THEN 'pending'
  WHEN last_event % 16 = ${eventRank['task.assigned']} THEN 'assigned'
  WHEN last_event % 16 IN (${eventRank['attempt.failed']}, ${eventRank['attempt.lost']}) THEN 'retrying'
  ELSE 'running' END`;

/** The value of the latest task event that has one; of two at the same moment the greater. */
export function latestValueSql(column: string): string {
  return `(max({'ts': r.ts, 'value': r."${column}"}) FILTER (${isTaskEventSql} AND r."${column}" IS NOT NULL)).value AS "${column}"`;
}

/** `account` to `worker` of a task. The worker is the last attempt's, or none. */
export const inheritedColumns: readonly string[] = inheritedFields.map((field) =>
  field === 'worker'
    ? `max({'attempt': coalesce(r.attempt, 1), 'ts': r.ts, 'value': r.worker})
         FILTER (${isOfAttemptSql} AND r.worker IS NOT NULL) AS last_worker`
    : latestValueSql(field),
);
/** Constants of ours only: never a value from outside. */
function textList(texts: readonly string[]): string {
  return texts.map((text) => `'${text}'`).join(', ');
}
