/** Counts values in bounded memory: exactly while they fit, then the frequent ones approximately. */

import { compareCodePoints } from '../query/compareTasks.ts';
import type { FieldValue, ValueCount } from './answers.ts';

/**
 * "Lossy counting" (Manku and Motwani, 2002) by room instead of by time: when it is full, the rarer half gives way, and
 * what comes new counts as often as what left may have. So a count may be too great, never too small.
 */
export class ValueTally {
  readonly #capacity: number;
  readonly #counts = new Map<string, { readonly value: FieldValue; count: number }>();
  #floor = 0;

  /** @param capacity at least 2. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#counts.size;
  }

  /** False once values had to give way to others. */
  get isExact(): boolean {
    return this.#floor === 0;
  }

  add(value: FieldValue): void {
    const key = keyOfValue(value);
    const known = this.#counts.get(key);
    if (known) {
      known.count++;
      return;
    }
    if (this.#counts.size >= this.#capacity) this.#dropRarer();
    this.#counts.set(key, { value, count: this.#floor + 1 });
  }

  /** Half at a time, so that a value costs no more than its share of a sort. */
  #dropRarer(): void {
    const rarest = [...this.#counts].sort(([, a], [, b]) => a.count - b.count).slice(0, Math.ceil(this.#capacity / 2));
    for (const [key, { count }] of rarest) {
      this.#counts.delete(key);
      this.#floor = Math.max(this.#floor, count);
    }
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
