/** The documents of one object, column by column: that is how their types are found and how Parquet keeps them. */

import type { Json, JsonObject } from '../../model/json.ts';
import { isJsonObject } from '../../model/json.ts';
import type { ExpectedType } from '../source.ts';
import { typeCsvColumn } from './columnType.ts';
import { TypeConflictError } from './ingestError.ts';

export class DocumentTable {
  /** Row numbers within the object; rejected rows leave gaps. */
  readonly rows: number[] = [];
  /** In order of first appearance; shorter than `rows` where the last documents lack the field. */
  readonly #columns = new Map<string, (Json | undefined)[]>();

  add(row: number, document: JsonObject): void {
    const index = this.rows.length;
    this.rows.push(row);
    for (const [name, value] of Object.entries(document)) {
      const values = this.#columns.get(name);
      if (values) values[index] = value;
      else this.#columns.set(name, placedAt(index, value));
    }
  }

  get documents(): number {
    return this.rows.length;
  }

  get columns(): ReadonlyMap<string, readonly (Json | undefined)[]> {
    return this.#columns;
  }

  /** Text is all that CSV has: gives each column the type that all its values share. */
  typeCsvColumns(): void {
    for (const [name, values] of this.#columns) {
      // Every CSV document has every column, as text.
      this.#columns.set(name, [...typeCsvColumn(values as string[])]);
    }
  }

  /** @throws TypeConflictError for the first value that is not of the type its source declares */
  expect(types: Readonly<Record<string, ExpectedType>>, key: string): void {
    for (const [name, expected] of Object.entries(types)) {
      const values = this.#columns.get(name);
      if (values) this.#expectColumn(name, values, expected, key);
    }
  }

  #expectColumn(name: string, values: readonly (Json | undefined)[], expected: ExpectedType, key: string): void {
    for (const [index, value] of values.entries()) {
      if (value === undefined || value === null) continue;
      const actual = expectedTypeOf(value);
      if (actual === expected) continue;
      const shown = JSON.stringify(value).slice(0, 60);
      const message = `${key}: ${JSON.stringify(name)} of row ${this.rows[index]} is ${shown}, a ${actual}; its source declares ${expected}`;
      throw new TypeConflictError(message);
    }
  }
}

function placedAt(index: number, value: Json): (Json | undefined)[] {
  const values: (Json | undefined)[] = [];
  for (let before = 0; before < index; before++) values.push(undefined);
  values.push(value);
  return values;
}

function expectedTypeOf(value: Exclude<Json, null>): ExpectedType {
  if (Array.isArray(value)) return 'array';
  if (isJsonObject(value)) return 'object';
  if (typeof value === 'string') return 'string';
  return typeof value === 'number' ? 'number' : 'boolean';
}
