/** The Task Timeline: a panel that draws the answer of History as bars over time, and follows it. */

import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { isTimelineRequest, type TimelineUpdate, timelineOf } from '../../model/timeline.ts';
import type { TaskLogDocuments } from '../documents/taskLogDocuments.ts';
import { failureOf, failureText } from '../failureText.ts';
import { durationText, timeText } from '../../model/readableNumbers.ts';
import type { FoldedTask } from '../../model/task.ts';
import { plainLine } from '../plainText.ts';
import { tickText, zoneMsAt } from '../plainTime.ts';
import type { Environments } from '../settings/environments.ts';
import { shownText } from '../views/answerNotice.ts';
import type { HistoryView } from '../views/historyView.ts';
import { errorText, placeText } from '../views/taskNodes.ts';
import { timelineHtml } from './timelineHtml.ts';

export class TimelinePanel implements vscode.Disposable {
  readonly #extensionUri: vscode.Uri;
  readonly #environments: Environments;
  readonly #history: HistoryView;
  readonly #documents: TaskLogDocuments;
  readonly #log: vscode.LogOutputChannel;
  readonly #subscription: vscode.Disposable;
  #panel: vscode.WebviewPanel | undefined;

  constructor(
    extensionUri: vscode.Uri,
    environments: Environments,
    history: HistoryView,
    documents: TaskLogDocuments,
    log: vscode.LogOutputChannel,
  ) {
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

  #update(): void {
    if (!this.#panel) return;
    const { answer } = this.#history;
    const environment = plainLine(this.#environments.current?.name ?? '');
    const timeline = timelineOf(answer?.tasks ?? [], {
      title: answer ? `${environment}: ${plainLine(answer.query) || 'all tasks'}` : '',
      subtitle: (startMs, endMs) =>
        answer
          ? `${shownText(answer.tasks.length, answer.summary)}, ${timeText(startMs)} to ${timeText(endMs)}. Each stands in the lane of its last worker.`
          : '',
      bar: barText,
      tick: tickText,
      zoneMs: zoneMsAt,
    });
    const update: TimelineUpdate = { kind: 'timeline', timeline };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window: the page is the only receiver
    void this.#panel.webview.postMessage(update);
  }
}

function barText(task: FoldedTask): string {
  return [
    `${plainLine(task.task)}, ${task.status}, ${timeText(task.firstTs)} to ${timeText(task.lastTs)}`,
    durationText(task.durationMs),
    placeText(task),
    `attempt ${task.attempts}`,
    task.error ? errorText(task.error, 120) : '',
  ]
    .filter((part) => part !== '')
    .join(' · ');
}
