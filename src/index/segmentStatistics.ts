/** What the manifest says of a segment, gathered while its records pass by. */

import type { LogRecord } from '../model/record.ts';
import { pathOfToken } from './fieldTokens.ts';
import type { SegmentEntry } from './manifest.ts';

/** More paths than this, and the planner looks into the segment rather than at a list. */
const maxListedPaths = 2000;

type Described = Pick<SegmentEntry, 'minTs' | 'maxTs' | 'paths'>;

export class SegmentStatistics {
  records = 0;
  /** Estimate of the memory that the records take. */
  bytes = 0;
  #minTs = Number.POSITIVE_INFINITY;
  #maxTs = Number.NEGATIVE_INFINITY;
  readonly #paths = new Map<string, number>();

  add(record: LogRecord, bytes: number): void {
    this.records += 1;
    this.bytes += bytes;
    this.#minTs = Math.min(this.#minTs, record.tsMs);
    this.#maxTs = Math.max(this.#maxTs, record.tsMs);
  }

  addPaths(tokens: readonly string[]): void {
    let before: string | undefined;
    const seen = tokens.length > 8 ? new Set<string>() : undefined;
    for (const [at, token] of tokens.entries()) {
      const path = pathOfToken(token);
      // Tokens of one path mostly follow each other.
      if (path === before) continue;
      before = path;
      const isSeen = seen ? seen.has(path) : isAmong(tokens, at, path);
      if (isSeen) continue;
      seen?.add(path);
      const count = this.#paths.get(path);
      if (count !== undefined) this.#paths.set(path, count + 1);
      else if (this.#paths.size <= maxListedPaths) this.#paths.set(path, 1);
    }
  }

  describe(): Described {
    return {
      minTs: this.#minTs,
      maxTs: this.#maxTs,
      ...(this.#paths.size <= maxListedPaths ? { paths: Object.fromEntries(this.#paths) } : {}),
    };
  }
}

/** Whether one of the first `end` tokens has the path: for few tokens faster than a set. */
function isAmong(tokens: readonly string[], end: number, path: string): boolean {
  for (let at = 0; at < end; at++) if (pathOfToken(tokens[at] ?? '') === path) return true;
  return false;
}
