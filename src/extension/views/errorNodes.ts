/** The rows of a task's failures: the error, its causes, and stack frames with the source line each one leads to. */

import { assertNever } from '../../model/assertNever.ts';
import type { BuildInfo, ErrorInfo } from '../../model/record.ts';
import { countText } from '../../model/readableNumbers.ts';
import type { FoldedTask, TaskDetail } from '../../model/task.ts';
import type { Frame, Resolution, Trace } from '../../stacktrace/trace.ts';
import { commandIds } from '../commandIds.ts';
import { plainLine } from '../plainText.ts';
import { errorText } from './taskNodes.ts';
import type { ViewNode } from './viewNode.ts';

/** One failure of a task as its log tells it: which attempt, what error, and its group. */
export interface Failure {
  readonly attempt: number;
  readonly error: ErrorInfo;
  readonly group?: string;
  /** Of the build that failed. */
  readonly commit?: string;
}

/** A path as the user knows it: relative to its workspace folder. */
type ShownPath = (path: string) => string;

/** What all rows of a task's failures share. */
export interface FailedTask {
  readonly environment: string;
  readonly task: FoldedTask;
  readonly shownPath: ShownPath;
  /** Id of the row that the errors stand below, where that is not the task's by itself. */
  readonly parent?: string;
}

/** A trace whose frames have been looked up in the workspace, in the order of `trace.frames`. */
export interface ResolvedTrace {
  readonly trace: Trace;
  readonly resolutions: readonly Resolution[];
  /** Its cause, members and suppressed traces. */
  readonly below: readonly { readonly relation: string; readonly trace: ResolvedTrace }[];
}

/** The traces right under one, each with how it belongs to it. */
export function tracesBelow(trace: Trace): { relation: string; trace: Trace }[] {
  return [
    ...(trace.members ?? []).map((member) => ({ relation: 'Holds', trace: member })),
    ...(trace.suppressed ?? []).map((other) => ({ relation: 'Suppressed', trace: other })),
    ...(trace.cause ? [{ relation: 'Caused by', trace: trace.cause }] : []),
  ];
}

/** The failures of a task, the latest attempt's first; the same error told twice within an attempt counts once. */
export function failuresOf(detail: TaskDetail): Failure[] {
  const byContent = new Map<string, Failure>();
  for (const record of detail.records) {
    if (!record.error) continue;
    // Terminal events often carry no attempt: they tell of the last one.
    const attempt = record.attempt ?? detail.task.attempts;
    const content = JSON.stringify([attempt, record.error.type, record.error.message]);
    const known = byContent.get(content);
    if (known && (known.error.stack !== undefined || record.error.stack === undefined)) continue;
    byContent.set(content, {
      attempt,
      error: record.error,
      ...(record.group === undefined ? {} : { group: record.group }),
      ...commitOf(record.build ?? detail.task.build),
    });
  }
  // A coordinator's answer has attempts but no records.
  if (detail.records.length === 0) {
    for (const { attempt, error } of detail.attempts) {
      if (error) byContent.set(String(attempt), { attempt, error, ...commitOf(detail.task.build) });
    }
  }
  return [...byContent.values()].sort((a, b) => b.attempt - a.attempt);
}

function commitOf(build: BuildInfo | undefined): { readonly commit?: string } {
  return build?.commit === undefined ? {} : { commit: build.commit };
}

export function errorNode(
  of: FailedTask,
  failure: Failure,
  position: number,
  traces: readonly ResolvedTrace[],
): ViewNode {
  const { environment, task } = of;
  const id = `${of.parent ?? `${environment}/${task.task}`}/error/${position}`;
  const frames = traces.flatMap((trace, index) => traceNodes(of, failure, `${id}/${index}`, trace));
  const group = failure.group ?? (position === 0 ? task.group : undefined);
  return {
    id,
    label: plainLine(failure.error.type || 'Error', 100),
    description: [
      failure.attempt > 0 ? `attempt ${failure.attempt}` : '',
      plainLine(failure.error.message ?? ''),
      group === undefined ? '' : `group ${group}`,
    ]
      .filter((part) => part !== '')
      .join(' · '),
    tooltip: [
      errorText(failure.error, 2000),
      group === undefined ? '' : `Failure group ${group}: failures with the same cause, across attempts and deploys`,
      frames.length === 0 ? 'The log has no stack trace that could be read.' : '',
    ]
      .filter((line) => line !== '')
      .join('\n'),
    icon: { id: 'bug', color: 'list.errorForeground' },
    context: group === undefined ? 'error' : 'error.group',
    expand: frames.length > 0 ? (position === 0 ? 'expanded' : 'collapsed') : 'none',
    target: { kind: 'error', environment, task, ...(group === undefined ? {} : { group }) },
    children: frames,
  };
}

/** What the last of a chain of causes is called. */
export const rootCauseText = 'root cause';

/** The end of a trace's chain of causes; `undefined` where it has none. */
export function lastCause(trace: Trace): Trace | undefined {
  let last = trace.cause;
  while (last?.cause) last = last.cause;
  return last;
}

/** The frames of one trace, then each trace under it as a row of its own. */
function traceNodes(
  of: FailedTask,
  failure: Failure,
  id: string,
  resolved: ResolvedTrace,
  root = lastCause(resolved.trace),
): ViewNode[] {
  const nodes = resolved.trace.frames.map((frame, position) =>
    frameNode(
      of,
      failure,
      `${id}/${position}`,
      frame,
      resolved.trace,
      resolved.resolutions[position] ?? { kind: 'none', why: 'not looked up' },
    ),
  );
  const { elided } = resolved.trace;
  if (elided !== undefined) {
    nodes.push({
      id: `${id}/elided`,
      label: countText(elided, 'more frame'),
      icon: { id: 'ellipsis' },
      tooltip: 'Left out where the trace was printed: mostly the same frames as in the trace around it.',
      context: 'note',
      expand: 'none',
      target: { kind: 'note' },
      children: [],
    });
  }
  for (const [position, { relation, trace }] of resolved.below.entries()) {
    nodes.push({
      id: `${id}/below/${position}`,
      label: `${relation} ${errorText(trace.trace)}`,
      ...(trace.trace === root && { description: rootCauseText }),
      icon: { id: 'arrow-small-right' },
      context: 'cause',
      expand: 'expanded',
      target: { kind: 'note' },
      children: traceNodes(of, failure, `${id}/below/${position}`, trace, root),
    });
  }
  return nodes;
}

function frameNode(
  of: FailedTask,
  { commit }: Failure,
  id: string,
  frame: Frame,
  trace: Trace,
  resolution: Resolution,
): ViewNode {
  const { environment, task, shownPath } = of;
  return {
    id,
    label: frameText(frame),
    description: placeOf(frame, resolution, shownPath),
    ...(resolution.kind !== 'file' && { spoken: resolution.kind === 'choice' ? 'several files fit' : 'no file' }),
    tooltip: [plainLine(frame.raw, 500), resolutionText(resolution)].join('\n'),
    icon: frameIcon(frame, resolution),
    context: 'frame',
    expand: 'none',
    target: { kind: 'frame', environment, task, frame, trace, ...(commit !== undefined && { commit }) },
    click: { command: commandIds.openFrame, title: 'Open Source Line' },
    children: [],
  };
}

/** `Worker.run` as its author would name it, or the bare line where the format names no function. */
export function frameText(frame: Frame): string {
  const { module, readable, raw } = frame;
  // `new Reader` says its class itself; of a generated class the one stays that it was generated for.
  const owner = /^(?:new|static) /.test(readable ?? '')
    ? undefined
    : readable
      ? module?.replace(/[.+/]?<.*$/, '')
      : module;
  const name = [owner, readable ?? frame.function].filter((part) => part).join('.');
  return plainLine(name || raw.trim() || '(unknown)');
}

/** `readRow.ts:12 · app/src`: the file's name first, the end of its folder after it. */
function placeOf(frame: Frame, resolution: Resolution, shownPath: ShownPath): string {
  const file = resolution.kind === 'file' ? shownPath(resolution.path) : frame.file;
  if (file === undefined) return 'no file';
  const line = resolution.kind === 'file' ? resolution.line1 : frame.line1;
  const parts = file.split(/[\\/]/);
  const name = `${plainLine(parts.at(-1) ?? '', 100)}${line === undefined ? '' : `:${line}`}`;
  const folder = plainLine(parts.slice(-4, -1).join('/'), 120);
  return folder === '' ? name : `${name} · ${folder}`;
}

/** Why a frame leads where it leads, for tooltips and messages. */
function resolutionText(resolution: Resolution): string {
  switch (resolution.kind) {
    case 'file':
      return `Opens ${plainLine(resolution.path, 400)}:${resolution.line1} (${plainLine(resolution.why)})`;
    case 'choice':
      return `${resolution.candidates.length} files fit: ${plainLine(resolution.why)}`;
    case 'none':
      return `Not in this workspace: ${plainLine(resolution.why)}`;
    default:
      return assertNever(resolution);
  }
}

function frameIcon(frame: Frame, resolution: Resolution): { id: string; color?: string } {
  if (resolution.kind === 'file') return { id: 'go-to-file' };
  if (resolution.kind === 'choice') return { id: 'list-selection' };
  return { id: frame.inApp ? 'question' : 'library', color: 'disabledForeground' };
}
