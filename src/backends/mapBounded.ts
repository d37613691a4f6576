/** Runs asynchronous work over a list, so many at a time. */

/** Results in the order of `items`. The first failure rejects, after which no further item is started. */
export async function mapBounded<T, R>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let failed = false;
  async function run(): Promise<void> {
    while (!failed && next < items.length) {
      const at = next++;
      try {
        // `at` is below the length.
        results[at] = await work(items[at] as T);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, run));
  return results;
}
