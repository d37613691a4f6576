/** Starts and stops the local harness, and keeps an environment for it as long as the window lives. */

import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as vscode from 'vscode';
import type { Environment } from '../../model/environment.ts';
import { commandIds, contextKeys } from '../commandIds.ts';
import { linkFree } from '../plainText.ts';
import type { Environments } from '../settings/environments.ts';
import { type HarnessProcess, startHarnessProcess } from './harnessProcess.ts';

const harnessEnvironment = 'Local harness';

type State =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting'; readonly controller: AbortController; readonly ended: Promise<void> }
  | { readonly kind: 'running'; readonly harness: HarnessProcess };

export class LocalHarness implements vscode.Disposable {
  readonly #cli: string;
  readonly #folder: string;
  readonly #environments: Environments;
  readonly #output: vscode.OutputChannel;
  #state: State = { kind: 'stopped' };

  /** @param storage a folder of this workspace's own, if there is one: every start keeps its store under it. */
  constructor(cli: string, storage: vscode.Uri | undefined, environments: Environments) {
    this.#cli = cli;
    this.#folder = storage ? join(storage.fsPath, 'harness') : join(tmpdir(), `ingest-trace-harness-${randomUUID()}`);
    this.#environments = environments;
    this.#output = vscode.window.createOutputChannel('Ingest Trace: Local Harness', 'log');
  }

  get isRunning(): boolean {
    return this.#state.kind === 'running';
  }

  showOutput(): void {
    this.#output.show(true);
  }

  /** Resolves once its coordinators answer. False when it was running, starting or the start was cancelled. */
  async start(): Promise<boolean> {
    if (this.#state.kind !== 'stopped') return false;
    const controller = new AbortController();
    const { signal } = controller;
    const ended = Promise.withResolvers<void>();
    this.#become({ kind: 'starting', controller, ended: ended.promise });
    try {
      const harness = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: 'Starting the local harness', cancellable: true },
        (_progress, token) => {
          token.onCancellationRequested(() => controller.abort(new DOMException('cancelled', 'AbortError')));
          return this.#launch(signal);
        },
      );
      // It was ready already when it was cancelled.
      if (signal.aborted) {
        await harness.stop();
        signal.throwIfAborted();
      }
      this.#become({ kind: 'running', harness });
      this.#environments.setOwn({ environment: environmentOf(harness) });
      await this.#environments.select(harnessEnvironment);
      void harness.ended.then((why) => this.#ended(harness, why));
      return true;
    } catch (error) {
      this.#become({ kind: 'stopped' });
      if (signal.aborted) return false;
      throw error;
    } finally {
      ended.resolve();
    }
  }

  /** Resolves once its processes are gone. What it has logged can still be searched. */
  async stop(): Promise<void> {
    if (this.#state.kind === 'starting') {
      this.#state.controller.abort(new DOMException('stopped', 'AbortError'));
      await this.#state.ended;
    } else if (this.#state.kind === 'running') {
      await this.#state.harness.stop();
    }
  }

  /** Stops it, and removes what it kept where no later window could find it. */
  async close(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  dispose(): void {
    this.#output.dispose();
  }

  async #launch(signal: AbortSignal): Promise<HarnessProcess> {
    // A store that is ingested already has nothing more to show: every start begins anew.
    await rm(this.#folder, { recursive: true, force: true });
    const store = pathToFileURL(join(this.#folder, randomUUID())).href;
    const { harnessCoordinators: coordinators, harnessWorkers: workers } = this.#environments.settings;
    this.#output.appendLine(`Starting ${coordinators} coordinators and ${workers} workers over ${store}`);
    return startHarnessProcess({
      cli: this.#cli,
      store,
      coordinators,
      workers,
      log: (line) => this.#output.appendLine(line),
      signal,
    });
  }

  async #ended(harness: HarnessProcess, why: string | undefined): Promise<void> {
    if (this.#state.kind !== 'running' || this.#state.harness !== harness) return;
    this.#become({ kind: 'stopped' });
    const environment = { ...environmentOf(harness), coordinators: [] };
    this.#environments.setOwn({ environment, note: 'stopped, its history can be searched' });
    if (why === undefined) return;
    const [again, show] = ['Start It Again', 'Show Its Log'];
    const message = linkFree(`The local harness has ended by itself (${why}). What it logged can still be searched.`);
    const picked = await vscode.window.showErrorMessage(message, again, show);
    if (picked === again) await vscode.commands.executeCommand(commandIds.startHarness);
    if (picked === show) this.showOutput();
  }

  #become(state: State): void {
    this.#state = state;
    void vscode.commands.executeCommand('setContext', contextKeys.harness, state.kind);
  }
}

function environmentOf({ places }: HarnessProcess): Environment {
  return {
    name: harnessEnvironment,
    coordinators: places.coordinators,
    logs: places.logs,
    index: `${places.store.replace(/\/$/, '')}/index`,
    paths: [],
  };
}
