/** Cuts a range of time into a number of buckets that a person can look at, at widths that a clock shows. */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** At most so many buckets. */
const maxBuckets = 60;

/** Up to what spans the years that a record's `ts` can hold: 60 of the last are more. */
export const bucketWidthsMs: readonly number[] = [
  ...[1, 10, 100].map((ms) => ms),
  ...[1, 5, 15, 30].map((seconds) => seconds * second),
  ...[1, 5, 15, 30].map((minutes) => minutes * minute),
  ...[1, 3, 6, 12].map((hours) => hours * hour),
  ...[1, 7, 30, 365, 3650, 36_500, 365_000, 3_650_000].map((days) => days * day),
];

/** The least width, of those above, by which both ends fall into buckets of one row; buckets start at its multiples. */
export function bucketWidth(firstMs: number, lastMs: number): number {
  const fits = bucketWidthsMs.find((width) => bucketOf(lastMs, width) - bucketOf(firstMs, width) < maxBuckets);
  return fits ?? bucketWidthsMs.at(-1) ?? day;
}

export function bucketOf(ms: number, widthMs: number): number {
  return Math.floor(ms / widthMs);
}
