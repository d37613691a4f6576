/** What the records that stream by hold: every path with its types, counts and some values, in bounded memory. */

import { compareCodePoints } from '../query/compareTasks.ts';
import type { LogRecord } from '../record.ts';
import type { FieldInfo, FieldType, FieldValue } from './answers.ts';
import { fieldInfo } from './fieldInfo.ts';
import { visitFields } from './recordFields.ts';
import { ValueTally } from './valueTally.ts';

/** Examples of a field, and how much of a long one is kept. */
export const maxExamples = 5;
export const maxExampleLength = 200;
/** Values of a path that are counted at a time, to find the frequent ones. */
const talliedValues = 16;

interface Tallied {
  any: number;
  readonly types: Partial<Record<FieldType, number>>;
  readonly values: ValueTally;
}

export class FieldTally {
  readonly #maxPaths: number;
  readonly #paths = new Map<string, Tallied>();
  #records = 0;
  #isWhole = true;

  /** @param maxPaths of more, those that appear first are told. */
  constructor(maxPaths: number) {
    this.#maxPaths = maxPaths;
  }

  get records(): number {
    return this.#records;
  }

  get size(): number {
    return this.#paths.size;
  }

  /** False when there were more paths than are held. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  add(record: LogRecord): void {
    this.#records++;
    const seen = new Set<string>();
    visitFields(record, (path, type, value) => {
      const tallied = this.#at(path);
      if (!tallied) return;
      if (!seen.has(`${type} ${path}`)) {
        seen.add(`${type} ${path}`);
        tallied.types[type] = (tallied.types[type] ?? 0) + 1;
      }
      if (value === undefined) return;
      if (!seen.has(path)) {
        seen.add(path);
        tallied.any++;
      }
      tallied.values.add(shortened(value));
    });
  }

  /** The most frequent first. */
  top(limit: number): FieldInfo[] {
    return [...this.#paths]
      .map(([path, { any, types }]) => ({ path, any, types }))
      .sort((a, b) => countOf(b) - countOf(a) || compareCodePoints(a.path, b.path))
      .slice(0, limit)
      .map((counts) => {
        const top = this.#paths.get(counts.path)?.values.top(maxExamples) ?? [];
        return fieldInfo(
          counts,
          top.map(({ value }) => value),
        );
      });
  }

  #at(path: string): Tallied | undefined {
    let tallied = this.#paths.get(path);
    if (tallied) return tallied;
    if (this.#paths.size >= this.#maxPaths) {
      this.#isWhole = false;
      return undefined;
    }
    tallied = { any: 0, types: {}, values: new ValueTally(talliedValues) };
    this.#paths.set(path, tallied);
    return tallied;
  }
}

function countOf({ any, types }: Pick<Tallied, 'any' | 'types'>): number {
  return any > 0 ? any : (types.object ?? 0);
}

function shortened(value: FieldValue): FieldValue {
  return typeof value === 'string' && value.length > maxExampleLength ? value.slice(0, maxExampleLength) : value;
}
