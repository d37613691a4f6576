/** Names for what is written once: unique without asking anyone. */

import { randomBytes } from 'node:crypto';

export function newName(): string {
  return randomBytes(16).toString('hex');
}

/** Under the UTC day of its writing. */
export function segmentKey(nowMs: number): string {
  return `segments/written=${new Date(nowMs).toISOString().slice(0, 10)}/${newName()}.parquet`;
}
