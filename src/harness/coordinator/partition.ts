/** Which coordinator owns which source: highest random weight, so that a change of peers moves as few sources as possible. */

import { createHash } from 'node:crypto';

/**
 * The owner of a source among the coordinators with these ids; `undefined` when there is none.
 * Every coordinator that knows the same ids comes to the same answer (Thaler & Ravishankar, 1998).
 */
export function ownerOf(source: string, coordinators: readonly string[]): string | undefined {
  let owner: string | undefined;
  let best = '';
  for (const coordinator of coordinators) {
    const weight = createHash('sha256').update(`${coordinator}\n${source}`).digest('hex');
    if (owner === undefined || weight > best) {
      owner = coordinator;
      best = weight;
    }
  }
  return owner;
}
