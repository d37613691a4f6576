/** Stack frames where people meet them: links in logs, plain text and terminals, hovers, and steps from frame to frame. */

import { basename } from 'node:path';
import * as vscode from 'vscode';
import { internalCommandIds, stackTraceScheme, documentScheme } from '../commandIds.ts';
import { plainLine } from '../plainText.ts';
import type { Environments } from '../settings/environments.ts';
import type { FrameOpener, FramePlace } from '../sources/frameOpener.ts';
import type { ShowOptions } from '../sources/openLine.ts';
import type { StackTraceDocuments } from './stackTraceDocuments.ts';
import type { TaskLogDocuments } from './taskLogDocuments.ts';
import { lineFrames } from './lineFrames.ts';
import { neighbour, type TextFrame, textFrames } from './textFrames.ts';

/** Longer texts are searched by the `ingest-trace trace` command. */
const maxCharacters = 4_000_000;
/** Lines of a terminal are looked at one by one. */
const maxTerminalLine = 2_000;
const linesAround = 4;

interface TerminalFrame extends vscode.TerminalLink {
  readonly found: TextFrame;
}

interface Found {
  readonly version: number;
  readonly frames: readonly TextFrame[];
}

export class FrameLinks
  implements
    vscode.DocumentLinkProvider,
    vscode.HoverProvider,
    vscode.TerminalLinkProvider<TerminalFrame>,
    vscode.Disposable
{
  readonly #frames: FrameOpener;
  readonly #environments: Environments;
  readonly #stackTraces: StackTraceDocuments;
  readonly #taskLogs: TaskLogDocuments;
  readonly #found = new WeakMap<vscode.TextDocument, Found>();
  readonly #disposables: vscode.Disposable[];

  constructor(
    frames: FrameOpener,
    environments: Environments,
    stackTraces: StackTraceDocuments,
    taskLogs: TaskLogDocuments,
  ) {
    this.#frames = frames;
    this.#environments = environments;
    this.#stackTraces = stackTraces;
    this.#taskLogs = taskLogs;
    const texts = [{ language: 'log' }, { language: 'plaintext' }];
    const stacks = { scheme: stackTraceScheme };
    this.#disposables = [
      vscode.languages.registerDocumentLinkProvider([...texts, stacks], this),
      vscode.languages.registerHoverProvider([...texts, stacks, { scheme: documentScheme }], this),
      vscode.window.registerTerminalLinkProvider(this),
    ];
  }

  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    return this.#framesOf(document).flatMap(({ line, startCharacter, endCharacter, frame }, index) => {
      // Links to what no workspace has would only promise.
      if (!frame.inApp || frame.file === undefined) return [];
      // The arguments are ours alone: nothing of the text travels in a command.
      const args = encodeURIComponent(JSON.stringify([document.uri.toString(), index]));
      const link = new vscode.DocumentLink(
        new vscode.Range(line, startCharacter, line, endCharacter),
        vscode.Uri.parse(`command:${internalCommandIds.openTextFrame}?${args}`),
      );
      link.tooltip = 'Open source line';
      return [link];
    });
  }

  async provideHover(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.Hover | undefined> {
    const found = this.#framesOf(document).find(
      ({ line, startCharacter, endCharacter }) =>
        line === position.line && startCharacter <= position.character && position.character <= endCharacter,
    );
    const excerpt = found && (await this.#frames.excerpt(this.#placeOf(document.uri, found), linesAround));
    if (!excerpt) return undefined;
    const { path, line1, first1, lines, commit, approximate } = excerpt;
    const width = String(first1 + lines.length).length;
    const code = lines.map((line, index) => {
      const number1 = first1 + index;
      return `${number1 === line1 ? '→' : ' '} ${String(number1).padStart(width)}  ${line.slice(0, 200)}`;
    });
    const text = new vscode.MarkdownString();
    const then = commit === undefined ? '' : ` at ${commit}`;
    const doubt = approximate === undefined ? '' : ` (approximate: ${plainLine(approximate)})`;
    text.appendText(`${vscode.workspace.asRelativePath(path)}:${line1}${then}${doubt}\n`);
    text.appendCodeblock(code.join('\n'), languageOf(path));
    return new vscode.Hover(text);
  }

  provideTerminalLinks({ line }: vscode.TerminalLinkContext): TerminalFrame[] {
    if (line.length > maxTerminalLine) return [];
    return lineFrames(line)
      .filter(({ frame }) => frame.inApp && frame.file !== undefined)
      .map((found) => ({
        startIndex: found.startCharacter,
        length: found.endCharacter - found.startCharacter,
        tooltip: 'Open source line',
        found,
      }));
  }

  async handleTerminalLink({ found }: TerminalFrame): Promise<void> {
    await this.#frames.open(this.#placeOf(undefined, found));
  }

  /** Opens a frame by its place in a document's list, as links carry it. */
  async open(uri: string, index: number): Promise<void> {
    const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri);
    const found = document && this.#framesOf(document)[index];
    if (found) await this.#frames.open(this.#placeOf(document.uri, found));
  }

  /** Moves the cursor of the active document to the next or previous frame and shows its line beside. */
  async step(direction: 1 | -1): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (!editor) return;
    const frames = this.#framesOf(editor.document).filter(({ frame }) => frame.inApp);
    const found = neighbour(frames, editor.selection.active.line, direction);
    if (!found) {
      vscode.window.setStatusBarMessage('No stack frame of this document is in your code.', 5_000);
      return;
    }
    const position = new vscode.Position(found.line, found.startCharacter);
    editor.selection = new vscode.Selection(position, position);
    editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    const beside: ShowOptions = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    await this.#frames.open(this.#placeOf(editor.document.uri, found), beside);
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #placeOf(uri: vscode.Uri | undefined, { frame, trace, commit }: TextFrame): FramePlace {
    const environment = uri && this.#taskLogs.environmentOf(uri);
    const mappings =
      (environment === undefined ? this.#environments.current : this.#environments.get(environment))?.paths ?? [];
    return { frame, trace, mappings, ...(commit !== undefined && { commit }) };
  }

  /** Searched once for each version of a document. */
  #framesOf(document: vscode.TextDocument): readonly TextFrame[] {
    const laidOut = this.#stackTraces.framesOf(document.uri) ?? this.#taskLogs.framesOf(document);
    if (laidOut) return laidOut;
    const known = this.#found.get(document);
    if (known?.version === document.version) return known.frames;
    const text = document.getText();
    const frames = text.length > maxCharacters ? [] : textFrames(text);
    this.#found.set(document, { version: document.version, frames });
    return frames;
  }
}

/** How editors name a language is near enough to its file name extension for colours. */
function languageOf(path: string): string {
  return /\.(\w{1,10})$/.exec(basename(path))?.[1] ?? '';
}
