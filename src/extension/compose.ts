/** Puts the extension together: a list of `new`, and what must be undone when the window closes. */

import * as vscode from 'vscode';
import { EngineClient, type EngineState } from '../engine/engineClient.ts';
import type { EngineConfiguration, EngineLog } from '../engine/protocol.ts';
import { FrameCommands } from './commands/frameCommands.ts';
import { registerCommands } from './commands/registerCommands.ts';
import { SearchCommands } from './commands/searchCommands.ts';
import { SystemCommands } from './commands/systemCommands.ts';
import { TaskCommands } from './commands/taskCommands.ts';
import { FrameLinks } from './documents/frameLinks.ts';
import { StackTraceDocuments } from './documents/stackTraceDocuments.ts';
import { TaskLogDocuments } from './documents/taskLogDocuments.ts';
import { EngineHost } from './engineHost.ts';
import { failureOf } from './failureText.ts';
import { LocalHarness } from './harness/localHarness.ts';
import { TimelinePanel } from './panels/timelinePanel.ts';
import { CoordinatorTokens } from './settings/coordinatorTokens.ts';
import { Environments } from './settings/environments.ts';
import { DeployedRevisions } from './sources/deployedRevision.ts';
import { FailureLenses } from './sources/failureLenses.ts';
import { FrameNotes } from './sources/frameNotes.ts';
import { FrameOpener } from './sources/frameOpener.ts';
import { LearnedMappings } from './sources/learnedMappings.ts';
import { OwnSources } from './sources/ownSources.ts';
import { WorkspaceSources } from './sources/workspaceSources.ts';
import { StatusBar } from './statusBar.ts';
import { HistoryView } from './views/historyView.ts';
import { LiveView } from './views/liveView.ts';

export interface Composition {
  /** Ends the processes; resolves once they are gone. */
  close(): Promise<void>;
}

export async function compose(context: vscode.ExtensionContext): Promise<Composition> {
  const log = vscode.window.createOutputChannel('Ingest Trace', { log: true });
  const dist = (file: string) => vscode.Uri.joinPath(context.extensionUri, 'dist', file).fsPath;
  const environments = new Environments(context.workspaceState);
  const tokens = new CoordinatorTokens(context.secrets);
  const engine = new EngineHost(
    () => new EngineClient({ entry: dist('engine.mjs'), onLog: (entry) => logEngine(log, entry) }),
    (state) => logState(log, state),
    (error) => log.error(`The engine could not be configured: ${failureOf(error).message}`),
  );
  const configure = () =>
    void engine.configure(
      async (): Promise<EngineConfiguration> => ({
        environments: environments.all,
        cacheDirectory: vscode.Uri.joinPath(context.globalStorageUri, 'cache').fsPath,
        memoryLimitMb: environments.settings.engineMemoryLimitMb,
        diskLimitMb: environments.settings.engineDiskLimitMb,
        coordinatorTokens: await tokens.of(environments.all),
      }),
    );
  // Before the views: what they ask after a change waits for this.
  const configuring = [environments.onDidChange(configure), tokens.onDidChange(configure)];
  const logProblems = environments.onDidChange(() => environments.problems.forEach((problem) => log.warn(problem)));
  await environments.readFiles();

  const harness = new LocalHarness(dist('cli.mjs'), context.storageUri, environments);
  const learned = new LearnedMappings(context.workspaceState);
  const own = new OwnSources(context.extensionUri.fsPath);
  const sources = new WorkspaceSources(environments, learned, own, log);
  const revisions = new DeployedRevisions();
  const notes = new FrameNotes();
  const frames = new FrameOpener(sources, own, revisions, learned, environments, notes);
  const lenses = new FailureLenses(engine, environments, sources, revisions, log);
  const documents = new TaskLogDocuments(engine);
  const stackTraces = new StackTraceDocuments();
  const links = new FrameLinks(frames, environments, stackTraces, documents);
  const live = new LiveView(engine, environments, sources, log);
  const history = new HistoryView(engine, environments, sources, log);
  const timeline = new TimelinePanel(engine, context.extensionUri, environments, history, documents, log);
  const statusBar = new StatusBar(environments, live);
  const commands = registerCommands(
    {
      ...new SearchCommands({
        engine,
        environments,
        live,
        history,
        documents,
        memento: context.workspaceState,
        log,
      }).table,
      ...new TaskCommands(environments, documents, frames).table,
      ...new FrameCommands(stackTraces, links, notes, learned).table,
      ...new SystemCommands({
        environments,
        tokens,
        harness,
        engine,
        live,
        history,
        timeline,
        log,
        extensionId: context.extension.id,
      }).table,
    },
    log,
  );
  context.subscriptions.push(
    commands,
    statusBar,
    timeline,
    history,
    live,
    documents,
    stackTraces,
    links,
    notes,
    lenses,
    sources,
    revisions,
    learned,
    harness,
    logProblems,
    ...configuring,
    environments,
    log,
  );
  return {
    close: async () => {
      await Promise.all([harness.close(), engine.dispose()]);
    },
  };
}

function logEngine(log: vscode.LogOutputChannel, { level, message }: EngineLog): void {
  log[level](`engine: ${message}`);
}

function logState(log: vscode.LogOutputChannel, state: EngineState): void {
  if (state.kind === 'running') log.info(`The engine runs as process ${state.pid}`);
  else if (state.kind === 'starting' && state.waitMs > 0)
    log.warn(`The engine crashed again: waiting ${state.waitMs} ms`);
  else log.debug(`The engine is ${state.kind}`);
}
