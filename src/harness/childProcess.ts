/** What every harness process does: waits for its configuration, ends when told to or when its supervisor is gone. */

import type { FromChild, Peer, ToChild } from './wire.ts';

export interface ChildRole<C> {
  /** `undefined` when the configuration is not for this role. */
  readonly accept: (configuration: (ToChild & { kind: 'configure' })['configuration']) => C | undefined;
  /** Runs until the signal is aborted, then cleans up. */
  readonly run: (configuration: C, supervisor: Supervisor) => Promise<void>;
}

export interface Supervisor {
  /** Aborted on SIGTERM, SIGINT and when the supervisor is gone. */
  readonly signal: AbortSignal;
  readonly send: (message: FromChild) => void;
  readonly onPeers: (listener: (peers: readonly Peer[]) => void) => void;
}

/** The process ends by force when cleaning up takes longer. */
const cleanUpMs = 15_000;
/** The default of 10 cuts traces off before they reach this function. */
const stackTraceLimit = 40;

/** Runs a harness process to its end and sets the exit code. */
export async function runChild<C>(role: ChildRole<C>): Promise<void> {
  if (!process.send) {
    process.stderr.write('This process is started by `ingest-trace harness up`, not by hand.\n');
    process.exitCode = 2;
    return;
  }
  Error.stackTraceLimit = stackTraceLimit;
  const ending = new AbortController();
  const end = (): void => {
    if (ending.signal.aborted) return;
    ending.abort();
    setTimeout(() => process.exit(1), cleanUpMs).unref();
  };
  process.once('SIGTERM', end);
  // Ctrl-C reaches the whole process group: the supervisor decides when to stop.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', end);

  let peers: readonly Peer[] | undefined;
  let onPeers: ((peers: readonly Peer[]) => void) | undefined;
  const configured = new Promise<C | undefined>((resolve) => {
    ending.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    // Only the supervisor writes to this channel.
    process.on('message', (message: ToChild) => {
      if (message.kind === 'configure') resolve(role.accept(message.configuration));
      else {
        peers = message.peers;
        onPeers?.(peers);
      }
    });
  });
  try {
    const configuration = await configured;
    if (configuration === undefined) return;
    await role.run(configuration, {
      signal: ending.signal,
      send: (message) => {
        if (process.connected) process.send?.(message);
      },
      onPeers: (listener) => {
        onPeers = listener;
        if (peers) listener(peers);
      },
    });
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    // Nothing else may keep a finished process alive.
    if (process.connected) process.disconnect();
  }
}
