/** Commands that ask: searching, filtering, paging, going to a task. */

import * as vscode from 'vscode';
import { type CommandId, commandIds, internalCommandIds } from '../commandIds.ts';
import type { TaskLogDocuments } from '../documents/taskLogDocuments.ts';
import type { Engine } from '../engineHost.ts';
import { failureOf } from '../failureText.ts';
import { filterTerm } from '../filterTerm.ts';
import { linkFree } from '../plainText.ts';
import type { Environments } from '../settings/environments.ts';
import type { HistoryView, SearchEnd } from '../views/historyView.ts';
import type { LiveView } from '../views/liveView.ts';
import { NodeHandle } from '../views/nodeTree.ts';
import type { NodeTarget } from '../views/viewNode.ts';
import { LearnedVocabulary } from './learnedVocabulary.ts';
import { withSearch } from './recentSearches.ts';
import { type CommandHandler, tellFailure } from './registerCommands.ts';
import { pickQuery } from './searchPicker.ts';

const recentKey = 'recentSearches';

/** What a command was run on; `undefined` from the palette. */
export function targetOf(argument: unknown): NodeTarget | undefined {
  return argument instanceof NodeHandle ? argument.node.target : undefined;
}

export interface SearchParts {
  readonly engine: Engine;
  readonly environments: Environments;
  readonly live: LiveView;
  readonly history: HistoryView;
  readonly documents: TaskLogDocuments;
  /** Of the workspace: keeps what was searched before. */
  readonly memento: vscode.Memento;
  readonly log: vscode.LogOutputChannel;
}

export class SearchCommands {
  readonly #engine: Engine;
  readonly #environments: Environments;
  readonly #live: LiveView;
  readonly #history: HistoryView;
  readonly #documents: TaskLogDocuments;
  readonly #memento: vscode.Memento;
  readonly #log: vscode.LogOutputChannel;

  constructor({ engine, environments, live, history, documents, memento, log }: SearchParts) {
    this.#engine = engine;
    this.#environments = environments;
    this.#live = live;
    this.#history = history;
    this.#documents = documents;
    this.#memento = memento;
    this.#log = log;
  }

  get table() {
    return {
      [commandIds.searchTasks]: (query) => this.#searchTasks(query),
      [commandIds.cancelSearch]: () => this.#history.cancel(),
      [commandIds.clearSearch]: () => this.#history.clear(),
      [commandIds.goToTask]: (id) => this.#goToTask(id),
      [commandIds.refresh]: () => this.#refresh(),
      [commandIds.filterLive]: () => this.#filterLive(),
      [commandIds.clearLiveFilter]: () => this.#live.setFilter(''),
      [commandIds.searchWorker]: (row) => this.#searchFor(row, workerTerm),
      [commandIds.searchCollection]: (row) => this.#searchFor(row, collectionTerm),
      [commandIds.searchGroup]: (row) => this.#searchFor(row, groupTerm),
      [commandIds.copyAsFilter]: (row) => this.#copyAsFilter(row),
      [internalCommandIds.searchGroupId]: (environment, group) => this.#searchGroupId(environment, group),
      [internalCommandIds.searchFailures]: (groups) => this.#searchFailures(groups),
      [internalCommandIds.loadMore]: (row) => this.#loadMore(row),
    } satisfies Partial<Record<CommandId, CommandHandler>>;
  }

  async #searchTasks(argument: unknown): Promise<void> {
    if (!(await this.#hasEnvironment())) return;
    const query =
      typeof argument === 'string'
        ? argument
        : await this.#pickQuery('Search Tasks', this.#history.query ?? '', 'auto');
    if (query !== undefined) await this.#search(query);
  }

  async #pickQuery(title: string, initial: string, mode: 'auto' | 'live'): Promise<string | undefined> {
    const { current } = this.#environments;
    if (!current) return undefined;
    return pickQuery({
      title,
      initial,
      recent: this.#recent(),
      vocabulary: (events) => new LearnedVocabulary(this.#engine, current, mode, events),
      // Whoever searches on is told; here it only means that there is less to offer.
      onFailure: (error) => this.#log.info(`No completions: ${failureOf(error).message}`),
    });
  }

  /**
   * Searches, what was the current environment as it began if none is named, and tells a failure; what is found, or that
   * nothing is, the view shows.
   */
  async #search(query: string, environment = this.#environments.current?.name): Promise<SearchEnd> {
    await this.#memento.update(recentKey, withSearch(this.#recent(), query));
    await this.#history.focus();
    const end = await this.#history.search(query, environment);
    if (end.kind === 'failed') void tellFailure(end.message, () => this.#searchIn(environment, query));
    return end;
  }

  async #searchIn(environment: string | undefined, query: string): Promise<void> {
    if (environment !== undefined && this.#environments.current?.name !== environment)
      await this.#environments.select(environment);
    await this.#search(query, environment);
  }

  #recent(): readonly string[] {
    const stored = this.#memento.get<unknown>(recentKey);
    return Array.isArray(stored) ? stored.filter((query) => typeof query === 'string') : [];
  }

  async #goToTask(argument: unknown): Promise<void> {
    if (!(await this.#hasEnvironment())) return;
    const given =
      typeof argument === 'string'
        ? argument
        : await vscode.window.showInputBox({
            title: 'Go to Task by Id',
            prompt: 'The whole id of a task that runs or has run, as it stands in logs and in other views',
            placeHolder: 'Paste a task id',
            ignoreFocusOut: true,
            validateInput: (text) => (text.trim() === '' ? 'Expected a task id.' : undefined),
          });
    const id = given?.trim();
    if (id === undefined || id === '') return;
    // Another one may be selected before the answer is there.
    const environment = this.#environments.current?.name;
    const end = await this.#search(filterTerm('id', id), environment);
    if (end.kind !== 'answered' || environment === undefined) return;
    if (end.answer.tasks.some(({ task }) => task === id)) {
      await this.#history.reveal(environment, id);
      await this.#documents.open(environment, id);
    } else if (this.#environments.all.length > 1) {
      // Not awaited: that nothing was found is shown, and whether to look elsewhere may never be answered.
      void this.#offerOthers(environment, id);
    }
  }

  /** An id says nothing of the environment that it is of. */
  async #offerOthers(environment: string, id: string): Promise<void> {
    const select = 'Look in Another Environment';
    const message = linkFree(`There is no task ${id} in ${environment}.`);
    if ((await vscode.window.showInformationMessage(message, select)) !== select) return;
    await vscode.commands.executeCommand(commandIds.selectEnvironment);
    if (this.#environments.current?.name !== environment) await this.#goToTask(id);
  }

  async #refresh(): Promise<void> {
    if (this.#documents.refreshActive()) return;
    const environment = this.#environments.current?.name;
    const { query = '' } = this.#history;
    const [end] = await Promise.all([this.#history.searchAgain(environment), this.#live.refresh()]);
    if (end?.kind === 'failed') void tellFailure(end.message, () => this.#searchIn(environment, query));
  }

  async #filterLive(): Promise<void> {
    if (!(await this.#hasEnvironment())) return;
    const query = await this.#pickQuery('Filter Live Tasks', this.#live.filter, 'live');
    if (query === undefined) return;
    await this.#live.focus();
    await this.#live.setFilter(query);
  }

  async #searchFor(row: unknown, term: (target: NodeTarget) => string | undefined): Promise<void> {
    const target = targetOf(row);
    const query = target && term(target);
    if (query === undefined || !target || !('environment' in target)) return;
    await this.#searchIn(target.environment, query);
  }

  async #searchGroupId(environment: unknown, group: unknown): Promise<void> {
    if (typeof environment !== 'string' || typeof group !== 'string') return;
    await this.#searchIn(environment, filterTerm('group', group));
  }

  /** From a line of source: the tasks that failed there. */
  async #searchFailures(groups: unknown): Promise<void> {
    if (!Array.isArray(groups) || groups.length === 0) return;
    // Ids of groups are ours: `g1-` and hex digits.
    const ids = groups.filter((group) => typeof group === 'string' && /^[\w-]+$/.test(group));
    // Those too that succeeded in a later attempt: they have failed there all the same.
    await this.#search(`since:1d group:${ids.join(',')}`);
  }

  /** The narrowest filter that the row stands for, first in the list. */
  async #copyAsFilter(row: unknown): Promise<void> {
    const target = targetOf(row);
    if (!target) return;
    const terms = [groupTerm(target), workerTerm(target), collectionTerm(target), taskTerm(target)];
    const items = terms.filter((term) => term !== undefined);
    const picked =
      items.length > 1 ? await vscode.window.showQuickPick(items, { title: 'Copy as Query Filter' }) : items[0];
    if (picked !== undefined) await vscode.env.clipboard.writeText(picked);
  }

  async #loadMore(row: unknown): Promise<void> {
    const target = targetOf(row);
    if (target?.kind === 'moreLive') await this.#live.loadMore(target.environment);
    if (target?.kind === 'moreRecords') this.#history.loadMoreRecords(target.environment, target.task);
    if (target?.kind !== 'moreHistory') return;
    const end = await this.#history.loadMore(target.environment);
    if (end?.kind === 'failed') void tellFailure(end.message);
  }

  async #hasEnvironment(): Promise<boolean> {
    if (this.#environments.current) return true;
    const [start, settings] = ['Start Local Harness', 'Open Settings'];
    const picked = await vscode.window.showInformationMessage(
      'There is no environment to ask yet. Try it on the local harness, or name where your system can be asked.',
      start,
      settings,
    );
    if (picked === start) await vscode.commands.executeCommand(commandIds.startHarness);
    if (picked === settings) await vscode.commands.executeCommand(commandIds.openSettings);
    return false;
  }
}

function taskOf(target: NodeTarget) {
  return 'task' in target && typeof target.task === 'object' ? target.task : undefined;
}

function taskTerm(target: NodeTarget): string | undefined {
  const task = taskOf(target);
  return task && filterTerm('id', task.task);
}

function workerTerm(target: NodeTarget): string | undefined {
  const worker = target.kind === 'attempt' ? target.worker : taskOf(target)?.worker;
  return worker === undefined ? undefined : filterTerm('worker', worker);
}

function groupTerm(target: NodeTarget): string | undefined {
  const group = target.kind === 'error' ? target.group : taskOf(target)?.group;
  return group === undefined ? undefined : filterTerm('group', group);
}

function collectionTerm(target: NodeTarget): string | undefined {
  const task = taskOf(target);
  if (task?.account === undefined) return undefined;
  const account = filterTerm('account', task.account);
  return task.collection === undefined ? account : `${account} ${filterTerm('collection', task.collection)}`;
}
