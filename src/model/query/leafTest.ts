/** Whether one term of a query holds for a folded task, or for one record of it. */

import { assertNever } from '../assertNever.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { LogRecord } from '../record.ts';
import type { FoldedTask } from '../task.ts';
import { isInheritedField, taskOnlyFields } from './fields.ts';
import { comparisonTest, foldCase, type Scalar, type ScalarTest } from './matchComparison.ts';
import { type IsFlag, type QueryExpression, slowMs } from './query.ts';

/** A term that holds no other. */
export type Leaf = Extract<QueryExpression, { kind: 'field' | 'text' | 'is' }>;

export interface LeafTest {
  onTask(task: FoldedTask): boolean;
  /** By the record alone; `account` to `worker` from `task`, where it is given and the record has none. */
  onRecord(record: LogRecord, task?: FoldedTask): boolean;
}

const prepared = new WeakMap<Leaf, LeafTest>();

/** Prepared once for each leaf object. */
export function leafTest(leaf: Leaf): LeafTest {
  let test = prepared.get(leaf);
  if (!test) {
    test = prepare(leaf);
    prepared.set(leaf, test);
  }
  return test;
}

function prepare(leaf: Leaf): LeafTest {
  switch (leaf.kind) {
    case 'text': {
      const needle = foldCase(leaf.text);
      const holds = (text: string | undefined): boolean => text !== undefined && foldCase(text).includes(needle);
      return {
        onTask: ({ error }) => holds(error?.type) || holds(error?.message),
        onRecord: ({ message, error }) =>
          holds(message) || holds(error?.type) || holds(error?.message) || holds(error?.stack),
      };
    }
    case 'is':
      return { onTask: (task) => isSo(task, leaf.flag), onRecord: () => false };
    case 'field': {
      const { field } = leaf;
      const test = comparisonTest(leaf.comparison);
      const below = leaf.comparison.kind === 'has';
      return {
        onTask: (task) => anyOf(taskValue(task, field), below, test),
        onRecord: (record, task) => recordHolds(record, field, below, test, task),
      };
    }
    default:
      return assertNever(leaf);
  }
}

export function isLive(task: FoldedTask): boolean {
  return task.status !== 'succeeded' && task.status !== 'failed';
}

function isSo(task: FoldedTask, flag: IsFlag): boolean {
  switch (flag) {
    case 'live':
      return isLive(task);
    case 'done':
      return !isLive(task);
    case 'slow':
      return task.durationMs >= slowMs;
    case 'retried':
      return task.attempts > 1;
    default:
      return assertNever(flag);
  }
}

type Value = Scalar | object | undefined;

/** What a folded task holds under a field's name. */
function taskValue(task: FoldedTask, field: string): Value {
  switch (field) {
    case 'task':
    case 'account':
    case 'collection':
    case 'source':
    case 'coordinator':
    case 'worker':
    case 'status':
    case 'attempts':
    case 'firstTs':
    case 'lastTs':
    case 'key':
    case 'bytes':
    case 'docs':
    case 'group':
    case 'error':
    case 'build':
      return task[field];
    case 'duration':
      return task.durationMs;
    default:
      return nestedValue(task, field);
  }
}

/** What a record holds under a canonical name; the rest of its fields are in `record.rest`. */
function recordValue(record: LogRecord, field: string): Value {
  switch (field) {
    case 'ts':
      return record.tsMs;
    case 'level':
    case 'event':
    case 'task':
    case 'attempt':
    case 'account':
    case 'collection':
    case 'source':
    case 'coordinator':
    case 'worker':
    case 'message':
    case 'key':
    case 'bytes':
    case 'docs':
    case 'group':
    case 'error':
    case 'build':
      return record[field];
    default:
      return nestedValue(record, field);
  }
}

function nestedValue(holder: Pick<LogRecord, 'error' | 'build'>, field: string): string | undefined {
  switch (field) {
    case 'error.type':
      return holder.error?.type;
    case 'error.message':
      return holder.error?.message;
    case 'error.stack':
      return holder.error?.stack;
    case 'build.service':
      return holder.build?.service;
    case 'build.version':
      return holder.build?.version;
    case 'build.commit':
      return holder.build?.commit;
    case 'build.repository':
      return holder.build?.repository;
    default:
      return undefined;
  }
}

function recordHolds(
  record: LogRecord,
  field: string,
  below: boolean,
  test: ScalarTest,
  task: FoldedTask | undefined,
): boolean {
  if (taskOnlyFields.has(field)) return false;
  const own = recordValue(record, field);
  if (anyOf(own, below, test)) return true;
  if (own === undefined && task && isInheritedField(field) && anyOf(task[field], below, test)) return true;
  // A failure group is computed, never read from what the writer said.
  return record.rest !== undefined && field !== 'group' && someAtPath(record.rest, field, below, test);
}

/** An object (`error`, `build`: of strings) counts for `has` only. */
function anyOf(value: Value, below: boolean, test: ScalarTest): boolean {
  if (value === undefined) return false;
  if (typeof value === 'object') return below && Object.keys(value).length > 0;
  return test(value);
}

/**
 * Whether some scalar at `path` (or, with `below`, under it) passes. A path is the keys from the root joined with
 * dots, whether or not a key has dots itself; elements share the path of their array. Every node is visited at most
 * once and none by recursion, however deep the value is nested.
 */
function someAtPath(root: JsonObject, path: string, below: boolean, test: ScalarTest): boolean {
  const stack: [value: Json, rest: string | undefined][] = [[root, path]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [value, rest] = next;
    if (value === null) continue;
    if (typeof value !== 'object') {
      if (rest === undefined && test(value)) return true;
    } else if (!isJsonObject(value)) {
      for (const element of value) stack.push([element, rest]);
    } else if (rest !== undefined) {
      pushAlong(stack, value, rest);
    } else if (below) {
      for (const member of Object.values(value)) stack.push([member, undefined]);
    }
  }
  return false;
}

/** Pushes each member whose key is the path, or starts it up to a dot. */
function pushAlong(stack: [Json, string | undefined][], value: JsonObject, path: string): void {
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const member = ownMember(value, path.slice(0, dot));
    if (member !== undefined) stack.push([member, path.slice(dot + 1)]);
  }
  const member = ownMember(value, path);
  if (member !== undefined) stack.push([member, undefined]);
}

function ownMember(value: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}
