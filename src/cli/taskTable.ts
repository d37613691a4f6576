/** Folded tasks as people read them. */

import type { FoldedTask, TaskStatus } from '../model/task.ts';
import { durationText, timeText } from '../model/readableNumbers.ts';
import type { Column } from './table.ts';
import type { Style } from './terminal.ts';

const styles: Readonly<Record<TaskStatus, Style>> = {
  pending: 'dim',
  assigned: 'cyan',
  running: 'cyan',
  retrying: 'yellow',
  succeeded: 'green',
  failed: 'red',
};

export function statusStyle(status: TaskStatus): Style {
  return styles[status];
}

/** `acme/orders/landing`: whose data. */
function ownerText({ account, collection, source }: FoldedTask): string {
  return [account, collection, source].filter((part) => part !== undefined).join('/');
}

export function errorText(error: { readonly type?: string; readonly message?: string } | undefined): string {
  return [error?.type, error?.message].filter((part) => part !== undefined).join(': ');
}

export const taskColumns: readonly Column<FoldedTask>[] = [
  { title: 'STATUS', value: (task) => task.status, style: (task) => statusStyle(task.status) },
  { title: 'TASK', value: (task) => task.task },
  { title: 'LAST SEEN', value: (task) => timeText(task.lastTs), style: () => 'dim' },
  { title: 'TOOK', value: (task) => durationText(task.durationMs), right: true },
  { title: 'TRIES', value: (task) => String(task.attempts), right: true },
  { title: 'WORKER', value: (task) => task.worker ?? '', shrinks: true },
  { title: 'OF', value: ownerText, shrinks: true },
  { title: 'ERROR', value: (task) => errorText(task.error) },
];
