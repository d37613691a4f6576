/** Finds the workspace file of a stack frame. One index per folder, listed on first use and again after files appeared. */

import * as vscode from 'vscode';
import type { PathMapping } from '../../model/environment.ts';
import { openWorkspaceFiles } from '../../stacktrace/listWorkspaceFiles.ts';
import { readSource } from '../../stacktrace/readSource.ts';
import { mappingOf, resolveFrame } from '../../stacktrace/resolveFrame.ts';
import type { Frame, Resolution, Trace } from '../../stacktrace/trace.ts';
import type { WorkspaceFiles } from '../../stacktrace/workspaceFiles.ts';
import { type ResolvedTrace, tracesBelow } from '../views/errorNodes.ts';

/** What appears there is never a frame's source, and there are floods of it. */
const ignored = /[\\/](?:node_modules|\.git)[\\/]/;

export class WorkspaceSources implements vscode.Disposable {
  readonly #log: vscode.LogOutputChannel;
  readonly #folders = new Map<string, FolderSources>();
  readonly #onDidChange = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;

  /** Folders were opened or closed: frames may lead elsewhere. */
  readonly onDidChange = this.#onDidChange.event;

  constructor(log: vscode.LogOutputChannel) {
    this.#log = log;
    this.#subscription = vscode.workspace.onDidChangeWorkspaceFolders(({ removed }) => {
      for (const { uri } of removed) {
        this.#folders.get(uri.toString())?.dispose();
        this.#folders.delete(uri.toString());
      }
      this.#onDidChange.fire();
    });
  }

  /** Looks every frame of a trace up, those of its causes too. Never rejects: a reason stands in the resolution. */
  async resolveTrace(trace: Trace, mappings: readonly PathMapping[]): Promise<ResolvedTrace> {
    const [resolutions, below] = await Promise.all([
      this.#resolveAll(trace.frames, mappings),
      Promise.all(
        tracesBelow(trace).map(async ({ relation, trace }) => ({
          relation,
          trace: await this.resolveTrace(trace, mappings),
        })),
      ),
    ]);
    return { trace, resolutions, below };
  }

  /** One frame, with the others of its trace as witnesses. Never rejects. */
  async resolve(frame: Frame, trace: Trace | undefined, mappings: readonly PathMapping[]): Promise<Resolution> {
    const frames = trace?.frames ?? [frame];
    const resolutions = await this.#resolveAll(frames, mappings);
    return resolutions[Math.max(frames.indexOf(frame), 0)] ?? { kind: 'none', why: 'the frame is not in its trace' };
  }

  async #resolveAll(frames: readonly Frame[], mappings: readonly PathMapping[]): Promise<Resolution[]> {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
    const nowhere = (why: string) => frames.map((): Resolution => ({ kind: 'none', why }));
    if (folders.length === 0) return nowhere('no folder is open in this window');
    try {
      const files = await Promise.all(folders.map((folder) => this.#sourcesOf(folder).files()));
      const ask = (frame: Frame, position: number, siblings: readonly PathMapping[]) => {
        const callee = frames[position - 1]?.function;
        return resolveFrame(frame, {
          files,
          mappings,
          siblings,
          readSource,
          ...(callee === undefined ? {} : { callee }),
        });
      };
      const alone = await Promise.all(frames.map((frame, position) => ask(frame, position, [])));
      const siblings = frames.flatMap((frame, position) => {
        const resolution = alone[position];
        return (resolution && mappingOf(frame, resolution)) ?? [];
      });
      if (siblings.length === 0) return alone;
      return await Promise.all(
        frames.map(async (frame, position) => {
          const resolution = alone[position];
          return resolution?.kind === 'file' ? resolution : ask(frame, position, siblings);
        }),
      );
    } catch (error) {
      const why = `the files of the workspace cannot be listed: ${error instanceof Error ? error.message : String(error)}`;
      this.#log.error(why);
      return nowhere(why);
    }
  }

  dispose(): void {
    this.#subscription.dispose();
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
        caseInsensitive: process.platform === 'win32' || process.platform === 'darwin',
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
