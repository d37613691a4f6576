/** The fields that a folded task has one value of: what tasks are counted by. */

import type { FoldedTask } from '../task.ts';
import type { FieldValue } from './answers.ts';

export const foldedFieldNames = [
  'task',
  'account',
  'collection',
  'source',
  'coordinator',
  'worker',
  'status',
  'attempts',
  'firstTs',
  'lastTs',
  'duration',
  'key',
  'bytes',
  'docs',
  'error.type',
  'error.message',
  'group',
  'build.service',
  'build.version',
  'build.commit',
  'build.repository',
] as const;
export type FoldedFieldName = (typeof foldedFieldNames)[number];

export function isFoldedField(field: string): field is FoldedFieldName {
  return (foldedFieldNames as readonly string[]).includes(field);
}

export function foldedField(task: FoldedTask, field: FoldedFieldName): FieldValue | undefined {
  switch (field) {
    case 'duration':
      return task.durationMs;
    case 'error.type':
      return task.error?.type;
    case 'error.message':
      return task.error?.message;
    case 'build.service':
      return task.build?.service;
    case 'build.version':
      return task.build?.version;
    case 'build.commit':
      return task.build?.commit;
    case 'build.repository':
      return task.build?.repository;
    default:
      return task[field];
  }
}
