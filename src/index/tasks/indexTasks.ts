/**
 * Keeps the tasks of an index in memory up with its manifest: the sides of new segments are read and added; when segments go away, or
 * records of one stop counting, the table is put together anew from what is in memory.
 */

import { readFile } from 'node:fs/promises';
import { DamagedBlockFile } from '../blocks/blockFile.ts';
import { damagedIndex, IndexError } from '../indexError.ts';
import { memoryLimitNames } from '../limitNames.ts';
import type { SegmentEntry, SideEntry } from '../manifest.ts';
import { fits, leastEnginesMb, mbOfTasks } from '../memoryShares.ts';
import { LoadedSegment, type Refolded } from './loadedSegment.ts';
import { TaskTable } from './taskTable.ts';

/** Where the sides lie, and who reads records. */
export interface TaskSources {
  readonly entries: readonly SegmentEntry[];
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

const sidesAtOnce = 16;

export class IndexTasks {
  readonly #url: string;
  readonly #memoryLimitMb: number;
  #segments: ReadonlyMap<string, LoadedSegment> = new Map();
  #table = new TaskTable();
  #superseded = '';
  #bringing: Promise<void> | undefined;

  /** @param url of the index, for messages. @param memoryLimitMb that tasks and engines may take together, roughly. */
  constructor(url: string, memoryLimitMb: number) {
    this.#url = url;
    this.#memoryLimitMb = memoryLimitMb;
  }

  /** What the tasks take, roughly. */
  get memoryMb(): number {
    return mbOfTasks(tasksOf([...this.#segments.values()].map(({ entry }) => entry)));
  }

  get table(): TaskTable {
    return this.#table;
  }

  /** @throws RangeError for a segment that was not brought. */
  segment(key: string): LoadedSegment {
    const segment = this.#segments.get(key);
    if (!segment) throw new RangeError(`segment ${key} was not brought`);
    return segment;
  }

  /** Brings the table up to the segments. Who comes while that is under way waits for it, and looks again. */
  async bring(sources: TaskSources, signal?: AbortSignal): Promise<void> {
    while (!this.#isCurrent(sources)) {
      signal?.throwIfAborted();
      if (this.#bringing) {
        // Whoever began it hears of its failure; it is tried again here.
        await this.#bringing.catch(() => undefined);
        continue;
      }
      this.#bringing = this.#load(sources, signal).finally(() => {
        this.#bringing = undefined;
      });
      await this.#bringing;
    }
  }

  #isCurrent({ entries, superseded }: TaskSources): boolean {
    if (superseded.join() !== this.#superseded || entries.length !== this.#table.segments.length) return false;
    return entries.every(({ key }) => this.#table.segment(key) !== undefined);
  }

  async #load(sources: TaskSources, signal?: AbortSignal): Promise<void> {
    const { superseded } = sources;
    this.#refuseTooMany(sources.entries);
    const isSame = superseded.join() === this.#superseded;
    const loaded = await this.#loadMissing(sources, signal);
    const dead = new Set(superseded);
    const refolded = new Map<LoadedSegment, Refolded | undefined>();
    for (const segment of loaded.values()) {
      const without = segment.versions.filter((version) => dead.has(version));
      if (segment.isWithout(without)) continue;
      refolded.set(segment, without.length === 0 ? undefined : await sources.refold(segment, new Set(without)));
    }
    // From here on nothing waits: the table is never seen half made.
    for (const [segment, without] of refolded) segment.refolded = without;
    const isAdding = isSame && this.#table.segments.every(({ key }) => loaded.has(key));
    const table = isAdding ? this.#table : new TaskTable();
    const added = [...loaded].filter(([key]) => !table.segment(key));
    table.add(
      ...added.map(([key, { entry, tasks, refolded: left }]) => {
        const { minTs, maxTs } = entry;
        return { key, tasks, minTs, maxTs, ...(left ? { gone: left.gone } : {}) };
      }),
    );
    this.#segments = loaded;
    this.#table = table;
    this.#superseded = superseded.join();
  }

  /** Rather than have the whole process ended by the system. */
  #refuseTooMany(entries: readonly SegmentEntry[]): void {
    const tasks = tasksOf(entries);
    const tasksMb = mbOfTasks(tasks);
    if (fits(this.#memoryLimitMb, tasksMb)) return;
    throw new IndexError(
      'memory',
      this.#url,
      `${tasksMb + leastEnginesMb} MB of memory are needed, and the limit is ${this.#memoryLimitMb} MB: raise ${memoryLimitNames}, or index ` +
        `with a shorter retention. The index at ${this.#url} has ${tasks} tasks, which take about ${tasksMb} MB to be at hand, and searching ` +
        `their records takes ${leastEnginesMb} MB`,
    );
  }

  /** All segments of the manifest by key; those that are known are read no more. */
  async #loadMissing({ entries, fileOfSide, inRuns }: TaskSources, signal?: AbortSignal) {
    const known = new Map(this.#segments);
    const missing = entries.filter(({ key }) => !known.has(key));
    await inRuns(missing, async (run) => {
      for (let next = 0; next < run.length; next += sidesAtOnce) {
        signal?.throwIfAborted();
        const batch = run.slice(next, next + sidesAtOnce);
        const sides = await Promise.all(batch.map(async (entry) => await this.#read(entry, fileOfSide(entry.side))));
        for (const side of sides) known.set(side.entry.key, side);
      }
    });
    const loaded = new Map<string, LoadedSegment>();
    for (const { key } of entries) {
      const segment = known.get(key);
      if (segment) loaded.set(key, segment);
    }
    return loaded;
  }

  async #read(entry: SegmentEntry, file: string): Promise<LoadedSegment> {
    try {
      const segment = new LoadedSegment(entry, await readFile(file));
      await segment.bring();
      return segment;
    } catch (error) {
      const isDamage =
        error instanceof DamagedBlockFile || (error instanceof Error && 'code' in error && error.code === 'ENOENT');
      throw isDamage ? damagedIndex(this.#url, `${entry.side.key} is gone or not what was written`, error) : error;
    }
  }
}

function tasksOf(entries: readonly SegmentEntry[]): number {
  return entries.reduce((sum, { side }) => sum + side.tasks, 0);
}
