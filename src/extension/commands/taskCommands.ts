/** Commands on one task: its log, its records, the source lines of its stack frames. */

import * as vscode from 'vscode';
import { type CommandId, commandIds, internalCommandIds } from '../commandIds.ts';
import type { TaskLogDocuments } from '../documents/taskLogDocuments.ts';
import type { Environments } from '../settings/environments.ts';
import type { FrameOpener } from '../sources/frameOpener.ts';
import type { CommandHandler } from './registerCommands.ts';
import { targetOf } from './searchCommands.ts';

export class TaskCommands {
  readonly #environments: Environments;
  readonly #documents: TaskLogDocuments;
  readonly #frames: FrameOpener;

  constructor(environments: Environments, documents: TaskLogDocuments, frames: FrameOpener) {
    this.#environments = environments;
    this.#documents = documents;
    this.#frames = frames;
  }

  get table() {
    return {
      [commandIds.openTaskLog]: (row) => this.#openTaskLog(row),
      [commandIds.openRecord]: (row) => this.#openRecord(row),
      [commandIds.openFrame]: (row) => this.#openFrame(row),
      [commandIds.copyTaskId]: (row) => this.#copyTaskId(row),
      [internalCommandIds.openLogFrame]: (uri, index) => this.#openLogFrame(uri, index),
    } satisfies Partial<Record<CommandId, CommandHandler>>;
  }

  async #openTaskLog(row: unknown): Promise<void> {
    const target = targetOf(row);
    if (target && 'task' in target && typeof target.task === 'object') {
      await this.#documents.open(target.environment, target.task.task);
      return;
    }
    // From the palette there is no row: the id is asked for.
    await vscode.commands.executeCommand(commandIds.goToTask);
  }

  async #openRecord(row: unknown): Promise<void> {
    const target = targetOf(row);
    if (target?.kind === 'record') await this.#documents.open(target.environment, target.task.task, target.record);
  }

  async #openFrame(row: unknown): Promise<void> {
    const target = targetOf(row);
    if (target?.kind !== 'frame') return;
    const { frame, trace, commit, environment } = target;
    const mappings = this.#mappingsOf(environment);
    await this.#frames.open({ frame, trace, mappings, ...(commit !== undefined && { commit }) });
  }

  async #openLogFrame(uri: unknown, index: unknown): Promise<void> {
    if (typeof uri !== 'string' || typeof index !== 'number') return;
    const found = this.#documents.frame(uri, index);
    if (!found) return;
    const { frame, trace, commit } = found.frame;
    const mappings = this.#mappingsOf(found.environment);
    await this.#frames.open({ frame, trace, mappings, ...(commit !== undefined && { commit }) });
  }

  async #copyTaskId(row: unknown): Promise<void> {
    const target = targetOf(row);
    if (target && 'task' in target && typeof target.task === 'object') {
      await vscode.env.clipboard.writeText(target.task.task);
    }
  }

  #mappingsOf(environment: string) {
    return this.#environments.get(environment)?.paths ?? [];
  }
}
