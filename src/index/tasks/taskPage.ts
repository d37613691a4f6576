/** Tasks of the table as folded tasks; those whose parts say different things from their records. */

import { foldTask } from '../../model/fold.ts';
import { isJsonObject, type Json, parseJson } from '../../model/json.ts';
import type { BuildInfo } from '../../model/record.ts';
import type { FoldedTask } from '../../model/task.ts';
import { mergeCells, statusOf } from './mergeCells.ts';
import type { TaskCells } from './taskCells.ts';
import { recordsOfTasks, type RecordSources } from './taskRecords.ts';
import type { PartPlace } from './tableSegment.ts';

/** In the order of `places`. */
export async function taskPage(
  places: readonly PartPlace[],
  sources: RecordSources,
  signal?: AbortSignal,
): Promise<FoldedTask[]> {
  const unsettled: { readonly at: number; readonly parts: readonly PartPlace[] }[] = [];
  const tasks = places.map((place, at) => {
    const parts = place.segment.partsOf(place.at);
    const { cells, isSettled } = mergedCells(parts);
    if (!isSettled) unsettled.push({ at, parts });
    return foldedOf(cells);
  });
  if (unsettled.length > 0) {
    const records = await recordsOfTasks(
      unsettled.map(({ parts }) => parts),
      sources,
      signal,
    );
    for (const [number, { at }] of unsettled.entries()) tasks[at] = foldTask(records[number] ?? []);
  }
  return tasks;
}

export function mergedCells(parts: readonly PartPlace[]) {
  const [first, ...others] = parts.map(({ segment, at }) => segment.tasks.cells(at));
  if (!first) throw new RangeError('a task has at least one part');
  return mergeCells([first, ...others]);
}

export function foldedOf(cells: TaskCells): FoldedTask {
  const { account, collection, source, coordinator, worker, key, bytes, docs, group } = cells;
  const { errorType, errorMessage, errorAttempt } = cells;
  const error = errorAttempt === undefined ? undefined : present({ type: errorType, message: errorMessage });
  const fields = {
    task: cells.task,
    account,
    collection,
    source,
    coordinator,
    worker,
    status: statusOf(cells),
    attempts: cells.attempts,
    firstTs: cells.firstMs,
    lastTs: cells.lastMs,
    durationMs: cells.lastMs - cells.firstMs,
    key,
    bytes,
    docs,
    error,
    group: errorAttempt === undefined ? undefined : group,
    build: buildOf(cells.build),
  };
  // Only what is absent is left out, which the type allows of exactly these.
  return present(fields) as unknown as FoldedTask;
}

function buildOf(text: string | undefined): BuildInfo | undefined {
  const fields = text === undefined ? undefined : parseJson(text);
  if (!Array.isArray(fields) || isJsonObject(fields)) return undefined;
  const [service, version, commit, repository] = (fields as readonly Json[]).map((each) =>
    typeof each === 'string' ? each : undefined,
  );
  return present({ service, version, commit, repository });
}

function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // What is left has no undefined values.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
