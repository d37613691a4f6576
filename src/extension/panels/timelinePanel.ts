/** The Task Timeline: a panel that draws the answer of History as bars over time, and follows it. */

import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { isTimelineRequest, type TimelineUpdate, timelineOf } from '../../model/timeline.ts';
import type { TaskLogDocuments } from '../documents/taskLogDocuments.ts';
import type { Engine } from '../engineHost.ts';
import { failureOf, failureText } from '../failureText.ts';
import { timeText } from '../../model/readableNumbers.ts';
import { plainLine } from '../plainText.ts';
import { tickText, zoneMsAt } from '../plainTime.ts';
import type { Environments } from '../settings/environments.ts';
import { shownText } from '../views/answerNotice.ts';
import type { Answered } from '../views/historyState.ts';
import type { HistoryView } from '../views/historyView.ts';
import { timelineHtml } from './timelineHtml.ts';
import { attemptsIn, type AttemptsOfTasks, queriesOfAttempts, timelinePieces } from './timelinePieces.ts';

/** Of one question. */
const attemptsAtMost = 10_000;
/** Of more tasks the attempts are neither asked for nor to be told apart. */
const tasksAtMost = 2000;

export class TimelinePanel implements vscode.Disposable {
  readonly #engine: Pick<Engine, 'lanes'>;
  readonly #extensionUri: vscode.Uri;
  readonly #environments: Environments;
  readonly #history: HistoryView;
  readonly #documents: TaskLogDocuments;
  readonly #log: vscode.LogOutputChannel;
  readonly #subscription: vscode.Disposable;
  #panel: vscode.WebviewPanel | undefined;
  #asking: AbortController | undefined;

  constructor(
    engine: Pick<Engine, 'lanes'>,
    extensionUri: vscode.Uri,
    environments: Environments,
    history: HistoryView,
    documents: TaskLogDocuments,
    log: vscode.LogOutputChannel,
  ) {
    this.#engine = engine;
    this.#extensionUri = extensionUri;
    this.#environments = environments;
    this.#history = history;
    this.#documents = documents;
    this.#log = log;
    this.#subscription = history.onDidAnswer(() => this.#update());
  }

  show(): void {
    if (this.#panel) {
      this.#panel.reveal();
      return;
    }
    const scripts = vscode.Uri.joinPath(this.#extensionUri, 'dist', 'webview');
    const styles = vscode.Uri.joinPath(this.#extensionUri, 'media');
    const panel = vscode.window.createWebviewPanel(
      'ingestTrace.timeline',
      'Task Timeline',
      { viewColumn: vscode.ViewColumn.Active },
      { enableScripts: true, enableCommandUris: false, localResourceRoots: [scripts, styles] },
    );
    this.#panel = panel;
    const { webview } = panel;
    webview.onDidReceiveMessage((message: unknown) => this.#onMessage(message));
    panel.onDidDispose(() => {
      this.#panel = undefined;
      this.#asking?.abort(new DOMException('the timeline is closed', 'AbortError'));
    });
    webview.html = timelineHtml({
      nonce: randomUUID(),
      cspSource: webview.cspSource,
      script: webview.asWebviewUri(vscode.Uri.joinPath(scripts, 'timeline.js')).toString(),
      style: webview.asWebviewUri(vscode.Uri.joinPath(styles, 'timeline.css')).toString(),
    });
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#panel?.dispose();
  }

  #onMessage(message: unknown): void {
    if (!isTimelineRequest(message)) return;
    if (message.kind === 'ready') this.#update();
    else void this.#open(message.task);
  }

  /** Opens a task of the answer; a page that asks for anything else gets nothing. */
  async #open(task: string): Promise<void> {
    const environment = this.#environments.current?.name;
    if (environment === undefined || !this.#history.answer?.tasks.some((known) => known.task === task)) return;
    try {
      await this.#documents.open(environment, task);
    } catch (error) {
      this.#log.error(failureText(`open the log of task ${task}`, failureOf(error)));
    }
  }

  /** Draws the answer at once, and again once the index has told its attempts. */
  #update(): void {
    this.#asking?.abort(new DOMException('the answer has changed', 'AbortError'));
    this.#asking = undefined;
    if (!this.#panel) return;
    const { answer } = this.#history;
    this.#draw(answer, new Map());
    const environment = this.#environments.current;
    if (!answer || answer.tasks.length > tasksAtMost || environment?.index === undefined) return;
    const asking = new AbortController();
    this.#asking = asking;
    void this.#drawAttempts(environment.name, answer, asking.signal);
  }

  /** Never rejects: without its attempts the answer stays as it was drawn. */
  async #drawAttempts(environment: string, answer: Answered, signal: AbortSignal): Promise<void> {
    try {
      const ask = (query: string) =>
        this.#engine.lanes({ environment, query, limit: attemptsAtMost, mode: 'index' }, { signal });
      const attempts = attemptsIn(await Promise.all(queriesOfAttempts(answer.tasks).map(ask)));
      if (!signal.aborted) this.#draw(answer, attempts);
    } catch (error) {
      if (!signal.aborted) this.#log.info(failureText('ask for the attempts of the timeline', failureOf(error)));
    }
  }

  #draw(answer: Answered | undefined, attempts: AttemptsOfTasks): void {
    const environment = plainLine(this.#environments.current?.name ?? '');
    const tasks = answer?.tasks ?? [];
    const { pieces, whole } = timelinePieces(tasks, attempts);
    const timeline = timelineOf(pieces, {
      title: answer ? `${environment}: ${plainLine(answer.query) || 'all tasks'}` : '',
      subtitle: (startMs, endMs) =>
        answer
          ? `${shownText(tasks.length, answer.summary)}, ${timeText(startMs)} to ${timeText(endMs)}. ${barsText(tasks.length, whole)}`
          : '',
      tick: tickText,
      zoneMs: zoneMsAt,
    });
    const update: TimelineUpdate = { kind: 'timeline', timeline };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window: the page is the only receiver
    void this.#panel?.webview.postMessage(update);
  }
}

/** What a bar stands for. */
function barsText(tasks: number, whole: number): string {
  const ofTask = 'a task from its first to its last record, waiting included, in the lane of its last worker';
  if (whole === tasks) return `A bar is ${ofTask}.`;
  const ofAttempt = 'A bar is an attempt, in the lane of the worker that ran it';
  return whole === 0 ? `${ofAttempt}.` : `${ofAttempt}; or, where the index does not know all attempts yet, ${ofTask}.`;
}
