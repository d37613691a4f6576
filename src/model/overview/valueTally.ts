/** Counts values in bounded memory: exactly while they fit, then the frequent ones approximately. */

import { compareCodePoints } from '../query/compareTasks.ts';
import type { FieldValue, ValueCount } from './answers.ts';

/** "Space-Saving" (Metwally, Agrawal, El Abbadi, 2005): a new value takes the place and the count of the rarest. */
export class ValueTally {
  readonly #capacity: number;
  readonly #counts = new Map<string, { readonly value: FieldValue; count: number }>();
  #isExact = true;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#counts.size;
  }

  /** False once a value had to give its place to another. */
  get isExact(): boolean {
    return this.#isExact;
  }

  add(value: FieldValue): void {
    const key = keyOfValue(value);
    const known = this.#counts.get(key);
    if (known) {
      known.count++;
      return;
    }
    let count = 1;
    if (this.#counts.size >= this.#capacity) {
      this.#isExact = false;
      const [rarestKey, rarest] = [...this.#counts].reduce((a, b) => (b[1].count < a[1].count ? b : a));
      this.#counts.delete(rarestKey);
      count = rarest.count + 1;
    }
    this.#counts.set(key, { value, count });
  }

  /** Most frequent first. */
  top(limit: number): ValueCount[] {
    return [...this.#counts.values()].sort(compareValueCounts).slice(0, limit);
  }
}

/** Tells values of different types apart. */
export function keyOfValue(value: FieldValue): string {
  return `${typeof value === 'string' ? 's' : typeof value === 'number' ? 'n' : 'b'}${String(value)}`;
}

/** Most frequent first; of equals booleans, numbers in their order, then strings by code point. */
export function compareValueCounts(a: ValueCount, b: ValueCount): number {
  if (a.count !== b.count) return b.count - a.count;
  if (typeof a.value === 'number' && typeof b.value === 'number') return a.value - b.value;
  return compareCodePoints(keyOfValue(a.value), keyOfValue(b.value));
}
