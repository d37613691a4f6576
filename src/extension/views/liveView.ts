/** The Live view: asks the coordinators at an interval while someone looks, and draws what changed. */

import * as vscode from 'vscode';
import { contextKeys, viewIds } from '../commandIds.ts';
import type { Engine } from '../engineHost.ts';
import { failureOf, type FailureInfo, failureText } from '../failureText.ts';
import { linkFree, plainLine } from '../plainText.ts';
import { countText } from '../../model/readableNumbers.ts';
import type { Environments } from '../settings/environments.ts';
import type { WorkspaceSources } from '../sources/workspaceSources.ts';
import { failureRows } from './failureRows.ts';
import { downCount, type LiveState, liveNodes, loadText, retryingCount } from './liveNodes.ts';
import { type NodeHandle, NodeTree } from './nodeTree.ts';
import { TaskDetails } from './taskDetails.ts';
import { attemptNodes } from './taskNodes.ts';
import type { ViewNode } from './viewNode.ts';

/** Tasks per coordinator that are shown at first, and that each "Load more" adds. */
const pageSize = 50;

interface Asked {
  /** As they were: an environment may be defined anew. */
  readonly coordinators: readonly string[];
  readonly snapshot?: LiveState['snapshot'];
  readonly filtered?: LiveState['filtered'];
  readonly failure?: FailureInfo;
}

export class LiveView implements vscode.Disposable {
  readonly #engine: Engine;
  readonly #environments: Environments;
  readonly #sources: WorkspaceSources;
  readonly #log: vscode.LogOutputChannel;
  readonly #tree: NodeTree;
  readonly #view: vscode.TreeView<NodeHandle>;
  readonly #details: TaskDetails;
  readonly #onDidAsk = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];
  readonly #asked = new Map<string, Asked>();
  readonly #limits = new Map<string, number>();
  /** Environments that are opened in the tree; the current one counts as opened until it is closed. */
  readonly #opened = new Map<string, boolean>();
  /** Ids of rows that could say no more than a note when they were opened. */
  readonly #unread = new Set<string>();
  #filter = '';
  #round: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** The state of some environment has been asked for anew. */
  readonly onDidAsk = this.#onDidAsk.event;

  constructor(engine: Engine, environments: Environments, sources: WorkspaceSources, log: vscode.LogOutputChannel) {
    this.#engine = engine;
    this.#environments = environments;
    this.#sources = sources;
    this.#log = log;
    this.#details = new TaskDetails(engine, 'live');
    this.#tree = new NodeTree((node) => this.#childrenOf(node));
    this.#view = vscode.window.createTreeView(viewIds.live, { treeDataProvider: this.#tree });
    this.#disposables = [
      this.#tree,
      this.#view,
      this.#onDidAsk,
      this.#view.onDidChangeVisibility(() => this.#wake()),
      vscode.window.onDidChangeWindowState(() => this.#wake()),
      environments.onDidChange(() => this.#onEnvironments()),
      this.#view.onDidExpandElement(({ element }) => this.#setOpened(element, true)),
      this.#view.onDidCollapseElement(({ element }) => this.#setOpened(element, false)),
    ];
    this.#onEnvironments();
  }

  get filter(): string {
    return this.#filter;
  }

  /** What the status bar tells of an environment; empty before it has been asked. */
  load(environment: string): { readonly text: string; readonly failed: boolean; readonly down: number } {
    const state = this.#states().find((other) => other.environment.name === environment);
    return state
      ? { text: loadText(state), failed: state.failure !== undefined, down: downCount(state) }
      : { text: '', failed: false, down: 0 };
  }

  /** Asks now; resolves once the answer is drawn. */
  async refresh(): Promise<void> {
    this.#details.clear();
    await this.#ask();
    const unread = [...this.#unread];
    this.#unread.clear();
    this.#tree.reload(unread);
  }

  async setFilter(query: string): Promise<void> {
    this.#filter = query;
    this.#asked.clear();
    // Asks at once, which ends the round under way: its answer is to another question.
    await Promise.all([
      this.refresh(),
      vscode.commands.executeCommand('setContext', contextKeys.liveFiltered, query !== ''),
    ]);
  }

  async loadMore(environment: string): Promise<void> {
    this.#limits.set(environment, this.#limitOf(environment) + pageSize);
    await this.#ask();
  }

  async focus(): Promise<void> {
    await vscode.commands.executeCommand(`${viewIds.live}.focus`);
  }

  dispose(): void {
    this.#stop('the view is closed');
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #limitOf(environment: string): number {
    return this.#limits.get(environment) ?? pageSize;
  }

  #setOpened(handle: NodeHandle, opened: boolean): void {
    const { target } = handle.node;
    if (target.kind !== 'environment') return;
    this.#opened.set(target.environment, opened);
    if (opened) this.#wake();
  }

  #isOpened(environment: string): boolean {
    return this.#opened.get(environment) ?? environment === this.#environments.current?.name;
  }

  #onEnvironments(): void {
    for (const [name, { coordinators }] of this.#asked) {
      const now = this.#environments.get(name)?.coordinators;
      if (now?.join('\n') !== coordinators.join('\n')) this.#asked.delete(name);
    }
    this.#draw();
    this.#wake();
  }

  get #isLookedAt(): boolean {
    return this.#view.visible && vscode.window.state.focused;
  }

  /** Starts or stops the asking, as the view comes and goes. */
  #wake(): void {
    if (!this.#isLookedAt) this.#stop('nobody looks');
    else void this.#ask();
  }

  #stop(why: string): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#round?.abort(new DOMException(why, 'AbortError'));
    this.#round = undefined;
  }

  /** One round over the opened environments; a newer round ends an older one. */
  async #ask(): Promise<void> {
    this.#stop('asked anew');
    const round = new AbortController();
    this.#round = round;
    const opened = this.#environments.all.filter(
      ({ name, coordinators }) => coordinators.length > 0 && this.#isOpened(name),
    );
    await Promise.all(
      opened.map(async ({ name, coordinators }) => {
        const asked = await this.#askOne(name, round.signal);
        if (round.signal.aborted) return;
        this.#asked.set(name, { coordinators, ...asked });
        this.#draw();
      }),
    );
    if (this.#round !== round) return;
    this.#round = undefined;
    this.#onDidAsk.fire();
    if (this.#isLookedAt && opened.length > 0) {
      this.#timer = setTimeout(() => void this.#ask(), this.#environments.settings.liveRefreshSeconds * 1000);
    }
  }

  /** Never rejects: a failure is part of the state. */
  async #askOne(environment: string, signal: AbortSignal): Promise<Omit<Asked, 'coordinators'>> {
    const limit = this.#limitOf(environment);
    const query = this.#filter;
    try {
      const [snapshot, found] = await Promise.all([
        this.#engine.live({ environment, limit: query === '' ? limit : 1 }, { signal }),
        query === '' ? undefined : this.#engine.search({ environment, query, limit, mode: 'live' }, { signal }),
      ]);
      return {
        snapshot,
        ...(found && { filtered: { query, tasks: found.tasks, more: found.cursor !== undefined } }),
      };
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind !== 'cancelled' && !signal.aborted) {
        this.#log.warn(failureText(`ask the coordinators of ${environment}`, failure));
      }
      return { failure };
    }
  }

  #states(): LiveState[] {
    return this.#environments.all.map((environment): LiveState => {
      const asked = this.#asked.get(environment.name);
      const note = this.#environments.noteOf(environment.name);
      return {
        environment,
        ...(note === undefined ? {} : { note }),
        ...(asked?.snapshot && environment.coordinators.length > 0 && { snapshot: asked.snapshot }),
        ...(asked?.filtered && { filtered: asked.filtered }),
        ...(asked?.failure && { failure: asked.failure.message }),
      };
    });
  }

  #draw(): void {
    const states = this.#states();
    const current = this.#environments.current?.name;
    const failures = [...this.#asked.values()].map((asked) => asked.failure).filter((failure) => failure !== undefined);
    // With the engine itself down no environment can be asked: one text says so instead of a row for each.
    const engineDown = failures.length > 0 && failures.length === this.#asked.size && failures[0]?.kind === 'engine';
    this.#tree.setRoots(engineDown ? [] : liveNodes(states, current, Date.now()));
    const context = states.length === 0 ? emptyContext(this.#environments) : engineDown ? 'engine' : 'ready';
    void vscode.commands.executeCommand('setContext', contextKeys.live, context);
    this.#view.description = engineDown
      ? plainLine(failures[0]?.message ?? '', 160)
      : states.length === 0
        ? (problemText(this.#environments) ?? '')
        : plainLine(this.#filter);
    // A message hides the welcome text of an empty tree, which says the same and has buttons.
    showMessage(this.#view, states.length === 0 || engineDown ? undefined : problemText(this.#environments));
    const retrying = retryingCount(states);
    this.#view.badge =
      retrying === 0 ? undefined : { value: retrying, tooltip: `${countText(retrying, 'task')} retrying` };
  }

  async #childrenOf(node: ViewNode): Promise<readonly ViewNode[]> {
    if (node.target.kind !== 'task') return [];
    const { environment, task } = node.target;
    const say = (label: string): ViewNode[] => {
      this.#unread.add(node.id);
      const note = { context: 'note', expand: 'none', target: { kind: 'note' }, children: [] } as const;
      return [{ ...note, id: `${node.id}/note`, label }];
    };
    try {
      const { detail } = await this.#details.of(environment, task);
      if (!detail) return say('The coordinator has let go of this task; search History for it.');
      const of = { environment, task: detail.task, shownPath: vscode.workspace.asRelativePath, parent: node.id };
      const mappings = this.#environments.get(environment)?.paths ?? [];
      const errors = await failureRows(of, detail, this.#sources, mappings);
      return [...errors, ...attemptNodes(environment, node.id, detail.task, detail.attempts)];
    } catch (error) {
      return say(plainLine(failureOf(error).message));
    }
  }
}

/** The line above a tree; none where there is nothing to say. */
export function showMessage(view: Pick<vscode.TreeView<unknown>, 'message'>, message: string | undefined): void {
  view.message = message ?? '';
}

/** Which welcome text fits a window without environments. */
export function emptyContext(environments: Environments): 'untrusted' | 'refused' | 'none' {
  if (environments.waitsForTrust) return 'untrusted';
  return environments.problems.length > 0 ? 'refused' : 'none';
}

/** What keeps an environment from being used. */
function problemText(environments: Environments): string | undefined {
  if (environments.waitsForTrust) return 'ingest-trace.json is not used until you trust this workspace.';
  const [first] = environments.problems;
  if (first === undefined) return undefined;
  const more = environments.problems.length - 1;
  return `${linkFree(first, 500)}${more > 0 ? ` (and ${more} more: see the log)` : ''}`;
}
