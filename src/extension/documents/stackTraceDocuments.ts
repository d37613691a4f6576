/** Stack traces from the clipboard or a selection as read-only documents to fold and to walk. */

import * as vscode from 'vscode';
import { stackTraceExtension, stackTraceScheme } from '../commandIds.ts';
import { type StackTraceText, stackTraceText } from './stackTraceText.ts';
import type { TextFrame } from './textFrames.ts';

export class StackTraceDocuments
  implements
    vscode.TextDocumentContentProvider,
    vscode.FoldingRangeProvider,
    vscode.DocumentSymbolProvider,
    vscode.Disposable
{
  readonly #disposables: vscode.Disposable[];
  readonly #texts = new Map<string, StackTraceText>();
  #opened = 0;

  constructor() {
    const selector = { scheme: stackTraceScheme };
    this.#disposables = [
      vscode.workspace.registerTextDocumentContentProvider(stackTraceScheme, this),
      vscode.languages.registerFoldingRangeProvider(selector, this),
      vscode.languages.registerDocumentSymbolProvider(selector, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#texts.delete(uri.toString())),
    ];
  }

  /** False when the text has no stack trace. */
  async open(given: string): Promise<boolean> {
    const text = stackTraceText(given);
    if (!text) return false;
    const uri = vscode.Uri.from({
      scheme: stackTraceScheme,
      path: `/Stack Trace ${++this.#opened}${stackTraceExtension}`,
    });
    this.#texts.set(uri.toString(), text);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: false });
    return true;
  }

  framesOf(uri: vscode.Uri): readonly TextFrame[] | undefined {
    return this.#texts.get(uri.toString())?.frames;
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.#texts.get(uri.toString())?.text ?? 'This stack trace was not kept: open it from where it was copied.\n'
    );
  }

  provideFoldingRanges({ uri }: vscode.TextDocument): vscode.FoldingRange[] {
    return (this.#texts.get(uri.toString())?.sections ?? [])
      .filter(({ startLine, endLine }) => endLine > startLine)
      .map(({ startLine, endLine }) => new vscode.FoldingRange(startLine, endLine));
  }

  provideDocumentSymbols({ uri }: vscode.TextDocument): vscode.DocumentSymbol[] {
    return (this.#texts.get(uri.toString())?.sections ?? []).map(({ title, startLine, endLine }) => {
      const start = new vscode.Range(startLine, 0, startLine, 0);
      const whole = new vscode.Range(startLine, 0, endLine, 0);
      return new vscode.DocumentSymbol(title || 'error', '', vscode.SymbolKind.Event, whole, start);
    });
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }
}
