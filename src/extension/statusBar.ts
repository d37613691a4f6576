/** The status bar item: the current environment, and how it is while Live asks it. */

import * as vscode from 'vscode';
import { commandIds } from './commandIds.ts';
import { iconFree } from './plainText.ts';
import type { Environments } from './settings/environments.ts';
import type { LiveView } from './views/liveView.ts';

export class StatusBar implements vscode.Disposable {
  readonly #environments: Environments;
  readonly #live: LiveView;
  readonly #item: vscode.StatusBarItem;
  readonly #disposables: vscode.Disposable[];

  constructor(environments: Environments, live: LiveView) {
    this.#environments = environments;
    this.#live = live;
    this.#item = vscode.window.createStatusBarItem('ingestTrace.environment', vscode.StatusBarAlignment.Left, -10);
    this.#item.name = 'Ingest Trace Environment';
    this.#item.command = commandIds.selectEnvironment;
    this.#disposables = [this.#item, environments.onDidChange(() => this.#draw()), live.onDidAsk(() => this.#draw())];
    this.#draw();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #draw(): void {
    const { current } = this.#environments;
    if (!current) {
      this.#item.hide();
      return;
    }
    const { text, failed, down } = this.#live.load(current.name);
    const name = iconFree(current.name, 40);
    const icon = failed || down > 0 ? '$(warning)' : '$(pulse)';
    this.#item.text = `${icon} ${name}${failed || text === '' ? '' : `: ${text}`}`;
    const state = failed ? 'cannot be asked, the Live view says why' : text;
    this.#item.tooltip = [`Ingest Trace environment: ${name}`, state, 'Click to select another']
      .filter((line) => line !== '')
      .join('\n');
    this.#item.accessibilityInformation = { label: `Ingest Trace environment ${name} ${state}` };
    this.#item.show();
  }
}
