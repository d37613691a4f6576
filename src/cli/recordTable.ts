/** Log records as people read them, and as JSON lines. */

import type { JsonObject } from '../model/json.ts';
import { type LogRecord, recordToJson } from '../model/record.ts';
import { timeText } from '../model/readableNumbers.ts';
import type { Column } from './table.ts';
import { errorText } from './taskTable.ts';

/** The record as it was logged, and what reading it added, under names that no canonical field has. */
export function recordLine(record: LogRecord): JsonObject {
  const { group, origin } = record;
  return {
    ...recordToJson(record),
    ...(group !== undefined && { _group: group }),
    ...(origin && { _origin: { object: origin.object, offsetBytes: origin.offsetBytes } }),
  };
}

function milliseconds(tsMs: number): string {
  const [day, clock, zone] = timeText(tsMs).split(' ');
  return `${day} ${clock}.${String(((tsMs % 1000) + 1000) % 1000).padStart(3, '0')} ${zone}`;
}

/** The message and the error, which often say the same: what both say is told once. */
function messageText({ message, error }: LogRecord): string {
  const failure = errorText(error);
  if (message === undefined || failure.includes(message)) return failure;
  if (message.includes(failure)) return message;
  if (error?.message && message.includes(error.message)) return error.type ? `${message} (${error.type})` : message;
  return `${message} – ${failure}`;
}

export const recordColumns: readonly Column<LogRecord>[] = [
  { title: 'TIME', value: (record) => milliseconds(record.tsMs), style: () => 'dim' },
  {
    title: 'LEVEL',
    value: (record) => record.level ?? '',
    style: ({ level }) => (level === 'error' || level === 'fatal' ? 'red' : level === 'warn' ? 'yellow' : undefined),
  },
  { title: 'EVENT', value: (record) => record.event },
  { title: 'TASK', value: (record) => record.task ?? '' },
  { title: 'TRY', value: (record) => (record.attempt === undefined ? '' : String(record.attempt)), right: true },
  { title: 'BY', value: (record) => record.worker ?? record.coordinator ?? '', shrinks: true },
  {
    title: 'MESSAGE',
    value: messageText,
  },
];
