/** What a record takes from its task where it says nothing itself: whose data it was, and who worked on it. */

import type { LogRecord } from '../record.ts';
import type { FoldedTask } from '../task.ts';
import { type InheritedField, inheritedFields } from './fields.ts';

/** Whether `inheritFields` could add something, were the task known. */
export function lacksFields(record: LogRecord): boolean {
  return record.task !== undefined && inheritedFields.some((field) => record[field] === undefined);
}

/** The record with `account` to `worker` of its task where it has none. */
export function inheritFields(record: LogRecord, task: FoldedTask | undefined): LogRecord {
  if (!task) return record;
  const inherited: { [K in InheritedField]?: string } = {};
  for (const field of inheritedFields) {
    const value = task[field];
    if (record[field] === undefined && value !== undefined) inherited[field] = value;
  }
  return { ...record, ...inherited };
}
