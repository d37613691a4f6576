/** The state of one environment's search, and what the History view shows of it. */

import { assertNever } from '../../model/assertNever.ts';
import type { AnswerSummary, SearchAnswer } from '../../model/answer.ts';
import type { FoldedTask } from '../../model/task.ts';
import { internalCommandIds } from '../commandIds.ts';
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

export function historyFace(environment: string, state: HistoryState, nowMs: number): HistoryFace {
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
      const notice = answerNotice(answer.tasks.length, answer.summary, nowMs);
      // A message hides the welcome text, which tells what to do next; only what must be known displaces it.
      const silent = answer.tasks.length === 0 && answer.summary.from.every((share) => !share.partial && !share.note);
      return {
        context: answer.tasks.length === 0 ? 'empty' : 'answered',
        description: queryText(answer.query),
        ...(silent ? {} : { message: notice }),
        roots: answer.tasks.length === 0 && !silent ? [emptyNode(environment)] : taskNodes(environment, answer, nowMs),
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

function emptyNode(environment: string): ViewNode {
  return {
    id: `${environment}//empty`,
    label: 'No task matches this search',
    icon: { id: 'info' },
    context: 'note',
    expand: 'none',
    target: { kind: 'note' },
    children: [],
  };
}
