/**
 * Folding in SQL, exactly as `model/fold.ts` folds, where the parts of a task say different things that filters and order go by:
 * aggregates over the records `r` of one task.
 */

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
const isOfAttempt = `(r.event IN (${textList(attemptEvents)}) AND coalesce(r.attempt, 1) > 0)`;

export const attemptsSql = `coalesce(max(coalesce(r.attempt, 1)) FILTER (${isOfAttempt}), 0) AS attempts`;

/** The value of the latest task event that has one; of two at the same moment the greater. */
export function latestValueSql(column: string): string {
  return `(max({'ts': r.ts, 'value': r."${column}"}) FILTER (${isTaskEventSql} AND r."${column}" IS NOT NULL)).value AS "${column}"`;
}

/** `account` to `worker` of a task. The worker is the last attempt's, or none. */
export const inheritedColumns: readonly string[] = inheritedFields.map((field) =>
  field === 'worker'
    ? `max({'attempt': coalesce(r.attempt, 1), 'ts': r.ts, 'value': r.worker})
         FILTER (${isOfAttempt} AND r.worker IS NOT NULL) AS last_worker`
    : latestValueSql(field),
);
export const inheritedSelect = `task, ${inheritedFields
  .map((field) =>
    field === 'worker' ? 'CASE WHEN last_worker.attempt = attempts THEN last_worker.value END AS worker' : field,
  )
  .join(', ')}`;

/** Constants of ours only: never a value from outside. */
function textList(texts: readonly string[]): string {
  return texts.map((text) => `'${text}'`).join(', ');
}
