/**
 * The embedded engine of an index, within its share of the memory: opened when it is first asked, as loading it takes longer than most
 * answers, and opened anew when its share has changed, as its limits are locked. What the one before is still asked it answers.
 */

import { join } from 'node:path';
import type { Database, DatabaseOptions } from './database.ts';

interface OpenEngine {
  readonly limitMb: number;
  readonly database: Promise<Database>;
  /** Questions that it has not yet answered. */
  asked: number;
}

export class SizedEngine {
  readonly #options: Omit<DatabaseOptions, 'memoryLimitMb'>;
  #opened = 0;
  #engine: OpenEngine | undefined;
  /** Closing those that have another limit. */
  readonly #closing = new Set<Promise<void>>();

  constructor(options: Omit<DatabaseOptions, 'memoryLimitMb'>) {
    this.#options = options;
  }

  async ask<T>(limitMb: number, work: (database: Database) => Promise<T>): Promise<T> {
    this.fit(limitMb);
    const engine = (this.#engine ??= this.#begin(limitMb));
    engine.asked += 1;
    try {
      return await work(await engine.database);
    } finally {
      engine.asked -= 1;
      if (engine !== this.#engine && engine.asked === 0) this.#close(engine);
    }
  }

  /** Gives up the engine if it has another limit, once it has answered. */
  fit(limitMb: number): void {
    if (this.#engine && this.#engine.limitMb !== limitMb) this.giveUp();
  }

  /** Closes the engine once it has answered; the next question opens another one. */
  giveUp(): void {
    const engine = this.#engine;
    this.#engine = undefined;
    if (engine?.asked === 0) this.#close(engine);
  }

  /** After the last answer. */
  async close(): Promise<void> {
    if (this.#engine) this.#close(this.#engine);
    this.#engine = undefined;
    await Promise.all(this.#closing);
  }

  #begin(limitMb: number): OpenEngine {
    const engine = { limitMb, database: this.#open(limitMb), asked: 0 };
    engine.database.catch(() => {
      // The next question tries again.
      if (this.#engine === engine) this.#engine = undefined;
    });
    return engine;
  }

  async #open(memoryLimitMb: number): Promise<Database> {
    // Two engines would take each other's spilled data for their own.
    const temporaryDirectory = join(this.#options.temporaryDirectory, `engine-${++this.#opened}`);
    const { Database } = await import('./database.ts');
    return await Database.open({ ...this.#options, temporaryDirectory, memoryLimitMb });
  }

  #close({ database }: OpenEngine): void {
    const closing = database.then(
      (opened) => opened.close(),
      // One that did not open has nothing to close: who asked it was told.
      () => undefined,
    );
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}
