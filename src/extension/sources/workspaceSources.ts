/** Finds the workspace file of a stack frame. One index per folder, listed on first use and again after files appeared. */

import { isAbsolute } from 'node:path';
import * as vscode from 'vscode';
import type { PathMapping } from '../../model/environment.ts';
import { openWorkspaceFiles } from '../../stacktrace/listWorkspaceFiles.ts';
import { type ReadSource, readSource } from '../../stacktrace/readSource.ts';
import { type ResolvedFrame, resolveTrace } from '../../stacktrace/resolveTrace.ts';
import { SourceMaps } from '../../stacktrace/sourceMap.ts';
import { type Frame, type Resolution, type Trace, tracesWithin } from '../../stacktrace/trace.ts';
import type { WorkspaceFiles } from '../../stacktrace/workspaceFiles.ts';
import { type ResolvedTrace, tracesBelow } from '../views/errorNodes.ts';
import type { Environments } from '../settings/environments.ts';
import type { LearnedMappings } from './learnedMappings.ts';
import type { OwnSources } from './ownSources.ts';

/** What appears there is never a frame's source, and there are floods of it. */
const ignored = /[\\/](?:node_modules|\.git)[\\/]/;

/** The files as they were at another time. */
interface SourceRevision {
  filesThen(files: readonly WorkspaceFiles[]): readonly WorkspaceFiles[];
  readonly readThen: ReadSource;
}

export class WorkspaceSources implements vscode.Disposable {
  readonly #environments: Environments;
  readonly #learned: LearnedMappings;
  readonly #own: OwnSources;
  readonly #log: vscode.LogOutputChannel;
  readonly #folders = new Map<string, FolderSources>();
  readonly #onDidChange = new vscode.EventEmitter<void>();
  readonly #subscriptions: readonly vscode.Disposable[];

  /** Folders were opened, closed or set, a mapping was learned or forgotten: frames may lead elsewhere. */
  readonly onDidChange = this.#onDidChange.event;

  constructor(environments: Environments, learned: LearnedMappings, own: OwnSources, log: vscode.LogOutputChannel) {
    this.#environments = environments;
    this.#learned = learned;
    this.#own = own;
    this.#log = log;
    let mapFolders = environments.settings.sourceMapFolders.join('\n');
    this.#subscriptions = [
      vscode.workspace.onDidChangeWorkspaceFolders(({ removed }) => {
        for (const { uri } of removed) {
          this.#folders.get(uri.toString())?.dispose();
          this.#folders.delete(uri.toString());
        }
        this.#onDidChange.fire();
      }),
      learned.onDidChange(() => this.#onDidChange.fire()),
      environments.onDidChange(() => {
        const { sourceMapFolders } = environments.settings;
        if (sourceMapFolders.join('\n') === mapFolders) return;
        mapFolders = sourceMapFolders.join('\n');
        this.#onDidChange.fire();
      }),
    ];
  }

  /** Looks every frame of a trace up, those of its causes too. Never rejects: a reason stands in the resolution. */
  async resolveTrace(trace: Trace, mappings: readonly PathMapping[]): Promise<ResolvedTrace> {
    return asTree(trace, await this.#resolve(trace, mappings));
  }

  /** One frame, with the others of its trace as witnesses. Never rejects. */
  async resolve(
    frame: Frame,
    trace: Trace,
    mappings: readonly PathMapping[],
    revision?: SourceRevision,
  ): Promise<Resolution> {
    return (
      (await this.#resolve(trace, mappings, revision)).get(frame) ?? {
        kind: 'none',
        why: 'the frame is not in its trace',
      }
    );
  }

  /** Where the workspace has no file for a frame, one of the extension's own may be meant. */
  async #resolve(
    trace: Trace,
    mappings: readonly PathMapping[],
    revision?: SourceRevision,
  ): Promise<ReadonlyMap<Frame, Resolution>> {
    const found = [...(await this.#inWorkspace(trace, mappings, revision))];
    return new Map(
      await Promise.all(
        found.map(async ([frame, resolution]): Promise<[Frame, Resolution]> => {
          const own = resolution.kind === 'none' ? await this.#own.find(frame) : undefined;
          return [frame, own ?? resolution];
        }),
      ),
    );
  }

  async #inWorkspace(
    trace: Trace,
    mappings: readonly PathMapping[],
    revision?: SourceRevision,
  ): Promise<ReadonlyMap<Frame, Resolution>> {
    const nowhere = (why: string) =>
      new Map(framesWithin(trace).map((frame) => [frame, { kind: 'none', why } as const]));
    try {
      const files = await this.files();
      if (files.length === 0) return nowhere('no folder is open in this window');
      // What stands in a file may have changed since the last time: nothing is kept from trace to trace.
      const read = revision?.readThen ?? readSource;
      const resolved = await resolveTrace(trace, {
        files: revision?.filesThen(files) ?? files,
        mappings,
        learned: this.#learned.all,
        readSource: read,
        sourceMaps: new SourceMaps(read, this.#mapFolders(files), readSource),
      });
      return new Map(resolved.map(({ frame, resolution }: ResolvedFrame) => [frame, resolution]));
    } catch (error) {
      const why = `the files of the workspace cannot be listed: ${error instanceof Error ? error.message : String(error)}`;
      this.#log.error(why);
      return nowhere(why);
    }
  }

  #mapFolders(files: readonly WorkspaceFiles[]): string[] {
    return this.#environments.settings.sourceMapFolders.flatMap((folder) =>
      isAbsolute(folder) ? [folder] : files.map(({ root }) => `${root}/${folder}`),
    );
  }

  /** The files of the folders that lie on this machine. @throws when one cannot be listed */
  async files(): Promise<readonly WorkspaceFiles[]> {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
    return Promise.all(folders.map((folder) => this.#sourcesOf(folder).files()));
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#onDidChange.dispose();
    for (const folder of this.#folders.values()) folder.dispose();
  }

  #sourcesOf(folder: vscode.WorkspaceFolder): FolderSources {
    const key = folder.uri.toString();
    let sources = this.#folders.get(key);
    if (!sources) {
      sources = new FolderSources(folder);
      this.#folders.set(key, sources);
    }
    return sources;
  }
}

function framesWithin(trace: Trace): Frame[] {
  return [...tracesWithin(trace)].flatMap((part) => part.frames);
}

function asTree(trace: Trace, resolutions: ReadonlyMap<Frame, Resolution>): ResolvedTrace {
  return {
    trace,
    resolutions: trace.frames.map((frame) => resolutions.get(frame) ?? { kind: 'none', why: 'not looked up' }),
    below: tracesBelow(trace).map(({ relation, trace }) => ({ relation, trace: asTree(trace, resolutions) })),
  };
}

/** The index of one folder: deletions are taken out of it, creations make it stale (git alone knows what is ignored). */
class FolderSources implements vscode.Disposable {
  readonly #folder: vscode.WorkspaceFolder;
  readonly #watcher: vscode.FileSystemWatcher;
  readonly #disposal = new AbortController();
  #files: Promise<WorkspaceFiles> | undefined;

  constructor(folder: vscode.WorkspaceFolder) {
    this.#folder = folder;
    this.#watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(folder, '**/*'),
      false,
      true,
      false,
    );
    this.#watcher.onDidCreate((uri) => {
      if (!ignored.test(uri.fsPath)) this.#files = undefined;
    });
    this.#watcher.onDidDelete((uri) => {
      if (ignored.test(uri.fsPath)) return;
      void this.#forget(uri.fsPath);
    });
  }

  files(): Promise<WorkspaceFiles> {
    if (!this.#files) {
      const listing = openWorkspaceFiles(this.#folder.uri.fsPath, {
        signal: this.#disposal.signal,
      });
      this.#files = listing;
      listing.catch(() => {
        if (this.#files === listing) this.#files = undefined;
      });
    }
    return this.#files;
  }

  async #forget(file: string): Promise<void> {
    // Whoever waits for a listing that fails is told of it.
    const files = await this.#files?.catch(() => undefined);
    const path = files?.relative(file.replaceAll('\\', '/'));
    if (path === undefined) return;
    files?.remove(path);
    files?.removeFolder(path);
  }

  dispose(): void {
    this.#disposal.abort(new DOMException('the folder was closed', 'AbortError'));
    this.#watcher.dispose();
  }
}
