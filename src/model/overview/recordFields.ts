/** Every value that a record holds, with its path and type: canonical fields first, then all others, flattened. */

import type { Json } from '../json.ts';
import { type LogRecord, parseTimestamp } from '../record.ts';
import type { FieldType, FieldValue } from './answers.ts';
import { keyOfValue } from './valueTally.ts';

/** U+001F, which the index keeps for itself. */
export const pathSeparator = '\u001f';

export type VisitField = (path: string, type: FieldType, value: FieldValue | undefined) => void;

/** Canonical fields of a record as queries name them. */
export const recordFieldNames = [
  'ts',
  'level',
  'event',
  'task',
  'attempt',
  'account',
  'collection',
  'source',
  'coordinator',
  'worker',
  'message',
  'error.type',
  'error.message',
  'error.stack',
  'group',
  'build.service',
  'build.version',
  'build.commit',
  'build.repository',
  'key',
  'bytes',
  'docs',
] as const;
export type RecordFieldName = (typeof recordFieldNames)[number];

export function isRecordField(field: string): field is RecordFieldName {
  return (recordFieldNames as readonly string[]).includes(field);
}

function recordField(record: LogRecord, field: RecordFieldName): string | number | undefined {
  switch (field) {
    case 'ts':
      return record.tsMs;
    case 'error.type':
      return record.error?.type;
    case 'error.message':
      return record.error?.message;
    case 'error.stack':
      return record.error?.stack;
    case 'build.service':
      return record.build?.service;
    case 'build.version':
      return record.build?.version;
    case 'build.commit':
      return record.build?.commit;
    case 'build.repository':
      return record.build?.repository;
    default:
      return record[field];
  }
}

/**
 * Visits each value: strings, numbers and booleans with theirs; a string that is an RFC 3339 time once more as `time`
 * and an object that holds any as `object`, both without. Elements share the path of their array, and may repeat.
 */
export function visitFields(record: LogRecord, visit: VisitField): void {
  for (const field of recordFieldNames) {
    const value = recordField(record, field);
    if (value === undefined) continue;
    if (field === 'ts') visit(field, 'time', new Date(Number(value)).toISOString());
    else visitScalar(field, value, visit);
  }
  // A failure group is computed, never read from what the writer said.
  const visitOwn: VisitField = (path, type, value) => {
    if (path !== 'group') visit(path, type, value);
  };
  for (const [name, value] of Object.entries(record.rest ?? {})) visitJson(pathText(name), value, visitOwn);
}

/** Distinct values of a record at one path. */
export function valuesOfField(record: LogRecord, field: string): FieldValue[] {
  // A moment is counted as the number that queries compare it as.
  if (field === 'ts') return [record.tsMs];
  const found = new Map<string, FieldValue>();
  visitFields(record, (path, type, value) => {
    if (path === field && type !== 'time' && value !== undefined) found.set(keyOfValue(value), value);
  });
  return [...found.values()];
}

/** How a name stands in a path. */
export function pathText(name: string): string {
  // A name that holds the separator itself must not pass for a type or value.
  return name.replaceAll(pathSeparator, '␟');
}

/** Whether there was any scalar. The reader has refused what is nested too deep to walk. */
function visitJson(path: string, value: Json, visit: VisitField): boolean {
  if (value === null) return false;
  if (typeof value !== 'object') {
    visitScalar(path, value, visit);
    return true;
  }
  let holds = false;
  if (Array.isArray(value)) {
    for (const element of value as readonly Json[]) holds = visitJson(path, element, visit) || holds;
    return holds;
  }
  for (const [name, field] of Object.entries(value)) {
    holds = visitJson(`${path}.${pathText(name)}`, field, visit) || holds;
  }
  if (holds) visit(path, 'object', undefined);
  return holds;
}

function visitScalar(path: string, value: FieldValue, visit: VisitField): void {
  if (typeof value !== 'string') {
    visit(path, typeof value === 'number' ? 'number' : 'boolean', value);
    return;
  }
  visit(path, 'string', value);
  const first = value.charCodeAt(0);
  if (first >= 0x30 && first <= 0x39 && parseTimestamp(value) !== undefined) visit(path, 'time', undefined);
}
