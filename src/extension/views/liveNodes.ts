/** The rows of the Live tree, made from what every coordinator answered. */

import type { Environment } from '../../model/environment.ts';
import type { LiveCoordinator, LiveSnapshot } from '../../model/live.ts';
import type { FoldedTask, TaskStatus } from '../../model/task.ts';
import { internalCommandIds } from '../commandIds.ts';
import { plainLine } from '../plainText.ts';
import { countText } from '../../model/readableNumbers.ts';
import { liveTaskNode } from './taskNodes.ts';
import type { NodeIcon, ViewNode } from './viewNode.ts';

/** What is known of one environment now. */
export interface LiveState {
  readonly environment: Pick<Environment, 'name' | 'coordinators'>;
  /** Why it stays empty, where it has no coordinators for a reason: `stopped`. */
  readonly note?: string;
  readonly snapshot?: LiveSnapshot;
  /** With a filter: the tasks that match it, of all coordinators together. */
  readonly filtered?: { readonly query: string; readonly tasks: readonly FoldedTask[]; readonly more: boolean };
  /** Why the last question was not answered at all. */
  readonly failure?: string;
}

/** The states' roots: one row for each environment, opened where it is the current one. */
export function liveNodes(states: readonly LiveState[], current: string | undefined, nowMs: number): ViewNode[] {
  return states.map((state) => environmentNode(state, state.environment.name === current, states.length > 1, nowMs));
}

/** Tasks that fail and try again, over all states: the number on the view's badge. */
export function retryingCount(states: readonly LiveState[]): number {
  return sumOf(
    states.flatMap((state) => state.snapshot?.coordinators ?? []),
    'retrying',
  );
}

/** `12 running · 1 retrying`; of coordinators that do not answer nothing is said but that. */
export function loadText(state: LiveState): string {
  const { snapshot } = state;
  if (!snapshot) return '';
  const down = downCount(state);
  const isAnyUp = snapshot.coordinators.length > down;
  const parts = (['running', 'retrying', 'assigned', 'pending'] as const)
    .map((status) => [status, sumOf(snapshot.coordinators, status)] as const)
    .filter(([status, count]) => count > 0 || (status === 'running' && isAnyUp))
    .map(([status, count]) => `${count.toLocaleString('en-US')} ${status}`);
  if (down > 0) parts.push(`${countText(down, 'coordinator')} down`);
  return parts.join(' · ');
}

/** Coordinators that do not answer. */
export function downCount({ snapshot }: LiveState): number {
  return snapshot?.coordinators.filter((coordinator) => coordinator.kind === 'down').length ?? 0;
}

function environmentIcon(state: LiveState): NodeIcon {
  const down = downCount(state);
  if (state.failure !== undefined || (down > 0 && down === state.snapshot?.coordinators.length))
    return { id: 'error', color: 'list.errorForeground' };
  return down > 0 ? { id: 'warning', color: 'list.warningForeground' } : { id: 'server-environment' };
}

function environmentNode(state: LiveState, isCurrent: boolean, isOneOfMany: boolean, nowMs: number): ViewNode {
  const { environment, snapshot } = state;
  const children =
    snapshot?.coordinators.map((coordinator) => coordinatorNode(state, coordinator, nowMs)) ??
    noteNodes(state, environment.name);
  return {
    id: environment.name,
    label: plainLine(environment.name),
    description: [isCurrent && isOneOfMany ? 'current' : '', summaryText(state)]
      .filter((part) => part !== '')
      .join(' · '),
    tooltip: [
      plainLine(environment.name),
      ...environment.coordinators.map((url) => plainLine(url)),
      state.failure === undefined ? '' : `Cannot be asked: ${plainLine(state.failure, 1000)}`,
    ]
      .filter((line) => line !== '')
      .join('\n'),
    icon: environmentIcon(state),
    context: isCurrent ? 'environment.current' : 'environment',
    expand: children.length === 0 ? 'none' : isCurrent ? 'expanded' : 'collapsed',
    target: { kind: 'environment', environment: environment.name },
    children,
  };
}

function summaryText(state: LiveState): string {
  if (state.failure !== undefined) return `cannot be asked: ${plainLine(state.failure, 120)}`;
  if (state.environment.coordinators.length === 0) return state.note ?? 'no coordinators, history only';
  return state.snapshot ? loadText(state) : '';
}

/** An environment that has not answered yet still opens, so that opening it starts the asking. */
function noteNodes(state: LiveState, id: string): ViewNode[] {
  if (state.environment.coordinators.length === 0) return [];
  return [
    {
      id: `${id}/note`,
      label: state.failure === undefined ? 'Asking the coordinators…' : plainLine(state.failure),
      ...(state.failure === undefined ? {} : { tooltip: plainLine(state.failure, 1000) }),
      context: 'note',
      expand: 'none',
      target: { kind: 'note' },
      children: [],
    },
  ];
}

function coordinatorNode(state: LiveState, coordinator: LiveCoordinator, nowMs: number): ViewNode {
  const environment = state.environment.name;
  const id = `${environment}/${coordinator.url}`;
  const target = { kind: 'coordinator', environment, url: coordinator.url } as const;
  if (coordinator.kind === 'down') {
    return {
      id,
      label: plainLine(coordinator.url),
      description: `does not answer: ${plainLine(coordinator.message, 120)}`,
      tooltip: `${plainLine(coordinator.url)}\n${plainLine(coordinator.message, 1000)}`,
      icon: { id: 'error', color: 'list.errorForeground' },
      context: 'coordinator.down',
      expand: 'none',
      target,
      children: [],
    };
  }
  const tasks = [...tasksOf(state, coordinator)].sort(byUrgency);
  const children = tasks.map((task) => liveTaskNode(environment, id, task, nowMs));
  const more = state.filtered ? state.filtered.more : coordinator.more;
  if (more) children.push(moreNode(id, environment, tasks.length));
  const { counts } = coordinator;
  const load = (['running', 'retrying', 'assigned', 'pending'] as const)
    .filter((status) => counts[status] > 0)
    .map((status) => `${counts[status].toLocaleString('en-US')} ${status}`);
  return {
    id,
    label: plainLine(coordinator.coordinator),
    description: [
      coordinator.status,
      state.filtered ? `${tasks.length.toLocaleString('en-US')} match` : load.join(', ') || 'no tasks',
      countText(coordinator.workers, 'worker'),
      coordinator.version === undefined ? '' : `v${plainLine(coordinator.version, 30)}`,
    ]
      .filter((part) => part !== '')
      .join(' · '),
    tooltip: [
      plainLine(coordinator.url),
      `Status: ${coordinator.status}`,
      `Tasks: ${load.join(', ') || 'none'}`,
      `Workers: ${coordinator.workers}`,
      coordinator.version === undefined ? '' : `Version: ${plainLine(coordinator.version)}`,
    ]
      .filter((line) => line !== '')
      .join('\n'),
    icon:
      coordinator.status === 'ok'
        ? { id: 'server-process', color: 'testing.iconPassed' }
        : { id: 'server-process', color: 'charts.orange' },
    context: 'coordinator',
    expand: children.length === 0 ? 'none' : 'expanded',
    target,
    children,
  };
}

function tasksOf(state: LiveState, coordinator: LiveCoordinator & { kind: 'up' }): readonly FoldedTask[] {
  if (!state.filtered) return coordinator.tasks;
  const alone = state.snapshot?.coordinators.filter((other) => other.kind === 'up').length === 1;
  return state.filtered.tasks.filter((task) =>
    task.coordinator === undefined ? alone : task.coordinator === coordinator.coordinator,
  );
}

function moreNode(id: string, environment: string, shown: number): ViewNode {
  return {
    id: `${id}/more`,
    label: 'Load more…',
    description: `${countText(shown, 'task')} shown`,
    icon: { id: 'ellipsis' },
    context: 'more',
    expand: 'none',
    target: { kind: 'moreLive', environment },
    click: { command: internalCommandIds.loadMore, title: 'Load More' },
    children: [],
  };
}

const urgency: Readonly<Record<TaskStatus, number>> = {
  failed: 0,
  retrying: 1,
  running: 2,
  assigned: 3,
  pending: 4,
  succeeded: 5,
};

/** Trouble first, then what runs the longest; an order that only a change of state disturbs. */
function byUrgency(a: FoldedTask, b: FoldedTask): number {
  return urgency[a.status] - urgency[b.status] || a.firstTs - b.firstTs || (a.task < b.task ? -1 : 1);
}

function sumOf(
  coordinators: readonly LiveCoordinator[],
  status: 'pending' | 'assigned' | 'running' | 'retrying',
): number {
  return coordinators.reduce(
    (sum, coordinator) => sum + (coordinator.kind === 'up' ? coordinator.counts[status] : 0),
    0,
  );
}
