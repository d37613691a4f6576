/** What the calls that ask an environment share: the open connection, progress, and what an answer says of itself. */

import { type Connection, connect } from '../backends/connect.ts';
import type { AskOptions, Progress } from '../backends/taskBackend.ts';
import type { AskMode, Provenance } from '../model/answer.ts';
import type { Environment } from '../model/environment.ts';
import type { CallContext } from './call.ts';
import { type ExitCode, exitCode } from './exitCode.ts';
import { cacheFolder } from './findEnvironment.ts';
import { type Limits, limitsOf } from './limits.ts';
import type { OptionValues } from './options.ts';
import type { Terminal } from './terminal.ts';
import { askModeOf, coordinatorToken, environmentOf } from './whereToAsk.ts';

export interface Asking {
  readonly environment: Environment;
  readonly connection: Connection;
  readonly mode: AskMode;
  readonly ask: AskOptions;
}

const defaultMemoryLimitMb = 1024;

/** How the index is opened for a call. */
export function openingLimits(env: CallContext['env']): Limits & { readonly memoryLimitMb: number } {
  return { memoryLimitMb: defaultMemoryLimitMb, ...limitsOf(env) };
}

/** Opens the environment that the options name, for as long as `work` takes. */
export async function asking<R>(
  values: OptionValues,
  context: CallContext,
  work: (asking: Asking) => Promise<R>,
): Promise<R> {
  const environment = await environmentOf(values, context);
  const connection = openConnection(environment, context);
  try {
    return await work({
      environment,
      connection,
      mode: askModeOf(environment),
      ask: { signal: context.signal, onProgress: (progress) => context.terminal.progress(progressText(progress)) },
    });
  } finally {
    await connection.close();
  }
}

function openConnection(environment: Environment, context: CallContext): Connection {
  const token = coordinatorToken(environment, context.env);
  const own = new Set(environment.coordinators.map((url) => URL.parse(url)?.origin));
  return connect(environment, {
    cacheDirectory: cacheFolder(context.env),
    ...openingLimits(context.env),
    nowMs: context.now,
    tokenFor: (url) => (own.has(URL.parse(url)?.origin) ? token : undefined),
  });
}

export function progressText({ done, total, unit }: Progress): string {
  return total === undefined ? `${done} ${unit}` : `${done} of ${total} ${unit}`;
}

/** Tells on stderr what an answer has to say of itself; the exit code is that of a partial one if any place's is. */
export function judge(terminal: Terminal, from: readonly Provenance[]): ExitCode {
  for (const { backend, url, partial, note } of from) {
    if (note !== undefined) terminal.tell(`${backend} ${url}: ${note}`);
    else if (partial) terminal.tell(`${backend} ${url}: not all of it could be read; rows may be missing.`);
  }
  return from.some(({ partial }) => partial) ? exitCode.partial : exitCode.done;
}
