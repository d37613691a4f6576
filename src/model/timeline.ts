/** Tasks as bars over time, a lane for each worker; and the messages between the timeline's panel and its page. */

import { isJsonObject } from './json.ts';
import { type FoldedTask, type TaskStatus, taskStatuses } from './task.ts';

export interface TimelineBar {
  readonly task: string;
  readonly status: TaskStatus;
  readonly startMs: number;
  readonly endMs: number;
  /** What a reader of the bar is told besides: place, attempts, error. */
  readonly detail: string;
  /** The row of the lane, from 0, such that bars of a row do not overlap. */
  readonly row: number;
}

export interface TimelineLane {
  readonly worker: string;
  readonly rows: number;
  readonly bars: readonly TimelineBar[];
}

export interface Timeline {
  readonly title: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly lanes: readonly TimelineLane[];
}

/** To the page. */
export interface TimelineUpdate {
  readonly kind: 'timeline';
  readonly timeline: Timeline;
}

/** From the page. */
export type TimelineRequest = { readonly kind: 'ready' } | { readonly kind: 'open'; readonly task: string };

/** @param detailOf says of a task what its bar tells besides id, status and times. */
export function timelineOf(
  title: string,
  tasks: readonly FoldedTask[],
  detailOf: (task: FoldedTask) => string,
): Timeline {
  const byWorker = new Map<string, FoldedTask[]>();
  for (const task of tasks) {
    const worker = task.worker ?? '';
    const list = byWorker.get(worker);
    if (list) list.push(task);
    else byWorker.set(worker, [task]);
  }
  const lanes = [...byWorker]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([worker, list]) => laneOf(worker, list, detailOf));
  return {
    title,
    startMs: tasks.reduce((least, task) => Math.min(least, task.firstTs), Number.POSITIVE_INFINITY),
    endMs: tasks.reduce((most, task) => Math.max(most, task.lastTs), Number.NEGATIVE_INFINITY),
    lanes,
  };
}

/** Puts each bar into the first row that is free by then. */
function laneOf(worker: string, tasks: readonly FoldedTask[], detailOf: (task: FoldedTask) => string): TimelineLane {
  const freeFrom: number[] = [];
  const bars = tasks
    .toSorted((a, b) => a.firstTs - b.firstTs || a.lastTs - b.lastTs || (a.task < b.task ? -1 : 1))
    .map((task): TimelineBar => {
      const free = freeFrom.findIndex((ms) => ms < task.firstTs);
      const row = free === -1 ? freeFrom.length : free;
      freeFrom[row] = task.lastTs;
      return {
        task: task.task,
        status: task.status,
        startMs: task.firstTs,
        endMs: task.lastTs,
        detail: detailOf(task),
        row,
      };
    });
  return { worker, rows: freeFrom.length, bars };
}

export function isTimelineRequest(value: unknown): value is TimelineRequest {
  if (!isJsonObject(value)) return false;
  return value['kind'] === 'ready' || (value['kind'] === 'open' && typeof value['task'] === 'string');
}

export function isTimelineUpdate(value: unknown): value is TimelineUpdate {
  return isJsonObject(value) && value['kind'] === 'timeline' && isTimeline(value['timeline']);
}

export function isTimeline(value: unknown): value is Timeline {
  return (
    isJsonObject(value) &&
    typeof value['title'] === 'string' &&
    typeof value['startMs'] === 'number' &&
    typeof value['endMs'] === 'number' &&
    Array.isArray(value['lanes']) &&
    value['lanes'].every(isLane)
  );
}

function isLane(value: unknown): value is TimelineLane {
  return (
    isJsonObject(value) &&
    typeof value['worker'] === 'string' &&
    typeof value['rows'] === 'number' &&
    Array.isArray(value['bars']) &&
    value['bars'].every(isBar)
  );
}

function isBar(value: unknown): value is TimelineBar {
  return (
    isJsonObject(value) &&
    typeof value['task'] === 'string' &&
    (taskStatuses as readonly unknown[]).includes(value['status']) &&
    typeof value['startMs'] === 'number' &&
    typeof value['endMs'] === 'number' &&
    typeof value['detail'] === 'string' &&
    typeof value['row'] === 'number'
  );
}
