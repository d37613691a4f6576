/** The state of one environment's search, and what the History view shows of it. */

import { assertNever } from '../../model/assertNever.ts';
import type { AnswerSummary, SearchAnswer } from '../../model/answer.ts';
import { parseQuery } from '../../model/query/parseQuery.ts';
import { queryHint } from '../../model/query/queryHint.ts';
import type { FoldedTask } from '../../model/task.ts';
import { commandIds, internalCommandIds } from '../commandIds.ts';
import type { FailureInfo, FailureKind } from '../failureText.ts';
import { plainLine } from '../plainText.ts';
import { answerNotice } from './answerNotice.ts';
import { historyTaskNode } from './taskNodes.ts';
import type { ViewNode } from './viewNode.ts';

export interface Answered {
  readonly query: string;
  readonly tasks: readonly FoldedTask[];
  readonly summary: AnswerSummary;
  readonly cursor?: string;
}

export type HistoryState =
  | { readonly kind: 'idle' }
  /** What was shown before stays until the answer is there. */
  | { readonly kind: 'searching'; readonly query: string; readonly before?: Answered }
  | { readonly kind: 'answered'; readonly answer: Answered }
  | { readonly kind: 'failed'; readonly query: string; readonly failure: FailureInfo };

/** What the view shows; `context` chooses the welcome text of an empty tree. */
export interface HistoryFace {
  readonly context: 'idle' | 'searching' | 'answered' | 'empty' | Exclude<FailureKind, 'cancelled'>;
  readonly description?: string;
  readonly message?: string;
  readonly roots: readonly ViewNode[];
}

export function answered(query: string, answer: SearchAnswer): Answered {
  return {
    query,
    tasks: answer.tasks,
    summary: answer.summary,
    ...(answer.cursor === undefined ? {} : { cursor: answer.cursor }),
  };
}

/** Appends the next page. A task that moved between the pages is shown once, as it was seen last. */
export function withNextPage(known: Answered, next: SearchAnswer): Answered {
  const byId = new Map(known.tasks.map((task) => [task.task, task]));
  for (const task of next.tasks) byId.set(task.task, task);
  return answered(known.query, { ...next, tasks: [...byId.values()] });
}

/** @param isOneOfMany whose tasks are shown is then told beside the title. */
export function historyFace(
  environment: string,
  state: HistoryState,
  nowMs: number,
  isOneOfMany: boolean,
): HistoryFace {
  const face = ownFace(environment, state, nowMs);
  if (!isOneOfMany) return face;
  const parts = [plainLine(environment, 40), face.description ?? ''];
  return { ...face, description: parts.filter((part) => part !== '').join(' · ') };
}

function ownFace(environment: string, state: HistoryState, nowMs: number): HistoryFace {
  switch (state.kind) {
    case 'idle':
      return { context: 'idle', roots: [] };
    case 'searching':
      return {
        context: 'searching',
        description: queryText(state.query),
        message: `Searching ${environment} …`,
        roots: state.before ? taskNodes(environment, state.before, nowMs) : [],
      };
    case 'answered': {
      const { answer } = state;
      const isEmpty = answer.tasks.length === 0;
      return {
        context: isEmpty ? 'empty' : 'answered',
        description: queryText(answer.query),
        // Of an empty answer most of all: it may only be that what was searched is not up to date.
        message: answerNotice(answer.tasks.length, answer.summary, nowMs),
        roots: isEmpty ? emptyNodes(environment, answer.query, nowMs) : taskNodes(environment, answer, nowMs),
      };
    }
    case 'failed':
      return {
        // Cancelling leads back to the answer before or to idle, never here.
        context: state.failure.kind === 'cancelled' ? 'idle' : state.failure.kind,
        description: `${queryText(state.query)} – ${plainLine(state.failure.message, 160)}`,
        roots: [],
      };
    default:
      return assertNever(state);
  }
}

function queryText(query: string): string {
  return query === '' ? 'all tasks' : plainLine(query);
}

function taskNodes(environment: string, answer: Answered, nowMs: number): ViewNode[] {
  const nodes = answer.tasks.map((task) => historyTaskNode(environment, task, nowMs));
  if (answer.cursor !== undefined) {
    nodes.push({
      id: `${environment}//more`,
      label: 'Load more…',
      description: `${answer.tasks.length.toLocaleString('en-US')} shown`,
      icon: { id: 'ellipsis' },
      context: 'more',
      expand: 'none',
      target: { kind: 'moreHistory', environment },
      click: { command: internalCommandIds.loadMore, title: 'Load More' },
      children: [],
    });
  }
  return nodes;
}

/** That there is nothing, and what to do next. */
function emptyNodes(environment: string, query: string, nowMs: number): ViewNode[] {
  const parsed = parseQuery(query, { nowMs });
  const hint = parsed.kind === 'query' ? queryHint(parsed.query) : undefined;
  const note = { context: 'note', expand: 'none', target: { kind: 'note' }, children: [] } as const;
  return [
    { ...note, id: `${environment}//empty`, label: 'No task matches this search', icon: { id: 'info' } },
    ...(hint === undefined
      ? []
      : [{ ...note, id: `${environment}//hint`, label: plainLine(hint), tooltip: hint, icon: { id: 'lightbulb' } }]),
    {
      ...note,
      id: `${environment}//edit`,
      label: 'Edit the search…',
      icon: { id: 'search' },
      click: { command: commandIds.searchTasks, title: 'Edit the Search' },
    },
  ];
}
