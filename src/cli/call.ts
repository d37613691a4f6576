/** A call of the command (`search`, `index status` …): what it takes, and what runs it. */

import type { ExitCode } from './exitCode.ts';
import type { OptionTable, OptionValues } from './options.ts';
import type { Terminal } from './terminal.ts';

export interface CallContext {
  readonly terminal: Terminal;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborts on Ctrl-C, and when nobody reads stdout any more. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

export interface Call {
  /** The words that name it. */
  readonly words: readonly string[];
  /** What follows the words, as help shows it. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  /** More lines for its own help. */
  readonly details?: string;
  readonly options: OptionTable;
  run(values: OptionValues, context: CallContext): Promise<ExitCode>;
}
