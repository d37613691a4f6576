/** The History view: each environment's current search, page by page, and what each task of it opens to. */

import * as vscode from 'vscode';
import { contextKeys, viewIds } from '../commandIds.ts';
import type { Environment } from '../../model/environment.ts';
import type { Engine } from '../engineHost.ts';
import { failureOf, failureText } from '../failureText.ts';
import { plainLine } from '../plainText.ts';
import type { Environments } from '../settings/environments.ts';
import type { WorkspaceSources } from '../sources/workspaceSources.ts';
import { notes } from './answerNotice.ts';
import { failureRows } from './failureRows.ts';
import {
  answered,
  type Answered,
  type HistoryFace,
  type HistoryState,
  historyFace,
  withNextPage,
} from './historyState.ts';
import { emptyContext, showMessage } from './liveView.ts';
import { type NodeHandle, NodeTree } from './nodeTree.ts';
import { TaskDetails } from './taskDetails.ts';
import { detailNodes } from './taskNodes.ts';
import type { ViewNode } from './viewNode.ts';

/** Records of a task that are shown at first, and that each "Load more" adds. */
const recordPage = 100;

/** How a search ended, for the command that started it. */
export type SearchEnd =
  | { readonly kind: 'answered'; readonly answer: Answered }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'cancelled' };

export class HistoryView implements vscode.Disposable {
  readonly #engine: Engine;
  readonly #environments: Environments;
  readonly #sources: WorkspaceSources;
  readonly #log: vscode.LogOutputChannel;
  readonly #tree: NodeTree;
  readonly #view: vscode.TreeView<NodeHandle>;
  readonly #details: TaskDetails;
  readonly #onDidAnswer = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];
  readonly #states = new Map<string, HistoryState>();
  readonly #shownRecords = new Map<string, number>();
  readonly #running = new Map<string, AbortController>();
  /** Where each environment was searched: it may be defined anew. */
  readonly #places = new Map<string, string>();

  /** The answer that is shown has changed. */
  readonly onDidAnswer = this.#onDidAnswer.event;

  constructor(engine: Engine, environments: Environments, sources: WorkspaceSources, log: vscode.LogOutputChannel) {
    this.#engine = engine;
    this.#environments = environments;
    this.#sources = sources;
    this.#log = log;
    this.#details = new TaskDetails(engine, 'auto');
    this.#tree = new NodeTree((node) => this.#childrenOf(node));
    this.#view = vscode.window.createTreeView(viewIds.history, { treeDataProvider: this.#tree, showCollapseAll: true });
    this.#disposables = [
      this.#tree,
      this.#view,
      this.#onDidAnswer,
      environments.onDidChange(() => this.#onEnvironments()),
      // The frames of tasks that are open may lead elsewhere now.
      sources.onDidChange(() => this.#redrawTasks()),
    ];
    this.#onEnvironments();
  }

  /** The answer that is shown. */
  get answer(): Answered | undefined {
    return answerOf(this.#state);
  }

  get query(): string | undefined {
    return queryOf(this.#state);
  }

  /** Searches one environment, the current one if it is not named; a search that still runs there is cancelled. */
  async search(query: string, environment = this.#environments.current?.name): Promise<SearchEnd> {
    if (environment === undefined) return { kind: 'failed', message: 'There is no environment to search yet.' };
    const before = answerOf(this.#stateOf(environment));
    this.#details.clear();
    this.#shownRecords.clear();
    const searching: HistoryState = { kind: 'searching', query, ...(before && { before }) };
    const end = await this.#run(environment, searching, async (options) => {
      const limit = this.#environments.settings.searchLimit;
      return answered(query, await this.#engine.search({ environment, query, limit, mode: 'auto' }, options));
    });
    // What is open is read anew, also where its row reads as before: its records may be more, or it could not be read.
    if (end.kind === 'answered') this.#redrawTasks();
    return end;
  }

  /** Asks once more for what is shown of an environment, the current one if it is not named. */
  async searchAgain(environment = this.#environments.current?.name): Promise<SearchEnd | undefined> {
    const query = queryOf(this.#stateOf(environment));
    return query === undefined ? undefined : this.search(query, environment);
  }

  async loadMore(environment: string): Promise<SearchEnd | undefined> {
    const state = this.#states.get(environment);
    if (state?.kind !== 'answered' || state.answer.cursor === undefined) return undefined;
    const { answer } = state;
    const { query, cursor } = answer;
    return this.#run(environment, { kind: 'searching', query, before: answer }, async (options) => {
      const limit = this.#environments.settings.searchLimit;
      const params = { environment, query, limit, mode: 'auto' as const, ...(cursor !== undefined && { cursor }) };
      return withNextPage(answer, await this.#engine.search(params, options));
    });
  }

  loadMoreRecords(environment: string, task: string): void {
    const id = `${environment}/${task}`;
    this.#shownRecords.set(id, (this.#shownRecords.get(id) ?? recordPage) + recordPage);
    this.#tree.reload([id]);
  }

  cancel(): void {
    const environment = this.#environments.current?.name;
    if (environment !== undefined) this.#running.get(environment)?.abort(new DOMException('cancelled', 'AbortError'));
  }

  clear(): void {
    const environment = this.#environments.current?.name;
    if (environment === undefined) return;
    this.#drop(environment, 'cleared');
    this.#draw();
    this.#onDidAnswer.fire();
  }

  async focus(): Promise<void> {
    await vscode.commands.executeCommand(`${viewIds.history}.focus`);
  }

  /** Opens a task of the answer in the tree. */
  async reveal(environment: string, task: string): Promise<void> {
    const handle = this.#tree.handleOfRoot(`${environment}/${task}`);
    if (handle) await this.#view.reveal(handle, { expand: true, focus: true, select: true });
  }

  dispose(): void {
    for (const running of this.#running.values()) running.abort(new DOMException('the view is closed', 'AbortError'));
    for (const disposable of this.#disposables) disposable.dispose();
  }

  get #state(): HistoryState {
    return this.#stateOf(this.#environments.current?.name);
  }

  #stateOf(environment: string | undefined): HistoryState {
    return (environment === undefined ? undefined : this.#states.get(environment)) ?? { kind: 'idle' };
  }

  /** Runs one search under the view's progress bar; leaves the state before it where it is cancelled. */
  async #run(
    environment: string,
    searching: HistoryState & { kind: 'searching' },
    ask: (options: {
      signal: AbortSignal;
      onProgress: (progress: { done: number; total?: number; unit: string }) => void;
    }) => Promise<Answered>,
  ): Promise<SearchEnd> {
    this.#running.get(environment)?.abort(new DOMException('another search was started', 'AbortError'));
    const controller = new AbortController();
    const { signal } = controller;
    this.#running.set(environment, controller);
    this.#states.set(environment, searching);
    this.#places.set(environment, placesOf(this.#environments.get(environment)));
    this.#draw();
    let end: SearchEnd;
    try {
      const answer = await vscode.window.withProgress({ location: { viewId: viewIds.history } }, () =>
        ask({
          signal,
          onProgress: ({ done, total, unit }) => {
            if (signal.aborted || environment !== this.#environments.current?.name) return;
            const of = total === undefined ? '' : ` of ${total.toLocaleString('en-US')}`;
            this.#view.message = `Searching ${plainLine(environment)}: ${done.toLocaleString('en-US')}${of} ${unit} …`;
          },
        }),
      );
      end = { kind: 'answered', answer };
    } catch (error) {
      const failure = failureOf(error);
      if (signal.aborted || failure.kind === 'cancelled') {
        end = { kind: 'cancelled' };
      } else {
        const message = failureText(`search ${environment} for "${searching.query}"`, failure);
        this.#log.error(message);
        end = { kind: 'failed', message };
        if (this.#running.get(environment) === controller) {
          this.#states.set(environment, { kind: 'failed', query: searching.query, failure });
        }
      }
    }
    // A newer search has taken over: the state is its own.
    if (this.#running.get(environment) !== controller) return { kind: 'cancelled' };
    this.#running.delete(environment);
    if (end.kind === 'answered') {
      this.#states.set(environment, { kind: 'answered', answer: end.answer });
      for (const note of notes(end.answer.summary.from)) this.#log.info(`${environment}: ${note}`);
    } else if (end.kind === 'cancelled') {
      if (searching.before) this.#states.set(environment, { kind: 'answered', answer: searching.before });
      else this.#states.delete(environment);
    }
    this.#draw();
    this.#onDidAnswer.fire();
    return end;
  }

  #onEnvironments(): void {
    for (const [name, { kind }] of this.#states) {
      const environment = this.#environments.get(name);
      if (!environment) this.#drop(name, 'the environment is gone');
      // A failure stays, to be tried again there.
      else if (kind !== 'failed' && placesOf(environment) !== this.#places.get(name))
        this.#drop(name, 'the environment is another one now');
    }
    this.#draw();
    this.#onDidAnswer.fire();
  }

  /** Forgets what was found, and what is being searched: its end must not bring back what was shown before it. */
  #drop(environment: string, why: string): void {
    this.#running.get(environment)?.abort(new DOMException(why, 'AbortError'));
    this.#running.delete(environment);
    this.#states.delete(environment);
  }

  #draw(): void {
    const environment = this.#environments.current;
    const face: Omit<HistoryFace, 'context'> & { readonly context: string } = environment
      ? historyFace(environment.name, this.#state, Date.now(), this.#environments.all.length > 1)
      : { context: emptyContext(this.#environments), roots: [] };
    this.#tree.setRoots(face.roots);
    this.#view.description = face.description ?? '';
    showMessage(this.#view, face.message);
    void vscode.commands.executeCommand('setContext', contextKeys.history, face.context);
    void vscode.commands.executeCommand('setContext', contextKeys.historySearching, face.context === 'searching');
  }

  /** Asks again for what is below the tasks that are open. */
  #redrawTasks(): void {
    this.#tree.reload(this.#tree.roots.filter((root) => root.target.kind === 'task').map((root) => root.id));
  }

  async #childrenOf(node: ViewNode): Promise<readonly ViewNode[]> {
    if (node.target.kind !== 'task') return [];
    const { environment, task } = node.target;
    const say = (label: string, icon: string): ViewNode[] => [
      {
        id: `${node.id}/note`,
        label,
        icon: { id: icon },
        context: 'note',
        expand: 'none',
        target: { kind: 'note' },
        children: [],
      },
    ];
    try {
      const { detail } = await this.#details.of(environment, task);
      if (!detail) return say('No place that was asked knows this task any more; search again.', 'info');
      const mappings = this.#environments.get(environment)?.paths ?? [];
      const of = { environment, task: detail.task, shownPath: vscode.workspace.asRelativePath };
      const errors = await failureRows(of, detail, this.#sources, mappings);
      return detailNodes(environment, detail, errors, this.#shownRecords.get(node.id) ?? recordPage, Date.now());
    } catch (error) {
      const failure = failureOf(error);
      this.#log.error(failureText(`open task ${task.task} of ${environment}`, failure));
      return say(plainLine(failure.message), 'error');
    }
  }
}

/** Where tasks of the past are looked for. */
function placesOf(environment: Environment | undefined): string {
  const { logs, index, clickhouse } = environment ?? {};
  return JSON.stringify([logs, index, clickhouse]);
}

function answerOf(state: HistoryState): Answered | undefined {
  return state.kind === 'answered' ? state.answer : state.kind === 'searching' ? state.before : undefined;
}

function queryOf(state: HistoryState): string | undefined {
  if (state.kind === 'idle') return undefined;
  return state.kind === 'answered' ? state.answer.query : state.query;
}
