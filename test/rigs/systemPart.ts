/** What a test does about a part of the system that is not there: fail where everything must run, else skip aloud. */

import type { TestContext } from 'node:test';

/**
 * Skips the test with `reason`, which says what is missing and how to get it; throws it when `CI` is set, so that
 * nothing is skipped unseen there. The caller returns from the test when this returns.
 */
export function skipWithout(t: Pick<TestContext, 'skip'>, reason: string): void {
  if (isCi()) throw new Error(`${reason} (CI is set, so this is a failure, not a skip)`);
  t.skip(reason);
}

function isCi(): boolean {
  const value = process.env['CI'];
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
