/** The page of the Task Timeline: draws lanes and bars from what the panel posts; a click or Enter opens a task. */

import {
  barStatuses,
  isTimeline,
  isTimelineUpdate,
  type Timeline,
  type TimelineBar,
  type TimelineLane,
  type TimelineRequest,
} from '../model/timeline.ts';

interface WebviewApi {
  postMessage(message: TimelineRequest): void;
  getState(): unknown;
  setState(state: Timeline): void;
}
declare function acquireVsCodeApi(): WebviewApi;

const api = acquireVsCodeApi();

function post(request: TimelineRequest): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window: the panel is the only receiver
  api.postMessage(request);
}

/** Shorter bars could not be seen or hit. */
const minimumPercent = 0.4;

const byId = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element "${id}"`);
  return element;
};
const title = byId('title');
const hint = byId('hint');
const legend = byId('legend');
const axis = byId('axis');
const lanes = byId('lanes');

function draw(timeline: Timeline): void {
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset['task'] : undefined;
  title.textContent = timeline.title;
  const isEmpty = timeline.lanes.length === 0;
  legend.hidden = isEmpty;
  hint.textContent = isEmpty
    ? 'Nothing to draw yet: search tasks in the History view, and they appear here.'
    : `${timeline.subtitle} Arrow keys move between bars, Enter opens the log of the task.`;
  legend.replaceChildren(...keyElements(timeline));
  axis.replaceChildren(axisElement(timeline));
  axis.hidden = isEmpty;
  lanes.replaceChildren(...timeline.lanes.map((lane) => laneElement(lane, timeline)));
  const bars = allBars();
  const again = bars.find((bar) => bar.dataset['task'] === focused);
  // One stop for the Tab key; the arrows go on from there.
  const first = again ?? bars[0];
  if (first) first.tabIndex = 0;
  again?.focus();
}

function laneElement(lane: TimelineLane, timeline: Timeline): HTMLElement {
  const row = document.createElement('div');
  row.className = 'lane';
  row.setAttribute('role', 'listitem');
  const name = document.createElement('div');
  name.className = 'worker';
  name.textContent = lane.worker === '' ? '(no worker yet)' : lane.worker;
  const track = document.createElement('div');
  track.className = 'track';
  track.style.height = `${lane.rows * 22}px`;
  track.append(...tickElements(timeline), ...lane.bars.map((bar) => barElement(bar, timeline)));
  row.append(name, track);
  return row;
}

/** A key for each status that is drawn. */
function keyElements(timeline: Timeline): HTMLElement[] {
  const drawn = new Set(timeline.lanes.flatMap((lane) => lane.bars.map((bar) => bar.status)));
  return barStatuses
    .filter((status) => drawn.has(status))
    .map((status) => {
      const item = document.createElement('span');
      item.className = `key ${status}`;
      item.textContent = status;
      return item;
    });
}

/** The marks' labels, above the lanes' tracks. */
function axisElement(timeline: Timeline): HTMLElement {
  const track = document.createElement('div');
  track.className = 'track';
  const ticks = tickElements(timeline);
  for (const [at, tick] of ticks.entries()) tick.textContent = timeline.ticks[at]?.label ?? '';
  track.append(...ticks);
  return track;
}

function tickElements({ startMs, endMs, ticks }: Timeline): HTMLElement[] {
  return ticks.map(({ atMs }) => {
    const tick = document.createElement('div');
    const percent = ((atMs - startMs) / Math.max(endMs - startMs, 1)) * 100;
    // The label of a mark near the end stands before it: after it there is no room.
    tick.className = percent > 90 ? 'tick last' : 'tick';
    tick.style.left = `${percent}%`;
    return tick;
  });
}

function barElement(bar: TimelineBar, { startMs, endMs }: Timeline): HTMLElement {
  const range = Math.max(endMs - startMs, 1);
  const width = Math.max(((bar.endMs - bar.startMs) / range) * 100, minimumPercent);
  const left = Math.min(((bar.startMs - startMs) / range) * 100, 100 - width);
  const button = document.createElement('button');
  button.type = 'button';
  button.className = `bar ${bar.status}`;
  button.dataset['task'] = bar.task;
  button.tabIndex = -1;
  button.style.left = `${left}%`;
  button.style.width = `${width}%`;
  button.style.top = `${bar.row * 22}px`;
  button.title = bar.text;
  button.setAttribute('aria-label', bar.text);
  const name = document.createElement('span');
  name.textContent = bar.task;
  button.append(name);
  return button;
}

function allBars(): HTMLElement[] {
  return [...lanes.querySelectorAll<HTMLElement>('.bar')];
}

function open(target: EventTarget | null): void {
  const bar = target instanceof Element ? target.closest<HTMLElement>('.bar') : undefined;
  const task = bar?.dataset['task'];
  if (task !== undefined) post({ kind: 'open', task });
}

function move(event: KeyboardEvent): void {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step === undefined || !(document.activeElement instanceof HTMLElement)) return;
  const bars = allBars();
  const next = bars[bars.indexOf(document.activeElement) + step];
  if (!next) return;
  event.preventDefault();
  document.activeElement.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

lanes.addEventListener('click', (event) => open(event.target));
lanes.addEventListener('keydown', move);
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  if (!isTimelineUpdate(event.data)) return;
  api.setState(event.data.timeline);
  draw(event.data.timeline);
});
const before = api.getState();
if (isTimeline(before)) draw(before);
post({ kind: 'ready' });
