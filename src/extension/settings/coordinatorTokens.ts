/** The coordinators' bearer tokens, in the editor's secret storage and nowhere else. */

import type * as vscode from 'vscode';
import type { Environment } from '../../model/environment.ts';
import { coordinatorOrigins } from './coordinatorOrigins.ts';

export class CoordinatorTokens {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  get onDidChange(): vscode.Event<unknown> {
    return this.#secrets.onDidChange;
  }

  /** By origin: the name of an environment is anyone's to choose, and must not lead a token to another host. */
  async of(environments: readonly Environment[]): Promise<Readonly<Record<string, string>>> {
    const entries = await Promise.all(
      coordinatorOrigins(environments).map(async (origin) => [origin, await this.#secrets.get(keyOf(origin))] as const),
    );
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  async set(origin: string, token: string): Promise<void> {
    await this.#secrets.store(keyOf(origin), token);
  }

  async delete(origin: string): Promise<void> {
    await this.#secrets.delete(keyOf(origin));
  }
}

function keyOf(origin: string): string {
  return `ingestTrace.coordinatorToken:${origin}`;
}
