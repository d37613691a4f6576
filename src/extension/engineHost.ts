/** The one engine of this window: configured before each question, and replaced by a new process on demand. */

import type { EngineClient, EngineState } from '../engine/engineClient.ts';
import type { EngineConfiguration } from '../engine/protocol.ts';

/** What the views and commands ask of the engine. */
export type Engine = Pick<
  EngineClient,
  'search' | 'task' | 'records' | 'facets' | 'values' | 'lanes' | 'live' | 'indexPass'
>;

export class EngineHost implements Engine {
  readonly #create: () => EngineClient;
  readonly #onState: (state: EngineState) => void;
  readonly #onConfigureError: (error: unknown) => void;
  #client: EngineClient;
  #subscription: { dispose(): void };
  #configuration: EngineConfiguration | undefined;
  /** Never rejects. */
  #configured: Promise<void> = Promise.resolve();

  constructor(
    create: () => EngineClient,
    onState: (state: EngineState) => void,
    onConfigureError: (error: unknown) => void,
  ) {
    this.#create = create;
    this.#onState = onState;
    this.#onConfigureError = onConfigureError;
    this.#client = create();
    this.#subscription = this.#client.onState(onState);
  }

  search: Engine['search'] = async (...asked) => (await this.#ready()).search(...asked);
  task: Engine['task'] = async (...asked) => (await this.#ready()).task(...asked);
  records: Engine['records'] = async (...asked) => (await this.#ready()).records(...asked);
  facets: Engine['facets'] = async (...asked) => (await this.#ready()).facets(...asked);
  values: Engine['values'] = async (...asked) => (await this.#ready()).values(...asked);
  lanes: Engine['lanes'] = async (...asked) => (await this.#ready()).lanes(...asked);
  live: Engine['live'] = async (...asked) => (await this.#ready()).live(...asked);
  indexPass: Engine['indexPass'] = async (...asked) => (await this.#ready()).indexPass(...asked);

  /** Hands a new configuration over. What is asked from now on waits for it, so that it is never answered by an old one. */
  configure(read: () => Promise<EngineConfiguration>): Promise<void> {
    this.#configured = this.#configureAfter(this.#configured, read);
    return this.#configured;
  }

  /** Ends the process and whatever it works on; resolves once the new one answers. */
  async restart(): Promise<{ pid: number; version: string }> {
    const old = this.#client;
    this.#subscription.dispose();
    this.#client = this.#create();
    this.#subscription = this.#client.onState(this.#onState);
    if (this.#configuration) await this.#client.configure(this.#configuration);
    await old.dispose();
    return this.#client.ping();
  }

  async dispose(): Promise<void> {
    this.#subscription.dispose();
    await this.#client.dispose();
  }

  async #configureAfter(earlier: Promise<void>, read: () => Promise<EngineConfiguration>): Promise<void> {
    await earlier;
    try {
      this.#configuration = await read();
      await this.#client.configure(this.#configuration);
    } catch (error) {
      this.#onConfigureError(error);
    }
  }

  async #ready(): Promise<EngineClient> {
    await this.#configured;
    return this.#client;
  }
}
