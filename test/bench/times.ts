/** What the benchmarks share: times of runs, and what a process took. */

export interface Times {
  readonly medianMs: number;
  readonly p95Ms: number;
}

/** Of so many timed runs after two that warm up. @param work gives how much it found, which must be something. */
export async function timesOf(name: string, runs: number, work: () => Promise<number>): Promise<Times> {
  const times: number[] = [];
  for (let run = -2; run < runs; run++) {
    const start = performance.now();
    const found = await work();
    if (found === 0) throw new Error(`nothing found: ${name}`);
    if (run >= 0) times.push(performance.now() - start);
  }
  return timesFrom(times);
}

export function timesFrom(ms: readonly number[]): Times {
  const ordered = ms.toSorted((a, b) => a - b);
  const at = (share: number) => ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? Number.NaN;
  return { medianMs: at(0.5), p95Ms: at(0.95) };
}

/** The one in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  return timesFrom(values).medianMs;
}

/** Of this process so far, in MiB. */
export function peakMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

/** User and system time of all threads of this process, in ms. @param before what `process.cpuUsage()` gave then. */
export function processorMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
