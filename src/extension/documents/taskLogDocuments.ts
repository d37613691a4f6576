/** Task logs as read-only documents: their text, and the links, folds, symbols and lenses on it. */

import * as vscode from 'vscode';
import { commandIds, documentScheme, internalCommandIds } from '../commandIds.ts';
import type { Engine } from '../engineHost.ts';
import { failureOf, failureText } from '../failureText.ts';
import { iconFree, plainLine } from '../plainText.ts';
import { parseTaskLogUri, taskLogPath } from './taskLogUri.ts';
import { type TaskLogText, taskLogText } from './taskLogText.ts';
import type { TextFrame } from './textFrames.ts';

export class TaskLogDocuments
  implements
    vscode.TextDocumentContentProvider,
    vscode.DocumentLinkProvider,
    vscode.FoldingRangeProvider,
    vscode.DocumentSymbolProvider,
    vscode.CodeLensProvider,
    vscode.Disposable
{
  readonly #engine: Engine;
  readonly #onDidChange = new vscode.EventEmitter<vscode.Uri>();
  readonly #disposables: vscode.Disposable[];
  /** Texts of the open documents, by URI. */
  readonly #texts = new Map<string, TaskLogText>();
  /** The latest reading of each of them. */
  readonly #readings = new Map<string, Promise<string>>();

  readonly onDidChange = this.#onDidChange.event;

  constructor(engine: Engine) {
    this.#engine = engine;
    const selector = { scheme: documentScheme };
    this.#disposables = [
      this.#onDidChange,
      vscode.workspace.registerTextDocumentContentProvider(documentScheme, this),
      vscode.languages.registerDocumentLinkProvider(selector, this),
      vscode.languages.registerFoldingRangeProvider(selector, this),
      vscode.languages.registerDocumentSymbolProvider(selector, this),
      vscode.languages.registerCodeLensProvider(selector, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#texts.delete(uri.toString());
        this.#readings.delete(uri.toString());
      }),
    ];
  }

  /** Opens a task's log; with `record`, at that record. Rejects as the engine does when the task cannot be read. */
  async open(environment: string, task: string, record?: number): Promise<void> {
    const uri = vscode.Uri.from({ scheme: documentScheme, ...taskLogPath(environment, task) });
    const isOpen = vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
    // A record is looked for in the text that is shown; a whole log is read anew, its task may still run.
    if (isOpen && record === undefined) this.#onDidChange.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    const editor = await vscode.window.showTextDocument(document, { preview: true });
    const line = record === undefined ? undefined : this.#texts.get(uri.toString())?.recordLines[record];
    if (line === undefined) return;
    const position = new vscode.Position(line, 0);
    editor.selection = new vscode.Selection(position, position);
    editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.InCenter);
  }

  /** Reads the shown log anew. False when the active editor shows none. */
  refreshActive(): boolean {
    const uri = vscode.window.activeTextEditor?.document.uri;
    if (uri?.scheme !== documentScheme) return false;
    this.#onDidChange.fire(uri);
    return true;
  }

  /** A frame by its place in a document's list, as links carry it. */
  frame(uri: string, index: number): { readonly environment: string; readonly frame: TextFrame } | undefined {
    const frame = this.#texts.get(uri)?.frames[index];
    const address = parseTaskLogUri(vscode.Uri.parse(uri));
    return frame && address ? { environment: address.environment, frame } : undefined;
  }

  /** The frames of a shown log; `undefined` of any other document. */
  framesOf(document: vscode.TextDocument): readonly TextFrame[] | undefined {
    return document.uri.scheme === documentScheme ? (this.#textOf(document)?.frames ?? []) : undefined;
  }

  environmentOf(uri: vscode.Uri): string | undefined {
    return uri.scheme === documentScheme ? parseTaskLogUri(uri)?.environment : undefined;
  }

  /** Of readings that overlap, all give what the latest has read: one that is slow must not bring an older text back. */
  async provideTextDocumentContent(uri: vscode.Uri, token: vscode.CancellationToken): Promise<string> {
    const key = uri.toString();
    const isLatest = () => this.#readings.get(key) === reading;
    const reading = this.#read(uri, token, isLatest);
    this.#readings.set(key, reading);
    let awaited = reading;
    let text = await awaited;
    for (let latest = this.#readings.get(key); latest && latest !== awaited; latest = this.#readings.get(key)) {
      awaited = latest;
      text = await awaited;
    }
    return text;
  }

  async #read(uri: vscode.Uri, token: vscode.CancellationToken, isLatest: () => boolean): Promise<string> {
    const address = parseTaskLogUri(uri);
    if (!address) return `This address names no task: ${plainLine(uri.toString())}\n`;
    const { environment, task } = address;
    const controller = new AbortController();
    const subscription = token.onCancellationRequested(() =>
      controller.abort(new DOMException('the document was closed', 'AbortError')),
    );
    try {
      const { signal } = controller;
      const { detail, from } = await this.#engine.task({ environment, id: task, mode: 'auto' }, { signal });
      if (!detail) return `No place of ${plainLine(environment)} that was asked knows the task ${plainLine(task)}.\n`;
      const text = taskLogText(environment, detail, from);
      if (isLatest()) this.#texts.set(uri.toString(), text);
      return text.text;
    } catch (error) {
      // The document stays: refreshing it tries again.
      return `${failureText(`read the log of task ${task} from ${environment}`, failureOf(error))}\n`;
    } finally {
      subscription.dispose();
    }
  }

  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    const uri = document.uri.toString();
    return (this.#textOf(document)?.frames ?? []).map(({ line, startCharacter, endCharacter }, index) => {
      // The arguments are ours alone: nothing of the log's text travels in a command.
      const args = encodeURIComponent(JSON.stringify([uri, index]));
      const link = new vscode.DocumentLink(
        new vscode.Range(line, startCharacter, line, endCharacter),
        vscode.Uri.parse(`command:${internalCommandIds.openLogFrame}?${args}`),
      );
      link.tooltip = 'Open source line';
      return link;
    });
  }

  provideFoldingRanges(document: vscode.TextDocument): vscode.FoldingRange[] {
    return (this.#textOf(document)?.sections ?? [])
      .filter(({ startLine, endLine }) => endLine > startLine)
      .map(({ startLine, endLine }) => new vscode.FoldingRange(startLine, endLine));
  }

  provideDocumentSymbols(document: vscode.TextDocument): vscode.DocumentSymbol[] {
    const kinds = { heading: vscode.SymbolKind.Module, error: vscode.SymbolKind.Event } as const;
    return (this.#textOf(document)?.sections ?? []).flatMap(({ kind, title, startLine, endLine }) => {
      if (kind !== 'heading' && kind !== 'error') return [];
      const range = new vscode.Range(startLine, 0, endLine, document.lineAt(endLine).text.length);
      return new vscode.DocumentSymbol(title || kind, '', kinds[kind], range, document.lineAt(startLine).range);
    });
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const environment = parseTaskLogUri(document.uri)?.environment;
    const lenses = (this.#textOf(document)?.groups ?? []).map(
      ({ line, group }) =>
        new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
          title: `Search failure group ${iconFree(group, 40)}`,
          command: internalCommandIds.searchGroupId,
          arguments: [environment, group],
        }),
    );
    const refresh = { title: 'Refresh', command: commandIds.refresh };
    return [new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), refresh), ...lenses];
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  /** The layout of a document as long as it is the text that is shown: a refresh may be on its way. */
  #textOf(document: vscode.TextDocument): TaskLogText | undefined {
    const text = this.#texts.get(document.uri.toString());
    return text && document.getText().replaceAll('\r\n', '\n') === text.text ? text : undefined;
  }
}
