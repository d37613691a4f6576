/**
 * Every field of a folded task in SQL, as `model/fold.ts` folds it: the aggregates over the records `r` of one task that
 * it needs besides `foldedColumns`, and its value over the folded task `f`.
 */

import { eventRank } from '../model/fold.ts';
import type { FoldedFieldName } from '../model/overview/foldedFields.ts';
import { taskEvents } from '../model/record.ts';
import { inheritedColumns, isTaskEventSql, latestValueSql } from './foldSql.ts';

export interface FoldedFieldSql {
  readonly columns: readonly string[];
  readonly value: string;
}

const rankSql = `CASE r.event ${taskEvents.map((event) => `WHEN '${event}' THEN ${eventRank[event]}`).join(' ')} END`;
const hasErrorSql = 'coalesce(r.error_type, r.error_message, r.error_stack) IS NOT NULL';
const hasBuildSql = 'coalesce(r.build_service, r.build_version, r.build_commit, r.build_repository) IS NOT NULL';

/**
 * What breaks ties between events of one moment, as `contentOf` of the fold joins it; without the stack, which a
 * page's tasks are folded without too.
 */
const contentSql = `concat_ws(chr(10), ${[
  'error_type',
  'error_message',
  'failure_group',
  'build_commit',
  'build_version',
  'build_service',
  'build_repository',
]
  .map((column) => `coalesce(r.${column}, '')`)
  .join(', ')})`;

/** The later by time of the two ends; the failure of two at the same moment. */
const terminalSql = `max({'ts': r.ts, 'failed': r.event = 'task.failed', 'content': ${contentSql},
  'error': ${hasErrorSql}, 'type': r.error_type, 'message': r.error_message, 'group': r.failure_group})
  FILTER (r.event IN ('task.succeeded', 'task.failed')) AS terminal`;
const failedAttemptSql = `max({'attempt': coalesce(r.attempt, 1), 'ts': r.ts, 'rank': ${rankSql}, 'content': ${contentSql},
  'type': r.error_type, 'message': r.error_message, 'group': r.failure_group})
  FILTER (r.event IN ('attempt.failed', 'attempt.lost') AND coalesce(r.attempt, 1) > 0 AND ${hasErrorSql}) AS failed_attempt`;
const buildSql = `max({'ts': r.ts, 'rank': ${rankSql}, 'content': ${contentSql}, 'service': r.build_service,
  'version': r.build_version, 'commit': r.build_commit, 'repository': r.build_repository})
  FILTER (${isTaskEventSql} AND ${hasBuildSql}) AS last_build`;
const lastWorkerSql = inheritedColumns.filter((column) => column.endsWith('AS last_worker'));

export const foldedFieldSql: Readonly<Record<FoldedFieldName, FoldedFieldSql>> = {
  task: { columns: [], value: 'f.task' },
  account: latest('account'),
  collection: latest('collection'),
  source: latest('source'),
  coordinator: latest('coordinator'),
  worker: {
    columns: lastWorkerSql,
    value: 'CASE WHEN f.last_worker.attempt = f.attempts THEN f.last_worker.value END',
  },
  status: { columns: [], value: 'f.status' },
  attempts: { columns: [], value: 'f.attempts' },
  firstTs: { columns: [], value: 'f.first_ms' },
  lastTs: { columns: [], value: 'f.last_ms' },
  duration: { columns: [], value: 'f.last_ms - f.first_ms' },
  key: latest('key'),
  bytes: latest('bytes'),
  docs: latest('docs'),
  'error.type': failure('type'),
  'error.message': failure('message'),
  group: failure('group'),
  'build.service': build('service'),
  'build.version': build('version'),
  'build.commit': build('commit'),
  'build.repository': build('repository'),
};

function latest(column: string): FoldedFieldSql {
  return { columns: [latestValueSql(column)], value: `f."${column}"` };
}

function failure(part: 'type' | 'message' | 'group'): FoldedFieldSql {
  return {
    columns: [terminalSql, failedAttemptSql],
    value: `CASE WHEN f.terminal.failed AND f.terminal.error THEN f.terminal."${part}" ELSE f.failed_attempt."${part}" END`,
  };
}

function build(part: string): FoldedFieldSql {
  return { columns: [buildSql], value: `f.last_build."${part}"` };
}
