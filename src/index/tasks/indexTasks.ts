/**
 * Keeps tasks of an index in memory up with its manifest: the sides of further segments are read and added; when segments go away, or
 * records of one stop counting, the table is put together anew from what is in memory.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { untilAborted } from '../../store/untilAborted.ts';
import { OpenedFile } from '../blocks/blockBytes.ts';
import { IndexError } from '../indexError.ts';
import { memoryLimitNames } from '../limitNames.ts';
import type { SegmentEntry, SideEntry } from '../manifest.ts';
import { fits, leastEnginesMb, mbOfTasks, mostTasks } from '../memoryShares.ts';
import { tasksOf } from '../segmentWindow.ts';
import { LoadedSegment, type Refolded } from './loadedSegment.ts';
import { TaskTable } from './taskTable.ts';

/** Where the sides lie, and who reads records. */
export interface TaskSources {
  /** Those whose tasks are wanted. */
  readonly entries: readonly SegmentEntry[];
  /** All that there are: what is in memory of one of them may stay. */
  readonly all: readonly SegmentEntry[];
  readonly superseded: readonly string[];
  readonly fileOfSide: (side: SideEntry) => string;
  /** Brings the sides to where `fileOfSide` says, run after run, each as long as `work` takes. */
  readonly inRuns: (
    entries: readonly SegmentEntry[],
    work: (entries: readonly SegmentEntry[]) => Promise<void>,
  ) => Promise<void>;
  /** Folds a segment's tasks anew from its records without those of the given versions. */
  readonly refold: (segment: LoadedSegment, without: ReadonlySet<string>) => Promise<Refolded>;
}

/** The tasks of some segments. Others may be added while a question looks at them, none taken away. */
export class LoadedTasks {
  readonly table = new TaskTable();
  readonly #segments = new Map<string, LoadedSegment>();
  #holders = 0;

  /** Their sides stay open until all who hold them have released them. */
  hold(): this {
    this.#holders += 1;
    return this;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    for (const segment of this.#segments.values()) segment.release();
  }

  has(key: string): boolean {
    return this.#segments.has(key);
  }

  get segments(): Iterable<LoadedSegment> {
    return this.#segments.values();
  }

  /** @throws RangeError for a segment that was not brought. */
  segment(key: string): LoadedSegment {
    const segment = this.#segments.get(key);
    if (!segment) throw new RangeError(`segment ${key} was not brought`);
    return segment;
  }

  /** Only when the function that it gives was called are the tasks to be asked. */
  begin(segments: readonly LoadedSegment[]): () => void {
    for (const segment of segments) {
      segment.hold();
      this.#segments.set(segment.entry.key, segment);
    }
    return this.table.begin(
      segments.map(({ entry, tasks, refolded }) => {
        const { key, minTs, maxTs } = entry;
        return { key, tasks, minTs, maxTs, ...(refolded ? { gone: refolded.gone } : {}) };
      }),
    );
  }
}

/** After so many others have their turn, who may want it to stop. */
const sidesAtOnce = 16;

export class IndexTasks {
  /** That may be kept, counted in each segment that has records of them. */
  readonly maxTasks: number;
  readonly #url: string;
  readonly #memoryLimitMb: number;
  #loaded = new LoadedTasks().hold();
  #superseded = '';
  #bringing: Promise<LoadedTasks> | undefined;

  /** @param url of the index, for messages. @param memoryLimitMb that tasks and engines may take together, roughly. */
  constructor(url: string, memoryLimitMb: number) {
    this.#url = url;
    this.#memoryLimitMb = memoryLimitMb;
    this.maxTasks = mostTasks(memoryLimitMb);
  }

  /** What the tasks take, roughly. */
  get memoryMb(): number {
    return mbOfTasks(tasksOf([...this.#loaded.segments].map(({ entry }) => entry)));
  }

  /** What there is, for the caller to release; `bring` says whether it is what is wanted. */
  hold(): LoadedTasks {
    return this.#loaded.hold();
  }

  /** Once those are done who hold something, nothing is open any more. */
  close(): void {
    this.forget();
  }

  /** Has all of it read again: some of it was not what it should be. Whoever holds it may go on asking it. */
  forget(): void {
    this.#replace(new LoadedTasks());
  }

  /**
   * Brings the tasks of the segments, and perhaps leaves there those of others, for the caller to release. Who comes while that is under
   * way waits for it, and looks again. @throws IndexError, DamagedBlockFile
   */
  async bring(sources: TaskSources, signal?: AbortSignal): Promise<LoadedTasks> {
    while (!this.#isCurrent(sources)) {
      signal?.throwIfAborted();
      if (this.#bringing) {
        // Whoever began it hears of its failure; it is tried again here.
        const bringing = this.#bringing.catch(() => undefined);
        await untilAborted(bringing, signal);
        continue;
      }
      this.#bringing = this.#load(sources, signal).finally(() => {
        this.#bringing = undefined;
      });
      // Whoever waited may want others, and have them put in its place at once.
      return await this.#bringing;
    }
    return this.#loaded.hold();
  }

  #replace(loaded: LoadedTasks): void {
    const old = this.#loaded;
    this.#loaded = loaded.hold();
    old.release();
  }

  #isCurrent(sources: TaskSources): boolean {
    return this.#canStay(sources) && sources.entries.every(({ key }) => this.#loaded.has(key));
  }

  /** Whether what is in memory is part of what there is. */
  #canStay({ all, superseded }: TaskSources): boolean {
    if (superseded.join() !== this.#superseded) return false;
    const alive = new Set(all.map(({ key }) => key));
    return [...this.#loaded.segments].every(({ entry }) => alive.has(entry.key));
  }

  async #load(sources: TaskSources, signal?: AbortSignal): Promise<LoadedTasks> {
    const current = this.#loaded.hold();
    const opened: LoadedSegment[] = [];
    try {
      return await this.#join(current, opened, sources, signal);
    } finally {
      for (const segment of opened) segment.release();
      current.release();
    }
  }

  /** @param current what is there. @param opened gets the segments that the caller is to release. */
  async #join(
    current: LoadedTasks,
    opened: LoadedSegment[],
    sources: TaskSources,
    signal?: AbortSignal,
  ): Promise<LoadedTasks> {
    const { entries, all, superseded } = sources;
    this.#refuseTooMany(entries);
    const missing = entries.filter(({ key }) => !current.has(key));
    const kept = [...current.segments].map(({ entry }) => entry);
    const isAdding = this.#canStay(sources) && tasksOf([...kept, ...missing]) <= this.maxTasks;
    const wantedKeys = new Set(entries.map(({ key }) => key));
    const known = isAdding ? [] : [...current.segments].filter(({ entry }) => wantedKeys.has(entry.key));
    // Where not all have room, what is not wanted any more makes it first.
    if (!isAdding && entries.length < all.length) this.forget();
    const brought = await this.#openAll(missing, opened, sources, signal);
    const wanted = [...known, ...opened];
    const refolded = await refold(wanted, superseded, sources);
    if (isAdding) await Promise.all(brought);
    // From here on nothing waits where others look: the table is never seen half made.
    for (const [segment, without] of refolded) segment.refolded = without;
    const loaded = isAdding ? current : new LoadedTasks();
    loaded.hold();
    try {
      const finish = loaded.begin(wanted);
      if (!isAdding) await Promise.all(brought);
      finish();
    } catch (error) {
      // Some of it may have been added.
      loaded.release();
      this.forget();
      throw error;
    }
    this.#replace(loaded);
    this.#superseded = superseded.join();
    return loaded;
  }

  /** Rather than have the whole process ended by the system. */
  #refuseTooMany(entries: readonly SegmentEntry[]): void {
    const tasks = tasksOf(entries);
    const tasksMb = mbOfTasks(tasks);
    if (fits(this.#memoryLimitMb, tasksMb)) return;
    throw new IndexError(
      'memory',
      this.#url,
      `${tasksMb + leastEnginesMb} MB of memory are needed, and the limit is ${this.#memoryLimitMb} MB: raise ${memoryLimitNames}. ` +
        `A segment of the index at ${this.#url} has ${tasks} tasks, which take about ${tasksMb} MB to be at hand, and searching ` +
        `their records takes ${leastEnginesMb} MB`,
    );
  }

  /** @returns for each segment when it is ready to be joined; never rejects. */
  async #openAll(
    entries: readonly SegmentEntry[],
    opened: LoadedSegment[],
    { fileOfSide, inRuns }: TaskSources,
    signal?: AbortSignal,
  ): Promise<Promise<void>[]> {
    const brought: Promise<void>[] = [];
    await inRuns(entries, async (run) => {
      for (const [at, entry] of run.entries()) {
        if (at % sidesAtOnce === 0) await turn();
        signal?.throwIfAborted();
        const segment = openSegment(entry, fileOfSide(entry.side));
        opened.push(segment);
        brought.push(segment.bring());
      }
    });
    return brought;
  }
}

/** Held by the caller. @throws DamagedBlockFile, or as `openSync` does */
function openSegment(entry: SegmentEntry, file: string): LoadedSegment {
  const side = new OpenedFile(file);
  try {
    const segment = new LoadedSegment(entry, side);
    segment.hold();
    return segment;
  } catch (error) {
    side.close();
    throw error;
  }
}

/** What segments say without the superseded versions, where that is not what they say already. */
async function refold(
  segments: readonly LoadedSegment[],
  superseded: readonly string[],
  sources: TaskSources,
): Promise<ReadonlyMap<LoadedSegment, Refolded | undefined>> {
  const dead = new Set(superseded);
  const refolded = new Map<LoadedSegment, Refolded | undefined>();
  for (const segment of segments) {
    const without = dead.size === 0 ? [] : segment.versions.filter((version) => dead.has(version));
    if (segment.isWithout(without)) continue;
    refolded.set(segment, without.length === 0 ? undefined : await sources.refold(segment, new Set(without)));
  }
  return refolded;
}
