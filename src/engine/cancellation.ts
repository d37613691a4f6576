/** Carries cancellation between an AbortSignal and the tokens of vscode-jsonrpc, without leaving a listener behind. */

import type { CancellationToken } from 'vscode-jsonrpc';

export interface SignalOfToken extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal that aborts when the token is cancelled or `parent` aborts.
 * Dispose it when the work has ended: it stops listening to both.
 */
export function signalOfToken(token: CancellationToken, parent: AbortSignal): SignalOfToken {
  const controller = new AbortController();
  const abortWithParent = () => controller.abort(parent.reason);
  const cancel = () => controller.abort(new DOMException('The request was cancelled.', 'AbortError'));
  if (parent.aborted) abortWithParent();
  else if (token.isCancellationRequested) cancel();
  parent.addEventListener('abort', abortWithParent, { once: true });
  const subscription = token.onCancellationRequested(cancel);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      subscription.dispose();
      parent.removeEventListener('abort', abortWithParent);
    },
  };
}

/** Settles as `promise` does, or rejects with the signal's reason as soon as it aborts. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
