/** A task's row and the rows below it: attempts, records, errors. Shared by both trees. */

import { attemptOf } from '../../model/fold.ts';
import type { LogRecord } from '../../model/record.ts';
import type { Attempt, FoldedTask, TaskDetail } from '../../model/task.ts';
import { commandIds, internalCommandIds } from '../commandIds.ts';
import { plainLine } from '../plainText.ts';
import { bytesText, countText, durationText } from '../../model/readableNumbers.ts';
import { localIso, localTime } from '../plainTime.ts';
import { attemptIcon, levelIcon, taskIcon } from './statusFace.ts';
import type { ViewNode } from './viewNode.ts';

const openLog = { command: commandIds.openTaskLog, title: 'Open Task Log' };
const openRecord = { command: commandIds.openRecord, title: 'Open in Task Log' };

/** `acme/orders/landing`, as far as it is known. */
export function placeText(task: Pick<FoldedTask, 'account' | 'collection' | 'source'>): string {
  return plainLine([task.account, task.collection, task.source].filter((part) => part !== undefined).join('/'), 120);
}

/** `JsonSyntaxError: Unexpected end of input`. */
export function errorText(error: { readonly type?: string; readonly message?: string }, maxLength = 200): string {
  return plainLine([error.type, error.message].filter((part) => part).join(': ') || 'unnamed error', maxLength);
}

/** One half of a task's failure, as long as it has not been overcome. */
function failureText(task: FoldedTask, half: 'type' | 'message'): string {
  if (!task.error || task.status === 'succeeded') return '';
  const { type, message } = task.error;
  return plainLine((half === 'type' ? (type === undefined ? message : lastName(type)) : type && message) ?? '', 120);
}

/** `java.lang.IllegalStateException` without its package: rows are short, the tooltip has it whole. */
function lastName(type: string): string {
  return /[.:\\]([\p{L}_$][\p{L}\p{N}_$]*)$/u.exec(type)?.[1] ?? type;
}

/** As much of a row as a side bar of 300 px leaves beside what is said of the task; the reason of a failure needs more. */
const labelLength = { usual: 20, failed: 14 };

/** What people call a task: the file that it read; without one whose data it is; its id only where nothing else is known. */
function taskLabel(task: FoldedTask): string {
  const file = (task.key ?? '').split(/[\\/]/).findLast((part) => part !== '');
  const length = failureText(task, 'type') === '' ? labelLength.usual : labelLength.failed;
  return shortened(file ?? (placeText(task) || task.task), length);
}

/** Takes the middle out: what tells generated names apart stands at their ends. */
function shortened(text: string, length: number): string {
  const line = plainLine(text, 400);
  if (line.length <= length) return line;
  const head = Math.floor((length - 1) / 2);
  return `${line.slice(0, head)}…${line.slice(head + 1 - length)}`;
}

const workerLength = 18;

/** The status that the icon shows, and the id that the tooltip shows. */
function spokenOf(task: FoldedTask): string {
  return `${task.status}, task ${plainLine(task.task, 80)}`;
}

/** Words of a task's `contextValue`: what the menus of its row can offer. */
export function taskContext(task: FoldedTask): string {
  const words = ['task'];
  if (task.worker !== undefined) words.push('worker');
  if (task.account !== undefined) words.push('account');
  if (task.group !== undefined) words.push('group');
  return words.join('.');
}

function taskTooltip(task: FoldedTask): string {
  const facts: [string, string | undefined][] = [
    ['Task', task.task],
    ['Status', task.status],
    ['Attempts', String(task.attempts)],
    ['Account', task.account],
    ['Collection', task.collection],
    ['Source', task.source],
    ['Worker', task.worker],
    ['Coordinator', task.coordinator],
    ['First record', localIso(task.firstTs)],
    ['Last record', localIso(task.lastTs)],
    ['Duration', durationText(task.durationMs)],
    ['Input', task.key],
    ['Size', task.bytes === undefined ? undefined : bytesText(task.bytes)],
    ['Documents', task.docs === undefined ? undefined : task.docs.toLocaleString('en-US')],
    ['Error', task.error && errorText(task.error, 400)],
    ['Failure group', task.group],
  ];
  return facts
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}: ${plainLine(value ?? '', 400)}`)
    .join('\n');
}

/** A row for a task that has run or runs: the reason of a failure stands in the list. */
export function historyTaskNode(environment: string, task: FoldedTask, nowMs: number): ViewNode {
  // What is asked first comes first, and the icon says the status: side bars are narrow.
  const parts = [
    failureText(task, 'type'),
    localTime(task.lastTs, nowMs),
    task.worker === undefined ? '' : shortened(task.worker, workerLength),
    placeText(task),
    failureText(task, 'message'),
  ];
  return {
    id: `${environment}/${task.task}`,
    label: taskLabel(task),
    description: parts.filter((part) => part !== '').join(' · '),
    spoken: spokenOf(task),
    tooltip: taskTooltip(task),
    icon: taskIcon(task.status),
    context: taskContext(task),
    expand: 'collapsed',
    target: { kind: 'task', environment, task },
    children: 'lazy',
    revision: `${task.lastTs}/${task.attempts}/${task.status}`,
  };
}

/** A row for a task that a coordinator holds now. `parent` keeps ids apart while two coordinators name the same task. */
export function liveTaskNode(environment: string, parent: string, task: FoldedTask, nowMs: number): ViewNode {
  const done = task.status === 'succeeded' || task.status === 'failed';
  const failure = failureText(task, 'type');
  const parts = [
    failure,
    failure === '' || task.attempts < 2 ? '' : `attempt ${task.attempts}`,
    durationText(done ? task.durationMs : nowMs - task.firstTs),
    task.worker === undefined ? '' : shortened(task.worker, workerLength),
    failure === '' && task.attempts > 1 ? `attempt ${task.attempts}` : '',
    placeText(task),
    failureText(task, 'message'),
  ];
  return {
    id: `${parent}/${task.task}`,
    label: taskLabel(task),
    description: parts.filter((part) => part !== '').join(' · '),
    spoken: spokenOf(task),
    tooltip: taskTooltip(task),
    icon: taskIcon(task.status),
    context: taskContext(task),
    expand: task.attempts > 0 ? 'collapsed' : 'none',
    target: { kind: 'task', environment, task },
    children: task.attempts > 0 ? 'lazy' : [],
    revision: `${task.lastTs}/${task.attempts}/${task.status}`,
  };
}

export function attemptNodes(
  environment: string,
  parent: string,
  task: FoldedTask,
  attempts: readonly Attempt[],
): ViewNode[] {
  return attempts.map((attempt) => ({
    id: `${parent}/attempt/${attempt.attempt}`,
    label: `Attempt ${attempt.attempt}`,
    description: [
      attempt.status,
      attempt.worker === undefined ? '' : plainLine(attempt.worker, 40),
      durationText(attempt.lastTs - attempt.firstTs),
      attempt.error ? errorText(attempt.error, 120) : '',
    ]
      .filter((part) => part !== '')
      .join(' · '),
    tooltip: [
      `Attempt ${attempt.attempt}: ${attempt.status}`,
      attempt.worker === undefined ? '' : `Worker: ${plainLine(attempt.worker)}`,
      attempt.coordinator === undefined ? '' : `Coordinator: ${plainLine(attempt.coordinator)}`,
      `From ${localIso(attempt.firstTs)}`,
      `To ${localIso(attempt.lastTs)}`,
      attempt.error ? `Error: ${errorText(attempt.error, 400)}` : '',
    ]
      .filter((line) => line !== '')
      .join('\n'),
    icon: attemptIcon(attempt.status),
    context: attempt.worker === undefined ? 'attempt' : 'attempt.worker',
    expand: 'none',
    target: {
      kind: 'attempt',
      environment,
      task,
      ...(attempt.worker === undefined ? {} : { worker: attempt.worker }),
    },
    click: openLog,
    children: [],
  }));
}

/** The rows that a task of History opens to; `shownRecords` of its records are unfolded at most. */
export function detailNodes(
  environment: string,
  detail: TaskDetail,
  errors: readonly ViewNode[],
  shownRecords: number,
  nowMs: number,
): ViewNode[] {
  const { task, attempts, records } = detail;
  const parent = `${environment}/${task.task}`;
  return [
    ...errors,
    {
      id: `${parent}/attempts`,
      label: 'Attempts',
      description: countText(attempts.length, 'attempt'),
      icon: { id: 'history' },
      context: 'attempts',
      expand: attempts.length > 0 ? 'collapsed' : 'none',
      target: { kind: 'note' },
      children: attemptNodes(environment, parent, task, attempts),
    },
    {
      id: `${parent}/records`,
      label: 'Records',
      description: countText(records.length, 'record'),
      icon: { id: 'list-flat' },
      context: 'records',
      expand: records.length > 0 ? 'collapsed' : 'none',
      target: { kind: 'note' },
      children: recordNodes(environment, parent, task, records, shownRecords, nowMs),
    },
  ];
}

function recordNodes(
  environment: string,
  parent: string,
  task: FoldedTask,
  records: readonly LogRecord[],
  shown: number,
  nowMs: number,
): ViewNode[] {
  const nodes = records.slice(0, shown).map(
    (record, position): ViewNode => ({
      id: `${parent}/record/${position}`,
      label: recordText(record),
      description: [
        localTime(record.tsMs, nowMs),
        record.worker === undefined ? '' : plainLine(record.worker, 40),
        attemptOf(record) > 1 ? `attempt ${attemptOf(record)}` : '',
      ]
        .filter((part) => part !== '')
        .join(' · '),
      ...(record.level !== undefined && { spoken: plainLine(record.level, 20) }),
      tooltip: recordTooltip(record),
      icon: levelIcon(record.level),
      context: 'record',
      expand: 'none',
      target: { kind: 'record', environment, task, record: position },
      click: openRecord,
      children: [],
    }),
  );
  if (records.length > shown) nodes.push(moreRecordsNode(environment, parent, task, records.length - shown));
  return nodes;
}

function moreRecordsNode(environment: string, parent: string, task: FoldedTask, left: number): ViewNode {
  return {
    id: `${parent}/record/more`,
    label: 'Load more…',
    description: `${countText(left, 'record')} left`,
    icon: { id: 'ellipsis' },
    context: 'more',
    expand: 'none',
    target: { kind: 'moreRecords', environment, task: task.task },
    click: { command: internalCommandIds.loadMore, title: 'Load More' },
    children: [],
  };
}

/** What a record says in one line: its message, or else its event and error. */
function recordText(record: LogRecord, maxLength = 200): string {
  const message = plainLine(record.message ?? '', maxLength);
  const event = record.event === 'log' ? '' : plainLine(record.event, 60);
  const error = record.error ? errorText(record.error, maxLength) : '';
  const text = [event, message || error].filter((part) => part !== '').join(' – ');
  return text === '' ? 'record without a message' : text;
}

function recordTooltip(record: LogRecord): string {
  return [
    localIso(record.tsMs),
    [record.level, record.event]
      .filter((part) => part !== undefined)
      .map((part) => plainLine(part, 60))
      .join(' '),
    record.message === undefined ? '' : plainLine(record.message, 1000),
    record.error ? errorText(record.error, 1000) : '',
    record.origin ? `${plainLine(record.origin.object)} at byte ${record.origin.offsetBytes}` : '',
  ]
    .filter((line) => line !== '')
    .join('\n');
}
