/** A child process with what a script wants of it: its lines, its end, and a sure stop. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface CommandOptions {
  readonly cwd: string;
  /** Pass standard output through instead of collecting its lines. */
  readonly show?: boolean;
  /** Drop standard error instead of passing it through. */
  readonly quiet?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Aborting stops the process. */
  readonly signal?: AbortSignal;
}

export interface CommandEnd {
  /** -1 when a signal ended it. */
  readonly code: number;
  readonly lines: readonly string[];
  readonly lastLine: string;
}

export interface RunningCommand {
  /** The first line of standard output, as JSON of the caller's own programs. Rejects when there is none. */
  firstLine<T>(): Promise<T>;
  ended(): Promise<CommandEnd>;
  /** SIGTERM, and SIGKILL after `graceMs`; resolves when the process is gone. */
  stop(): Promise<void>;
}

const graceMs = 10_000;

/** Starts a program. */
export function command(program: string, args: readonly string[], options: CommandOptions): RunningCommand {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    // Windows runs .cmd files by way of its shell only.
    shell: program.endsWith('.cmd'),
    stdio: ['ignore', options.show ? 'inherit' : 'pipe', options.quiet ? 'ignore' : 'inherit'],
  });
  const lines: string[] = [];
  const first = Promise.withResolvers<string>();
  const end = Promise.withResolvers<CommandEnd>();
  first.promise.catch(() => undefined);
  end.promise.catch(() => undefined);
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      first.resolve(line);
    });
  child.once('error', (error) => {
    first.reject(error);
    end.reject(error);
  });
  child.once('close', (code) => {
    first.reject(new Error(`'${args.slice(0, 3).join(' ')}' ended before its first line; what it said is above.`));
    end.resolve({ code: code ?? -1, lines, lastLine: lines.at(-1) ?? '' });
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await end.promise.catch(() => undefined);
    clearTimeout(timer);
  };
  const onAbort = (): void => void stop();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  child.once('close', () => options.signal?.removeEventListener('abort', onAbort));
  return {
    // The caller names the shape of its own program's output.
    firstLine: async <T>() => JSON.parse(await first.promise) as T,
    ended: () => end.promise,
    stop,
  };
}
