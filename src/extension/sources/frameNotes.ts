/** Notes above the line to which a frame led: at which revision it is, where it is now, how sure that is. */

import * as vscode from 'vscode';
import { internalCommandIds } from '../commandIds.ts';
import { iconFree } from '../plainText.ts';

export interface FrameNote {
  /** From 1. */
  readonly line1: number;
  readonly text: string;
  /** What a click on the note does; without it the note only tells. */
  readonly follow?: () => Promise<unknown>;
}

interface NotedDocument {
  readonly notes: readonly FrameNote[];
  readonly followLine?: (line1: number) => Promise<unknown>;
}

/** Documents that keep their notes, the latest ones. */
const keptAtMost = 30;

export class FrameNotes implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #onDidChange = new vscode.EventEmitter<void>();
  readonly #notes = new Map<string, NotedDocument>();
  readonly #disposables: vscode.Disposable[];

  readonly onDidChangeCodeLenses = this.#onDidChange.event;

  constructor() {
    this.#disposables = [
      this.#onDidChange,
      vscode.languages.registerCodeLensProvider([{ scheme: 'file' }, { scheme: 'git' }], this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#notes.delete(uri.toString())),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        // A line that is edited under its note is the user's own again.
        if (contentChanges.length > 0) this.clear(document.uri);
      }),
    ];
  }

  /**
   * Puts notes in the place of those that the document has, none too; the first stands in the status bar for a while.
   * @param followLine leads from any line of an older revision to where it is now
   */
  set(uri: vscode.Uri, notes: readonly FrameNote[], followLine?: (line1: number) => Promise<unknown>): void {
    const key = uri.toString();
    const known = this.#notes.get(key);
    if (notes.length === 0 && !known) return;
    this.#notes.delete(key);
    if (notes.length > 0) this.#notes.set(key, { notes, ...(followLine && { followLine }) });
    const oldest = this.#notes.keys().next().value;
    if (this.#notes.size > keptAtMost && oldest !== undefined) this.#notes.delete(oldest);
    this.#onDidChange.fire();
    const [first] = notes;
    // Lenses can be switched off. What a click on them does is no matter of the status bar.
    if (first) vscode.window.setStatusBarMessage(iconFree(first.text.replace(/ · [^·]*$/, '')), 10_000);
  }

  clear(uri: vscode.Uri): void {
    if (this.#notes.delete(uri.toString())) this.#onDidChange.fire();
  }

  async follow(uri: string, index: number): Promise<void> {
    await this.#notes.get(uri)?.notes[index]?.follow?.();
  }

  /** From the cursor in a revision to that line now. False when the document is none that a frame led to. */
  async followLine(uri: vscode.Uri, line1: number): Promise<boolean> {
    const noted = this.#notes.get(uri.toString());
    await noted?.followLine?.(line1);
    return noted?.followLine !== undefined;
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const uri = document.uri.toString();
    return (this.#notes.get(uri)?.notes ?? []).map(({ line1, text, follow }, index) => {
      const line = Math.min(line1, document.lineCount) - 1;
      const command = follow ? internalCommandIds.followNote : '';
      return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
        title: iconFree(text),
        command,
        arguments: [uri, index],
      });
    });
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }
}
