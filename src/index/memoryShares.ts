/** How an index shares its memory limit: what its tasks take to be at hand, and the rest between the engines that read records. */

export interface MemoryShares {
  /** Of the embedded engine that answers queries. */
  readonly engineMb: number;
  /** Of the one that answers a user's SQL, one statement at a time. */
  readonly sqlMb: number;
}

/** With half of it, all questions of the scale benchmark and SQL over all records were still answered at a million records. */
const least: MemoryShares = { engineMb: 64, sqlMb: 32 };
export const leastEnginesMb = least.engineMb + least.sqlMb;

/** Of the columns that a search needs, and a share of those that are read for pages and facets: measured at 10 million records. */
const bytesPerTask = 200;

export function mbOfTasks(tasks: number): number {
  return Math.ceil((tasks * bytesPerTask) / 2 ** 20);
}

/** So many tasks leave enough to the engines. */
export function mostTasks(limitMb: number): number {
  return Math.max(0, Math.floor(((limitMb - leastEnginesMb) * 2 ** 20) / bytesPerTask));
}

/**
 * Their sum and `tasksMb` is at most the limit where `fits` says so. In steps: an engine whose share changes is opened anew, which is
 * not to happen with each commit.
 */
export function memoryShares(limitMb: number, tasksMb: number): MemoryShares {
  const stepMb = Math.max(1, Math.floor(limitMb / 16));
  const leftMb = Math.floor((limitMb - tasksMb) / stepMb) * stepMb;
  const sqlMb = Math.max(least.sqlMb, Math.floor(leftMb / 3));
  return { engineMb: Math.max(least.engineMb, leftMb - sqlMb), sqlMb };
}

export function fits(limitMb: number, tasksMb: number): boolean {
  return tasksMb + leastEnginesMb <= limitMb;
}
