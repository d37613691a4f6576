/** The path mappings that the user's choices have taught in this workspace: kept with it, shown, and forgotten on demand. */

import * as vscode from 'vscode';
import type { PathMapping } from '../../model/environment.ts';
import { normalisePath } from '../../stacktrace/framePath.ts';
import { parseLearned, withLearned, withoutLearned } from '../../stacktrace/learnedMapping.ts';
import { iconFree, linkFree, plainLine } from '../plainText.ts';

const learnedKey = 'learnedMappings';

export class LearnedMappings implements vscode.Disposable {
  readonly #memento: vscode.Memento;
  readonly #onDidChange = new vscode.EventEmitter<void>();
  /** Offers that were not taken, or hang in a notification still: once is enough. */
  readonly #offered = new Set<string>();

  readonly onDidChange = this.#onDidChange.event;

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
  }

  /** The latest first. */
  get all(): readonly PathMapping[] {
    return parseLearned(this.#memento.get(learnedKey));
  }

  /** Asks whether what a choice teaches may be remembered. Resolves when the answer is there. */
  async offer(mapping: PathMapping): Promise<void> {
    const key = JSON.stringify([mapping.from, mapping.to]);
    if (this.#offered.has(key) || this.all.some(({ from, to }) => from === mapping.from && to === mapping.to)) return;
    this.#offered.add(key);
    const remember = 'Remember';
    const question = `From now on, look for ${whatIs(mapping)} in this workspace?`;
    if ((await vscode.window.showInformationMessage(linkFree(question, 600), remember)) !== remember) return;
    this.#offered.delete(key);
    await this.#keep(withLearned(this.all, mapping));
  }

  async forget(mappings: readonly PathMapping[]): Promise<void> {
    await this.#keep(withoutLearned(this.all, mappings));
  }

  /** Lists what was learned, and forgets what the user selects there. */
  async manage(): Promise<void> {
    const { all } = this;
    if (all.length === 0) {
      await vscode.window.showInformationMessage(
        'Nothing has been learned in this workspace yet. Where several files fit a stack frame, choose one and have it remembered.',
      );
      return;
    }
    const items = all.map((mapping) => ({
      label: iconFree(mapping.from),
      description: `is ${iconFree(shown(mapping.to))}`,
      mapping,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      title: 'Learned Source Mappings',
      placeHolder: 'Select those to forget',
      matchOnDescription: true,
      canPickMany: true,
    });
    if (picked && picked.length > 0) await this.forget(picked.map(({ mapping }) => mapping));
  }

  dispose(): void {
    this.#onDidChange.dispose();
  }

  async #keep(mappings: readonly PathMapping[]): Promise<void> {
    await this.#memento.update(learnedKey, mappings);
    this.#onDidChange.fire();
  }
}

/** `frames below /build/a in services/a`, or of one file `run.cpp at src/run.cpp`. */
function whatIs({ from, to }: PathMapping): string {
  const isFile = from.split('/').at(-1) === to.split('/').at(-1) && /\.\w+$/.test(from);
  const [prefix, place] = [plainLine(from), plainLine(shown(to))];
  return isFile ? `${prefix} at ${place}` : `frames below ${prefix} in ${place}`;
}

/** As the user knows it: from its workspace folder on; of that folder itself the name. */
function shown(path: string): string {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => normalisePath(uri.fsPath) === path);
  return folder ? folder.name : vscode.workspace.asRelativePath(path);
}

/** The note above a line that was found by a mapping. */
export function learnedText({ from, to }: PathMapping): string {
  return `Found as you chose before: ${plainLine(from, 100)} is ${plainLine(shown(to), 100)} · forget that`;
}
