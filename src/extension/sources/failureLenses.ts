/**
 * Above the lines of source files at which tasks failed lately: how many, and where last. One question to the index for
 * each file that is shown, kept for minutes; nothing is asked while one types.
 */

import { basename } from 'node:path';
import * as vscode from 'vscode';
import { countText } from '../../model/readableNumbers.ts';
import { normalisePath } from '../../stacktrace/framePath.ts';
import { readSource } from '../../stacktrace/readSource.ts';
import { guessFrameLine } from '../../stacktrace/revisionGuess.ts';
import { internalCommandIds, taskLogLanguage } from '../commandIds.ts';
import type { Engine } from '../engineHost.ts';
import { failureOf } from '../failureText.ts';
import { quoted } from '../filterTerm.ts';
import { iconFree } from '../plainText.ts';
import type { Environments } from '../settings/environments.ts';
import type { DeployedRevision, DeployedRevisions } from './deployedRevision.ts';
import { byLine, failurePlaces, type LineFailures, type PlaceNow } from './failurePlaces.ts';
import type { WorkspaceSources } from './workspaceSources.ts';

/** Files that are only passed by on the way to another one are not asked for. */
const settleMs = 400;
/** An answer is shown as long as this without asking again. */
const freshMs = 5 * 60_000;
/** More failures of one file within a day are told as so many. */
const maxRecords = 500;
const maxFiles = 50;
/** Texts in which frames are links themselves. */
const noSource = new Set(['log', 'plaintext', taskLogLanguage]);

interface Known {
  readonly askedMs: number;
  lines: readonly (LineFailures & { readonly atLeast: boolean })[];
}

export class FailureLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #engine: Engine;
  readonly #environments: Environments;
  readonly #sources: WorkspaceSources;
  readonly #revisions: DeployedRevisions;
  readonly #log: vscode.LogOutputChannel;
  readonly #onDidChange = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];
  readonly #known = new Map<string, Known>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #closing = new AbortController();
  #isOn: boolean;

  readonly onDidChangeCodeLenses = this.#onDidChange.event;

  constructor(
    engine: Engine,
    environments: Environments,
    sources: WorkspaceSources,
    revisions: DeployedRevisions,
    log: vscode.LogOutputChannel,
  ) {
    this.#engine = engine;
    this.#environments = environments;
    this.#sources = sources;
    this.#revisions = revisions;
    this.#log = log;
    this.#isOn = environments.settings.failureLenses;
    this.#disposables = [
      this.#onDidChange,
      vscode.languages.registerCodeLensProvider({ scheme: 'file' }, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#known.delete(uri.toString())),
      vscode.workspace.onDidChangeTextDocument((event) => this.#shift(event)),
      environments.onDidChange(() => {
        this.#isOn = environments.settings.failureLenses;
        this.#known.clear();
        this.#onDidChange.fire();
      }),
    ];
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!this.#isOn || noSource.has(document.languageId)) return [];
    const key = document.uri.toString();
    const known = this.#known.get(key);
    if ((!known || Date.now() - known.askedMs > freshMs) && vscode.workspace.getWorkspaceFolder(document.uri)) {
      // Remembered at once: an editor asks for its lenses many times a minute.
      this.#keep(key, { askedMs: Date.now(), lines: known?.lines ?? [] });
      this.#askSoon(document);
    }
    return (known?.lines ?? []).flatMap(({ line1, tasks, groups, worker, atLeast, isNear }) => {
      if (line1 > document.lineCount) return [];
      const count = `${atLeast ? 'at least ' : ''}${countText(tasks.size, 'task')}`;
      const last = worker === undefined ? '' : `, last by ${worker}`;
      return [
        new vscode.CodeLens(new vscode.Range(line1 - 1, 0, line1 - 1, 0), {
          title: iconFree(`${count} failed ${isNear ? 'near here' : 'here'} in 24 h${last}`),
          command: internalCommandIds.searchFailures,
          arguments: [[...groups].slice(0, 20)],
        }),
      ];
    });
  }

  dispose(): void {
    this.#closing.abort(new DOMException('the window is closed', 'AbortError'));
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #askSoon(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#waiting.get(key));
    const ask = () => {
      this.#waiting.delete(key);
      if (vscode.window.visibleTextEditors.some((editor) => editor.document === document)) void this.#ask(document.uri);
      // Asked for when it is shown again.
      else this.#known.delete(key);
    };
    this.#waiting.set(key, setTimeout(ask, settleMs));
  }

  async #ask(uri: vscode.Uri): Promise<void> {
    const environment = this.#environments.current;
    const asked = this.#known.get(uri.toString());
    // Without an index each question would read the logs of a day.
    if (!environment || (environment.index === undefined && environment.clickhouse === undefined)) return;
    const { signal } = this.#closing;
    try {
      const { records } = await this.#engine.records(
        {
          environment: environment.name,
          query: `event:attempt.failed,task.failed since:1d ${quoted(basename(uri.fsPath))}`,
          limit: maxRecords,
          mode: 'index',
        },
        { signal },
      );
      const path = normalisePath(uri.fsPath);
      const revisions = new Map<string, DeployedRevision | undefined>();
      const here: PlaceNow[] = [];
      for (const place of failurePlaces(records)) {
        signal.throwIfAborted();
        // A file name in a message is no failure in that file.
        if (basename(normalisePath(place.frame.file ?? '')) !== basename(path)) continue;
        const { commit = '' } = place;
        if (!revisions.has(commit)) {
          const deployed = await this.#revisions.of(commit);
          revisions.set(commit, deployed.kind === 'revision' ? deployed.revision : undefined);
        }
        const revision = revisions.get(commit);
        const resolution = await this.#sources.resolve(place.frame, place.trace, environment.paths, revision);
        if (resolution.kind !== 'file') continue;
        const now = revision?.pathNow(resolution.path);
        if ((now && 'path' in now ? now.path : resolution.path) !== path) continue;
        const follow = revision?.has(resolution.path) ? await revision.lines(resolution.path) : undefined;
        const line = follow?.(resolution.line1);
        // What is no longer there needs no fixing.
        if (line?.kind === 'gone') continue;
        if (line) {
          here.push({ ...place, nowLine1: line.line1 });
          continue;
        }
        const guess = await guessFrameLine(readSource, place.frame, place.trace, resolution);
        // A mark on a line that may be any says less than none.
        if (guess.kind === 'unsure') continue;
        here.push({ ...place, nowLine1: guess.line1, ...(guess.kind === 'near' && { isNear: true as const }) });
      }
      // Closed meanwhile, or another environment is asked now.
      const known = this.#known.get(uri.toString());
      if (!known || known !== asked) return;
      const hadLines = known.lines.length > 0;
      const atLeast = records.length >= maxRecords;
      known.lines = byLine(here).map((lines) => ({ ...lines, atLeast }));
      if (here.length > 0 || hadLines) this.#onDidChange.fire();
    } catch (error) {
      // A lens that is not there disturbs nobody; the log tells why.
      if (!signal.aborted) this.#log.debug(`No failures for ${uri.fsPath}: ${failureOf(error).message}`);
    }
  }

  #keep(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > maxFiles && oldest !== undefined) this.#known.delete(oldest);
  }

  /** Lenses stay with their lines while one types. */
  #shift({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    const known = this.#known.get(document.uri.toString());
    if (!known || known.lines.length === 0) return;
    for (const { range, text } of contentChanges) {
      const added = text.split('\n').length - 1 - (range.end.line - range.start.line);
      if (added === 0) continue;
      known.lines = known.lines.map((line) =>
        line.line1 - 1 > range.start.line
          ? { ...line, line1: Math.max(line.line1 + added, range.start.line + 1) }
          : line,
      );
    }
  }
}
