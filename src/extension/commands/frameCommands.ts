/** Commands on stack traces wherever they come from: a paste, a selection, a log. */

import * as vscode from 'vscode';
import { type CommandId, commandIds, internalCommandIds } from '../commandIds.ts';
import type { FrameLinks } from '../documents/frameLinks.ts';
import type { StackTraceDocuments } from '../documents/stackTraceDocuments.ts';
import type { FrameNotes } from '../sources/frameNotes.ts';
import type { LearnedMappings } from '../sources/learnedMappings.ts';
import type { CommandHandler } from './registerCommands.ts';

export class FrameCommands {
  readonly #stackTraces: StackTraceDocuments;
  readonly #links: FrameLinks;
  readonly #notes: FrameNotes;
  readonly #learned: LearnedMappings;

  constructor(stackTraces: StackTraceDocuments, links: FrameLinks, notes: FrameNotes, learned: LearnedMappings) {
    this.#stackTraces = stackTraces;
    this.#links = links;
    this.#notes = notes;
    this.#learned = learned;
  }

  get table() {
    return {
      [commandIds.openStackTrace]: (text) => this.#openStackTrace(text),
      [commandIds.nextFrame]: () => this.#links.step(1),
      [commandIds.previousFrame]: () => this.#links.step(-1),
      [commandIds.openCurrentLine]: () => this.#openCurrentLine(),
      [commandIds.manageLearned]: () => this.#learned.manage(),
      [internalCommandIds.followNote]: (uri, index) => this.#followNote(uri, index),
      [internalCommandIds.openTextFrame]: (uri, index) => this.#openTextFrame(uri, index),
    } satisfies Partial<Record<CommandId, CommandHandler>>;
  }

  /** The selection where it has a trace, else the clipboard. */
  async #openStackTrace(text: unknown): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const selected = editor && !editor.selection.isEmpty ? editor.document.getText(editor.selection) : '';
    const first = typeof text === 'string' ? text : selected;
    if (await this.#stackTraces.open(first)) return;
    // Asked for last: a browser wants to be allowed to read it.
    if (typeof text !== 'string' && (await this.#stackTraces.open(await vscode.env.clipboard.readText()))) return;
    await vscode.window.showInformationMessage(
      'Neither the selection nor the clipboard has a stack trace that can be read. Copy it whole, with the line of the error.',
    );
  }

  async #openTextFrame(uri: unknown, index: unknown): Promise<void> {
    if (typeof uri === 'string' && typeof index === 'number') await this.#links.open(uri, index);
  }

  async #followNote(uri: unknown, index: unknown): Promise<void> {
    if (typeof uri === 'string' && typeof index === 'number') await this.#notes.follow(uri, index);
  }

  async #openCurrentLine(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor && (await this.#notes.followLine(editor.document.uri, editor.selection.active.line + 1))) return;
    await vscode.window.showInformationMessage('This leads from a file as it was when a task failed to the file now.');
  }
}
