/** Tasks as bars over time, a lane for each worker; and the messages between the timeline's panel and its page. */

import { isJsonObject } from './json.ts';
import { type FoldedTask, type TaskStatus, taskStatuses } from './task.ts';
import { timeTicks } from './timeTicks.ts';

export interface TimelineBar {
  readonly task: string;
  readonly status: TaskStatus;
  readonly startMs: number;
  readonly endMs: number;
  /** What a reader of the bar is told: status, times, place, attempts, error. */
  readonly text: string;
  /** The row of the lane, from 0, such that bars of a row do not overlap. */
  readonly row: number;
}

export interface TimelineLane {
  readonly worker: string;
  readonly rows: number;
  readonly bars: readonly TimelineBar[];
}

/** A mark of the axis. */
interface TimelineTick {
  readonly atMs: number;
  readonly label: string;
}

export interface Timeline {
  readonly title: string;
  /** How many tasks, of how many, and from when to when. */
  readonly subtitle: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly ticks: readonly TimelineTick[];
  readonly lanes: readonly TimelineLane[];
}

/** To the page. */
export interface TimelineUpdate {
  readonly kind: 'timeline';
  readonly timeline: Timeline;
}

/** From the page. */
export type TimelineRequest = { readonly kind: 'ready' } | { readonly kind: 'open'; readonly task: string };

/** How the reader is told of tasks and moments: in the words and the zone of the views beside the page. */
export interface TimelineWords {
  readonly title: string;
  readonly subtitle: (startMs: number, endMs: number) => string;
  readonly bar: (task: FoldedTask) => string;
  readonly tick: (atMs: number, widthMs: number) => string;
  /** What the reader's clock is ahead of UTC. */
  readonly zoneMs: (atMs: number) => number;
}

/** Of no tasks at all, with no lanes and no range. */
export function timelineOf(tasks: readonly FoldedTask[], words: TimelineWords): Timeline {
  if (tasks.length === 0) {
    return { title: words.title, subtitle: '', startMs: 0, endMs: 0, ticks: [], lanes: [] };
  }
  const byWorker = new Map<string, FoldedTask[]>();
  for (const task of tasks) {
    const worker = task.worker ?? '';
    const list = byWorker.get(worker);
    if (list) list.push(task);
    else byWorker.set(worker, [task]);
  }
  const lanes = [...byWorker]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([worker, list]) => laneOf(worker, list, words.bar));
  const startMs = tasks.reduce((least, task) => Math.min(least, task.firstTs), Number.POSITIVE_INFINITY);
  const endMs = tasks.reduce((most, task) => Math.max(most, task.lastTs), Number.NEGATIVE_INFINITY);
  const { widthMs, atMs } = timeTicks(startMs, endMs, words.zoneMs(startMs));
  return {
    title: words.title,
    subtitle: words.subtitle(startMs, endMs),
    startMs,
    endMs,
    ticks: atMs.map((ms) => ({ atMs: ms, label: words.tick(ms, widthMs) })),
    lanes,
  };
}

/** Puts each bar into the first row that is free by then. */
function laneOf(worker: string, tasks: readonly FoldedTask[], textOf: (task: FoldedTask) => string): TimelineLane {
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
        text: textOf(task),
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
    typeof value['subtitle'] === 'string' &&
    typeof value['startMs'] === 'number' &&
    typeof value['endMs'] === 'number' &&
    Array.isArray(value['ticks']) &&
    value['ticks'].every(isTick) &&
    Array.isArray(value['lanes']) &&
    value['lanes'].every(isLane)
  );
}

function isTick(value: unknown): value is TimelineTick {
  return isJsonObject(value) && typeof value['atMs'] === 'number' && typeof value['label'] === 'string';
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
    typeof value['text'] === 'string' &&
    typeof value['row'] === 'number'
  );
}
