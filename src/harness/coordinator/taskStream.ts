/** `GET /tasks/stream`: server-sent events that keep a client's view equal to what the coordinator holds. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Coordinator, TaskObserver } from './coordinator.ts';
import { matchesFilter, type TaskFilter } from './taskFilter.ts';

/** Changes of one task within this time are sent as one. */
const coalesceMs = 100;
/** A client that does not read is cut off: it gets a new snapshot when it comes back. */
const maxUnsentBytes = 4 << 20;

export function streamTasks(
  coordinator: Coordinator,
  filter: TaskFilter,
  request: IncomingMessage,
  response: ServerResponse,
  heartbeatMs: number,
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
  const send = (event: string, data: object): void => {
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (response.writableLength > maxUnsentBytes) response.destroy();
  };

  const shown = new Set<string>();
  const tasks = [...coordinator.table.folded()].filter((task) => matchesFilter(filter, task));
  for (const { task } of tasks) shown.add(task);
  send('snapshot', { tasks });

  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const sendChanges = (): void => {
    timer = undefined;
    for (const id of changed) {
      const folded = coordinator.table.task(id)?.folded;
      if (folded && matchesFilter(filter, folded)) {
        shown.add(id);
        send('task', folded);
      } else if (shown.delete(id)) send('gone', { task: id });
    }
    changed.clear();
  };
  const note = (id: string): void => {
    changed.add(id);
    timer ??= setTimeout(sendChanges, coalesceMs);
  };
  const observer: TaskObserver = { changed: note, forgotten: note };
  coordinator.observers.add(observer);
  const heartbeat = setInterval(() => response.write(': heartbeat\n\n'), heartbeatMs);
  response.once('close', () => {
    coordinator.observers.delete(observer);
    clearInterval(heartbeat);
    clearTimeout(timer);
  });
  // Reads what the client may still send, so that its end is noticed.
  request.resume();
}
