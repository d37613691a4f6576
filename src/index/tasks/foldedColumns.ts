/**
 * Columns of what the folded tasks have, by the segments that stand for them: a segment's own column but where a task has parts in
 * other segments too. Made when they are first asked for, kept until a task gets a further part.
 */

import { foldTask } from '../../model/fold.ts';
import type { FoldedTask } from '../../model/task.ts';
import type { Counts } from '../blocks/blockFile.ts';
import { mergedCells } from './taskPage.ts';
import { recordsOfTasks, type RecordSources } from './taskRecords.ts';
import type { NameColumn, TextName } from './segmentTasks.ts';
import type { PartPlace, TableSegment } from './tableSegment.ts';

export type FoldedName = Exclude<TextName, 'also'>;
type FoldedNumber = 'bytes' | 'docs';

/** A column as the segment has it, until a task turns out to have another value. */
class NameDraft {
  readonly #given: NameColumn;
  #own: { codes: Counts; readonly values: string[]; readonly known: Map<string, number> } | undefined;

  constructor(given: NameColumn) {
    this.#given = given;
  }

  get column(): NameColumn {
    return this.#own ? { codes: this.#own.codes, values: this.#own.values } : this.#given;
  }

  set(at: number, value: string | undefined): void {
    const { codes, values } = this.#own ?? this.#given;
    if (values[(codes[at] ?? 0) - 1] === value) return;
    this.#own ??= {
      codes: codes.slice(),
      values: [...values],
      known: new Map(values.map((each, place) => [each, place + 1])),
    };
    const { known } = this.#own;
    let code = value === undefined ? 0 : known.get(value);
    if (code === undefined && value !== undefined) known.set(value, (code = this.#own.values.push(value)));
    this.#own.codes = widened(this.#own.codes, code ?? 0);
    this.#own.codes[at] = code ?? 0;
  }
}

/** A column that can hold codes up to `most`. */
function widened(codes: Counts, most: number): Counts {
  if (codes instanceof Uint8Array && most >= 2 ** 8) return Uint16Array.from(codes);
  return codes instanceof Uint16Array && most >= 2 ** 16 ? Uint32Array.from(codes) : codes;
}

/** As they were when they were brought: tasks that get further parts meanwhile do not change them. */
export type FoldedColumns<T> = ReadonlyMap<TableSegment, T>;

/** Makes the column for all segments that lack it. Rejects with `signal.reason`. */
export async function bringNames(
  segments: readonly TableSegment[],
  name: FoldedName,
  sources: RecordSources,
  signal?: AbortSignal,
): Promise<FoldedColumns<NameColumn>> {
  return await bring(segments, `name:${name}`, sources, signal, (segment) => {
    const draft = new NameDraft(segment.tasks.names(name));
    const set = (at: number, value: string | undefined): void => draft.set(at, value);
    return {
      column: () => draft.column,
      merge: (at, parts) => {
        const merged = mergeName(name, parts);
        if (merged.isSettled) set(at, merged.value);
        return merged.isSettled;
      },
      settle: (at, task) => set(at, nameOf(task, name)),
    };
  });
}

/** NaN for a task that has none. Rejects with `signal.reason`. */
export async function bringNumbers(
  segments: readonly TableSegment[],
  name: FoldedNumber,
  sources: RecordSources,
  signal?: AbortSignal,
): Promise<FoldedColumns<Float64Array>> {
  return await bring(segments, name, sources, signal, (segment) => {
    const column = segment.tasks.numbers(name).toArray();
    return {
      column: () => column,
      merge: (at, parts) => {
        const distinct = new Set(parts.map((part) => part.segment.tasks.numbers(name).at(part.at)));
        // A set holds NaN once.
        distinct.delete(Number.NaN);
        column[at] = [...distinct][0] ?? Number.NaN;
        return distinct.size <= 1;
      },
      settle: (at, task) => {
        column[at] = task[name] ?? Number.NaN;
      },
    };
  });
}

/** @throws RangeError for a segment whose column was not brought. */
export function columnOf<T>(columns: FoldedColumns<T>, segment: TableSegment): T {
  const column = columns.get(segment);
  if (column === undefined) throw new RangeError(`a column of ${segment.key} was not brought`);
  return column;
}

interface ColumnDraft<T> {
  readonly column: () => T;
  /** Whether the parts alone tell the task's value. */
  readonly merge: (at: number, parts: readonly PartPlace[]) => boolean;
  readonly settle: (at: number, task: FoldedTask) => void;
}

async function bring<T>(
  segments: readonly TableSegment[],
  key: string,
  sources: RecordSources,
  signal: AbortSignal | undefined,
  draftOf: (segment: TableSegment) => ColumnDraft<T>,
): Promise<FoldedColumns<T>> {
  const columns = new Map<TableSegment, T>();
  for (const segment of segments) {
    const { derived } = segment;
    if (derived.has(key)) {
      // Put there below, by the same key.
      columns.set(segment, derived.get(key) as T);
      continue;
    }
    signal?.throwIfAborted();
    const { column, merge, settle } = draftOf(segment);
    const unsettled: { readonly at: number; readonly parts: readonly PartPlace[] }[] = [];
    for (const at of segment.sharing) {
      const parts = segment.partsOf(at);
      if (!merge(at, parts)) unsettled.push({ at, parts });
    }
    if (unsettled.length > 0) {
      const records = await recordsOfTasks(
        unsettled.map(({ parts }) => parts),
        sources,
        signal,
      );
      for (const [number, { at }] of unsettled.entries()) settle(at, foldTask(records[number] ?? []));
    }
    columns.set(segment, column());
    // Keys are many, and few questions want them.
    if (key !== 'name:key') derived.set(key, column());
  }
  return columns;
}

function mergeName(
  name: FoldedName,
  parts: readonly PartPlace[],
): { readonly isSettled: boolean; readonly value?: string | undefined } {
  if (name === 'errorType' || name === 'errorMessage' || name === 'group') {
    const fails = parts.some(({ segment, at }) => !Number.isNaN(segment.tasks.numbers('errorAttempt').at(at)));
    if (!fails) return { isSettled: true };
    const { cells, isSettled } = mergedCells(parts);
    return { isSettled, value: cells[name] };
  }
  const attemptsOf = ({ segment, at }: PartPlace): number => segment.tasks.times.attempts.at(at);
  const most = name === 'worker' ? Math.max(...parts.map(attemptsOf)) : 0;
  let value: string | undefined;
  for (const part of parts) {
    if (name === 'worker' && attemptsOf(part) !== most) continue;
    const own = part.segment.tasks.text(name, part.at);
    if (own === undefined || own === value) continue;
    if (value !== undefined) return { isSettled: false };
    value = own;
  }
  return { isSettled: true, value };
}

function nameOf(task: FoldedTask, name: FoldedName): string | undefined {
  switch (name) {
    case 'errorType':
      return task.error?.type;
    case 'errorMessage':
      return task.error?.message;
    case 'build': {
      const { build } = task;
      return build && JSON.stringify([build.service, build.version, build.commit, build.repository]);
    }
    default:
      return task[name];
  }
}
