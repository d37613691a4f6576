/** The local harness as a child process: `ingest-trace harness up`, from its first line to its end. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { isJsonObject, parseJson } from '../../model/json.ts';
import { plainLine } from '../plainText.ts';

export interface HarnessOptions {
  /** The command's main module, dist/cli.mjs. */
  readonly cli: string;
  /** Where the harness keeps everything: `file:///…`. */
  readonly store: string;
  readonly coordinators: number;
  readonly workers: number;
  readonly log: (line: string) => void;
  /** Aborting ends the process, and the start with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long the processes may take to end before they are killed. */
  readonly graceMs?: number;
}

/** What the harness said once it was ready. */
interface HarnessPlaces {
  readonly coordinators: readonly string[];
  readonly store: string;
  readonly logs: string;
}

export interface HarnessProcess {
  readonly places: HarnessPlaces;
  /** Resolves when the process is gone, with the reason when it was not asked to go. */
  readonly ended: Promise<string | undefined>;
  stop(): Promise<void>;
}

/** The harness could not be started; the message says why. */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
}

/** Lines of its log that an error message repeats. */
const repeatedLines = 3;

/** @throws HarnessError when it ends before it is ready; the signal's reason when aborted before that. */
export async function startHarnessProcess(options: HarnessOptions): Promise<HarnessProcess> {
  const { signal, log } = options;
  signal?.throwIfAborted();
  const args = ['harness', 'up', '--store', options.store, '--faults', 'demo', '--json'];
  args.push('--coordinators', String(options.coordinators), '--workers', String(options.workers));
  const child = spawn(process.execPath, [options.cli, ...args], {
    // In VS Code this process's executable is Electron; the variable makes it behave as Node.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    // The harness ends when the channel does: an extension host that is killed leaves nothing running.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    windowsHide: true,
  });
  const { stdout, stderr } = child;
  // Node's types cannot tell: both are pipes.
  if (!stdout || !stderr) throw new HarnessError('The local harness has no output to read.');
  const lastLines: string[] = [];
  createInterface({ input: stderr }).on('line', (line) => {
    log(line);
    lastLines.push(plainLine(line));
    if (lastLines.length > repeatedLines) lastLines.shift();
  });
  let stopping = false;
  const ready = Promise.withResolvers<HarnessPlaces>();
  let isReady = false;
  createInterface({ input: stdout }).on('line', (line) => {
    const places = isReady ? undefined : placesOf(line);
    if (!places) return log(line);
    isReady = true;
    ready.resolve(places);
  });
  const ended = endOf(child).then((how) => {
    const why = lastLines.length === 0 ? how : `${how}: ${lastLines.join(' / ')}`;
    ready.reject(new HarnessError(`The local harness ended before it was ready (${why}).`));
    return stopping ? undefined : why;
  });
  const stop = async () => {
    stopping = true;
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), options.graceMs ?? 4000);
    await ended;
    clearTimeout(kill);
  };
  const abort = () => {
    ready.reject(signal?.reason);
    void stop();
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return { places: await ready.promise, ended, stop };
  } catch (error) {
    // Nothing is left running, whatever the reason.
    await stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** The first line on stdout; `undefined` for any other. */
function placesOf(line: string): HarnessPlaces | undefined {
  const value = parseJson(line);
  if (!isJsonObject(value)) return undefined;
  const { coordinators, store, logs } = value;
  if (!Array.isArray(coordinators) || typeof store !== 'string' || typeof logs !== 'string') return undefined;
  const urls = coordinators.filter((url): url is string => typeof url === 'string');
  return urls.length === coordinators.length ? { coordinators: urls, store, logs } : undefined;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    // `close`, not `exit`: by then all it said has been read.
    child.once('close', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
}
