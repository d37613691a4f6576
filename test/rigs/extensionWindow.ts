/** The packaged extension, installed into a fresh VS Code and shown in a window: what the workbench tests drive. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageExtension } from '../../scripts/package.ts';
import { launchChromium } from './chromium.ts';
import { FarServer } from './farServer.ts';
import { type TemporaryFolder, temporaryFolder } from './temporaryFolder.ts';
import { temporaryWorkspace } from './temporaryWorkspace.ts';
import { startTestVscode, type TestVscode } from './vscodeServer.ts';
import { Workbench } from './workbench.ts';

export interface ExtensionWindow {
  readonly workbench: Workbench;
  readonly vscode: TestVscode;
  /** A copy of this repository. */
  readonly workspace: TemporaryFolder;
  /** What the window tells the server waits until the answer is called. */
  holdMessages(): () => void;
  /** Throws when a process that VS Code or the extension started outlives the window. */
  close(): Promise<void>;
}

export interface ExtensionWindowOptions {
  /** What the workspace's ingest-trace.json says; without it there is no such file. */
  readonly environments?: readonly Readonly<Record<string, unknown>>[];
  /** User settings beside those that keep VS Code quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Settings that VS Code takes for a whole machine only, such as where git is. */
  readonly machineSettings?: Readonly<Record<string, unknown>>;
  /** Environment variables for the extension host, beside this process's. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Takes dist/ as `npm run build` left it. */
export async function openExtensionWindow(options: ExtensionWindowOptions = {}): Promise<ExtensionWindow> {
  /** What to undo, the latest first. */
  const undo: (() => Promise<unknown>)[] = [];
  const close = async () => {
    const failures: unknown[] = [];
    for (const step of undo.reverse()) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'The window could not be closed without a trace');
  };
  try {
    const folder = await temporaryFolder('vsix');
    undo.push(() => folder.remove());
    const { path: vsix } = await packageExtension({ outDirectory: folder.path });
    const workspace = await temporaryWorkspace();
    undo.push(() => workspace.remove());
    if (options.environments !== undefined) {
      const json = JSON.stringify({ environments: options.environments }, null, 2);
      await writeFile(join(workspace.path, 'ingest-trace.json'), `${json}\n`);
    }
    const vscode = await startTestVscode({ folder: workspace.path, vsix, ...options });
    undo.push(() => vscode.close());
    const server = await FarServer.before(vscode.server.url);
    undo.push(() => server[Symbol.asyncDispose]());
    const browser = await launchChromium();
    undo.push(() => browser.close());
    const workbench = await Workbench.open(browser, server.url);
    await workbench.openContainer('Ingest Trace');
    server.moveAway(windowLagMs());
    const holdMessages = () => server.hold();
    return { workbench, vscode, workspace, holdMessages, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** How far away windows are to be, each way. */
function windowLagMs(): number {
  const value = process.env['INGEST_TRACE_TEST_LAG_MS'] ?? '0';
  if (!/^\d{1,4}$/.test(value)) {
    throw new Error(`INGEST_TRACE_TEST_LAG_MS is '${value}': give whole milliseconds, such as 100`);
  }
  return Number(value);
}

/** Runs a step of a test; a failure leaves a picture of the window. */
export async function inPicture<T>(window: ExtensionWindow, name: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const picture = await window.workbench.screenshot(`failed-${name}`).catch(() => undefined);
    if (picture !== undefined) console.log(`A picture of the failure: ${picture}`);
    throw error;
  }
}
