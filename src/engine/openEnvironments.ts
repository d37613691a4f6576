/** The engine's connections, one per environment, opened on first use and closed when the configuration drops them. */

import type { Connection } from '../backends/connect.ts';
import type { Environment } from '../model/environment.ts';
import type { EngineConfiguration } from './protocol.ts';

export type Connect = (environment: Environment, configuration: EngineConfiguration) => Connection;

interface Entry {
  readonly environment: Environment;
  readonly configuration: EngineConfiguration;
  /** Equal for entries that may share a connection. */
  readonly identity: string;
  connection: Connection | undefined;
  users: number;
  retired: boolean;
}

export class OpenEnvironments {
  readonly #connect: Connect;
  readonly #onCloseError: (environment: string, error: unknown) => void;
  readonly #closing = new Set<Promise<void>>();
  #entries = new Map<string, Entry>();

  constructor(connect: Connect, onCloseError: (environment: string, error: unknown) => void) {
    this.#connect = connect;
    this.#onCloseError = onCloseError;
  }

  /** Environments that did not change keep their connection; the others' are closed after their last request. */
  configure(configuration: EngineConfiguration): void {
    const before = this.#entries;
    this.#entries = new Map();
    const { environments, ...shared } = configuration;
    for (const environment of environments) {
      const identity = JSON.stringify([environment, shared]);
      const old = before.get(environment.name);
      const entry: Entry =
        old?.identity === identity
          ? old
          : { environment, configuration, identity, connection: undefined, users: 0, retired: false };
      this.#entries.set(environment.name, entry);
    }
    for (const [name, entry] of before) if (this.#entries.get(name) !== entry) this.#retire(entry);
  }

  /** Runs `work` with the environment's connection, which stays open at least as long. */
  async use<R>(name: string, work: (connection: Connection) => Promise<R>): Promise<R> {
    const entry = this.#entries.get(name);
    if (!entry) throw new UnknownEnvironment(name, [...this.#entries.keys()]);
    entry.users++;
    try {
      entry.connection ??= this.#connect(entry.environment, entry.configuration);
      return await work(entry.connection);
    } finally {
      entry.users--;
      this.#closeIfUnused(entry);
    }
  }

  /** Closes every connection, each after its last request. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries = new Map();
    for (const entry of entries) this.#retire(entry);
    await Promise.all(this.#closing);
  }

  #retire(entry: Entry): void {
    entry.retired = true;
    this.#closeIfUnused(entry);
  }

  #closeIfUnused(entry: Entry): void {
    const { connection } = entry;
    if (!entry.retired || entry.users > 0 || !connection) return;
    entry.connection = undefined;
    const closed = connection.close().catch((error: unknown) => this.#onCloseError(entry.environment.name, error));
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }
}

/** A request named an environment that is not configured. */
class UnknownEnvironment extends Error {
  override readonly name = 'UnknownEnvironment';
  readonly code = 'environment';

  constructor(name: string, known: readonly string[]) {
    const names = known.map((other) => JSON.stringify(other)).join(', ');
    super(`There is no environment ${JSON.stringify(name)}. Configured: ${names === '' ? 'none' : names}.`);
  }
}
