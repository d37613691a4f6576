/** Waits for something that can only be asked for, such as what a page shows or which processes run. */

export interface UntilOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Asks until the answer is neither `undefined` nor `false`, and gives it back. Throws past `timeoutMs` (default 30 s),
 * naming `what` and the last error of `ask`, if any.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 30_000, everyMs = 100 }: UntilOptions = {},
): Promise<T> {
  const untilMs = performance.now() + timeoutMs;
  let lastError: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  } while (performance.now() < untilMs);
  throw new Error(`Waited ${timeoutMs} ms in vain until ${what}`, lastError === undefined ? {} : { cause: lastError });
}
