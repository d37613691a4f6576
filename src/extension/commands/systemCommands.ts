/** Commands on what stands behind the views: environments, tokens, the local harness, the index, the engine. */

import * as vscode from 'vscode';
import { type CommandId, commandIds, environmentsFile } from '../commandIds.ts';
import type { EngineHost } from '../engineHost.ts';
import { failureOf, failureText } from '../failureText.ts';
import { HarnessError } from '../harness/harnessProcess.ts';
import type { LocalHarness } from '../harness/localHarness.ts';
import type { TimelinePanel } from '../panels/timelinePanel.ts';
import { iconFree, linkFree, plainLine } from '../plainText.ts';
import { indexedText } from '../indexedText.ts';
import { countText } from '../../model/readableNumbers.ts';
import { coordinatorOrigins } from '../settings/coordinatorOrigins.ts';
import type { CoordinatorTokens } from '../settings/coordinatorTokens.ts';
import { environmentFileTemplate } from '../settings/environmentFileTemplate.ts';
import type { Environments } from '../settings/environments.ts';
import type { HistoryView } from '../views/historyView.ts';
import type { LiveView } from '../views/liveView.ts';
import { type CommandHandler, tellFailure } from './registerCommands.ts';
import { targetOf } from './searchCommands.ts';

export interface SystemParts {
  readonly environments: Environments;
  readonly tokens: CoordinatorTokens;
  readonly harness: LocalHarness;
  readonly engine: EngineHost;
  readonly live: LiveView;
  readonly history: HistoryView;
  readonly timeline: TimelinePanel;
  readonly log: vscode.LogOutputChannel;
  /** `publisher.name`, by which the settings editor finds ours. */
  readonly extensionId: string;
}

export class SystemCommands {
  readonly #parts: SystemParts;
  /** Environments whose logs are being indexed. */
  readonly #indexing = new Set<string>();

  constructor(parts: SystemParts) {
    this.#parts = parts;
  }

  get table() {
    return {
      [commandIds.startHarness]: () => this.#startHarness(),
      [commandIds.stopHarness]: () => this.#stopHarness(),
      [commandIds.selectEnvironment]: (row) => this.#selectEnvironment(row),
      [commandIds.setToken]: (row) => this.#setToken(row),
      [commandIds.indexNow]: (row) => this.#indexNow(row),
      [commandIds.showTimeline]: () => this.#parts.timeline.show(),
      [commandIds.showEngineLog]: () => this.#parts.log.show(true),
      [commandIds.restartEngine]: () => this.#restartEngine(),
      [commandIds.openSettings]: () =>
        vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${this.#parts.extensionId}`),
      [commandIds.createEnvironmentFile]: () => this.#createEnvironmentFile(),
    } satisfies Partial<Record<CommandId, CommandHandler>>;
  }

  async #startHarness(): Promise<void> {
    const { harness, live } = this.#parts;
    if (harness.isRunning) {
      await live.focus();
      return;
    }
    try {
      if (await harness.start()) {
        await live.focus();
        await live.refresh();
      }
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      const [again, show] = ['Try Again', 'Show Its Log'];
      const picked = await vscode.window.showErrorMessage(linkFree(error.message, 600), again, show);
      if (picked === again) await this.#startHarness();
      if (picked === show) harness.showOutput();
    }
  }

  async #stopHarness(): Promise<void> {
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: 'Stopping the local harness' },
      () => this.#parts.harness.stop(),
    );
  }

  async #selectEnvironment(row: unknown): Promise<void> {
    const { environments } = this.#parts;
    const target = targetOf(row);
    if (target?.kind === 'environment') {
      await environments.select(target.environment);
      return;
    }
    const current = environments.current?.name;
    const items = environments.all.map((environment) => ({
      label: iconFree(environment.name),
      description: environment.name === current ? 'current' : '',
      detail: iconFree(
        [countText(environment.coordinators.length, 'coordinator'), environment.logs, environment.index]
          .filter((part) => part !== undefined)
          .join(' · '),
      ),
      run: () => environments.select(environment.name),
    }));
    const execute = (command: string) => async () => {
      await vscode.commands.executeCommand(command);
    };
    const more = [
      {
        label: '$(gear) Add an environment in the settings…',
        description: '',
        detail: '',
        run: execute(commandIds.openSettings),
      },
      {
        label: `$(new-file) Write an ${environmentsFile}…`,
        description: '',
        detail: '',
        run: execute(commandIds.createEnvironmentFile),
      },
    ];
    const picked = await vscode.window.showQuickPick([...items, ...more], {
      title: 'Select Environment',
      placeHolder: 'Whose tasks do you want to trace?',
      matchOnDetail: true,
    });
    await picked?.run();
  }

  async #setToken(row: unknown): Promise<void> {
    const { environments, tokens } = this.#parts;
    const target = targetOf(row);
    const name =
      target?.kind === 'environment' || target?.kind === 'coordinator'
        ? target.environment
        : environments.current?.name;
    const environment = name === undefined ? undefined : environments.get(name);
    const origins = environment ? coordinatorOrigins([environment]) : [];
    if (!environment || origins.length === 0) {
      await vscode.window.showInformationMessage(
        'A token belongs to a coordinator: select an environment that has coordinators first.',
      );
      return;
    }
    const token = await vscode.window.showInputBox({
      title: `Coordinator Token for ${plainLine(environment.name, 60)}`,
      prompt: `Sent as a bearer token to ${origins.join(', ')}, and kept in the editor's secret storage. Empty removes it.`,
      password: true,
      ignoreFocusOut: true,
    });
    if (token === undefined) return;
    for (const origin of origins) {
      if (token.trim() === '') await tokens.delete(origin);
      else await tokens.set(origin, token.trim());
    }
  }

  async #indexNow(row: unknown): Promise<void> {
    const { environments } = this.#parts;
    const target = targetOf(row);
    const environment = target?.kind === 'environment' ? target.environment : environments.current?.name;
    if (environment === undefined) {
      await vscode.window.showInformationMessage('There is no environment whose logs could be indexed yet.');
      return;
    }
    await this.#index(environment);
  }

  async #index(environment: string): Promise<void> {
    const { engine, history } = this.#parts;
    if (this.#indexing.has(environment)) {
      const name = plainLine(environment, 60);
      void vscode.window.showInformationMessage(`The logs of ${name} are being indexed already.`);
      return;
    }
    const controller = new AbortController();
    this.#indexing.add(environment);
    try {
      const pass = await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: `Indexing the logs of ${plainLine(environment, 60)}`,
          cancellable: true,
        },
        (progress, token) => {
          token.onCancellationRequested(() => controller.abort(new DOMException('cancelled', 'AbortError')));
          return engine.indexPass(
            { environment },
            {
              signal: controller.signal,
              onProgress: ({ done, total, unit }) =>
                progress.report({ message: `${done}${total === undefined ? '' : ` of ${total}`} ${unit}` }),
            },
          );
        },
      );
      if (pass.unread > 0 || pass.hasNoLogs) void vscode.window.showWarningMessage(indexedText(pass));
      else void vscode.window.showInformationMessage(indexedText(pass));
      await history.searchAgain(environment);
    } catch (error) {
      if (controller.signal.aborted) return;
      const message = failureText(`index the logs of ${environment}`, failureOf(error));
      void tellFailure(message, () => this.#index(environment));
    } finally {
      this.#indexing.delete(environment);
    }
  }

  async #restartEngine(): Promise<void> {
    const { engine, live, log } = this.#parts;
    const { pid, version } = await engine.restart();
    log.info(`Engine ${version} runs as process ${pid}`);
    await live.refresh();
  }

  /** Opens a draft: nothing is written before the user saves it. */
  async #createEnvironmentFile(): Promise<void> {
    const folder = vscode.workspace.workspaceFolders?.[0];
    if (!folder) {
      await vscode.window.showInformationMessage(
        `${environmentsFile} lies in a folder: open one first, or write the environment into the settings.`,
      );
      return;
    }
    const uri = vscode.Uri.joinPath(folder.uri, environmentsFile);
    try {
      await vscode.workspace.fs.stat(uri);
      await vscode.window.showTextDocument(uri);
    } catch (error) {
      if (!(error instanceof vscode.FileSystemError)) throw error;
      const document = await vscode.workspace.openTextDocument(uri.with({ scheme: 'untitled' }));
      const editor = await vscode.window.showTextDocument(document);
      if (document.getText() === '')
        await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), environmentFileTemplate));
    }
  }
}
