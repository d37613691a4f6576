/** Names for what is written once: unique without asking anyone. */

import { randomBytes } from 'node:crypto';

export function newName(): string {
  return randomBytes(16).toString('hex');
}

/** Under the UTC day of its writing. */
export function segmentKey(nowMs: number, name: string): string {
  return `segments/${dayOf(nowMs)}/${name}.parquet`;
}

export function sideKey(nowMs: number, name: string): string {
  return `sides/${dayOf(nowMs)}/${name}.side`;
}

function dayOf(nowMs: number): string {
  return `written=${new Date(nowMs).toISOString().slice(0, 10)}`;
}
