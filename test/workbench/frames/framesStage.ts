/** One window for all that is checked of stack frames: failures are written into its log, and their frames clicked. */

import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Locator } from 'playwright-core';
import { type ExtensionWindow, openExtensionWindow } from '../../rigs/extensionWindow.ts';
import { type LoopbackCoordinator, startLoopbackCoordinator } from '../../rigs/loopbackCoordinator.ts';
import { temporaryFolder } from '../../rigs/temporaryFolder.ts';
import { until } from '../../rigs/until.ts';
import type { View, Workbench } from '../../rigs/workbench.ts';

export interface Failed {
  /** The task's input: its row begins with it. */
  readonly key: string;
  readonly stack: string;
  readonly commit?: string;
}

export class FramesStage {
  readonly window: ExtensionWindow;
  readonly workbench: Workbench;
  readonly history: View;
  /** Notes above lines of the active editor. */
  readonly lens: Locator;
  /** Of an environment of its own, `now`. */
  readonly coordinator: LoopbackCoordinator;
  readonly #logs: string;

  private constructor(window: ExtensionWindow, logs: string, coordinator: LoopbackCoordinator) {
    this.window = window;
    this.coordinator = coordinator;
    this.workbench = window.workbench;
    this.history = window.workbench.view('History');
    this.lens = this.workbench.page.locator('.editor-group-container.active .codelens-decoration');
    this.#logs = logs;
  }

  static async open(t: TestContext): Promise<FramesStage> {
    const logs = await temporaryFolder('logs');
    t.after(() => logs.remove());
    const coordinator = await startLoopbackCoordinator('c-1');
    t.after(() => coordinator[Symbol.asyncDispose]());
    const window = await openExtensionWindow({
      environments: [
        { name: 'deployed', logs: pathToFileURL(logs.path).href },
        { name: 'now', coordinators: [coordinator.url] },
      ],
      // What a terminal shows can be read in the page, and is what was printed there.
      settings: { 'terminal.integrated.gpuAcceleration': 'off', 'terminal.integrated.initialHint': false },
    });
    t.after(() => window.close());
    await window.workbench.widenSideBar(460);
    return new FramesStage(window, logs.path, coordinator);
  }

  /** Runs git in the workspace. */
  readonly git = (...args: readonly string[]): string => this.gitIn(this.window.workspace.path, ...args);

  gitIn(folder: string, ...args: readonly string[]): string {
    const config = ['-c', 'user.name=Test', '-c', 'user.email=test@localhost'];
    return execFileSync('git', ['-C', folder, ...config, ...args], { encoding: 'utf8' });
  }

  /** Writes a file of the workspace. */
  async write(file: string, text: string): Promise<void> {
    const path = join(this.window.workspace.path, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  /** Logs failed tasks and lists them in History, those and no others. */
  async failed(source: string, failed: readonly Failed[]): Promise<void> {
    const records = failed.map(({ key, stack, commit }, index) => ({
      ts: Date.now() - 1000 * index,
      event: 'task.failed',
      task: `${source}-${index}`,
      source,
      key,
      error: { type: 'Error', message: key, stack },
      ...(commit !== undefined && { build: { commit } }),
    }));
    await writeFile(join(this.#logs, `${source}.ndjson`), records.map((one) => `${JSON.stringify(one)}\n`).join(''));
    await this.list(source);
  }

  async list(source: string): Promise<void> {
    await this.workbench.command('Ingest Trace: Search Tasks');
    await this.workbench.answer(`source:${source}`);
  }

  /** Clicks a frame of a failed task, the first whose name fits. Other tasks must be closed. */
  async clickFrame(key: string, name: RegExp): Promise<void> {
    await this.history.expand(new RegExp(`^${key}`));
    await this.history.rowsLike(name).first().click();
  }

  async close(key: string): Promise<void> {
    const row = this.history.rowsLike(new RegExp(`^${key}`)).first();
    await row.locator('.monaco-tl-twistie').click();
  }

  async cursorIs(line1: number): Promise<void> {
    await until(`the cursor is on line ${line1}`, async () => (await this.workbench.cursor()).line1 === line1);
  }

  /** The text of a line of the active editor; notes above it may move it for a moment. */
  async lineIs(line1: number, text: string | undefined): Promise<void> {
    await until(`line ${line1} reads '${text}'`, async () => (await this.workbench.lineText(line1)) === text);
  }

  async fileIs(file: string): Promise<void> {
    await until(`${file} is shown`, async () => (await this.workbench.activeFile()) === file);
  }
}
