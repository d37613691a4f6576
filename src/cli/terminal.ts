/** Where the command prints: lines on stdout (JSON only, with `--json`), words and progress on stderr. */

import type { WriteStream } from 'node:tty';
import { plainBlock, plainJson } from '../model/plainText.ts';

/** A stream of the process, or a test's. */
export type OutputStream = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'hasColors'>>;

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export interface TerminalOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly json: boolean;
}

export class Terminal {
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly json: boolean;
  /** True while the last line of stderr is progress, which the next line replaces. */
  #progressShown = false;
  #lastProgressMs = Number.NEGATIVE_INFINITY;

  constructor({ stdout, stderr, json }: TerminalOptions) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.json = json;
  }

  /** Columns of the terminal; undefined when stdout is a file or a pipe, where nothing needs to be cut. */
  get columns(): number | undefined {
    return this.#stdout.isTTY ? this.#stdout.columns : undefined;
  }

  get isTerminal(): boolean {
    return this.#stdout.isTTY === true;
  }

  /** One JSON object as one line of stdout. Waits while the reader is slow. */
  async printJson(value: object): Promise<void> {
    await this.#print(`${plainJson(value)}\n`);
  }

  /** One or more lines of text for people on stdout; the caller has made hostile text plain. */
  async printText(text: string): Promise<void> {
    await this.#print(`${text}\n`);
  }

  /** Words on stderr: they never mix with the answer. */
  tell(message: string): void {
    this.clearProgress();
    this.#stderr.write(`${plainBlock(message)}\n`);
  }

  /** What goes on, on stderr, where a person watches. */
  progress(message: string): void {
    if (!this.#stderr.isTTY) return;
    const nowMs = performance.now();
    if (nowMs - this.#lastProgressMs < 100) return;
    this.#lastProgressMs = nowMs;
    this.#progressShown = true;
    this.#stderr.write(`\r\u001b[K${plainBlock(message).slice(0, (this.#stderr.columns ?? 80) - 1)}`);
  }

  clearProgress(): void {
    if (!this.#progressShown) return;
    this.#progressShown = false;
    this.#stderr.write('\r\u001b[K');
  }

  /** Coloured where stdout is a terminal with colours; `hasColors` honours NO_COLOR. */
  style(style: Style, text: string): string {
    if (!this.#stdout.isTTY || !this.#stdout.hasColors?.()) return text;
    const [on, off] = codes[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  }

  async #print(text: string): Promise<void> {
    this.clearProgress();
    if (this.#stdout.write(text)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    // A closed pipe never drains; whoever listens for its error ends the work.
    const settle = () => resolve();
    for (const event of ['drain', 'close', 'error']) this.#stdout.once(event, settle);
    try {
      await promise;
    } finally {
      for (const event of ['drain', 'close', 'error']) this.#stdout.off(event, settle);
    }
  }
}
