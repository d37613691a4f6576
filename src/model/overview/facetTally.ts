/** Tasks counted by the values that they hold. */

import type { FacetsAnswer, FieldValue, ValueCount } from './answers.ts';
import { compareValueCounts, keyOfValue } from './valueTally.ts';

export class FacetTally {
  readonly #counts = new Map<string, { readonly value: FieldValue; count: number }>();
  #missing = 0;

  /** One task, with its distinct values. */
  add(values: Iterable<FieldValue>): void {
    let isEmpty = true;
    for (const value of values) {
      isEmpty = false;
      const key = keyOfValue(value);
      const known = this.#counts.get(key);
      if (known) known.count++;
      else this.#counts.set(key, { value, count: 1 });
    }
    if (isEmpty) this.#missing++;
  }

  top(limit: number): Pick<FacetsAnswer, 'values' | 'rest' | 'missing'> {
    const all: ValueCount[] = [...this.#counts.values()].sort(compareValueCounts);
    const others = all.slice(limit);
    return {
      values: all.slice(0, limit),
      rest: { values: others.length, count: others.reduce((sum, { count }) => sum + count, 0) },
      missing: this.#missing,
    };
  }
}
