/**
 * The columns of a segment's task side (docs/index-format.md): one row for each task that its records name. Every column
 * merges by a rule that is idempotent, commutative and associative, or tells that it cannot (`unsettled`).
 */

import type { StagedColumn } from './stagedTable.ts';

export const taskColumns = [
  { name: 'task', type: 'text' },
  { name: 'first_ms', type: 'time' },
  { name: 'last_ms', type: 'time' },
  { name: 'attempts', type: 'whole' },
  { name: 'attempt_ms', type: 'optionalTime' },
  { name: 'attempt_rank', type: 'whole' },
  { name: 'succeeded_ms', type: 'optionalTime' },
  { name: 'failed_ms', type: 'optionalTime' },
  { name: 'account', type: 'name' },
  { name: 'collection', type: 'name' },
  { name: 'source', type: 'name' },
  { name: 'coordinator', type: 'name' },
  { name: 'worker', type: 'name' },
  { name: 'key', type: 'text' },
  { name: 'bytes', type: 'whole' },
  { name: 'docs', type: 'whole' },
  { name: 'error_type', type: 'name' },
  { name: 'error_message', type: 'name' },
  { name: 'failure_group', type: 'name' },
  { name: 'error_attempt', type: 'whole' },
  { name: 'build', type: 'name' },
  { name: 'also', type: 'names' },
] as const satisfies readonly StagedColumn[];

/** One value for each of `taskColumns`. */
export type TaskCells = readonly (string | number | readonly string[] | undefined)[];
