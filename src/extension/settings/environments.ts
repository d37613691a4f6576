/** The environments of this window: from the settings, from ingest-trace.json, and the local harness while there is one. */

import * as vscode from 'vscode';
import type { Environment } from '../../model/environment.ts';
import { parseJson } from '../../model/json.ts';
import { parseEnvironments } from '../../model/parseEnvironments.ts';
import { environmentsFile } from '../commandIds.ts';
import { type EnvironmentList, type EnvironmentSource, mergeEnvironments } from './environmentList.ts';
import { readSettings, type Settings, settingsSection } from './settings.ts';

const currentKey = 'currentEnvironment';

/** An environment that lives with the window: the local harness. */
export interface OwnEnvironment {
  readonly environment: Environment;
  /** Shown where it has no coordinators. */
  readonly note?: string;
}

export class Environments implements vscode.Disposable {
  readonly #memento: vscode.Memento;
  readonly #onDidChange = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[] = [this.#onDidChange];
  #settings: Settings;
  #settingsSource: EnvironmentSource;
  /** By folder. */
  #fileSources: ReadonlyMap<string, EnvironmentSource> = new Map();
  #own: OwnEnvironment | undefined;
  #list: EnvironmentList = { environments: [], problems: [] };
  #reading = 0;
  #ignoredFiles = false;

  /** Environments, their order, the current one or the settings changed. */
  readonly onDidChange = this.#onDidChange.event;

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
    ({ settings: this.#settings, source: this.#settingsSource } = settingsSourceNow());
    this.#merge();
    const watcher = vscode.workspace.createFileSystemWatcher(`**/${environmentsFile}`);
    const reread = () => void this.readFiles();
    this.#disposables.push(
      watcher,
      watcher.onDidChange(reread),
      watcher.onDidCreate(reread),
      watcher.onDidDelete(reread),
      vscode.workspace.onDidChangeWorkspaceFolders(reread),
      vscode.workspace.onDidGrantWorkspaceTrust(reread),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration(settingsSection)) return;
        ({ settings: this.#settings, source: this.#settingsSource } = settingsSourceNow());
        this.#changed();
      }),
    );
  }

  get settings(): Settings {
    return this.#settings;
  }

  get all(): readonly Environment[] {
    return this.#list.environments;
  }

  /** For people, each a sentence. */
  get problems(): readonly string[] {
    return this.#list.problems;
  }

  /** True when an ingest-trace.json is there that is not used before the workspace is trusted. */
  get waitsForTrust(): boolean {
    return this.#ignoredFiles;
  }

  get current(): Environment | undefined {
    const name = this.#memento.get<string>(currentKey);
    return this.all.find((environment) => environment.name === name) ?? this.all[0];
  }

  get(name: string): Environment | undefined {
    return this.all.find((environment) => environment.name === name);
  }

  noteOf(name: string): string | undefined {
    return this.#own?.environment.name === name ? this.#own.note : undefined;
  }

  async select(name: string): Promise<void> {
    await this.#memento.update(currentKey, name);
    this.#onDidChange.fire();
  }

  setOwn(own: OwnEnvironment | undefined): void {
    this.#own = own;
    this.#changed();
  }

  /** Reads the ingest-trace.json of every workspace folder again. What one said last counts on while it cannot be read, as when half of it is written. */
  async readFiles(): Promise<void> {
    const reading = ++this.#reading;
    const sources = new Map<string, EnvironmentSource>();
    let ignored = false;
    for (const folder of vscode.workspace.workspaceFolders ?? []) {
      const key = folder.uri.toString();
      const source = await fileSource(folder, this.#fileSources.get(key)?.environments ?? []);
      if (!source) continue;
      if (vscode.workspace.isTrusted) sources.set(key, source);
      else ignored = true;
    }
    // A later reading has begun: its answer counts.
    if (reading !== this.#reading) return;
    this.#fileSources = sources;
    this.#ignoredFiles = ignored;
    this.#changed();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #changed(): void {
    this.#merge();
    this.#onDidChange.fire();
  }

  #merge(): void {
    const own = this.#own ? [{ from: 'the local harness', environments: [this.#own.environment], problems: [] }] : [];
    this.#list = mergeEnvironments([...own, this.#settingsSource, ...this.#fileSources.values()]);
  }
}

function settingsSourceNow(): { settings: Settings; source: EnvironmentSource } {
  const configuration = vscode.workspace.getConfiguration(settingsSection);
  const { settings, problems } = readSettings((key) => configuration.get(key));
  return { settings, source: { from: 'the settings', environments: settings.environments, problems } };
}

/** `undefined` where the folder has no such file. @param last what it said when it could be read. */
async function fileSource(
  folder: vscode.WorkspaceFolder,
  last: readonly Environment[],
): Promise<EnvironmentSource | undefined> {
  const from = `${environmentsFile} of ${folder.name}`;
  const refused = (message: string) => {
    const told = last.length > 0 ? `${message}. What it said before is used until then.` : message;
    return { from, environments: last, problems: [{ path: 'the whole file', message: told }] };
  };
  let bytes: Uint8Array;
  try {
    bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder.uri, environmentsFile));
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return undefined;
    return refused(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const value = parseJson(new TextDecoder().decode(bytes));
  if (value === undefined) return refused('expected JSON');
  const parsed = parseEnvironments(value);
  return parsed.kind === 'environments'
    ? { from, environments: parsed.environments, problems: [] }
    : { from, environments: parsed.sound, problems: parsed.problems };
}
