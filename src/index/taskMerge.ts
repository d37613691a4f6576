/**
 * Merging the parts of tasks in SQL. Each column merges by a rule for which order and repetition do not matter (least, greatest,
 * all names), so that segments may come late, twice, or merged with others. Where two parts say different things of which
 * only the records tell the latest, the row is marked: `unsettled` for what a page shows, `torn` for what filters and order need.
 */

import { eventRank } from '../model/fold.ts';
import { inheritedFields } from '../model/query/fields.ts';
import { attemptsSql, inheritedColumns, inheritedSelect, latestValueSql } from './foldSql.ts';
import { taskColumns } from './taskColumns.ts';
import { namedFields, nameTokenPrefix } from './taskPart.ts';

/** The table of all tasks, in a database of its own that compresses what it holds. */
export const taskTable = 'folded.tasks';

/** The columns of the table besides `taskColumns`. */
const tableColumns = [...taskColumns.map((column) => column.name), 'unsettled', 'status'];

/** Of two ends at the same moment the failure counts: `eventRank` puts it last. */
const statusSql = `CASE
  WHEN failed_ms >= coalesce(succeeded_ms, failed_ms) THEN 'failed'
  WHEN succeeded_ms IS NOT NULL THEN 'succeeded'
  WHEN attempt_rank IS NULL THEN 'pending'
  WHEN attempt_rank = ${eventRank['task.assigned']} THEN 'assigned'
  WHEN attempt_rank IN (${eventRank['attempt.failed']}, ${eventRank['attempt.lost']}) THEN 'retrying'
  ELSE 'running' END`;

/** A relation of parts without any. */
export const noPartsSql = `(SELECT ${taskColumns.map(({ name, type }) => `NULL::${sqlTypeOf(type)} AS "${name}"`).join(', ')},
  false AS unsettled LIMIT 0)`;

export const createTaskTableSql = `CREATE OR REPLACE TABLE ${taskTable} AS SELECT *, '' AS status FROM ${noPartsSql}`;

/** Rows of the table, from a relation with one part for each task. */
export function tableRowsSql(parts: string): string {
  return `SELECT ${tableColumns.map((name) => `"${name}"`).join(', ')} FROM (SELECT *, ${statusSql} AS status FROM ${parts})`;
}

/** Attempt, time and rank of an event in one number that orders as all three do (as in `foldSql.ts`). */
const lastEventSql = `attempts::HUGEINT * (1::HUGEINT << 58) + (attempt_ms + 9007199254740992)::HUGEINT * 16 + attempt_rank`;
const ofError = `coalesce(error_type, chr(31)) || chr(30) || coalesce(error_message, chr(31)) || chr(30)
  || coalesce(failure_group, chr(31)) || error_attempt`;
const constant = ['account', 'collection', 'source', 'coordinator', 'key', 'bytes', 'docs', 'build'] as const;
/** What filters and order go by besides numbers that always merge. */
const tearing = ['account', 'collection', 'source', 'coordinator', 'bytes', 'docs'] as const;

/** One row for each task of a relation of parts, with the columns of the table but `status`, and `torn`. */
export function mergeSql(parts: string): string {
  return `
    WITH summed AS (
      SELECT task, min(first_ms) AS first_ms, max(last_ms) AS last_ms, max(attempts) AS attempts,
        max(${lastEventSql}) AS last_event, max(succeeded_ms) AS succeeded_ms, max(failed_ms) AS failed_ms,
        ${constant.map((name) => `max("${name}") AS "${name}", min("${name}") <> max("${name}") AS differs_${name}`).join(',\n        ')},
        arg_max(worker, attempts) AS any_worker, max(attempts) FILTER (worker IS NOT NULL) AS worker_attempt,
        min(worker) <> max(worker) AND NOT (count(worker) = 2
          AND min(attempts) FILTER (worker IS NOT NULL) <> max(attempts) FILTER (worker IS NOT NULL)) AS differs_worker,
        max(error_attempt) AS error_attempt,
        arg_max({'type': error_type, 'message': error_message, 'group': failure_group}, error_attempt) AS error,
        count(error_attempt) > 0 AND (
          (min(${ofError}) <> max(${ofError})
            AND NOT (count(error_attempt) = 2 AND min(error_attempt) > 0 AND min(error_attempt) <> max(error_attempt)))
          OR (min(error_attempt) = 0 AND NOT (count(succeeded_ms) = 0 AND min(failed_ms) = max(failed_ms)))
        ) AS differs_error,
        bool_or(unsettled) AS was_unsettled,
        list_distinct(list_concat(${namedFields.map(namesSql).join(', ')}, coalesce(flatten(list(also)), []))) AS names
      FROM ${parts} GROUP BY task
    )
    SELECT * EXCLUDE (last_event, names, error, any_worker, worker_attempt),
      CASE WHEN worker_attempt = attempts THEN any_worker END AS worker,
      (((last_event % (1::HUGEINT << 58)) // 16) - 9007199254740992)::BIGINT AS attempt_ms,
      (last_event % 16)::BIGINT AS attempt_rank,
      error.type AS error_type, error.message AS error_message, error."group" AS failure_group,
      CASE WHEN len(names) > 0 THEN list_sort(names) END AS also,
      was_unsettled OR differs_error OR coalesce(differs_key, false) OR coalesce(differs_build, false) AS unsettled,
      coalesce(differs_worker, false) OR ${tearing.map((name) => `coalesce(differs_${name}, false)`).join(' OR ')} AS torn
    FROM summed`;
}

/** What a torn task's filters and order go by, from the records `r` of such tasks. */
export function mendSql(merged: string, records: string): string {
  const numbers = ['bytes', 'docs'];
  const columns = [...inheritedFields, ...numbers];
  return `
    UPDATE ${merged} AS m SET ${columns.map((name) => `"${name}" = exact."${name}"`).join(', ')}
    FROM (
      SELECT ${inheritedSelect}, ${numbers.join(', ')} FROM (
        SELECT r.task, ${attemptsSql}, ${[...inheritedColumns, ...numbers.map(latestValueSql)].join(', ')}
        FROM ${records} WHERE r.task IN (SELECT task FROM ${merged} WHERE torn) GROUP BY r.task)
    ) exact WHERE m.task = exact.task`;
}

const columnOfName: Readonly<Record<(typeof namedFields)[number], string>> = {
  account: 'account',
  collection: 'collection',
  source: 'source',
  coordinator: 'coordinator',
  worker: 'worker',
  'error.type': 'error_type',
  group: 'failure_group',
};

/** The column of the task side that holds a field, where it knows every value of it. */
export function namedColumn(field: string): string | undefined {
  return Object.hasOwn(columnOfName, field) ? columnOfName[field as keyof typeof columnOfName] : undefined;
}

/** The names that parts give, where the merged task may not have all of them. */
function namesSql(field: (typeof namedFields)[number]): string {
  const column = columnOfName[field];
  // A merged task has no worker, or another error, where the part that counts has none.
  const may = field === 'worker' || field === 'error.type' || field === 'group';
  const differs = `min("${column}") <> max("${column}")${may ? ` OR count("${column}") < count(*)` : ''}`;
  const token = `'${nameTokenPrefix(field)}' || "${column}"`;
  return `coalesce(CASE WHEN ${differs} THEN list(${token}) FILTER ("${column}" IS NOT NULL) END, [])`;
}

function sqlTypeOf(type: (typeof taskColumns)[number]['type']): string {
  if (type === 'names') return 'VARCHAR[]';
  return type === 'text' || type === 'name' ? 'VARCHAR' : 'BIGINT';
}
