/** Attempts and tasks as bars over time, a lane for each worker; and the messages between the timeline's panel and its page. */

import { isJsonObject } from './json.ts';
import type { AttemptStatus, TaskStatus } from './task.ts';
import { timeTicks } from './timeTicks.ts';

/** Of attempts and of tasks, in the order of a legend. */
export const barStatuses = [
  'pending',
  'assigned',
  'running',
  'retrying',
  'lost',
  'finished',
  'succeeded',
  'failed',
] as const satisfies readonly (TaskStatus | AttemptStatus)[];
type BarStatus = (typeof barStatuses)[number];

/** An attempt, or a task as a whole, in the lane of a worker; `''` where none has it yet. */
export interface TimelinePiece {
  readonly worker: string;
  readonly task: string;
  readonly status: BarStatus;
  readonly startMs: number;
  readonly endMs: number;
  /** What a reader of the bar is told: status, times, place, attempts, error. */
  readonly text: string;
}

export interface TimelineBar extends Omit<TimelinePiece, 'worker'> {
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
  readonly tick: (atMs: number, widthMs: number) => string;
  /** What the reader's clock is ahead of UTC. */
  readonly zoneMs: (atMs: number) => number;
}

/** Of nothing at all, with no lanes and no range. */
export function timelineOf(pieces: readonly TimelinePiece[], words: TimelineWords): Timeline {
  if (pieces.length === 0) {
    return { title: words.title, subtitle: '', startMs: 0, endMs: 0, ticks: [], lanes: [] };
  }
  const lanes = [...Map.groupBy(pieces, ({ worker }) => worker)]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([worker, own]) => laneOf(worker, own));
  const startMs = pieces.reduce((least, piece) => Math.min(least, piece.startMs), Number.POSITIVE_INFINITY);
  const endMs = pieces.reduce((most, piece) => Math.max(most, piece.endMs), Number.NEGATIVE_INFINITY);
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
function laneOf(worker: string, pieces: readonly TimelinePiece[]): TimelineLane {
  const freeFrom: number[] = [];
  const bars = pieces
    .toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs || (a.task < b.task ? -1 : 1))
    .map(({ task, status, startMs, endMs, text }): TimelineBar => {
      const free = freeFrom.findIndex((ms) => ms < startMs);
      const row = free === -1 ? freeFrom.length : free;
      freeFrom[row] = endMs;
      return { task, status, startMs, endMs, text, row };
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
    (barStatuses as readonly unknown[]).includes(value['status']) &&
    typeof value['startMs'] === 'number' &&
    typeof value['endMs'] === 'number' &&
    typeof value['text'] === 'string' &&
    typeof value['row'] === 'number'
  );
}
