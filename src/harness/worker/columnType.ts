/**
 * Which Parquet type a column has, from all values of one object. Values of several types share a column of text from
 * which each comes back as it was: nothing is coerced. See "Documents" in docs/harness.md.
 */

import type { Json } from '../../model/json.ts';
import { assertNever } from '../../model/assertNever.ts';

/**
 * `nothing`: null in every row. `json`: objects and arrays, as JSON text. `mixed`: text that is JSON, or, where it is
 * none, a text value itself; a text value that is JSON by accident is quoted.
 */
export type ColumnType = 'nothing' | 'boolean' | 'integer' | 'double' | 'text' | 'json' | 'mixed';

/** What the database calls it. BOOLEAN for columns without a value unites with every other type. */
export const sqlTypes: Readonly<Record<ColumnType, string>> = {
  nothing: 'BOOLEAN',
  boolean: 'BOOLEAN',
  integer: 'BIGINT',
  double: 'DOUBLE',
  text: 'VARCHAR',
  json: 'VARCHAR',
  mixed: 'VARCHAR',
};

export function typeOfValues(values: Iterable<Json | undefined>): ColumnType {
  let type: ColumnType = 'nothing';
  for (const value of values) {
    if (value === undefined || value === null) continue;
    type = unite(type, typeOfValue(value));
    if (type === 'mixed') break;
  }
  return type;
}

function typeOfValue(value: Exclude<Json, null>): ColumnType {
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'string':
      return 'text';
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'integer' : 'double';
    case 'object':
      return 'json';
    default:
      return assertNever(value);
  }
}

function unite(a: ColumnType, b: ColumnType): ColumnType {
  if (a === b || a === 'nothing') return b;
  // Every safe integer is a double without loss.
  if ((a === 'integer' && b === 'double') || (a === 'double' && b === 'integer')) return 'double';
  return 'mixed';
}

/** The text of a value in a `json` or `mixed` column. */
export function mixedText(value: Exclude<Json, null>): string {
  if (typeof value !== 'string') return Object.is(value, -0) ? '-0' : JSON.stringify(value);
  return isJsonText(value) ? JSON.stringify(value) : value;
}

function isJsonText(text: string): boolean {
  // Cheap first: most text starts with a letter that no JSON starts with.
  if (!/^\s*[-\d"[{tfn]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

const csvNumber = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?(?:[eE][+-]?\d{1,2})?$/;

/**
 * Types one column of CSV: numbers or booleans when every value that is there is one, otherwise text as it stands, so
 * that `007` among numbers keeps its zeros. Where a field is empty, columns other than text have null.
 */
export function typeCsvColumn(values: readonly string[]): readonly Json[] {
  const present = values.filter((value) => value !== '');
  if (present.length === 0) return values.map(() => null);
  if (present.every(isExactNumber)) return values.map((value) => (value === '' ? null : Number(value)));
  if (present.every((value) => value === 'true' || value === 'false')) {
    return values.map((value) => (value === '' ? null : value === 'true'));
  }
  return values;
}

/** At most 15 significant digits: those that a double gives back. */
function isExactNumber(text: string): boolean {
  return (
    csvNumber.test(text) &&
    text
      .replace(/[eE].*$/, '')
      .replace(/\D/g, '')
      .replace(/^0+/, '').length <= 15
  );
}
