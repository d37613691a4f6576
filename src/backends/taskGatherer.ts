/** Folds and judges tasks while their records stream by, holding only what the fold needs of each record. */

import { foldTask, isTaskEvent } from '../model/fold.ts';
import { type Leaf, type LeafTest, leafTest } from '../model/query/leafTest.ts';
import { evaluate, leavesOf, taskMeetsTimes } from '../model/query/matchTask.ts';
import type { Query } from '../model/query/query.ts';
import type { LogRecord } from '../model/record.ts';
import type { FoldedTask } from '../model/task.ts';

interface Gathered {
  /** Which of the query's leaves some record met. */
  readonly met: boolean[];
  readonly events: LogRecord[];
  /** Of records that count for nothing but the times. */
  firstLogMs: number;
  lastLogMs: number;
  hasBeginning: boolean;
}

export interface JudgedTask {
  readonly task: FoldedTask;
  readonly matches: boolean;
  /** False when no record of its creation or first attempt was seen: earlier ones may be missing. */
  readonly isWhole: boolean;
}

export class TaskGatherer {
  readonly #query: Query;
  readonly #leaves: readonly Leaf[];
  readonly #tests: readonly LeafTest[];
  readonly #tasks = new Map<string, Gathered>();
  #held = 0;

  constructor(query: Query) {
    this.#query = query;
    this.#leaves = leavesOf(query.where);
    this.#tests = this.#leaves.map(leafTest);
  }

  /** Events and tasks held: a measure of memory. */
  get held(): number {
    return this.#held;
  }

  get size(): number {
    return this.#tasks.size;
  }

  /** A record without a task is none of a task. */
  add(record: LogRecord): void {
    const id = record.task;
    if (id === undefined) return;
    let gathered = this.#tasks.get(id);
    if (!gathered) {
      gathered = {
        met: this.#leaves.map(() => false),
        events: [],
        firstLogMs: Number.POSITIVE_INFINITY,
        lastLogMs: Number.NEGATIVE_INFINITY,
        hasBeginning: false,
      };
      this.#tasks.set(id, gathered);
      this.#held++;
    }
    for (const [at, test] of this.#tests.entries()) {
      if (!gathered.met[at] && test.onRecord(record)) gathered.met[at] = true;
    }
    if (isBeginning(record)) gathered.hasBeginning = true;
    if (isTaskEvent(record.event)) {
      gathered.events.push(slim(record));
      this.#held++;
    } else {
      gathered.firstLogMs = Math.min(gathered.firstLogMs, record.tsMs);
      gathered.lastLogMs = Math.max(gathered.lastLogMs, record.tsMs);
    }
  }

  *judge(): Generator<JudgedTask> {
    for (const [id, gathered] of this.#tasks) {
      const task = fold(id, gathered);
      const matches =
        taskMeetsTimes(this.#query, task) &&
        evaluate(this.#query.where, (leaf) => {
          const at = this.#leaves.indexOf(leaf);
          return gathered.met[at] === true || this.#tests[at]?.onTask(task) === true;
        });
      yield { task, matches, isWhole: gathered.hasBeginning };
    }
  }
}

/** The first thing that is ever said of a task. */
export function isBeginning({ event, attempt = 1 }: LogRecord): boolean {
  return event === 'task.created' || (attempt === 1 && (event === 'task.assigned' || event === 'attempt.started'));
}

function fold(id: string, { events, firstLogMs, lastLogMs }: Gathered): FoldedTask {
  const times = firstLogMs <= lastLogMs ? [firstLogMs, lastLogMs] : [];
  return foldTask([...events, ...times.map((tsMs) => ({ tsMs, event: 'log', task: id }))]);
}

/** Without what no fold looks at: the message, the stack and the rest are most of a record. */
function slim(record: LogRecord): LogRecord {
  const { level: _level, message: _message, rest: _rest, origin: _origin, error, ...kept } = record;
  if (!error) return kept;
  const { stack: _stack, ...named } = error;
  return { ...kept, error: named };
}
