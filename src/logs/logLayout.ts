/** How a log shipper names its objects (docs/task-log.md), and what a name says about the time of what is inside. */

/** A span of time, epoch ms: `startMs` in it, `endMs` not. */
export interface Partition {
  readonly startMs: number;
  readonly endMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * The key, relative to the log root, of an object that `process` ships at `epochMs`, by its clock. `sequence` grows with
 * each of its objects, so that two of one millisecond differ.
 */
export function logObjectKey(process: string, epochMs: number, sequence: number): string {
  const [date = '', time = ''] = new Date(epochMs).toISOString().split('T');
  // A process id may be anything, a part of a key may not.
  const name = process.replace(/[^A-Za-z0-9._-]/g, '_') || '_';
  return `dt=${date}/hr=${time.slice(0, 2)}/${name}-${epochMs}-${sequence}.ndjson.gz`;
}

/**
 * The hour, or where there is no `hr=` the day, in which the object of this key was shipped, in UTC. Works for folders
 * too, which end in a slash. `undefined` when the key has no `dt=YYYY-MM-DD/` part.
 */
export function partitionOf(key: string): Partition | undefined {
  const match = /(?:^|\/)dt=(\d{4}-\d{2}-\d{2})\/(?:hr=([01]\d|2[0-3])\/)?/.exec(key);
  const [, date, hour] = match ?? [];
  if (date === undefined) return undefined;
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  // JavaScript takes February 30 for March 2.
  if (Number.isNaN(midnightMs) || new Date(midnightMs).toISOString().slice(0, 10) !== date) return undefined;
  if (hour === undefined) return { startMs: midnightMs, endMs: midnightMs + dayMs };
  const startMs = midnightMs + Number(hour) * hourMs;
  return { startMs, endMs: startMs + hourMs };
}
