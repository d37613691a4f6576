/** The parameters of `GET /tasks` and `GET /tasks/stream`: read strictly, matched against folded tasks, paged. */

import { type FoldedTask, type TaskStatus, taskStatuses } from '../../model/task.ts';

const textFields = ['account', 'collection', 'source', 'worker'] as const;

/** OR within a field, AND between fields; an empty list lets everything through. */
export interface TaskFilter {
  readonly account: readonly string[];
  readonly collection: readonly string[];
  readonly source: readonly string[];
  readonly worker: readonly string[];
  readonly status: readonly TaskStatus[];
  /** Case-insensitive substrings of id, key, error type or error message. */
  readonly q: readonly string[];
}

interface PagePosition {
  readonly lastTs: number;
  readonly task: string;
}

export interface TaskPage {
  readonly limit: number;
  readonly after?: PagePosition;
}

export type Parameters<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'bad'; readonly code: 'unknown_parameter' | 'bad_value'; readonly message: string };

const defaultLimit = 100;
const maxLimit = 1_000;

/** Reads the filters; parameters in `others` are left to the caller, any other name is refused. */
export function parseTaskFilter(query: URLSearchParams, others: readonly string[] = []): Parameters<TaskFilter> {
  const allowed: readonly string[] = [...textFields, 'status', 'q', ...others];
  for (const [name, value] of query) {
    if (!allowed.includes(name)) {
      return {
        kind: 'bad',
        code: 'unknown_parameter',
        message: `${quoted(name)} is not a parameter here: ${allowed.join(', ')}`,
      };
    }
    if (value === '') return bad(`${name} is empty`);
    if (name === 'status' && !isStatus(value)) {
      return bad(`status ${quoted(value)} is not one of ${taskStatuses.join(', ')}`);
    }
  }
  return {
    kind: 'ok',
    value: {
      account: query.getAll('account'),
      collection: query.getAll('collection'),
      source: query.getAll('source'),
      worker: query.getAll('worker'),
      status: query.getAll('status').filter(isStatus),
      q: query.getAll('q').map((text) => text.toLowerCase()),
    },
  };
}

/** Reads `limit` and `cursor`. */
export function parseTaskPage(query: URLSearchParams): Parameters<TaskPage> {
  for (const name of ['limit', 'cursor']) {
    if (query.getAll(name).length > 1) return bad(`${name} is given more than once`);
  }
  const limitText = query.get('limit');
  const limit = limitText === null ? defaultLimit : /^\d{1,9}$/.test(limitText) ? Number(limitText) : 0;
  if (limit < 1 || limit > maxLimit) return bad(`limit must be a whole number from 1 to ${maxLimit}`);
  const cursor = query.get('cursor');
  if (cursor === null) return { kind: 'ok', value: { limit } };
  const after = decodeCursor(cursor);
  return after ? { kind: 'ok', value: { limit, after } } : bad('cursor is not one that this coordinator gave');
}

export function matchesFilter(filter: TaskFilter, task: FoldedTask): boolean {
  for (const field of textFields) {
    if (filter[field].length > 0 && !filter[field].includes(task[field] ?? '')) return false;
  }
  if (filter.status.length > 0 && !filter.status.includes(task.status)) return false;
  if (filter.q.length === 0) return true;
  const texts = [task.task, task.key, task.error?.type, task.error?.message].map((text) => text?.toLowerCase() ?? '');
  return filter.q.some((wanted) => texts.some((text) => text.includes(wanted)));
}

/**
 * One page of matching tasks, newest `lastTs` first, then by id. Tasks that change between two pages move to the front:
 * a reader of all pages sees them at least once, in one state or another, unless they were behind it already.
 */
export function pageOf(
  tasks: Iterable<FoldedTask>,
  filter: TaskFilter,
  page: TaskPage,
): { readonly tasks: readonly FoldedTask[]; readonly cursor?: string } {
  const { after } = page;
  const matching: FoldedTask[] = [];
  for (const task of tasks) {
    if (matchesFilter(filter, task) && (!after || inOrder(after, task) < 0)) matching.push(task);
  }
  matching.sort(inOrder);
  const shown = matching.slice(0, page.limit);
  const last = shown.at(-1);
  return last && matching.length > shown.length ? { tasks: shown, cursor: encodeCursor(last) } : { tasks: shown };
}

function inOrder(a: PagePosition, b: PagePosition): number {
  return b.lastTs - a.lastTs || (a.task < b.task ? -1 : a.task > b.task ? 1 : 0);
}

function encodeCursor(position: PagePosition): string {
  return Buffer.from(JSON.stringify([position.lastTs, position.task])).toString('base64url');
}

function decodeCursor(cursor: string): PagePosition | undefined {
  const match = /^\[(\d{1,16}),"([^"\\]{1,200})"\]$/.exec(Buffer.from(cursor, 'base64url').toString());
  return match?.[1] && match[2] ? { lastTs: Number(match[1]), task: match[2] } : undefined;
}

function isStatus(value: string): value is TaskStatus {
  return (taskStatuses as readonly string[]).includes(value);
}

function bad(message: string): { readonly kind: 'bad'; readonly code: 'bad_value'; readonly message: string } {
  return { kind: 'bad', code: 'bad_value', message };
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
