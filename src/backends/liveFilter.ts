/** What of a query a coordinator can be asked for, and what can be said of a task whose records nobody has at hand. */

import { type Leaf, leafTest } from '../model/query/leafTest.ts';
import { evaluateKnown, taskMeetsTimes } from '../model/query/matchTask.ts';
import type { Query, QueryExpression } from '../model/query/query.ts';
import { type FoldedTask, taskStatuses } from '../model/task.ts';

const filterFields = ['account', 'collection', 'source', 'worker', 'status'] as const;
type FilterField = (typeof filterFields)[number];

export interface LiveFilter {
  readonly parameters: readonly (readonly [name: FilterField, value: string])[];
  /** True when it asks for what changes while a task lives: a task that is not among the answer may still be held. */
  readonly isVolatile: boolean;
}

/**
 * The parameters of `GET /tasks` that let through every task of which `judgeLive` may say yes: one term for each
 * parameter, as the coordinator takes values of one name as alternatives.
 */
export function liveFilter(where: QueryExpression | undefined): LiveFilter {
  const terms = !where ? [] : where.kind === 'and' ? where.terms : [where];
  const parameters = new Map<FilterField, readonly string[]>();
  for (const term of terms) {
    const filter = filterOf(term);
    if (filter && !parameters.has(filter.name)) parameters.set(filter.name, filter.values);
  }
  return {
    parameters: [...parameters].flatMap(([name, values]) => values.map((value) => [name, value] as const)),
    isVolatile: parameters.has('status') || parameters.has('worker'),
  };
}

function filterOf(term: QueryExpression): { name: FilterField; values: string[] } | undefined {
  if (term.kind === 'or') {
    const filters = term.terms.map(filterOf);
    const name = filters[0]?.name;
    if (name === undefined || filters.some((filter) => filter?.name !== name)) return undefined;
    return { name, values: filters.flatMap((filter) => filter?.values ?? []) };
  }
  if (term.kind === 'is' && (term.flag === 'live' || term.flag === 'done')) {
    const done = term.flag === 'done';
    const values = taskStatuses.filter((status) => (status === 'succeeded' || status === 'failed') === done);
    return { name: 'status', values };
  }
  if (term.kind !== 'field' || term.comparison.kind !== 'equals') return undefined;
  const name = filterFields.find((field) => field === term.field);
  const { value } = term.comparison;
  if (!name || value === '') return undefined;
  if (name === 'status' && !taskStatuses.some((status) => status === value)) return undefined;
  return { name, values: [value] };
}

/** `undefined` when only the task's records could tell. */
export function judgeLive(query: Query, task: FoldedTask): boolean | undefined {
  if (!taskMeetsTimes(query, task)) return false;
  return evaluateKnown(query.where, (leaf) => judgeLeaf(leaf, task));
}

/** Of these a task has one value all its life, or the folded one is what is asked for. */
const decidedFields: ReadonlySet<string> = new Set([
  'task',
  'account',
  'collection',
  'source',
  'status',
  'attempts',
  'duration',
  'firstTs',
  'lastTs',
]);

function judgeLeaf(leaf: Leaf, task: FoldedTask): boolean | undefined {
  if (leafTest(leaf).onTask(task)) return true;
  if (leaf.kind === 'is') return false;
  if (leaf.kind === 'text') return undefined;
  if (decidedFields.has(leaf.field)) return false;
  if (leaf.field === 'worker' && task.attempts <= 1) return false;
  return undefined;
}
