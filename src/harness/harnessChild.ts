/** A coordinator's or worker's process as its supervisor sees it: started again when it dies, ended for good by `stop`. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { FromChild, ToChild } from './wire.ts';

export interface HarnessChildOptions {
  readonly id: string;
  readonly entryPoint: string;
  readonly env: NodeJS.ProcessEnv;
  /** Asked anew for every start: a port may be known by then. */
  readonly configure: () => ToChild & { readonly kind: 'configure' };
  readonly onMessage: (message: FromChild) => void;
  /** The process is gone, though nobody stopped it. */
  readonly onDied: () => void;
  readonly log: (message: string) => void;
}

const restartMs = 300;
const maxRestartMs = 10_000;
/** A process that lived this long had started well. */
const healthyMs = 5_000;
const graceMs = 8_000;

export class HarnessChild {
  readonly id: string;
  readonly #options: HarnessChildOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #quickDeaths = 0;
  #stopping = false;

  constructor(options: HarnessChildOptions) {
    this.id = options.id;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { id, entryPoint, env, configure, onMessage, log } = this.#options;
    const child = spawn(process.execPath, ['--enable-source-maps', entryPoint], {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const startedMs = performance.now();
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => log(`${id}: ${line.slice(0, 2_000)}`));
    }
    // Only our own bundles write to this channel.
    child.on('message', (message) => onMessage(message as FromChild));
    child.on('error', (error) => log(`${id}: ${error.message}`));
    this.#exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#child = undefined;
        resolve();
        if (!this.#stopping) this.#died(code ?? signal ?? 'unknown', performance.now() - startedMs);
      });
    });
    this.send(configure());
  }

  send(message: ToChild): void {
    if (this.#child?.connected) this.#child.send(message, ignoreClosedChannel);
  }

  /** Ends the process as a crash would; it is started again. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** Lets the process end well, and ends it by force when that takes too long. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (!child) return;
    child.kill('SIGTERM');
    const force = setTimeout(() => {
      this.#options.log(`${this.id} does not end: killed`);
      child.kill('SIGKILL');
    }, graceMs);
    await this.#exited;
    clearTimeout(force);
  }

  #died(how: number | string, livedMs: number): void {
    this.#options.onDied();
    this.#quickDeaths = livedMs < healthyMs ? this.#quickDeaths + 1 : 0;
    const pauseMs = Math.min(restartMs * 2 ** this.#quickDeaths, maxRestartMs);
    this.#options.log(`${this.id} ended (${how}), starts again in ${pauseMs} ms`);
    this.#restart = setTimeout(() => this.start(), pauseMs);
  }
}

/** The process has gone meanwhile: its end is noticed elsewhere. */
function ignoreClosedChannel(): void {
  return undefined;
}
