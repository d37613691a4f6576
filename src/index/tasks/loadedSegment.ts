/** A segment's side: tasks, failures and filters are read from it when they are first asked for. */

import type { BlockBytes } from '../blocks/blockBytes.ts';
import { BlockFile, type Counts, type NumberColumn } from '../blocks/blockFile.ts';
import type { SegmentEntry } from '../manifest.ts';
import { SegmentFilters } from '../segments/segmentFilters.ts';
import { SegmentTasks } from './segmentTasks.ts';

/** The records of a segment that have a failure group, by row. */
export interface SegmentFailures {
  readonly count: number;
  readonly rows: Counts;
  /** Of the segment's tasks; their number for a record that names none. */
  readonly tasks: Counts;
  readonly ts: Float64Array;
  /** NaN where there is none. */
  readonly attempts: NumberColumn;
  /** Codes from 1. */
  readonly groups: Counts;
  readonly groupNames: readonly string[];
  readonly events: Counts;
  readonly eventNames: readonly string[];
  readonly workers: Counts;
  readonly workerNames: readonly string[];
  readonly objects: Counts;
  readonly objectNames: readonly string[];
  readonly offsets: NumberColumn;
}

/** What a segment says where records of some log object versions do not count any more. */
export interface Refolded {
  readonly without: readonly string[];
  readonly tasks: SegmentTasks;
  /** Tasks of which no record is left. */
  readonly gone: ReadonlySet<number>;
  /** Rows that do not count. */
  readonly deadRows: ReadonlySet<number>;
}

export class LoadedSegment {
  readonly entry: SegmentEntry;
  refolded: Refolded | undefined;
  readonly #side: BlockFile;
  #tasks: SegmentTasks | undefined;
  #filters: SegmentFilters | undefined;
  #failures: SegmentFailures | undefined;
  #holders = 0;

  /** @param side is read as long as the segment is held. @throws DamagedBlockFile */
  constructor(entry: SegmentEntry, side: BlockBytes) {
    this.entry = entry;
    this.#side = new BlockFile(side);
  }

  /** Once all who hold it have released it, it is not to be asked any more. */
  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#side.close();
  }

  /** Has what joining its tasks with others' needs read and decompressed in other threads. What is wrong with it is told when it is asked for. */
  async bring(): Promise<void> {
    await this.#side.bring('task');
  }

  /** Of the records that count. */
  get tasks(): SegmentTasks {
    return this.refolded?.tasks ?? this.written;
  }

  /** As they were written, whatever does not count any more. */
  get written(): SegmentTasks {
    return (this.#tasks ??= new SegmentTasks(this.#side));
  }

  /** Whether `tasks` is already what is left without these versions. */
  isWithout(versions: readonly string[]): boolean {
    return versions.join() === (this.refolded?.without ?? []).join();
  }

  get filters(): SegmentFilters {
    return (this.#filters ??= new SegmentFilters(this.#side));
  }

  /** Versions of log objects that it has records of. */
  get versions(): readonly string[] {
    return texts(this.#side, 'versions');
  }

  get failures(): SegmentFailures {
    return (this.#failures ??= readFailures(this.#side));
  }
}

function readFailures(side: BlockFile): SegmentFailures {
  const rows = side.counts('failures.row');
  return {
    count: rows.length,
    rows,
    tasks: side.counts('failures.task'),
    ts: side.numbers('failures.ts'),
    attempts: side.column('failures.attempt'),
    groups: side.counts('failures.group'),
    groupNames: texts(side, 'failures.group.names'),
    events: side.counts('failures.event'),
    eventNames: texts(side, 'failures.event.names'),
    workers: side.counts('failures.worker'),
    workerNames: texts(side, 'failures.worker.names'),
    objects: side.counts('failures.object'),
    objectNames: texts(side, 'failures.object.names'),
    offsets: side.column('failures.offset'),
  };
}

function texts(side: BlockFile, name: string): readonly string[] {
  return side
    .texts(name)
    .toArray()
    .map((text) => text ?? '');
}
